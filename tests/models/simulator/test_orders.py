"""The simulated orders: the same for one seed, valid as requests, and as plausible as they say."""

import os
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.schemas import read_request
from engine.card_data import token_holds_card_number
from engine.reference import Reference, load_reference
from models.simulator import (
    TESTING_ADDRESS,
    Event,
    EventKind,
    Period,
    Shop,
    World,
    card_testing,
    orders,
    shops,
    stream,
)
from models.simulator.markets import MARKETS
from models.simulator.rhythm import arrivals
from models.simulator.shoppers import _token

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "first_events.jsonl"
GOLDEN_EVENTS = 12


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference()


def world(seed: int = 1, shop_count: int = 8, shoppers: int = 500) -> World:
    return World(seed=seed, shops=shops(shop_count), shoppers=shoppers)


def events(count: int, seed: int = 1, **parts: Any) -> list[Event]:
    return list(islice(stream(orders(world(seed, **parts), Period(start=START), 0.5)), count))


def as_line(event: Event) -> bytes:
    return orjson.dumps({"at": event.at, "kind": event.kind, "body": event.body})


def first_requests(count: int, **parts: Any) -> list[Event]:
    return list(islice(orders(world(**parts), Period(start=START), 0.5), count))


def test_one_seed_gives_the_same_events_and_another_others() -> None:
    once = [as_line(event) for event in events(400)]
    assert once == [as_line(event) for event in events(400)]
    assert once != [as_line(event) for event in events(400, seed=2)]


def test_the_first_events_are_the_recorded_ones() -> None:
    """Over processes and machines too: nothing hangs on the hash seed, the clock or the order of a set."""
    said = b"".join(as_line(event) + b"\n" for event in events(GOLDEN_EVENTS, seed=7))
    if os.environ.get("ASSAY_UPDATE_GOLDEN") == "1":
        GOLDEN.write_bytes(said)
    else:
        assert said == GOLDEN.read_bytes(), "If the new events are meant, run with ASSAY_UPDATE_GOLDEN=1."


def test_another_shop_changes_nothing_at_the_shops_that_were_there() -> None:
    def of_first(shop_count: int) -> list[datetime]:
        made = orders(world(shop_count=shop_count), Period(start=START, seconds=600), shop_count / 10)
        return [event.at for event in made if event.order.shop.merchant_id == "atelier-nord"]

    assert of_first(4) == of_first(8)


def test_every_body_is_a_valid_request_and_odd_in_nothing() -> None:
    asked = [event for event in events(3_000) if event.kind is EventKind.PAYMENT]
    stages = Counter(event.stage for event in asked)
    assert len(stages) == 3
    assert min(stages.values()) > 50
    for event in asked:
        merchant_id = event.order.shop.merchant_id
        payment, warnings = read_request(orjson.dumps(event.body)).to_payment(
            merchant_id, test_mode=False, received_at=event.at
        )
        assert not warnings
        assert (payment.stage, payment.transaction_id) == (event.stage, event.order.transaction_id)


def test_events_come_in_order_of_time() -> None:
    assert all(one.at <= next_one.at for one, next_one in pairwise(events(2_000)))


def test_carts_add_up_and_tickets_stay_under_a_thousand_dollars(reference: Reference) -> None:
    for event in first_requests(2_000):
        order, shop = event.body["order"], event.order.shop
        lines = event.body["shopping_cart"]
        assert lines
        exponent = 0 if shop.currency == "JPY" else 2
        total = sum(round(float(line["price"]) * 10**exponent) * line["quantity"] for line in lines)
        assert total == order["amount_minor"] > 0
        usd_minor = reference.rates.usd_minor(order["amount_minor"], order["currency"], START.date())
        assert usd_minor is not None
        assert usd_minor < 1_000_00


def test_shops_differ_in_what_they_sell_in_currency_and_in_country() -> None:
    made = shops(40)
    assert len({shop.merchant_id for shop in made}) == 40
    assert {shop.category for shop in made} == {"apparel", "electronics", "vr games", "tickets"}
    assert {shop.currency for shop in made} >= {"USD", "EUR", "GBP", "DKK", "AUD", "JPY"}
    assert made[:4] == shops(4)


def test_the_tables_find_the_countries_of_cards_and_addresses(reference: Reference) -> None:
    assert reference.ip is not None
    assert reference.bins is not None
    for market in MARKETS.values():
        for card in market.cards:
            found = reference.bins.lookup(card.bin)
            assert found is not None
            assert (found.country, found.brand, found.funding) == (market.country, card.brand, card.funding)
        for network in market.networks:
            assert {reference.ip.country(f"{network}.{host}.7") for host in range(1, 255, 11)} == {market.country}


def test_customers_come_back_with_their_own_card_e_mail_and_devices() -> None:
    known: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    visits: Counter[str] = Counter()
    for event in first_requests(3_000, shoppers=300):
        body = event.body
        user = body["account"]["user_id"]
        visits[user] += 1
        known[user]["email"].add(body["email"]["address"])
        known[user]["card"].add(body["credit_card"]["token"])
        known[user]["device"].add(body["device"]["fingerprint"])
        known[user]["name"].add(body["billing"]["last_name"])
    regulars = [user for user, count in visits.items() if count >= 5]
    assert len(regulars) > 50
    assert max(visits.values()) < 100, "nobody comes all the time"
    for user in regulars:
        seen = known[user]
        assert len(seen["email"]) == len(seen["name"]) == 1
        assert len(seen["card"]) <= 2
        assert len(seen["device"]) <= 2
    assert 0.25 < sum(count == 1 for count in visits.values()) / 3_000 < 0.5


def test_a_day_has_its_night_and_a_week_its_burst() -> None:
    shop: Shop = shops(1)[0]
    times = [event.at for event in orders(world(shop_count=1), Period(start=START, seconds=28 * 86_400), 0.01)]
    assert len(times) == pytest.approx(28 * 864, rel=0.05), "the rate is the mean over the time"
    home = timedelta(minutes=MARKETS[shop.country].utc_offset_minutes)
    hours = Counter((at + home).hour for at in times)
    assert hours[20] > 8 * hours[3]
    tens = Counter((at - START) // timedelta(minutes=5) for at in times)
    busiest = [count for _, count in tens.most_common(4)]
    assert min(busiest) > 4 * 0.01 * 300, "four weeks, four bursts"


def test_a_short_stream_by_night_has_its_rate_and_a_burst_too() -> None:
    from random import Random  # noqa: PLC0415 - this test alone draws

    night = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    period = Period(start=night, seconds=60)
    times = list(arrivals(Random(3), shops(1)[0], period, 50))
    assert len(times) == pytest.approx(3_000, rel=0.1)
    assert period.end is not None
    assert night <= min(times) <= max(times) < period.end
    seconds = Counter((at - night) // timedelta(seconds=1) for at in times)
    assert max(seconds.values()) > 200


def test_card_testing_is_many_cards_from_one_address() -> None:
    attempts = list(card_testing(world(), shops(3)[2], START, 14))
    assert {event.body["device"]["ip_address"] for event in attempts} == {TESTING_ADDRESS}
    assert len({event.body["credit_card"]["token"] for event in attempts}) == 14
    assert len({event.body["email"]["address"] for event in attempts}) == 14
    assert attempts[-1].at - START < timedelta(minutes=2)
    for event in attempts:
        _, warnings = read_request(orjson.dumps(event.body)).to_payment(
            "blinkvr", test_mode=False, received_at=event.at
        )
        assert not warnings


def test_no_token_holds_a_card_number_by_chance() -> None:
    digest = "41111111111111111227"
    assert token_holds_card_number(f"tok_{digest}")
    assert not token_holds_card_number(_token(digest))
    assert _token("0123456789abcdef" * 2) == "tok_cdef0123456789abcdef"
