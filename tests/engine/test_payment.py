"""A payment is checked at construction: every fault is named, and what is kept reads back the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from engine.errors import PaymentInvalid
from engine.payment import Account, Card, CartItem, Contact, Device, Email, Order, Party, Payment, Stage
from engine.payment_record import payment_bytes, payment_of

Make = Callable[..., Payment]


def codes(caught: pytest.ExceptionInfo[PaymentInvalid]) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in caught.value.faults}


def test_every_fault_is_reported_at_once(make_payment: Make) -> None:
    with pytest.raises(PaymentInvalid) as caught:
        make_payment(
            transaction_id="",
            merchant_id="shop\x00",
            order=Order(amount_minor=-1, currency="ZZZ"),
            card=Card(bin="123", token="123456"),
            billing=Contact(country="XX"),
        )
    assert codes(caught) == {
        "/event/transaction_id": "missing",
        "/event/merchant_id": "control_character",
        "/order/amount_minor": "amount_negative",
        "/order/currency": "currency_unknown",
        "/credit_card/issuer_id_number": "bin_invalid",
        "/credit_card/token": "token_invalid",
        "/billing/country": "country_unknown",
    }


def test_zero_is_an_amount(make_payment: Make) -> None:
    assert make_payment(order=Order(amount_minor=0, currency="JPY")).order.amount_minor == 0


@pytest.mark.parametrize("field", ["token", "bin", "last_digits", "cardholder_name"])
@pytest.mark.parametrize("digits", ["4242424242424242", "4242 4242 4242 4242", "1234567890123"])
def test_card_fields_refuse_13_to_19_digits_whatever_the_check_digit(
    make_payment: Make, field: str, digits: str
) -> None:
    with pytest.raises(PaymentInvalid) as caught:
        make_payment(card=Card(**cast("dict[str, Any]", {field: digits})))
    assert set(codes(caught).values()) == {"card_data_refused"}
    assert digits not in str(caught.value)


def test_an_all_digit_token_is_longer_than_19(make_payment: Make) -> None:
    assert make_payment(card=Card(token="1" * 20)).card_identity == "1" * 20


def test_bin_and_last_digits_alone_identify_no_card(make_payment: Make) -> None:
    assert make_payment(card=Card(bin="424242", last_digits="4242")).card_identity is None
    whole = Card(bin="424242", last_digits="4242", exp_month=4, exp_year=2030)
    identity = make_payment(card=whole).card_identity
    assert identity is not None
    assert identity == make_payment(card=whole, transaction_id="tx-2").card_identity


def test_a_received_payment_differs_in_time_alone(make_payment: Make) -> None:
    payment = make_payment(email=Email(address="a@example.com"))
    later = payment.received(payment.at + timedelta(seconds=5))
    assert later.at_us - payment.at_us == 5_000_000
    assert later.received(payment.at) == payment


def test_the_record_reads_back_equal(make_payment: Make) -> None:
    payment = make_payment(
        stage=Stage.POST_3DS,
        party=Party.AGENT,
        event_time=datetime(2026, 11, 2, 14, 29, 59, 123456, tzinfo=UTC),
        account=Account(user_id="u1", created_at=datetime(2020, 1, 1, tzinfo=UTC), past_transactions_day=0),
        billing=Contact(city="Zürich 🏔", country="CH"),
        card=Card(bin="424242", token="tok", was_3d_secure_successful=False),
        device=Device(ip_address="2001:db8::1", session_age=0.5, timezone_offset=-300),
        cart=(CartItem(item_id="a", quantity=2, price="9.99"), CartItem(category="vr games")),
        custom={"tier": "gold", "visits": 3, "ratio": 0.25, "vip": True},
    )
    assert payment_of(payment_bytes(payment)) == payment


def test_a_record_outlives_a_withdrawn_currency_and_country(
    make_payment: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = make_payment(
        order=Order(amount_minor=4990, currency="BGN"), billing=Contact(country="BG"), card=Card(country="BG")
    )
    record = payment_bytes(payment)
    monkeypatch.setattr("engine.payment.CURRENCY_EXPONENTS", {"EUR": 2})
    monkeypatch.setattr("engine.payment.COUNTRIES", frozenset({"DE"}))
    with pytest.raises(PaymentInvalid):
        replace(payment, transaction_id="tx-2")
    read = payment_of(record)
    assert (read, hash(read.key), read.custom) == (payment, hash(payment.key), payment.custom)


def test_the_record_keeps_no_unknowns(make_payment: Make) -> None:
    assert b"null" not in payment_bytes(make_payment())
