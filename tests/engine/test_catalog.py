"""What rules count: kept already, or the catalogue and the velocities of the merchant are extended by it."""

import pytest

from engine.catalog import CATALOG, catalog_of, read_ruleset, velocities_of
from engine.custom import CustomField, CustomType
from engine.features import Features
from engine.replay import catalog_of_content
from engine.rules import Counted, parse_ruleset
from engine.velocity import VELOCITIES, Count, Status, Velocity
from engine.velocity.spec import Average, Distinct, FirstSeen, Maximum, Minimum, Total, VelocityScope

TIER = CustomField(name="Tier", type=CustomType.STRING, is_velocity_key=True)


def source(*conditions: str) -> str:
    rows = (
        f'[[rule]]\nid = "r{number}"\nname = "n"\ntext = """Block if {text}"""\nreason = "r"'
        for number, text in enumerate(conditions)
    )
    return "\n".join(rows)


def called(*conditions: str, declared: tuple[CustomField, ...] = ()) -> tuple[Counted, ...]:
    return read_ruleset(source(*conditions), (), declared).called


def added(*conditions: str) -> tuple[Velocity, ...]:
    return velocities_of((), called(*conditions))[len(VELOCITIES) :]


@pytest.mark.parametrize(
    ("call", "kept"),
    [
        ("count(by: card, within: 1h)", "card_payments_1h"),
        ("count(by: ip_address, within: 60m)", "ip_payments_1h"),
        ("count(by: card, within: 1d, status: declined)", "card_declined_24h"),
        ("count(by: [email, card], within: 30d)", "card_email_payments_30d"),
        ("sum(amount_in_usd, by: email, within: 24h)", "email_amount_usd_24h"),
        ("distinct(card, by: ip_address, within: 10m)", "ip_distinct_cards_10m"),
    ],
)
def test_what_is_kept_already_is_read(call: str, kept: str) -> None:
    ruleset = read_ruleset(source(f"{call} > 3"), ())
    (counted,) = ruleset.called
    assert velocities_of((), ruleset.called) == VELOCITIES
    assert len(ruleset.catalog) == len(CATALOG)
    assert ruleset.catalog[counted.name].name == kept
    assert ruleset.catalog.position(counted.name) == CATALOG.position(kept)
    features = Features(ruleset.catalog, (None,) * len(CATALOG)).replaced({kept: 400})
    assert ruleset.evaluate(features, {}).outcomes == (True,)
    assert ruleset.evaluate(features.replaced({kept: 0}), {}).outcomes == (False,)


def test_what_is_not_kept_is_added_behind_all_else() -> None:
    conditions = (
        "count(by: customer, within: 3h) > 3",
        "first_seen(by: device) < 1h",
        "count(by: card, within: 1h) > 1",
    )
    functions = called(*conditions, declared=(TIER,))
    catalog, velocities = catalog_of((TIER,), functions), velocities_of((TIER,), functions)
    own = ("count_by_customer_within_3h", "first_seen_by_device")
    assert tuple(velocity.name for velocity in velocities[-2:]) == own
    assert tuple(feature.name for feature in catalog)[-2:] == own
    assert velocities[:-2] == velocities_of((TIER,))
    assert [feature.name for feature in catalog][:-2] == [feature.name for feature in catalog_of((TIER,))]
    names = [feature.name for feature in catalog if feature.source == "velocity"]
    assert names == [velocity.name for velocity in velocities]


def test_the_order_and_the_number_of_calls_change_nothing() -> None:
    one = called("count(by: device, within: 3h) > 3", "count(by: customer, within: 3h) > 3")
    two = called("count(by: customer, within: 180m) > 3 or count(by: [device], within: 3h) > 4", "is_gift")
    assert velocities_of((), one) == velocities_of((), two)
    assert catalog_of((), one).fingerprint == catalog_of((), two).fingerprint
    assert catalog_of((), ()) is CATALOG


def test_what_is_counted_by_a_declared_field_is_kept_with_it() -> None:
    functions = called("count(by: custom_tier, within: 1h) > 3", declared=(TIER,))
    assert velocities_of((TIER,), functions) == velocities_of((TIER,))
    assert catalog_of((TIER,), functions)["count_by_custom_tier_within_1h"].name == "custom_tier_payments_1h"


def test_every_part_of_a_call_is_a_part_of_its_velocity() -> None:
    (velocity,) = added("count(by: [card, device], within: 90m, status: blocked, scope: network, delay: 2d) > 3")
    assert velocity.key == ("card", "device")
    assert velocity.aggregate == Count()
    assert (velocity.window, velocity.delay) == ("90m", "2d")
    assert velocity.status is Status.BLOCKED
    assert velocity.scope is VelocityScope.NETWORK
    assert velocity.doc
    found = [
        velocity.aggregate
        for velocity in added(
            *(
                f"{name}(amount_in_usd, by: device, within: all) > 3"
                for name in ("sum", "average", "minimum", "maximum")
            ),
            "distinct(card, by: device, within: all) > 3",
            "first_seen(by: [device, card]) < 3h",
        )
    ]
    assert {type(aggregate) for aggregate in found} == {Total, Average, Minimum, Maximum, Distinct, FirstSeen}
    assert all(aggregate.measured == ("amount_in_usd",) for aggregate in found if aggregate.unit == "USD")


def test_what_differs_in_one_part_is_another() -> None:
    calls = (
        "count(by: card, within: 1h)",
        "count(by: card, within: 2h)",
        "count(by: card, within: all)",
        "count(by: card, within: 1h, status: declined)",
        "count(by: card, within: 1h, scope: network)",
        "count(by: card, within: 1h, delay: 1h)",
        "count(by: [card, customer], within: 1h)",
        "distinct(email, by: card, within: 1h)",
        "distinct(device, by: card, within: 1h)",
        "sum(amount_in_usd, by: card, within: 1h)",
        "average(amount_in_usd, by: card, within: 1h)",
    )
    functions = called(*(f"{call} > 1" for call in calls))
    catalog = catalog_of((), functions)
    assert len({catalog.position(counted.name) for counted in functions}) == len(calls)


def test_the_recorded_catalogue_says_what_a_function_read() -> None:
    either = "count(by: customer, within: 3h) > 3 or first_seen(by: device) < 1h"
    rules = source("count(by: card, within: 1h) > 3", either)
    made = read_ruleset(rules, ())
    again = parse_ruleset(rules, catalog_of_content(made.catalog.content()), ())
    assert again.catalog.fingerprint == made.catalog.fingerprint
    assert again.hash == made.hash
    names = ("card_payments_1h", "count_by_customer_within_3h", "first_seen_by_device")
    for known in ((4, 3, 7200), (3, 4, None), (3, 3, 3599)):
        given = dict(zip(names, known, strict=True))
        one, two = (
            each.evaluate(Features(each.catalog, (None,) * len(each.catalog)).replaced(given), {}).outcomes
            for each in (made, again)
        )
        assert one == two
        assert True in one
