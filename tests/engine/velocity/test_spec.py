import pytest

from engine.features import Catalog, FeatureType
from engine.velocity import VELOCITIES, Aggregate, Count, Distinct, Total, Velocity

BY_NAME = {velocity.name: velocity for velocity in VELOCITIES}


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
    with pytest.raises(AssertionError, match="window"):
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
        (Distinct("email"), FeatureType.INTEGER, "emails"),
        (Distinct("ip_address"), FeatureType.INTEGER, "ip addresses"),
    ],
)
def test_the_feature_has_the_aggregates_type_and_unit(aggregate: Aggregate, type_: FeatureType, unit: str) -> None:
    feature = velocity(aggregate=aggregate).feature()
    assert (feature.name, feature.type, feature.unit, feature.source) == ("v", type_, unit, "velocity")


def test_the_default_set_makes_a_catalog() -> None:
    catalog = Catalog(velocity.feature() for velocity in VELOCITIES)
    assert len(catalog) == 68
    assert {velocity.window for velocity in VELOCITIES} == {"10m", "1h", "24h", "30d"}
    assert {velocity.key for velocity in VELOCITIES} == {("card",), ("email",), ("ip_address",)}


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("total_charges_per_card_number_hourly", "card_payments_1h"),
        ("total_charges_per_email_daily", "email_payments_24h"),
        ("total_charges_per_ip_address_hourly", "ip_payments_1h"),
        ("card_count_for_email_hourly", "email_distinct_cards_1h"),
        ("card_count_for_ip_address_daily", "ip_distinct_cards_24h"),
        ("email_count_for_card_daily", "card_distinct_emails_24h"),
        ("email_count_for_ip_hourly", "ip_distinct_emails_1h"),
        ("authorized_charges_per_card_number_hourly", "card_authorized_1h"),
        ("declined_charges_per_email_daily", "email_declined_24h"),
        ("blocked_charges_per_ip_address_hourly", "ip_blocked_1h"),
    ],
)
def test_radars_names_are_aliases(alias: str, name: str) -> None:
    assert alias in BY_NAME[name].aliases


def test_only_hours_and_days_have_radars_names() -> None:
    aliased = [velocity for velocity in VELOCITIES if velocity.aliases]
    assert len(aliased) == 32
    assert {velocity.window for velocity in aliased} == {"1h", "24h"}


def test_each_is_documented_in_a_sentence() -> None:
    for one in VELOCITIES:
        assert one.doc.endswith(".")
        assert len(one.doc.split()) >= 5
    assert len({one.doc for one in VELOCITIES}) == 68
