"""The default set, and what is to join it: names, words and Radar's names, all as the specification of each has it."""

import re
from collections import Counter

import pytest

from engine.catalog import CATALOG
from engine.enrichment import ENRICHMENTS
from engine.features import Catalog
from engine.velocity import DISPUTES, HISTORIES, VELOCITIES, Count, Distinct, Status, Total, Velocity
from engine.velocity.spec import ALL_TIME, Average, FirstSeen, Linked, VelocityScope
from engine.velocity.words import KEYS

ALL = tuple(dict.fromkeys((*VELOCITIES, *HISTORIES, *DISPUTES)))
BY_NAME = {velocity.name: velocity for velocity in ALL}
FIRST_NAMES = """
    card_payments_10m email_amount_usd_30d ip_distinct_cards_1h card_distinct_emails_24h email_distinct_ips_10m
    card_authorized_1h email_declined_24h ip_blocked_1h card_refunded_30d email_refunded_30d
"""
"""Some of those that rules of the first installations are written with."""


def test_the_default_set_is_of_the_breadth_that_is_promised() -> None:
    assert len(VELOCITIES) == 171
    assert len({velocity.key for velocity in VELOCITIES}) == 13
    assert (len(HISTORIES), len(DISPUTES)) == (40, 8)
    assert {velocity.window for velocity in ALL} == {"10m", "1h", "24h", "7d", "30d", "23d", ALL_TIME}
    assert set(FIRST_NAMES.split()) <= {velocity.name for velocity in VELOCITIES}


def test_all_make_one_catalog() -> None:
    more = (velocity for velocity in ALL if velocity not in VELOCITIES)
    assert len(Catalog((*CATALOG, *(velocity.feature() for velocity in more)))) > 240


def test_all_are_made_of_what_is_known_of_every_payment() -> None:
    known = {feature.name for enrichment in ENRICHMENTS for feature in enrichment.features}
    assert {name for velocity in ALL for name in velocity.inputs} <= known


def test_the_mailbox_and_the_line_are_what_is_counted_by() -> None:
    inputs = {name for velocity in ALL for name in velocity.inputs}
    assert {"email_normalized", "ip_normalized", "phone_normalized"} <= inputs
    assert not {"email", "ip_address"} & inputs


def test_what_every_store_counts_today_is_apart() -> None:
    for velocity in VELOCITIES:
        assert isinstance(velocity.aggregate, Count | Total | Distinct | FirstSeen | Linked)
        assert velocity.window_us is not None
        assert (velocity.delay, velocity.where, velocity.scope) == (None, (), VelocityScope.MERCHANT)
        assert velocity.since is None
    assert {velocity.status for velocity in DISPUTES} == {Status.DISPUTED, Status.FRAUD_WARNING}
    assert {velocity.window for velocity in DISPUTES} == {ALL_TIME}


def test_nothing_is_remembered_for_longer_than_thirty_days() -> None:
    """A longer reach would hold every payment for longer, whatever reads it."""
    longest = max((each.window_us or 0) + each.delay_us for each in ALL)
    assert longest == 30 * 86_400 * 1_000_000


@pytest.mark.parametrize("velocity", ALL, ids=lambda velocity: velocity.name)
def test_the_name_and_the_words_say_what_is_counted(velocity: Velocity) -> None:
    key = next(name for name, key in KEYS.items() if key.features == velocity.key)
    assert velocity.name.startswith(f"{key}_")
    assert KEYS[key].words in velocity.doc
    if velocity.window_us is not None and velocity.delay is None:
        assert velocity.name.endswith(f"_{velocity.window}")
    if velocity.status is not None:
        assert f"_{velocity.status}_" in velocity.name
        assert velocity.status.replace("fraud_warning", "warned of as fraud") in velocity.doc
    if velocity.since is not None:
        assert f"_since_{velocity.since}_" in velocity.name
    assert ("merchants" in velocity.name or "network" in velocity.name.removeprefix("ip_network")) == (
        velocity.scope is VelocityScope.NETWORK
    )
    made = velocity.aggregate.of if isinstance(velocity.aggregate, Linked) else velocity.aggregate
    assert isinstance(made, Distinct) == ("_distinct_" in velocity.name)
    assert isinstance(made, FirstSeen) == ("_first_" in velocity.name)
    assert re.fullmatch(r"[A-Z].{20,}[^.]\.", velocity.doc)


def test_no_two_say_the_same() -> None:
    assert len({velocity.doc for velocity in ALL}) == len({velocity.name for velocity in ALL}) == len(ALL)


def test_each_key_reads_few_windows() -> None:
    """What a payment costs is its keys and, of each, its windows."""
    windows = Counter(key for key, _ in {(velocity.key, velocity.window) for velocity in VELOCITIES})
    assert max(windows.values()) == 5
    assert sum(windows.values()) <= 40


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("total_charges_per_card_number_hourly", "card_payments_1h"),
        ("total_charges_per_email_daily", "email_payments_24h"),
        ("total_charges_per_ip_address_weekly", "ip_payments_7d"),
        ("total_charges_per_customer_daily", "customer_payments_24h"),
        ("total_charges_per_billing_address_weekly", "billing_address_payments_7d"),
        ("total_charges_per_card_number_all_time", "card_payments_all"),
        ("card_count_for_email_hourly", "email_distinct_cards_1h"),
        ("card_count_for_ip_address_daily", "ip_distinct_cards_24h"),
        ("card_count_for_shipping_address_weekly", "shipping_address_distinct_cards_7d"),
        ("card_count_for_customer_daily", "customer_distinct_cards_24h"),
        ("email_count_for_card_daily", "card_distinct_emails_24h"),
        ("email_count_for_ip_hourly", "ip_distinct_emails_1h"),
        ("email_count_for_billing_address_weekly", "billing_address_distinct_emails_7d"),
        ("authorized_charges_per_card_number_hourly", "card_authorized_1h"),
        ("authorized_charges_per_customer_all_time", "customer_authorized_all"),
        ("declined_charges_per_email_daily", "email_declined_24h"),
        ("declined_charges_per_shipping_address_weekly", "shipping_address_declined_7d"),
        ("blocked_charges_per_ip_address_hourly", "ip_blocked_1h"),
        ("seconds_since_card_first_seen", "card_first_seen_seconds"),
        ("seconds_since_first_successful_auth_on_card", "card_first_authorized_seconds"),
        ("average_usd_amount_attempted_on_card_all_time", "card_average_usd_all"),
        ("refund_count_on_card_all_time", "card_refunded_all"),
        ("refund_count_on_card_daily", "card_refunded_24h"),
        ("dispute_count_on_card_number_all_time", "card_disputed_all"),
        ("dispute_count_on_ip_weekly", "ip_disputed_7d"),
        ("efw_count_on_card_hourly", "card_fraud_warning_1h"),
        ("efw_count_on_ip_daily", "ip_fraud_warning_24h"),
    ],
)
def test_radars_names_are_aliases(alias: str, name: str) -> None:
    assert alias in BY_NAME[name].aliases


RADARS = re.compile(
    r"(total|authorized|blocked|declined)_charges_per_"
    r"(billing_address|card_number|customer|email|shipping_address|ip_address)_(all_time|weekly|daily|hourly)"
    r"|card_count_for_(billing_address|customer|email|ip_address|shipping_address)_(all_time|weekly|daily|hourly)"
    r"|email_count_for_(billing_address|ip|shipping_address|card)_(all_time|weekly|daily|hourly)"
    r"|seconds_since_(card_first_seen|email_first_seen|first_successful_auth_on_card)"
    r"|average_usd_amount_attempted_on_(customer|card)_all_time"
    r"|dispute_count_on_card_number_all_time"
    r"|(refund_count_on_card|dispute_count_on_ip|efw_count_on_card|efw_count_on_ip)_(all_time|weekly|daily|hourly)"
)
"""The attributes that Stripe documents for Radar, as far as they are velocities of this set."""


def test_every_alias_is_one_of_radars_attributes() -> None:
    aliases = [alias for velocity in ALL for alias in velocity.aliases]
    assert len(aliases) > 60
    assert [alias for alias in aliases if not RADARS.fullmatch(alias)] == []


def test_the_window_of_an_alias_is_that_of_the_velocity() -> None:
    named = {"hourly": "1h", "daily": "24h", "weekly": "7d", "all_time": ALL_TIME}
    for velocity in ALL:
        for alias in velocity.aliases:
            word = next((word for word in named if alias.endswith(f"_{word}")), "all_time")
            assert velocity.window == named[word], alias
            assert ("average" in alias) == isinstance(velocity.aggregate, Average)
