"""Ids that look like card numbers: opaque one by one, refused where a key's ids mostly do."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from api.watching import (
    ALERT_EVERY_SECONDS,
    CLOCK_BEHIND_MAX,
    IDS_WATCHED,
    ClockWatch,
    WatchedIds,
    ids_of,
)
from engine.card_data import id_looks_like_card_number, passes_luhn
from engine.errors import PaymentInvalid
from engine.payment import Account, Payment
from tests.api.decision_requests import LEAST, decide

MakeClient = Callable[..., TestClient]
Body = Callable[..., dict[str, Any]]
HOUR_NS = ALERT_EVERY_SECONDS * 1_000_000_000


def card_number(number: int) -> str:
    """A Visa-like number of 16 digits with a right check digit."""
    start = f"4111{number:011d}"
    return next(start + check for check in "0123456789" if passes_luhn(start + check))


def payment(transaction_id: str, **fields: Any) -> Payment:
    made, _ = decide({**LEAST, "event": {**LEAST["event"], "transaction_id": transaction_id}, **fields})
    return made


PAYMENT = payment("order-1")


def test_what_looks_like_a_card_number() -> None:
    assert id_looks_like_card_number(card_number(1))
    near = card_number(1)[:-1] + ("1" if card_number(1)[-1] != "1" else "2")
    for other in ("order-1", near, f"o{near}", "4" * 12, "9" * 16):
        assert not id_looks_like_card_number(other)


PARTED = ("{0}-{1}-{2}-{3}", "{0} {1} {2} {3}", "{0}{1}{2}{3}_1229", "ord-{0}{1}{2}{3}", "0{0}{1}{2}{3}")


def parted(number: str) -> list[str]:
    """A card number with something around or between its digits."""
    groups = [number[start : start + 4] for start in range(0, 16, 4)]
    wide = number.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    return [*(each.format(*groups) for each in PARTED), wide, "-".join(number)]


@pytest.mark.parametrize("spelling", range(len(PARTED) + 2))
def test_no_spelling_hides_card_numbers_in_ids(spelling: int) -> None:
    watched = WatchedIds()
    for number in range(IDS_WATCHED - 1):
        watched.check_payment("k1", replace(PAYMENT, transaction_id=parted(card_number(number))[spelling]), None, 0)
    with pytest.raises(PaymentInvalid):
        watched.check_payment("k1", replace(PAYMENT, transaction_id=parted(card_number(99))[spelling]), None, 0)


def test_ids_of_shops_look_like_card_numbers_no_oftener_than_by_chance() -> None:
    random = Random(5)
    makes: tuple[Callable[[int], str], ...] = (
        lambda _: str(UUID(int=random.getrandbits(128))),
        lambda _: f"ord-{random.randrange(10**12):012d}",
        lambda number: str(1_795_000_000_000_000_000 + number * 7_919),
        lambda number: str(4_000_000_000_000_000 + number),
        lambda _: f"ord-{random.randrange(10**16):016d}",
    )
    for make in makes:
        watched = WatchedIds()
        ids = [make(number) for number in range(2_000)]
        assert sum(map(id_looks_like_card_number, ids)) <= 0.11 * len(ids)
        for each in ids:
            watched.check_payment("k1", replace(PAYMENT, transaction_id=each), None, 0)


IDS = st.integers(0, 60).map(lambda number: card_number(number) if number % 3 else f"order-{number}")


@given(st.lists(st.tuples(IDS, IDS, st.none() | IDS), min_size=20, max_size=80))
def test_to_look_first_whether_there_is_anything_to_watch_changes_nothing(
    calls: list[tuple[str, str, str | None]],
) -> None:
    shortly, fully = WatchedIds(), WatchedIds()
    for transaction_id, user_id, idempotency_key in calls:
        sent = replace(PAYMENT, transaction_id=transaction_id, account=Account(user_id=user_id))
        let_in = []
        with contextlib.suppress(PaymentInvalid):
            fully.check("k1", ids_of(sent, idempotency_key), 0)
            let_in.append("fully")
        with contextlib.suppress(PaymentInvalid):
            shortly.check_payment("k1", sent, idempotency_key, 0)
            let_in.append("shortly")
        assert let_in in ([], ["fully", "shortly"])
    assert shortly.refused == fully.refused


def test_a_few_ids_that_look_so_are_ordinary() -> None:
    watched = WatchedIds()
    for number in range(200):
        id_ = card_number(number) if number % 2 else f"order-{number}"
        watched.check_payment("k1", payment(id_), None, 0)


def test_where_most_look_so_they_are_refused_and_the_operator_is_told_once_an_hour() -> None:
    watched = WatchedIds()
    with capture_logs() as logs:
        for number in range(IDS_WATCHED - 1):
            watched.check_payment("k1", payment(card_number(number)), None, 0)
        for number in range(3):
            with pytest.raises(PaymentInvalid) as raised:
                watched.check_payment("k1", payment(card_number(100 + number)), None, HOUR_NS - 1)
            ((pointer, code),) = {(fault.pointer, fault.code) for fault in raised.value.faults}
            assert (pointer, code) == ("/event/transaction_id", "card_data_refused")
            assert card_number(100 + number) not in str(raised.value)
        with pytest.raises(PaymentInvalid):
            watched.check_payment("k1", payment(card_number(200)), None, 2 * HOUR_NS)
    assert [(line["event"], line["key_id"]) for line in logs] == [("ids_look_like_card_numbers", "k1")] * 2
    assert not any(id_looks_like_card_number(str(value)) for line in logs for value in line.values())
    assert watched.refused == 4


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        (lambda number: {"account": {"user_id": number}}, "/account/user_id"),
        (lambda number: {"device": {"session_id": number}}, "/device/session_id"),
        (lambda number: {"payment": {"attempt_of": number}}, "/payment/attempt_of"),
        (lambda number: {"shopping_cart": [{"item_id": "ok"}, {"item_id": number}]}, "/shopping_cart/1/item_id"),
    ],
)
def test_each_field_is_watched_on_its_own(fields: Callable[[str], dict[str, Any]], pointer: str) -> None:
    watched = WatchedIds()
    for number in range(5 * IDS_WATCHED):
        sent = payment(f"order-{number}", **fields(card_number(number)))
        if number < IDS_WATCHED:
            with contextlib.suppress(PaymentInvalid):
                watched.check_payment("k1", sent, None, 0)
            continue
        with pytest.raises(PaymentInvalid) as raised:
            watched.check_payment("k1", sent, None, 0)
        assert [fault.pointer for fault in raised.value.faults] == [pointer]


def test_the_headers_key_is_watched_too() -> None:
    watched = WatchedIds()
    sent = payment("order-1")
    for number in range(IDS_WATCHED - 1):
        watched.check_payment("k1", sent, card_number(number), 0)
    with pytest.raises(PaymentInvalid) as raised:
        watched.check_payment("k1", sent, card_number(IDS_WATCHED), 0)
    assert "Idempotency-Key" in str(raised.value)


def test_it_is_over_when_half_of_the_ids_are_ordinary_again() -> None:
    watched = WatchedIds()
    for number in range(IDS_WATCHED - 1):
        watched.check_payment("k1", payment(card_number(number)), None, 0)
    for number in range(IDS_WATCHED // 2 + 1):
        watched.check_payment("k1", payment(f"order-{number}"), None, 0)
    watched.check_payment("k1", payment(card_number(3)), None, 0)


def test_a_retry_says_nothing_new_and_other_keys_are_watched_apart() -> None:
    watched = WatchedIds()
    for _ in range(5 * IDS_WATCHED):
        watched.check_payment("k1", payment(card_number(1)), None, 0)
    for number in range(IDS_WATCHED - 1):
        watched.check_payment("k2", payment(card_number(number)), None, 0)
    assert payment(card_number(7)).account == Account()
    watched.check_payment("k3", payment(card_number(7)), None, 0)


def test_over_http_the_refusal_names_the_field_and_nothing_of_it_is_kept(make_client: MakeClient, body: Body) -> None:
    client = make_client()
    answers = [client.post("/v1/decisions", json=body(card_number(number))) for number in range(IDS_WATCHED)]
    assert [answer.status_code for answer in answers] == [200] * (IDS_WATCHED - 1) + [422]
    problem = answers[-1].json()
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("card_data_refused", "/event/transaction_id")
    assert card_number(IDS_WATCHED - 1) not in answers[-1].text
    assert client.post("/v1/decisions", json=body("order-100")).status_code == 200


def test_a_clock_that_is_behind_is_told_once_an_hour() -> None:
    watch = ClockWatch()
    with capture_logs() as logs:
        watch.check(CLOCK_BEHIND_MAX, 0)
        for now_ns in (0, HOUR_NS - 1, HOUR_NS):
            watch.check(timedelta(hours=3), now_ns)
    assert [(line["event"], line["seconds"]) for line in logs] == [("clock_behind", 10_800)] * 2
