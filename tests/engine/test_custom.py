"""Custom fields that a policy declares: their features, values and velocities."""

import pytest

from engine.catalog import CATALOG, catalog_of
from engine.custom import CustomField, CustomType
from engine.errors import PolicyInvalid
from engine.features import FeatureType, Value
from engine.policy import Policy


def field(name: str, type_: CustomType = CustomType.STRING, *, is_key: bool = False) -> CustomField:
    return CustomField(name=name, type=type_, is_velocity_key=is_key)


@pytest.mark.parametrize(
    ("name", "feature"),
    [("tier", "custom_tier"), ("Customer Age", "custom_customer_age"), ("a--b", "custom_a_b"), ("_x_", "custom_x")],
)
def test_a_feature_is_named_after_its_field(name: str, feature: str) -> None:
    assert field(name).feature_name == feature
    assert catalog_of((field(name),))[feature].type is FeatureType.STRING


@pytest.mark.parametrize(
    ("type_", "sent", "value"),
    [
        (CustomType.STRING, "gold", "gold"),
        (CustomType.STRING, 7, None),
        (CustomType.NUMBER, 7, 7.0),
        (CustomType.NUMBER, 0.5, 0.5),
        (CustomType.NUMBER, True, None),
        (CustomType.NUMBER, "7", None),
        (CustomType.BOOLEAN, False, False),
        (CustomType.BOOLEAN, 0, None),
    ],
)
def test_a_value_of_another_type_is_unknown(type_: CustomType, sent: str | float, value: Value) -> None:
    found = field("x", type_).value({"x": sent})
    assert (found, type(found)) == (value, type(value))
    assert field("x", type_).value({}) is None


def test_only_a_key_is_counted_by() -> None:
    assert field("tier").velocities() == ()
    names = {velocity.name for velocity in field("tier", is_key=True).velocities()}
    assert names == {
        f"custom_tier_{what}_{window}"
        for what in ("payments", "amount_usd", "distinct_cards")
        for window in ("1h", "24h", "30d")
    }


@pytest.mark.parametrize(
    "declared",
    [
        (field("!!!"),),
        (field("Δ"),),
        (field(""),),
        (field("tier"), field("TIER")),
        (field("a b"), field("a_b")),
        (field("tier", is_key=True), field("tier payments 1h")),
    ],
    ids=["no letter", "no letter of ours", "empty", "one feature", "one name", "a velocity of another"],
)
def test_what_would_have_no_name_of_its_own_cannot_be_declared(declared: tuple[CustomField, ...]) -> None:
    with pytest.raises(PolicyInvalid):
        Policy(custom_fields=declared)


def test_no_custom_field_can_take_a_name_of_the_catalogue() -> None:
    taken = [name for feature in CATALOG for name in (feature.name, *feature.aliases)]
    assert not [name for name in taken if name.startswith("custom_")]
