"""Odd input: a warning with its pointer, the value unknown, and the payment decided. And what is silently put right."""

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import pytest

from api.schemas import DecisionRequest, Explain, read_request
from api.schemas.findings import FINDINGS_MAX
from api.schemas.groups import CartItemGroup, Group
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS
from engine.payment_record import payment_bytes, payment_of
from engine.reference.calling_codes import NO_PHONE_NUMBER
from tests.api.decision_requests import LEAST, NOW, decide, notes, with_value

ATTRIBUTES = {"credit_card.issuer_id_number": "card.bin", "credit_card": "card", "payment": "processing"}


def read_at(pointer: str, value: object) -> tuple[object, set[tuple[str, str]]]:
    """What a value at a place becomes in the payment, and the warnings."""
    payment, warnings = decide(with_value(pointer, value))
    path = pointer.strip("/").replace("/", ".")
    for sent, kept in ATTRIBUTES.items():
        path = path.replace(sent, kept, 1) if path.startswith(sent) else path
    return attrgetter(path)(payment), notes(warnings)


IPS_INVALID = [
    "x",
    "1.2.3",
    "1.2.3.4/24",
    "1.2.3.4:443",
    "[2a02::1]:443",
    "1.2.3.4, 5.6.7.8",
    "01.2.3.4",
    "2a02::1/64",
    "999.1.1.1",
    "::ffff:",
    "\u0661.2.3.4",
]
IPS_NOT_PUBLIC = (
    "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.1.1 172.16.0.1 172.31.255.255 192.0.2.7 192.168.1.1 198.18.0.1 "
    "198.51.100.1 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 "
    "2001:db8::1 2001::1 2002:a00:1::1 ::ffff:10.0.0.1 64:ff9b::1 3fff::1"
)  # fmt: skip


@pytest.mark.parametrize("ip", IPS_INVALID)
def test_bad_ip(ip: str) -> None:
    assert read_at("/device/ip_address", ip) == (None, {("/device/ip_address", "ip_invalid")})


@pytest.mark.parametrize("ip", IPS_NOT_PUBLIC.split())
def test_an_ip_that_is_not_public_is_no_velocity_key(ip: str) -> None:
    assert read_at("/device/ip_address", ip) == (None, {("/device/ip_address", "ip_not_public")})


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("81.2.69.160", "81.2.69.160"),
        (" 81.2.69.160 ", "81.2.69.160"),
        ("::ffff:81.2.69.160", "81.2.69.160"),
        ("::FFFF:5102:45a0", "81.2.69.160"),
        ("2A02:0CF7:0000:0000:0000:0000:0000:0001", "2a02:cf7::1"),
        ("172.32.0.1", "172.32.0.1"),
        ("100.128.0.1", "100.128.0.1"),
        ("223.255.255.255", "223.255.255.255"),
    ],
)
def test_public_ips_are_canonical(ip: str, kept: str) -> None:
    assert read_at("/device/ip_address", ip) == (kept, set())


ODD = [
    ("/billing/country", "XX", "country_unknown"),
    ("/billing/country", "Canada", "country_unknown"),
    ("/shipping/country", "uk", "country_unknown"),
    ("/credit_card/country", "USA", "country_unknown"),
    ("/credit_card/issuer_id_number", "42424", "bin_too_short"),
    ("/credit_card/issuer_id_number", "4242xx", "bin_invalid"),
    ("/credit_card/issuer_id_number", "٤٢٤٢٤٢", "bin_invalid"),
    ("/credit_card/last_digits", "abcd", "last_digits_invalid"),
    ("/credit_card/last_digits", "123", "last_digits_invalid"),
    ("/credit_card/token", "t" * 256, "too_long"),
    ("/credit_card/brand", "visage", "value_unknown"),
    ("/credit_card/funding", "borrowed", "value_unknown"),
    ("/credit_card/wallet", "purse", "value_unknown"),
    ("/credit_card/exp_month", 13, "out_of_range"),
    ("/credit_card/exp_month", 0, "out_of_range"),
    ("/credit_card/exp_year", 1999, "out_of_range"),
    ("/credit_card/exp_year", -1, "out_of_range"),
    ("/credit_card/exp_year", 10**30, "out_of_range"),
    ("/credit_card/avs_result", "YYY", "value_unknown"),
    ("/credit_card/cvv_result", "match", "value_unknown"),
    ("/authentication/trans_status", "OK", "value_unknown"),
    ("/authentication/eci", "99", "value_unknown"),
    ("/authentication/three_ds_version", "newest", "value_unknown"),
    ("/authentication/exemption", "because", "value_unknown"),
    ("/shipping/delivery_speed", "teleport", "value_unknown"),
    ("/payment/method", "barter", "value_unknown"),
    ("/payment/mcc", "shop", "value_unknown"),
    ("/payment/initiator", "nobody", "value_unknown"),
    ("/payment/processor", "p" * 65, "too_long"),
    ("/account/past_transactions_day", -1, "out_of_range"),
    ("/account/username_md5", "xyz", "md5_invalid"),
    ("/account/created_at", "yesterday", "time_invalid"),
    ("/account/created_at", "1970-01-01T00:00:00Z", "out_of_range"),
    ("/account/created_at", "2100-01-01T00:00:00Z", "out_of_range"),
    ("/account/created_at", "9999-12-31T23:59:59-14:00", "time_invalid"),
    ("/account/created_at", 1700000000123, "time_invalid"),
    ("/device/session_age", -0.5, "out_of_range"),
    ("/device/timezone_offset", 900, "out_of_range"),
    ("/device/user_agent", "u" * 1025, "too_long"),
    ("/billing/address", "a" * 256, "too_long"),
    ("/billing/phone_number", "n/a", "phone_invalid"),
    ("/billing/phone_number", "020 7946 0018 / 07400 123456", "phone_invalid"),
    ("/billing/phone_country_code", "+12345", "phone_invalid"),
    ("/email/address", "nobody", "email_invalid"),
    ("/email/address", "@example.com", "email_invalid"),
    ("/email/address", "a@localhost", "email_invalid"),
    ("/email/address", "a@-x-.com", "email_invalid"),
    ("/email/address", "a..b@example.com", "email_invalid"),
    ("/email/address", "a b@example.com", "email_invalid"),
    ("/email/address", "a@[81.2.69.160]", "email_invalid"),
    ("/email/address", "a@xn--\u2603.com", "email_invalid"),
    ("/email/address", "a" * 65 + "@example.com", "email_invalid"),
    ("/email/address", "a@" + "x" * 10_000 + ".com", "email_invalid"),
    ("/email/md5", "xyz", "md5_invalid"),
    ("/email/domain", "not a domain", "email_invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("pointer", "value", "code"), ODD)
def test_odd_values_are_unknown(pointer: str, value: object, code: str) -> None:
    assert read_at(pointer, value) == (None, {(pointer, code)})


@pytest.mark.parametrize(("pointer", "value", "code"), ODD)
def test_a_warning_says_what_to_send_and_never_what_was_sent(pointer: str, value: object, code: str) -> None:
    _, warnings = decide(with_value(pointer, value))
    assert [warning.code for warning in warnings] == [code]
    assert all(len(warning.warning) > 10 for warning in warnings)
    if len(str(value)) > 4:
        assert all(str(value) not in warning.warning for warning in warnings)


@pytest.mark.parametrize("group", ["billing", "shipping"])
@pytest.mark.parametrize("value", ["call me", "abc", "9" * 16, "4111111111111111", "4111 1111 1111 1111 x1", "1" * 41])
def test_what_can_be_no_phone_number_is_not_as_if_none_were_sent(group: str, value: str) -> None:
    pointer = f"/{group}/phone_number"
    assert read_at(pointer, value) == (NO_PHONE_NUMBER, {(pointer, "phone_invalid")})
    payment, (warning,) = decide(with_value(pointer, value))
    assert value not in warning.warning
    assert payment_of(payment_bytes(payment)) == payment


PUT_RIGHT = [
    ("/billing/country", "gb", "GB"),
    ("/billing/city", "  ", None),
    ("/billing/city", "", None),
    ("/billing/city", None, None),
    ("/billing/city", "São Paulo 🎉", "São Paulo 🎉"),
    ("/billing/first_name", "👩‍👩‍👧", "👩‍👩‍👧"),
    ("/billing/postal", 94107, "94107"),
    ("/billing/phone_country_code", "+44", "44"),
    ("/billing/phone_number", "+44 (0)20 7946 0018", "+44 (0)20 7946 0018"),
    ("/account/user_id", 123456789012345678901234, "123456789012345678901234"),
    ("/account/username_md5", "5F4DCC3B5AA765D61D8327DEB882CF99", "5f4dcc3b5aa765d61d8327deb882cf99"),
    ("/account/created_at", "2024-01-31T10:00:00+01:00", datetime(2024, 1, 31, 9, tzinfo=UTC)),
    ("/account/created_at", "2024-01-31", datetime(2024, 1, 31, tzinfo=UTC)),
    ("/account/past_transactions_day", "3", 3),
    ("/credit_card/issuer_id_number", 424242, "424242"),
    ("/credit_card/issuer_id_number", "4242 4242", "42424242"),
    ("/credit_card/last_digits", "**** 4242", "4242"),
    ("/credit_card/last_digits", 42, "42"),
    ("/credit_card/brand", "American Express", "amex"),
    ("/credit_card/brand", "MasterCard", "mastercard"),
    ("/credit_card/funding", "DEBIT", "debit"),
    ("/credit_card/wallet", "Apple Pay", "apple_pay"),
    ("/credit_card/exp_month", "09", 9),
    ("/credit_card/exp_year", 29, 2029),
    ("/credit_card/avs_result", "y", "Y"),
    ("/credit_card/was_3d_secure_successful", "true", True),
    ("/credit_card/token", "12345678901234567890", "12345678901234567890"),
    ("/authentication/eci", 5, "05"),
    ("/authentication/trans_status", "y", "Y"),
    ("/payment/mcc", 742, "0742"),
    ("/payment/initiator", "cardholder", "customer"),
    ("/email/address", "Ada.Lovelace@EXAMPLE.com", "ada.lovelace@example.com"),
    ("/email/address", '"Ada \\" L@x"@example.com', '"ada \\" l@x"@example.com'),
    ("/email/address", "info@bücher.example", "info@xn--bcher-kva.example"),
    ("/email/address", "straße@straße.de", "straße@xn--strae-oqa.de"),
    ("/email/address", "用户@例え.jp", "用户@xn--r8jz45g.jp"),
    ("/email/address", "a+b@example.com.", "a+b@example.com"),
    ("/email/domain", "@Bücher.example", "xn--bcher-kva.example"),
    ("/device/timezone_offset", -840, -840),
    ("/shopping_cart", None, ()),
    ("/device/session_age", "1.5", 1.5),
]


@pytest.mark.parametrize(("pointer", "value", "kept"), PUT_RIGHT)
def test_what_is_put_right_without_a_word(pointer: str, value: object, kept: object) -> None:
    payment, warnings = decide(with_value(pointer, value))
    assert warnings == ()
    if pointer != "/shopping_cart":
        assert read_at(pointer, value) == (kept, set())
    assert payment_of(payment_bytes(payment)) == payment


@pytest.mark.parametrize(
    ("price", "kept"),
    [
        ("12.50", "12.50"), (12.5, "12.5"), (3, "3"), ("-1.00", "-1.00"), ("1E+2", "100"), ("1e9", "1000000000"),
        ("1e-4", "0.0001"), ("0e999999", "0"), ("0.000000", "0"), ("ten", None), (1e300, None), ("1e10", None),
        ("1e-5", None), ("1.00001", None), ("9e999999", None), ("9e-999999", None), ("1e-1000030", None),
        ("nan", None), ("sNaN", None), ("-inf", None),
    ],
)  # fmt: skip
def test_cart_prices(price: object, kept: str | None) -> None:
    payment, warnings = decide(with_value("/shopping_cart/0/price", price))
    assert payment.cart[0].price == kept
    assert notes(warnings) == (set() if kept else {("/shopping_cart/0/price", "price_invalid")})


@pytest.mark.parametrize("quantity", [-1, 10**40])
def test_cart_quantities(quantity: int) -> None:
    payment, warnings = decide(with_value("/shopping_cart/0/quantity", quantity))
    assert payment.cart[0].quantity is None
    assert notes(warnings) == {("/shopping_cart/0/quantity", "out_of_range")}


def test_an_md5_in_place_of_the_address() -> None:
    digest = hashlib.md5(b"ada@example.com", usedforsecurity=False).hexdigest()
    payment, warnings = decide(with_value("/email/address", digest.upper()))
    assert (payment.email.address, payment.email.md5, warnings) == (None, digest, ())


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("1970-01-01T00:00:00Z", "event_time_off"),
        ("2100-01-01T00:00:00Z", "event_time_off"),
        ("2026-11-23T17:02:01Z", "event_time_off"),
        ("2026-11-23T16:57:59Z", "event_time_off"),
        ("23/11/2026", "time_invalid"),
        ("", None),
        ("2026-11-23T17:01:59Z", None),
        ("2026-11-23T18:00:00+01:00", None),
        ("2026-11-23t17:01:59z", None),
    ],
)
def test_event_time(sent: str, code: str | None) -> None:
    payment, warnings = decide(with_value("/event/time", sent))
    assert payment.at == NOW
    assert notes(warnings) == ({("/event/time", code)} if code else set())
    assert (payment.event_time is None) == (code is not None or not sent)


def test_an_import_takes_the_event_time() -> None:
    request = read_request(json.dumps(with_value("/event/time", "2020-02-29T12:00:00+01:00")).encode())
    assert request.event_time == datetime(2020, 2, 29, 11, tzinfo=UTC)
    payment, warnings = request.to_payment("shop-1", test_mode=False, received_at=request.event_time)
    assert (payment.at, payment.event_time, warnings) == (request.event_time, request.event_time, ())
    assert read_request(json.dumps(LEAST).encode()).event_time is None


@pytest.mark.parametrize(
    ("pointer", "hint"),
    [
        ("/device/ip", "ip_address"),
        ("/credit_card/issuer_id", "issuer_id_number"),
        ("/shiping", "shipping"),
        ("/amount_minor", "/order/amount_minor"),
        ("/useragent", "/device/user_agent"),
        ("/options/dryrun", "dry_run"),
        ("/event/colour", "custom"),
        ("/shopping_cart/0/colour/nested", "custom"),
    ],
)
def test_unknown_fields_name_the_nearest_known(pointer: str, hint: str) -> None:
    payment, warnings = decide(with_value(pointer, "x"))
    place = pointer.removesuffix("/nested")
    assert notes(warnings) == {(place, "field_unknown")}
    assert hint in warnings[0].warning
    assert "colour" not in payment_bytes(payment).decode()


def test_warnings_are_bounded_and_the_rest_counted() -> None:
    _, warnings = decide(LEAST | {"device": {f"field_{index}": index for index in range(FINDINGS_MAX + 7)}})
    assert len(warnings) == FINDINGS_MAX + 1
    assert (warnings[-1].code, warnings[-1].input_pointer) == ("more_warnings", "")
    assert warnings[-1].warning.startswith("7 ")


def test_custom_values() -> None:
    kept = {"tier": " gold ", "n": 12, "x": 1.5, "vip": True, "a::b": 3}
    sent = kept | {"none": None, "blank": " ", "": 1, "big": 2**64, "l": "x" * 256}
    payment, warnings = decide(LEAST | {"custom": sent})
    assert payment.custom == {"tier": "gold", "n": 12, "x": 1.5, "vip": True, "a::b": 3}
    unnamed = {(f"/custom/{name}", "name_invalid") for name in ("", "a::b")}
    assert notes(warnings) == {*unnamed, ("/custom/big", "out_of_range"), ("/custom/l", "too_long")}
    assert payment_of(payment_bytes(payment)) == payment


@pytest.mark.parametrize(
    ("pointer", "bin_", "kept"),
    [
        ("amex", "37828224", "378282"),
        ("amex", "3434343", "343434"),
        ("diners", "30569309", "305693"),
        ("diners", "36227206", "362272"),
        ("visa", "42424242", "42424242"),
    ],
)
def test_no_more_of_a_short_number_than_six_and_four(pointer: str, bin_: str, kept: str) -> None:
    payment, warnings = decide(LEAST | {"credit_card": {"issuer_id_number": bin_, "last_digits": "1234"}})
    assert (payment.card.bin, warnings) == (kept, ()), pointer
    assert decide(LEAST | {"credit_card": {"issuer_id_number": bin_}})[0].card.bin == bin_


def test_options() -> None:
    options = read_request(json.dumps(LEAST).encode()).options
    assert (options.deadline_ms, options.explain, options.dry_run) == (150, Explain.CODES, False)
    nulls: dict[str, Any] = {"deadline_ms": None, "explain": None, "dry_run": None}
    for sent in (None, {}, nulls):
        assert read_request(json.dumps(LEAST | {"options": sent}).encode()).options == options
    sent = {"deadline_ms": 30, "explain": "full", "dry_run": True}
    options = read_request(json.dumps(LEAST | {"options": sent}).encode()).options
    assert (options.deadline_ms, options.explain, options.dry_run) == (30, Explain.FULL, True)


def fingerprint(**more: Any) -> bytes:
    return read_request(json.dumps(LEAST | more).encode()).fingerprint


def test_the_fingerprint_tells_bodies_apart() -> None:
    same = [
        read_request(json.dumps(LEAST, indent=2).encode()),
        read_request(json.dumps(dict(reversed(LEAST.items()))).encode()),
        read_request(json.dumps(LEAST | {"options": {"explain": "full"}}).encode()),
    ]
    assert {request.fingerprint for request in same} == {fingerprint()}
    others: list[dict[str, Any]] = [{"a": 1}, {"a": "1"}, {"a": 2}, {"a": {"options": {}}}, {"custom": {"a": 1}}]
    assert len({fingerprint(), *(fingerprint(**other) for other in others)}) == 1 + len(others)
    assert {len(fingerprint(**other)) for other in others} == {32}


def test_numbers_beyond_a_double_are_told_apart() -> None:
    assert fingerprint(a=123456789012345678901) != fingerprint(a=123456789012345678902)


def test_each_field_has_its_reader() -> None:
    for name, readers in GROUP_READERS.items():
        annotation = DecisionRequest.model_fields[name].annotation
        group = annotation if isinstance(annotation, type) else annotation.__args__[0]  # type: ignore[union-attr]
        assert issubclass(group, Group)
        assert set(group.model_fields) == set(readers), name
    assert set(CartItemGroup.model_fields) == set(CART_ITEM_READERS)


def test_times_at_the_edge() -> None:
    two_minutes = (NOW + timedelta(minutes=2)).isoformat()
    assert decide(with_value("/event/time", two_minutes))[1] == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"device": {f"ip_adress{index}": index for index in range(3000)}},
        {"shopping_cart": [{"category": ("4" * 40 + "|") * 6}] * 200},
        {"x": [{"a": 1, "b": [1]}] * 3000},
    ],
)
def test_a_hostile_body_is_read_in_bounded_time(fields: dict[str, Any]) -> None:
    started = time.perf_counter()
    _, warnings = decide(LEAST | fields)
    assert time.perf_counter() - started < 1
    assert len(warnings) <= FINDINGS_MAX + 1


def test_hostile_prices_are_read_fast() -> None:
    lines = [{"price": "9e999999"}] * 200
    started = time.process_time()
    payment, _ = decide(LEAST | {"shopping_cart": lines})
    assert time.process_time() - started < 0.1, "written out, each would be a million digits"
    assert {item.price for item in payment.cart} == {None}
