"""The short way gives what the long way gives, or nothing."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from itertools import islice
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.bench.payments import payments, requests
from api.schemas import DecisionRequest, read_request
from api.schemas.forms import FORMS_MAX
from api.schemas.groups import OptionsGroup
from api.schemas.ordinary import OrdinaryRequest
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS
from api.schemas.reading import read_in_full
from engine.card_data import holds_card_number, is_bare_card_length, token_holds_card_number
from engine.errors import MalformedJson, PaymentInvalid
from engine.payment import Payment, assembled
from engine.payment_record import payment_bytes
from tests.api.decision_requests import CARD_NUMBER, LEAST, NOW
from tests.api.test_schemas_properties import ALMOST_RIGHT, JUNK

TIMES = st.sampled_from([NOW, NOW + timedelta(minutes=3), NOW - timedelta(days=1000)])
MERCHANTS = st.sampled_from(["shop-1", "shop-north", "", "m" * 256, "a\nb"])


# Made before any example is drawn: the first payment of a world takes long, and a slow draw is a fault to hypothesis.
ORDINARY: tuple[dict[str, Any], ...] = tuple(islice(payments(7, NOW), 100))
"""Requests of the traffic that is measured with."""


def full() -> dict[str, Any]:
    """A request with every field, of ordinary values."""
    return {
        **copy.deepcopy(ORDINARY[0]),
        "event": {
            "transaction_id": "order-1",
            "shop_id": "shop-1",
            "time": "2026-11-23T17:00:00+00:00",
            "type": "purchase",
            "stage": "post_3ds",
            "party": "customer",
            "supersedes": "order-0",
        },
        "authentication": {
            "three_ds_version": "2.2.0",
            "trans_status": "Y",
            "eci": "05",
            "liability_shift": True,
            "exemption": "low_value",
        },
    }


VALUES = st.one_of(
    JUNK,
    st.text(max_size=20).map(lambda text: f" {text}"),
    st.integers(min_value=-10, max_value=10**20),
    st.integers(0, 2**32 - 1).map(lambda number: str(IPv4Address(number))),
    st.text("0123456789 -", min_size=10, max_size=24),
    st.sampled_from(
        [
            CARD_NUMBER,
            f"paid with {CARD_NUMBER}",
            f"%34{CARD_NUMBER[1:]}",
            int(CARD_NUMBER),
            float(CARD_NUMBER),
            "\uff14" + CARD_NUMBER[1:],
            "x\x1f",
            "\u3000x",
            "\x85",
            "a\0b",
            "x" * 255,
            "x" * 256,
            "x" * 1025,
            "Ünï@bücher.example",
            "9e107d9d372bb6826bd81d3542a419d6",
            "usd",
            "USD",
            "uk",
            "JPY",
            "12.50",
            "12.505",
            "-1.00",
            "pre_auth",
            "PRE_AUTH",
            "post_3ds",
            "post_auth",
            "2026-11-23T17:00:00+00:00",
            "2026-11-23",
            "1970-01-01T00:00:00Z",
            "2099-01-01T00:00:00Z",
            "shop-1",
            "order-1",
            "371449",
            "4",
            "American Express",
            "full",
            30,
            29,
            12.5,
            5.0,
            "5",
            True,
            "true",
            10**13 + 1,
            -1,
            2**63,
            2**64 - 1,
        ]
    ),
)
NODES: st.SearchStrategy[Any] = st.one_of(st.none(), st.just({}), st.just([{}]), VALUES)
NAMES = sorted(
    {name for readers in (*GROUP_READERS.values(), CART_ITEM_READERS) for name in readers}
    | {*OptionsGroup.model_fields, "cvv", "number", "cvvCode", "pan", " tier", "tier", "", CARD_NUMBER, "n" * 65}
)
PLACES = (*GROUP_READERS, "shopping_cart", "custom", "options", "extra")


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """An ordinary request, with a few of its values taken away, added or made something else."""
    body: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(ORDINARY) | st.builds(full) | st.just(LEAST)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(PLACES))
        node = body.get(place)
        if isinstance(node, list) and node and isinstance(node[0], dict):
            node = node[0]
        if not isinstance(node, dict) or draw(st.integers(0, 9)) == 0:
            body[place] = draw(NODES)
            continue
        known = [*GROUP_READERS.get(place, ()), *node]
        is_known = draw(st.booleans())
        name = draw(st.sampled_from(known if known and is_known else NAMES))
        if draw(st.integers(0, 4)) == 0:
            node.pop(name, None)
        else:
            node[name] = draw(VALUES)
    return body


def outcome(asked: Any, merchant_id: str, at: datetime) -> tuple[Any, ...]:
    """All that a caller has of a request."""
    said = (asked.merchant_id, asked.event_time, asked.fingerprint, asked.options)
    try:
        payment, warnings = asked.to_payment(merchant_id, test_mode=False, received_at=at)
    except PaymentInvalid as error:
        return (*said, error.faults)
    record = payment_bytes(payment, asked.groups)
    assert record == payment_bytes(payment), "what the edge has at hand is not what the payment holds"
    return (*said, payment, record, warnings)


def read(way: Callable[[bytes], Any], body: bytes) -> Any:
    """The request, or the fault that is raised."""
    try:
        return way(body)
    except (PaymentInvalid, MalformedJson) as error:
        return f"{error!r}{getattr(error, 'faults', ())!r}"


def both(body: bytes, merchant_id: str, at: datetime) -> bool:
    """Whether the short way took it; it must be what the long way makes of it."""
    long, short = read(read_in_full, body), read(read_request, body)
    if isinstance(long, str):
        assert short == long
        return False
    assert outcome(short, merchant_id, at) == outcome(long, merchant_id, at)
    if isinstance(short, DecisionRequest):
        return False
    assert not same_to_the_type(short, long, at)
    return True


def same_to_the_type(short: Any, long: Any, at: datetime) -> list[str]:
    """Where the two payments differ, 1 from True and from 1.0 too; and the payment stands its own check."""
    made, expected = (asked.to_payment("shop-1", test_mode=True, received_at=at)[0] for asked in (short, long))
    assert type(made) is Payment
    assert replace(made) == made
    return [name for name, one, other in leaves(made, expected) if type(one) is not type(other) or one != other]


def leaves(one: Any, other: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    yield name, one, other
    if hasattr(one, "__dataclass_fields__"):
        for each in fields(one):
            yield from leaves(getattr(one, each.name), getattr(other, each.name), f"{name}/{each.name}")
    elif isinstance(one, tuple):
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from leaves(first, second, f"{name}/{index}")
    elif isinstance(one, dict):
        for key, value in one.items():
            yield from leaves(value, other[key], f"{name}/{key}")


def with_nodes(place: str, value: object) -> dict[str, Any]:
    """A full request with another value at a place: a group's name, or a group's and a field's."""
    group, _, name = place.partition("/")
    body = full()
    if not name:
        return body | {group: value}
    node = body.setdefault(group, {})
    (node[0] if isinstance(node, list) else node)[name] = value
    return body


@given(changed() | ALMOST_RIGHT, MERCHANTS, TIMES)
@example(full(), "shop-1", NOW)
@example(with_nodes("event/merchant_id", "shop-2"), "shop-2", NOW)
@example(with_nodes("custom", {"a": 10**12, "b": -(10**13), "c": 0.1234567890123456, "d": 4.111e15}), "shop-1", NOW)
@example(with_nodes("custom", {" a": 1, "a": 2}), "shop-1", NOW)
@example(with_nodes("device/session_age", 10**9), "shop-1", NOW)
@example(with_nodes("email/address", "9E107D9D372BB6826BD81D3542A419D6"), "shop-1", NOW)
def test_the_short_way_is_the_long_way_or_none(body: dict[str, Any], merchant_id: str, at: datetime) -> None:
    both(json.dumps(body).encode(), merchant_id, at)


@given(st.sampled_from(NAMES), st.sampled_from(PLACES), VALUES)
def test_one_value_in_a_full_request(name: str, place: str, value: object) -> None:
    both(json.dumps(with_nodes(f"{place}/{name}", value)).encode(), "shop-1", NOW)


def test_every_field_with_every_kind_of_value() -> None:
    kinds: tuple[Any, ...] = (
        None,
        "",
        " ",
        "x",
        " x",
        "x" * 300,
        CARD_NUMBER,
        0,
        1,
        -1,
        1.0,
        0.5,
        True,
        False,
        [],
        {},
        2**64,
        "12",
    )
    taken = 0
    for group, readers in (*GROUP_READERS.items(), ("custom", ("tier",)), ("options", OptionsGroup.model_fields)):
        for name in readers:
            for kind in kinds:
                taken += both(json.dumps(with_nodes(f"{group}/{name}", kind)).encode(), "shop-1", NOW)
    assert taken > 250


NUMBERS = [
    "12345678901234567890",
    "-9223372036854775808",
    "-9223372036854775809",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901",
    "9223372036854775808.0",
    "9223372036854774784.0",
    "1e22",
    "-1e19",
    "4111111111111111.0",
    "411111111111111.1e1",
    "276.80000000000000000001",
    "0.123456789012345678901234567890",
    "2.2250738585072014e-308",
    "1.7976931348623157e308",
    "9007199254740993.00000000000000000001",
    "1e999",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("place", ["custom/x", "device/session_age", "order/amount_minor", "account/user_id"])
def test_numbers_of_many_digits(number: str, place: str) -> None:
    both(json.dumps(with_nodes(place, "NUMBER")).replace('"NUMBER"', number).encode(), "shop-1", NOW)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 25))
def test_decimals_of_any_length(number: float, digits: int) -> None:
    both(json.dumps(with_nodes("custom/x", "NUMBER")).replace('"NUMBER"', f"{number:.{digits}f}").encode(), "s", NOW)


def reordered(body: dict[str, Any], rng: Random) -> dict[str, Any]:
    """The same request with some fields empty, some null, and all in another order."""

    def changed_node(node: dict[str, Any]) -> dict[str, Any]:
        names = rng.sample(list(node), len(node))
        return {name: rng.choices(["", None, node[name]], (1, 1, 30))[0] for name in names}

    return {
        name: changed_node(value)
        if isinstance(value, dict)
        else [changed_node(line) if isinstance(line, dict) else line for line in value]
        for name, value in rng.sample(list(body.items()), len(body))
    }


def test_more_forms_than_are_held() -> None:
    rng = Random(4)
    taken = sum(both(orjson.dumps(reordered(ORDINARY[number % 100], rng)), "shop-1", NOW) for number in range(1_500))
    # The others have no id, no currency, no amount, or an empty text where a number belongs.
    assert FORMS_MAX < 0.5 * 1_500 < taken


def test_an_equal_value_of_another_type_is_of_another_form() -> None:
    for value in (True, 1, 1.0, "1", False, 0, 0.0, ""):
        for place in ("payment/is_recurring", "device/session_age", "credit_card/exp_month", "options/deadline_ms"):
            both(json.dumps(with_nodes(place, value)).encode(), "shop-1", NOW)


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_ordinary_traffic_cut_short_is_malformed(cut: int) -> None:
    assert not both(orjson.dumps(ORDINARY[0])[: -1 - cut], "shop-1", NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"null", b'{"event":1}', b'{"event":{},"order":{}}', b"{}\xff"])
def test_what_is_no_request(body: bytes) -> None:
    assert not both(body, "shop-1", NOW)


def test_ordinary_traffic_goes_the_short_way() -> None:
    bodies = list(islice(requests(1, NOW), 500))
    asked = [read_request(body) for body in bodies]
    assert sum(isinstance(each, OrdinaryRequest) for each in asked) >= 0.95 * len(bodies)
    assert sum(both(body, "shop-1", NOW) for body in bodies) >= 0.95 * len(bodies)


def test_the_least_and_the_fullest_go_the_short_way() -> None:
    for body in (LEAST, full(), {**LEAST, "order": {"amount": "12.50", "currency": "USD"}}):
        assert both(orjson.dumps(body), "shop-1", NOW)


@given(st.text("0123456789. -*x\u0661", min_size=10, max_size=30), st.sampled_from(["", "a", "Z", "é", "\uff21"]))
def test_a_letter_before_digits_makes_no_bare_number(digits: str, letter: str) -> None:
    assert not letter or not is_bare_card_length(letter + digits)


def test_what_is_assembled_is_frozen_and_equal() -> None:
    payment = read_request(orjson.dumps(full())).to_payment("shop-1", test_mode=False, received_at=NOW)[0]
    kinds = [payment, *(getattr(payment, each.name) for each in fields(Payment) if each.name not in {"at", "cart"})]
    for value in [each for each in kinds if hasattr(each, "__dataclass_fields__")]:
        again = assembled(type(value), {each.name: getattr(value, each.name) for each in fields(value)})
        assert (again, type(again), repr(again)) == (value, type(value), repr(value))
        with pytest.raises(AttributeError):
            setattr(again, fields(value)[0].name, "x")


@given(st.text("0123456789. -_:ab%2\u0661\uff11", min_size=10, max_size=40) | st.sampled_from([CARD_NUMBER]))
def test_a_number_in_a_token_has_room_between_letters(token: str) -> None:
    # A percent sign has it read in full.
    assert token_holds_card_number(token) == token_holds_card_number(f"{token} %")


SEARCHED = st.text("0123456789 -.:_,\0a%2\u0661\uff11\u00e9\u200b\u2022\u4e00\u2460\u00b2", min_size=10, max_size=60)


@given(SEARCHED | st.tuples(SEARCHED, st.sampled_from(["\0", "", " "]), st.just(CARD_NUMBER)).map("".join))
@example("4111\u20221111\u20221111\u20221111")
@example("\uff14" * 16)
@example("4111\ud8001111 1111 1111 1111")
def test_a_text_without_a_long_run_holds_no_number(text: str) -> None:
    # With a run of ones, which are no number, it is searched in any case.
    assert holds_card_number(text) == holds_card_number(f"{text}\0{'1' * 13}")
