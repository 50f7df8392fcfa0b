"""Card data: refused by name and place, dropped from free text, and never repeated (contract, Card data; law 10)."""

import time
from typing import Any

import pytest

from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS
from api.schemas.screening import EXEMPT
from engine.card_data import CVV_NAMES, holds_card_number, is_card_number, passes_luhn
from engine.payment_record import payment_bytes
from tests.api.decision_requests import CARD_NUMBER, LEAST, decide, faults_of, notes, places, with_value

NUMBERS = {
    "visa": "4111111111111111",
    "visa 13": "4222222222222",
    "mastercard": "5555555555554444",
    "mastercard 2": "2223003122003222",
    "amex": "378282246310005",
    "diners": "30569309025904",
    "discover": "6011111111111117",
    "jcb": "3530111333300000",
    "unionpay": "6200000000000005",
}
WRITTEN = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111 - 1111 - 1111 - 1111",
    "4111\n1111\n1111\n1111",
    "4111\u00a01111\u20111111\u200b1111",
    "card:4111111111111111;exp 12/29",
    "00004111111111111111",
    "04111111111111111",
    "4111111111111111 123",
    "4111111111111111 12/29",
    "4111111111111111123",
    "4111+1111+1111+1111",
    "4111%201111%201111%201111",
    "4111:1111 * 1111#1111",
    "4111      1111      1111      1111",
    "\u2074" + "\u00b9" * 15,
    "4\ufe0f\u20e3" + "1\ufe0f\u20e3" * 15,
    "12 4111 1111 1111 1111",
    "\uff14" + "\uff11" * 15,
    "\u0664" + "\u0661" * 15,
]  # fmt: skip
FREE_TEXT = [
    *(f"/{group}/{name}" for group in ("billing", "shipping") for name in (
        "first_name", "last_name", "company", "address", "address_2", "city", "region", "postal")),
    "/device/user_agent", "/device/accept_language", "/order/discount_code", "/order/referrer_uri",
    "/payment/processor", "/payment/decline_code", "/shopping_cart/0/category", "/custom/note",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
@pytest.mark.parametrize("field", ["issuer_id_number", "last_digits", "token", "cardholder_name"])
def test_card_fields_refuse_card_numbers(field: str, number: str) -> None:
    pointer = f"/credit_card/{field}"
    for sent in (number, int(number), " ".join([number[:4], number[4:8], number[8:]])):
        faults = faults_of(with_value(pointer, sent))
        assert places(faults) == {(pointer, "card_data_refused")}
        assert number not in repr(faults)


@pytest.mark.parametrize(
    "token", ["{}_1227", "{}-x", "tok_{}", "0000{}", "{}1227", "{}:1227", "tok_{}_1227", "{}%20", "{}*1227"]
)
def test_a_token_made_of_a_card_number_is_refused(token: str) -> None:
    faults = faults_of(with_value("/credit_card/token", token.format(CARD_NUMBER)))
    assert places(faults) == {("/credit_card/token", "card_data_refused")}


@pytest.mark.parametrize("token", ["98765432109876543210", "tok_1N3xQh2eZvKYlo2C8Hq", "424242******4242"])
def test_another_token_is_kept(token: str) -> None:
    payment, warnings = decide(with_value("/credit_card/token", token))
    assert (payment.card.token, warnings) == (token, ())


@pytest.mark.parametrize("length", range(13, 20))
def test_in_card_fields_the_length_is_enough(length: int) -> None:
    for field in ("issuer_id_number", "last_digits", "token", "number", "anything"):
        faults = faults_of(with_value(f"/credit_card/{field}", "1" * length))
        assert places(faults) == {(f"/credit_card/{field}", "card_data_refused")}


@pytest.mark.parametrize(
    ("name", "at_fault"), [("foo", "The value has"), ("pan", "The name says"), ("cvv", "The name says")]
)
def test_a_refusal_says_whether_the_name_or_the_value_is_at_fault(name: str, at_fault: str) -> None:
    (fault,) = faults_of(with_value(f"/credit_card/{name}", CARD_NUMBER))
    assert fault.detail.startswith(at_fault)


@pytest.mark.parametrize(
    "name",
    [
        *sorted(CVV_NAMES),
        "CVV",
        "card-cvv",
        "cardCvc",
        "securityCode",
        "\uff23\uff36\uff36",
        "c.v.v",
        "cc_cvv",
        "cvvValue",
        "payment_cvv",
        "cardPin",
    ],
)
@pytest.mark.parametrize("place", ["", "/credit_card", "/device", "/custom", "/shopping_cart/0", "/options", "/x/y"])
def test_cvv_names_are_refused_everywhere(name: str, place: str) -> None:
    for value in ("123", 123):
        assert places(faults_of(with_value(f"{place}/{name}", value))) == {(f"{place}/{name}", "card_data_refused")}


def test_cvv_in_lists_and_objects() -> None:
    assert places(faults_of(LEAST | {"cards": [{"cvv": "1"}, {"x": {"cvc": 2}}]})) == {
        ("/cards/0/cvv", "card_data_refused"),
        ("/cards/1/x/cvc", "card_data_refused"),
    }
    assert ("/custom/a/cvv", "card_data_refused") in places(faults_of(LEAST | {"custom": {"a": {"cvv": "123"}}}))
    assert places(faults_of(LEAST | {"custom": {"cvv": ["123"]}})) == {("/custom/cvv", "card_data_refused")}


@pytest.mark.parametrize("name", ["number", "card_number", "cardNumber", "pan", "PAN", "ccnumber"])
@pytest.mark.parametrize("place", ["", "/credit_card", "/device", "/custom", "/payment/card"])
def test_card_number_names_are_refused_everywhere(name: str, place: str) -> None:
    for value in (CARD_NUMBER, int(CARD_NUMBER), float(CARD_NUMBER), "1234567890123"):
        faults = faults_of(with_value(f"{place}/{name}", value))
        assert places(faults) == {(f"{place}/{name}", "card_data_refused")}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/credit_card/cvv_result", "M"),
        ("/credit_card/avs_result", "Y"),
        ("/credit_card/cvv", ""),
        ("/credit_card/cvv", None),
        ("/custom/number", 7),
        ("/custom/cvv_result", "M"),
        ("/custom/spinning", "x"),
        ("/custom/cvc_check", "pass"),
        ("/custom/cvv_present", 1),
        ("/custom/pin_code", "560001"),
        ("/custom/verification_code", "123456"),
        ("/custom/card_number", "tok_1"),
    ],
)
def test_what_is_no_card_data_is_not_refused(pointer: str, value: object) -> None:
    decide(with_value(pointer, value))


@pytest.mark.parametrize("pointer", FREE_TEXT)
@pytest.mark.parametrize("text", WRITTEN)
def test_free_text_that_holds_a_card_number_is_dropped(pointer: str, text: str) -> None:
    payment, warnings = decide(
        with_value(pointer, f"x {text} y") if pointer.endswith("note") else with_value(pointer, text)
    )
    assert notes(warnings) == {(pointer, "card_data_removed")}
    written = payment_bytes(payment).decode() + repr(warnings) + repr(payment)
    assert text not in written
    assert CARD_NUMBER not in written


@pytest.mark.parametrize("unseen", ["\u200e", "\u2063", "\u061c", "\u034f", "\u3164", "\u2800", "\U000e0020"])
def test_what_nobody_sees_hides_no_card_number(unseen: str) -> None:
    written = unseen.join(CARD_NUMBER)
    for pointer in ("/credit_card/token", "/credit_card/cardholder_name"):
        assert places(faults_of(with_value(pointer, written))) == {(pointer, "card_data_refused")}
    for pointer in ("/billing/address", "/custom/note"):
        assert notes(decide(with_value(pointer, written))[1]) == {(pointer, "card_data_removed")}


def test_in_an_email_and_a_name() -> None:
    for pointer, text in (
        ("/email/address", f"{CARD_NUMBER}@example.com"),
        ("/email/domain", f"{CARD_NUMBER}.example.com"),
        ("/credit_card/cardholder_name", f"ADA {CARD_NUMBER}"),
    ):
        payment, warnings = decide(with_value(pointer, text))
        assert notes(warnings) == {(pointer, "card_data_removed")}
        assert CARD_NUMBER not in payment_bytes(payment).decode()


@pytest.mark.parametrize("value", [int(CARD_NUMBER), float(CARD_NUMBER), -int(CARD_NUMBER)])
def test_custom_numbers_are_searched(value: float) -> None:
    payment, warnings = decide(LEAST | {"custom": {"note": value, "tier": "gold"}})
    assert payment.custom == {"tier": "gold"}
    assert notes(warnings) == {("/custom/note", "card_data_removed")}


@pytest.mark.parametrize("value", [0.4539578763621486, 45395787.63621486, 304.59000000000003, 6.02214076e23, 1e100])
def test_numbers_with_a_fraction_or_of_more_digits_stay(value: float) -> None:
    for sent in (value, -value):
        payment, warnings = decide(LEAST | {"custom": {"score": sent}})
        assert (payment.custom, warnings) == ({"score": sent}, ())


@pytest.mark.parametrize(
    "fields",
    [
        {"custom": {CARD_NUMBER: "x"}},
        {"custom": {CARD_NUMBER: "x" * 300}},
        {"custom": {f"card {CARD_NUMBER}": 5}},
        {CARD_NUMBER: 5},
        {"device": {"4111-1111-1111-1111": {"a": 1}}},
    ],
)
def test_numbers_in_names_are_not_repeated(fields: dict[str, Any]) -> None:
    payment, warnings = decide(LEAST | fields)
    written = payment_bytes(payment).decode() + repr(warnings)
    assert "1111" not in written
    assert warnings
    faults = faults_of(LEAST | {"custom": {CARD_NUMBER: [1]}})
    assert places(faults) == {("/custom", "type_invalid")}


@pytest.mark.parametrize(
    "pointer",
    [
        "/event/transaction_id", "/event/merchant_id", "/event/supersedes", "/account/user_id", "/device/session_id",
        "/device/fingerprint", "/order/affiliate_id", "/payment/attempt_of", "/shopping_cart/0/item_id",
    ],
)  # fmt: skip
def test_ids_are_opaque(pointer: str) -> None:
    payment, warnings = decide(with_value(pointer, CARD_NUMBER))
    assert (CARD_NUMBER in payment_bytes(payment).decode(), warnings) == (True, ())


def test_two_fields_are_not_read_as_one_number() -> None:
    fields = LEAST | {"billing": {"address": "12 High Street 41111111", "address_2": "11111111"}}
    assert decide(fields)[1] == ()


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",
        "1234567890123456",
        "+44 20 7946 0018 2222",
        "1763915000123456",
        "1860342017651728384",
        "41111111111111111",
        "411111111111",
        "2026-11-23 17:00:00",
    ],
)
def test_other_numbers_in_text_stay(text: str) -> None:
    payment, warnings = decide(with_value("/billing/company", text))
    assert (payment.billing.company, warnings) == (text, ())


def test_exempt_fields_exist() -> None:
    of_reports = {"case_id"}
    assert {name for readers in GROUP_READERS.values() for name in readers} | set(
        CART_ITEM_READERS
    ) | of_reports >= EXEMPT


def test_published_test_numbers_are_card_numbers() -> None:
    for number in NUMBERS.values():
        assert is_card_number(number)
        assert not is_card_number(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_luhn_against_its_definition() -> None:
    def plainly(digits: str) -> bool:
        doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(digits[::-1])]
        return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0

    for number in range(1000, 3000):
        assert passes_luhn(str(number)) == plainly(str(number))


@pytest.mark.parametrize(
    "text", ["4" * 60_000, "4 " * 30_000, "4" * 99 + "x", "1" * 12 + "x1" * 20_000, "4   " * 15_000]
)
def test_a_hostile_text_is_searched_fast(text: str) -> None:
    started = time.perf_counter()
    holds_card_number(text * 1)
    holds_card_number(("4" * 99 + "|") * 600)
    assert time.perf_counter() - started < 1


def test_a_body_of_single_digits_takes_no_time_to_speak_of() -> None:
    texts = ["|".join([" ".join((digits * 100)[:100])] * 310) for digits in ("9", "4", "665")]
    started = time.process_time()
    assert not any(map(holds_card_number, texts))
    assert time.process_time() - started < 0.3, "every pair of groups tried, it takes 0.6 s"
