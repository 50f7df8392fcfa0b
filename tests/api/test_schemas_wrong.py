"""Wrong input: 400 or 422, every fault at once, with the pointer into what was sent."""

import copy
import json
import logging
from typing import Any

import pytest

from api.schemas import read_request
from api.schemas.findings import FINDINGS_MAX
from api.schemas.reading import read_in_full
from engine.errors import MalformedJson
from tests.api.decision_requests import ABSENT, CARD_NUMBER, LEAST, decide, faults_of, places, with_value

HUGE = "1" * 400 + ".5"


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"", 1, 0),
        (b"{", 1, 1),
        (b'{"event": {"transaction_id": "a"', 1, 32),
        (b'{\n"event": tru}', 2, 13),
        (b'{"event": {},}', 1, 14),
        (b"[]", 1, 1),
        (b'"text"', 1, 1),
        (b"null", 1, 1),
        (b"17", 1, 1),
        (b'{"a": "\xff"}', 1, 8),
        (b'{"a": "\\ud800"}', 1, 14),
        (b'{"a": 1} {"b": 2}', 1, 10),
        (b"{'a': 1}", 1, 2),
        ("{}".encode("utf-16"), 1, 1),
    ],
)
def test_malformed_json_names_line_and_column(body: bytes, line: int, column: int) -> None:
    with pytest.raises(MalformedJson) as raised:
        read_request(body)
    assert raised.value.code == "json_malformed"
    assert (raised.value.line, abs(raised.value.column - column) <= 1) == (line, True), str(raised.value)


def test_a_malformed_body_is_not_quoted() -> None:
    with pytest.raises(MalformedJson) as raised:
        read_request(b'{"credit_card": {"number": "' + CARD_NUMBER.encode())
    assert CARD_NUMBER not in str(raised.value)
    assert raised.value.__context__ is None


def test_the_last_of_two_equal_names_counts() -> None:
    payment, _ = decide(
        b'{"event":{"transaction_id":"a","transaction_id":"b","merchant_id":"m"},"order":{"amount_minor":1,'
        b'"currency":"USD"}}'
    )
    assert payment.transaction_id == "b"


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("/event/transaction_id", ABSENT, "missing"),
        ("/event/transaction_id", None, "missing"),
        ("/event/transaction_id", "", "missing"),
        ("/event/transaction_id", "  ", "missing"),
        ("/event/transaction_id", "x" * 256, "too_long"),
        ("/event/transaction_id", "a\nb", "control_character"),
        ("/event/transaction_id", "a\0b", "control_character"),
        ("/event/transaction_id", True, "type_invalid"),
        ("/event/transaction_id", [1], "type_invalid"),
        ("/event/merchant_id", "x" * 256, "too_long"),
        ("/event/merchant_id", {}, "type_invalid"),
        ("/event/type", "payout", "value_unknown"),
        ("/event/stage", "later", "value_unknown"),
        ("/event/party", "robot", "value_unknown"),
        ("/order/amount_minor", ABSENT, "missing"),
        ("/order/amount_minor", None, "missing"),
        ("/order/amount_minor", -1, "amount_negative"),
        ("/order/amount_minor", 10**13 + 1, "amount_too_large"),
        ("/order/amount_minor", 10**40, "amount_too_large"),
        ("/order/amount_minor", "1250", "type_invalid"),
        ("/order/amount_minor", 12.5, "type_invalid"),
        ("/order/amount_minor", True, "type_invalid"),
        ("/order/currency", ABSENT, "missing"),
        ("/order/currency", None, "missing"),
        ("/order/currency", "", "currency_unknown"),
        ("/order/currency", "XXX", "currency_unknown"),
        ("/order/currency", "Dollar", "currency_unknown"),
        ("/order/currency", ["USD"], "type_invalid"),
        ("/credit_card/issuer_id_number", "424242424", "bin_invalid"),
        ("/credit_card/last_digits", "12345", "last_digits_invalid"),
        ("/credit_card/token", "1234567890", "token_invalid"),
        ("/credit_card/exp_month", "May", "type_invalid"),
        ("/credit_card", "4242", "type_invalid"),
        ("/device/session_age", "old", "type_invalid"),
        ("/order/is_gift", "perhaps", "type_invalid"),
        ("/billing/city", ["Paris"], "type_invalid"),
        ("/shopping_cart", {}, "type_invalid"),
        ("/shopping_cart/0", 5, "type_invalid"),
        ("/shopping_cart/0/quantity", 1.5, "type_invalid"),
        ("/custom", [1], "type_invalid"),
        ("/custom/a", [1], "type_invalid"),
        ("/custom/a", {"b": 1}, "type_invalid"),
        ("/options", 5, "type_invalid"),
        ("/options/deadline_ms", 29, "out_of_range"),
        ("/options/deadline_ms", 2001, "out_of_range"),
        ("/options/explain", "all", "value_unknown"),
        ("/options/dry_run", "perhaps", "type_invalid"),
        ("/billing/city", "Par\0is", "control_character"),
        ("/custom/a", "\0", "control_character"),
    ],
)
def test_wrong_value(pointer: str, value: object, code: str) -> None:
    faults = faults_of(with_value(pointer, value))
    assert places(faults) == {(pointer, code)}
    assert all(fault.detail for fault in faults)


@pytest.mark.parametrize("missing", ["event", "order"])
def test_a_missing_group_is_its_required_fields(missing: str) -> None:
    expected = {
        "event": {("/event/transaction_id", "missing")},
        "order": {("/order/amount_minor", "missing"), ("/order/currency", "missing")},
    }[missing]
    assert places(faults_of({name: group for name, group in LEAST.items() if name != missing})) == expected
    assert places(faults_of({**LEAST, missing: None})) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("12.345", "USD", "amount_decimals"),
        ("1250.0", "JPY", "amount_decimals"),
        ("1.2345", "KWD", "amount_decimals"),
        ("-12.50", "USD", "amount_negative"),
        ("1,250.00", "USD", "amount_invalid"),
        ("1e3", "USD", "amount_invalid"),
        ("NaN", "USD", "amount_invalid"),
        ("Infinity", "USD", "amount_invalid"),
        ("+5", "USD", "amount_invalid"),
        (".5", "USD", "amount_invalid"),
        ("5.", "USD", "amount_invalid"),
        ("\uff11\uff12", "USD", "amount_invalid"),
        ("99999999999999", "USD", "amount_too_large"),
        ("4111111111111111", "USD", "amount_invalid"),
        ("1" * 400, "USD", "amount_invalid"),
        (12.5, "USD", "type_invalid"),
        (12, "USD", "type_invalid"),
    ],
)
def test_wrong_decimal_amount(amount: object, currency: str, code: str) -> None:
    fields = {**LEAST, "order": {"amount": amount, "currency": currency}}
    assert places(faults_of(fields)) == {("/order/amount", code)}


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.50", "USD", 1250),
        ("12.5", "usd", 1250),
        ("0", "USD", 0),
        ("0.00", "EUR", 0),
        ("1250", "JPY", 1250),
        ("1.234", "KWD", 1234),
        ("007.10", "USD", 710),
    ],
)
def test_decimal_amounts_are_exact(amount: str, currency: str, minor: int) -> None:
    payment, warnings = decide({**LEAST, "order": {"amount": amount, "currency": currency}})
    assert (payment.order.amount_minor, payment.order.currency, warnings) == (minor, currency.upper(), ())


def test_two_amounts_must_agree() -> None:
    fields = with_value("/order/amount", "12.51")
    assert places(faults_of(fields)) == {("/order/amount", "amount_mismatch")}
    assert decide(with_value("/order/amount", "12.50"))[0].order.amount_minor == 1250


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1E+999", HUGE])
@pytest.mark.parametrize(
    "pointer", ["/device/session_age", "/order/amount_minor", "/billing/postal", "/custom/a", "/x"]
)
def test_numbers_that_are_not_finite(literal: str, pointer: str) -> None:
    body = json.dumps(with_value(pointer, "?")).replace('"?"', literal).encode()
    assert places(faults_of(body)) == {(pointer, "number_not_finite")}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "inf", "1e999", "\\u0000"])
def test_what_only_looks_like_it_is_text(text: str) -> None:
    payment, warnings = decide(with_value("/billing/city", text))
    assert (payment.billing.city, warnings) == (text, ())


def test_a_bare_nul_byte_is_named_by_its_place() -> None:
    body = json.dumps(with_value("/billing/city", "a?b")).replace("?", "\0").encode()
    assert places(faults_of(body)) == {("/billing/city", "control_character")}


def test_nul_in_a_name() -> None:
    assert places(faults_of(with_value("/custom/a\0b", 1))) == {("/custom", "control_character")}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"shopping_cart": [{}] * 201}, ("/shopping_cart", "too_many")),
        ({"custom": {f"c{index}": 1 for index in range(101)}}, ("/custom", "too_many")),
    ],
)
def test_too_many(fields: dict[str, Any], expected: tuple[str, str]) -> None:
    assert places(faults_of(LEAST | fields)) == {expected}


def test_at_the_limits_it_is_fine() -> None:
    decide(LEAST | {"shopping_cart": [{}] * 200, "custom": {f"c{index}": 1 for index in range(100)}})


@pytest.mark.parametrize("depth", [9, 150, 400])
def test_nested_too_deep(depth: int) -> None:
    body = json.dumps(with_value("/x", "?")).replace('"?"', "[" * depth + "1" + "]" * depth).encode()
    assert {code for _, code in places(faults_of(body))} == {"nested_too_deep"}


def test_two_names_of_the_merchant() -> None:
    assert read_request(json.dumps(with_value("/event/merchant_id", ABSENT)).encode()).merchant_id is None
    fields = copy.deepcopy(LEAST)
    fields["event"] = {"transaction_id": "a", "shop_id": "shop-2"}
    assert decide(fields)[0].merchant_id == "shop-2"
    fields["event"]["shop_id"] = "x" * 256
    assert places(faults_of(fields)) == {("/event/shop_id", "too_long")}
    assert places(faults_of(with_value("/event/shop_id", "shop-2"))) == {("/event/shop_id", "merchant_mismatch")}


def test_every_fault_is_reported_at_once() -> None:
    body = (
        b'{"event": {"stage": "later", "merchant_id": ["m"]}, "order": {"amount": 12.5, "currency": "ABC"},'
        b'"credit_card": {"issuer_id_number": "424242424", "cvv": "123", "exp_month": "May"},'
        b'"device": {"session_age": NaN}, "billing": {"city": "a\\u0000"}, "custom": {"a": [1]}}'
    )
    assert places(faults_of(body)) == {
        ("/event/transaction_id", "missing"),
        ("/event/merchant_id", "type_invalid"),
        ("/event/stage", "value_unknown"),
        ("/order/amount", "type_invalid"),
        ("/order/currency", "currency_unknown"),
        ("/credit_card/issuer_id_number", "bin_invalid"),
        ("/credit_card/cvv", "card_data_refused"),
        ("/credit_card/exp_month", "type_invalid"),
        ("/device/session_age", "number_not_finite"),
        ("/billing/city", "control_character"),
        ("/custom/a", "type_invalid"),
    }


def test_faults_are_bounded() -> None:
    assert len(faults_of(LEAST | {"custom": {f"c{index}": [1] for index in range(90)}})) == FINDINGS_MAX


def test_pointers_are_escaped() -> None:
    assert places(faults_of(LEAST | {"custom": {"a/b~c": [1]}})) == {("/custom/a~1b~0c", "type_invalid")}


def test_what_was_sent_is_not_in_an_error_nor_a_repr(caplog: pytest.LogCaptureFixture) -> None:
    fields = with_value("/credit_card/exp_month", f"card {CARD_NUMBER}")
    with caplog.at_level(logging.DEBUG):
        faults = faults_of(fields)
    assert CARD_NUMBER not in repr(faults)
    request = read_in_full(json.dumps(with_value("/billing/city", CARD_NUMBER)).encode())
    assert CARD_NUMBER not in repr(request) + str(request) + repr(request.billing) + caplog.text
