"""Labelled fraud: beside the orders of the seed, valid as requests, of the sorts it says, and reported late."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import orjson
import pytest

from api.schemas import read_request
from api.schemas.chargeback import read_reports
from engine.reference import ReasonCodes, Reference, load_reference
from engine.scheme_report import Claim, SchemeReport, SchemeReportKind
from models.simulator import Event, EventKind, Period, Truth, World, attacks, orders, shops, stream, with_fraud

START = datetime(2026, 1, 5, tzinfo=UTC)
YEAR = Period(start=START, seconds=365 * 86_400)
RATE, SHARE = 20 / 86_400, 0.1
NOW = datetime(2027, 6, 1, tzinfo=UTC)
REPORTS = {EventKind.CHARGEBACK, EventKind.FRAUD_WARNING}


def world(seed: int = 1) -> World:
    return World(seed=seed, shops=shops(4), shoppers=600)


@pytest.fixture(scope="module")
def year() -> list[Event]:
    """A year in which a tenth of the payments are fraud."""
    return list(stream(with_fraud(world(), YEAR, RATE, SHARE)))


@pytest.fixture(scope="module")
def first(year: list[Event]) -> dict[str, Event]:
    """The first request of each payment, by transaction id."""
    requests = reversed([event for event in year if event.kind is EventKind.PAYMENT])
    return {event.order.transaction_id: event for event in requests}


def of(first: dict[str, Event], truth: Truth) -> list[Event]:
    return [event for event in first.values() if event.order.aftermath.truth is truth]


def as_line(event: Event) -> bytes:
    return orjson.dumps({"at": event.at, "kind": event.kind, "body": event.body})


def read(event: Event) -> SchemeReport:
    kind = SchemeReportKind(event.kind.value)
    (report,), findings = read_reports(kind, orjson.dumps(event.body), NOW, ReasonCodes.load())
    assert not list(findings.warnings())
    return report.build(id="r", merchant_id=report.merchant_id, test_mode=False, received_at=event.at)


def test_without_fraud_the_orders_are_those_of_the_seed() -> None:
    plain = [as_line(event) for event in islice(orders(world(), YEAR, RATE), 500)]
    assert plain == [as_line(event) for event in islice(with_fraud(world(), YEAR, RATE, 0), 500)]


def test_fraud_comes_beside_the_orders_and_changes_none() -> None:
    plain = [as_line(event) for event in islice(orders(world(), YEAR, RATE), 500)]
    among = [
        as_line(event)
        for event in islice(with_fraud(world(), YEAR, RATE, SHARE), 1_000)
        if not event.order.aftermath.truth.is_fraud
    ]
    assert among[:500] == plain


def test_one_seed_gives_the_same_fraud_and_another_other_fraud() -> None:
    once, again, other = ([as_line(each) for each in islice(attacks(world(n), YEAR, 0.01), 80)] for n in (1, 1, 2))
    assert once == again
    assert once != other


def test_its_share_is_what_was_asked_and_every_sort_is_there(first: dict[str, Event]) -> None:
    sorts = Counter(event.order.aftermath.truth for event in first.values() if event.order.attempt == 1)
    frauds = sum(count for truth, count in sorts.items() if truth.is_fraud)
    assert frauds / sorts.total() == pytest.approx(SHARE, rel=0.2)
    assert set(sorts) == set(Truth)
    assert min(sorts[truth] for truth in Truth if truth.is_fraud) > frauds / 10


def test_every_request_and_report_is_valid_and_odd_in_nothing(year: list[Event]) -> None:
    for event in year[::3]:
        if event.kind is EventKind.PAYMENT:
            _, warnings = read_request(orjson.dumps(event.body)).to_payment(
                event.order.shop.merchant_id, test_mode=False, received_at=event.at
            )
            assert not warnings
        elif event.kind in REPORTS:
            assert read(event).claim in {Claim.THIRD_PARTY_FRAUD, Claim.SERVICE_DISPUTE}


def test_events_come_in_order_of_time_and_no_request_says_what_it_is(year: list[Event]) -> None:
    assert all(one.at <= next_one.at for one, next_one in pairwise(year))
    told = [each.value.encode() for each in Truth]
    assert not any(word in as_line(event) for event in year[::5] for word in told)


def test_banks_report_within_a_day_and_four_months_and_only_what_was_paid(year: list[Event]) -> None:
    captured: dict[str, datetime] = {}
    days, reported = Counter[int](), Counter[Truth]()
    for event in year:
        if event.outcome == "captured":
            captured[event.order.transaction_id] = event.at
        if event.kind in REPORTS and event.body.get("stage", "chargeback") == "chargeback":
            after = event.at - captured[event.order.transaction_id]
            assert timedelta(days=1) <= after <= timedelta(days=120)
            days[after.days // 30] += 1
            reported[event.order.aftermath.truth] += 1
    assert days[0] > days[1] > days[2] + days[3] > 0, "most within a month, a few late"
    assert all(reported[truth] for truth in Truth)


def test_stolen_cards_are_used_from_other_countries(first: dict[str, Event], reference: Reference) -> None:
    stolen = of(first, Truth.STOLEN_CARD)
    assert reference.ip is not None
    abroad = sum(
        reference.ip.country(each.body["device"]["ip_address"]) != each.body["credit_card"]["country"]
        for each in stolen
    )
    assert 0.5 < abroad / len(stolen) < 0.95
    assert _median(stolen) > 1.5 * _median(of(first, Truth.GENUINE))


def test_card_testing_is_bursts_of_small_amounts_on_many_cards(first: dict[str, Event]) -> None:
    by_device: dict[str, set[str]] = defaultdict(set)
    for event in (testing := of(first, Truth.CARD_TESTING)):
        by_device[event.body["device"]["fingerprint"]].add(event.body["credit_card"]["token"])
    assert max(len(cards) for cards in by_device.values()) > 8
    assert _median(testing) < 500
    declined = sum(event.order.fate.decline_code is not None for event in testing)
    assert declined / len(testing) > 0.6


def test_accounts_that_are_taken_over_are_customers_on_a_new_device(first: dict[str, Event]) -> None:
    users: dict[str, set[str]] = defaultdict(set)
    for event in of(first, Truth.GENUINE):
        users[event.body["account"]["user_id"]].add(event.body["device"]["fingerprint"])
    taken = of(first, Truth.ACCOUNT_TAKEOVER)
    known = [event for event in taken if event.body["account"]["user_id"] in users]
    assert len(known) > len(taken) / 2
    for event in known:
        assert event.body["device"]["fingerprint"] not in users[event.body["account"]["user_id"]]


def test_where_a_day_is_short_reports_come_soon() -> None:
    minute = Period(start=START, seconds=60)
    made = list(stream(with_fraud(world(), minute, 20, 0.2, day_seconds=0.1)))
    reports = [event for event in made if event.kind in REPORTS]
    assert reports
    assert max(event.at for event in reports) < START + timedelta(days=4)


def _median(events: list[Event]) -> int:
    amounts = sorted(event.body["order"]["amount_minor"] for event in events)
    return int(amounts[len(amounts) // 2])


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference()
