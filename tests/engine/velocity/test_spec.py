import pytest

from engine.features import FeatureType
from engine.velocity import Aggregate, Count, Distinct, Total, Velocity


def velocity(
    name: str = "v", key: tuple[str, ...] = ("card",), aggregate: Aggregate | None = None, window: str = "1h"
) -> Velocity:
    return Velocity(name=name, key=key, aggregate=aggregate or Count(), window=window, doc="For the tests.")


@pytest.mark.parametrize(
    ("window", "seconds"),
    [("1s", 1), ("90s", 90), ("10m", 600), ("1h", 3_600), ("24h", 86_400), ("30d", 2_592_000), ("365d", 31_536_000)],
)
def test_a_window_is_microseconds(window: str, seconds: int) -> None:
    assert velocity(window=window).window_us == seconds * 1_000_000


@pytest.mark.parametrize(
    "window", ["", "h", "1", "0s", "01h", "1w", "1.5h", "-1h", " 1h", "1h ", "366d", "8761h", "\u0661h"]
)
def test_another_window_is_our_bug(window: str) -> None:
    with pytest.raises(AssertionError, match=r"is not a number|is longer than"):
        velocity(window=window)


@pytest.mark.parametrize(
    ("name", "key", "aggregate"),
    [
        ("", ("card",), Count()),
        ("no name", ("card",), Count()),
        ("v", (), Count()),
        ("v", ("",), Count()),
        ("v", ("card", "card"), Count()),
        ("v", ("card",), Total("")),
        ("v", ("card",), Distinct("card")),
    ],
)
def test_what_nobody_could_count_is_our_bug(name: str, key: tuple[str, ...], aggregate: Aggregate) -> None:
    with pytest.raises(AssertionError):
        velocity(name=name, key=key, aggregate=aggregate)


def test_the_inputs_are_the_key_and_what_is_measured() -> None:
    assert velocity(key=("card", "email")).inputs == ("card", "email")
    assert velocity(aggregate=Total("amount_in_usd")).inputs == ("card", "amount_in_usd")
    assert velocity(aggregate=Distinct("email")).inputs == ("card", "email")


@pytest.mark.parametrize(
    ("aggregate", "type_", "unit"),
    [
        (Count(), FeatureType.INTEGER, "payments"),
        (Total("amount_in_usd"), FeatureType.MONEY, "USD"),
        (Distinct("email", "e-mail addresses"), FeatureType.INTEGER, "e-mail addresses"),
        (Distinct("ip_address"), FeatureType.INTEGER, "values"),
    ],
)
def test_the_feature_has_the_aggregates_type_and_unit(aggregate: Aggregate, type_: FeatureType, unit: str) -> None:
    feature = velocity(aggregate=aggregate).feature()
    assert (feature.name, feature.type, feature.unit, feature.source) == ("v", type_, unit, "velocity")
