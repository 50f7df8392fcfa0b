"""Card numbers are found in text, and numbers that only look a little like them are left alone."""

import csv
from collections.abc import Iterator
from itertools import combinations, cycle
from pathlib import Path
from random import Random
from time import process_time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.card_data import (
    holds_card_number,
    is_bare_card_length,
    is_card_number,
    is_cvv_name,
    passes_luhn,
    token_holds_card_number,
)


def test_published_test_numbers_are_found(shared_data: Path) -> None:
    with (shared_data / "cards" / "test_pans.csv").open() as file:
        for row in csv.DictReader(file):
            if row["luhn_ok"] == "True":
                assert is_card_number(row["pan"]), row["brand"]


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424242",
        "leave at door 4242 4242 4242 4242 thanks",
        "4242-4242-4242-4242",
        "card:378282246310005.",
        "4242\u20104242\u20104242\u20104242",
        "\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12\uff14\uff12",
        "04242424242424242",
        *(
            f"4242{between}4242{between}4242{between}4242"
            for between in (
                ":",
                "*",
                " * ",
                "#",
                "+",
                "\u00b7",
                "\u2022",
                "\\",
                ")(",
                "      ",
                " \u2212 ",
                "\u00ad",
                "\u2060",
                "%20",
                "%C2%A0",
                "%2520",
                "%2B",
                "%2d",
            )
        ),
        *(
            f"4242{between}4242{between}4242{between}4242"
            for between in (
                "|",
                "x",
                "~",
                ";",
                "=",
                "'",
                '"',
                " | ",
                "\\n",
                "<>",
                "and",
                "\u2192",
                "&nbsp;",
                "&#32;",
                "&amp;",
            )
        ),
        "6|4242|4242;4242~4242|7",
        "6x4242x4242x4242x4242x7",
        "1111;4242;4242;4242;4242;2222",
        "3782|822463|10005",
        "3056x930902x5904",
        "6205|5000|0000|0000|004",
        "|".join(["\uff14\uff12" * 2] * 4),
        "&#52;242 4242 4242 4242",
        "(4242)(4242)(4242)(4242)",
        "https://shop.example/pay?c=4242+4242+4242+4242",
        "https://shop.example/pay?c=4242%204242%204242%204242&x=1",
        "https://shop.example/?to=https%3A%2F%2Fpay.example%2F%3Fc%3D4242%25204242%25204242%25204242",
        "%34242424242424242",
        "50%4242424242424242",
        "\u2074\u00b2" * 8,
        "\u2084\u2082" * 8,
        "\u2463\u2461" * 8,
        "\uff14\uff12" * 8 + "\u00b2",
        "\u2460" + "\u0664\u0662" * 8,
        "\u2779\u2777" * 8,
        "4\ufe0f\u20e32\ufe0f\u20e3" * 8,
        "4\ufe0f\u20e3 2\ufe0f\u20e3 " * 8,
        "4242424242424242123",
        "3782822463100051234",
    ],
)
def test_a_card_number_in_text_is_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",
        "1234567890123",
        "+1 212 555 0187",
        "order 20261123-000017",
        "",
        "42 Main St, 4242",
        "9" * 40,
        "4242       4242       4242       4242",
        "100 % of 4242",
        "4242x4242x4242x4241",
        "https://shop.example/p?a=4242&b=4242&c=4242&d=4242",
        "4242    x4242    x4242    x4242",
        "4242|42424242|4242",
        "14242|4242|4242|4242",
        "4242|4242|4242|42421",
        "42|42|42|42|42|42|42|42",
        "4242\0004242\0004242\0004242",
        "Flat 12, 4242 High St; 4242 parcels",
        "1860342017651728384",
        "42424242424242421",
        "424242424242424212",
        "2026-11-23 17:51 - 2026-11-24 19:50",
        "51:47:11:22:33:44:55:66",
    ],
)
def test_other_digits_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)


def test_luhn() -> None:
    assert passes_luhn("79927398713")
    assert not passes_luhn("79927398710")


def _plainly(groups: list[str]) -> bool:
    """Every span of whole groups, and every beginning of a long one."""
    spans = ("".join(groups[start:end]).lstrip("0") for start, end in combinations(range(len(groups) + 1), 2))
    beginnings = (group[:length] for group in groups if len(group) > 19 for length in range(13, 20))
    before_cvv = (group[: 15 if group[:2] in {"34", "37"} else 16] for group in groups if len(group) == 19)
    return any(is_card_number(number) for number in (*spans, *beginnings, *before_cvv) if len(number) >= 13)


def _ending_right(digits: str) -> str:
    return next(number for check in "0123456789" if passes_luhn(number := digits + check))


_DIGITS = st.text("0123456789", min_size=1, max_size=24)
_CUT = st.lists(st.integers(1, 7), min_size=1, max_size=12)
_CARDS = st.builds(
    lambda prefix, rest: _ending_right(prefix + rest),
    st.sampled_from(["4", "51", "2221", "34", "6011", "300", "3528", "62", "50", "6"]),
    st.text("0123456789", min_size=8, max_size=16),
)
_RUNS = st.builds(
    lambda zeros, before, card, after, cut: list(_groups("0" * zeros + before + card + after, cut)),
    st.integers(0, 4),
    st.text("0123456789", max_size=6),
    _CARDS | _DIGITS,
    st.text("0123456789", max_size=20),
    _CUT,
)


def _groups(digits: str, widths: list[int]) -> Iterator[str]:
    start = 0
    for width in cycle(widths):
        if start >= len(digits):
            return
        yield digits[start : start + width]
        start += width


@settings(max_examples=500)
@given(_RUNS | st.lists(_DIGITS, min_size=1, max_size=4))
def test_a_run_is_searched_as_if_every_span_were_tried(groups: list[str]) -> None:
    assert holds_card_number("-".join(groups)) == (sum(map(len, groups)) >= 13 and _plainly(groups))


@pytest.mark.parametrize("length", [13, 14, 15, 16, 17, 18, 19])
def test_few_references_are_taken_for_card_numbers(length: int) -> None:
    random = Random(length)
    found = sum(holds_card_number(str(random.randrange(10 ** (length - 1), 10**length))) for _ in range(10_000))
    assert found < 1_000


PAN = "4242424242424242"


@pytest.mark.parametrize(
    "token",
    [
        f"{PAN}_1227",
        f"{PAN}-x",
        f"tok_{PAN}",
        f"tok{PAN}",
        f"card{PAN}",
        f"0000{PAN}",
        f"tok_0000{PAN}",
        f"{PAN}1227",
        f"{PAN}2712",
        f"{PAN}1227123",
        f"{PAN}:1227",
        f"{PAN}:x",
        f"x:{PAN}:1227:123",
        "378282246310005_1227",
        "3782822463100051227",
        f"{PAN}abc",
        "tok_4242-4242-4242-4242",
        "tok_4242 4242 4242 4242_1227",
        "amex_3782-822463-10005",
        "tok_3056-930902-5904",
        "4242|4242|4242|4242",
        "tok_4242~4242~4242~4242",
        f"tok%5F{PAN}",
        "tok_" + "\uff14\uff12" * 8,
        "%34" + PAN[1:] + "_x",
    ],
)
def test_a_token_made_of_a_card_number_is_found(token: str) -> None:
    assert token_holds_card_number(token)


@pytest.mark.parametrize(
    "token",
    [
        "tok_4242424242424241",
        "tok_1N3xQh2eZvKYlo2C8Hq",
        "98765432109876543210",
        f"{PAN}1327",
        f"{PAN}12279",
        "0f8fad5b-d9cd-469f-a165-70867728950e",
        f"a1b{PAN}c3d4e5f6a7b8c9",
        f"tok_ab{PAN}cd",
        "",
        "tok_424242xxxxxx4242",
        "424242******4242",
        "f0004242-4242-4242-4242-abcdefabcdef",
    ],
)
def test_other_tokens_are_left_alone(token: str) -> None:
    assert not token_holds_card_number(token)


def test_no_opaque_token_is_found_by_chance() -> None:
    random = Random(8)
    for _ in range(20_000):
        bits = random.getrandbits(256)
        texts = (f"{bits:064x}", f"tok_{bits >> 128:032x}", f"{bits >> 160:024X}", str(UUID(int=bits >> 128)))
        assert not any(map(token_holds_card_number, texts)), texts


def test_in_hexadecimal_digits_alone_are_no_card_number() -> None:
    """Found without the exemption: about one in two thousand random tokens of 32 characters."""
    assert not token_holds_card_number(f"a{PAN}b00000000000000")
    assert token_holds_card_number(f"z{PAN}z00000000000000")


@pytest.mark.parametrize("between", [":", "*", "#", "+", "\u00b7", "\\", ")(", "   "])
def test_separators_hide_no_length(between: str) -> None:
    assert is_bare_card_length(between.join(["1111"] * 4))


@pytest.mark.parametrize(
    "name",
    [
        "cc_cvv",
        "cc_cvc",
        "ccCvv",
        "cvv_value",
        "cvvValue",
        "cvvvalue",
        "CVVvalue",
        "cvcNumber",
        "cvc_number",
        "cvv2_value",
        "cvv2Value",
        "CVV2",
        "cvv_2",
        "payment_cvv",
        "user_cvv",
        "userCVV",
        "my-cvc-code",
        "x_card_code",
        "card_pin",
        "cardPin",
        "debit_card_pin",
        "atm_pin",
        "card_cid",
        "cc_csc",
        "card_verification_code",
        "cc_security_code",
        "cvnum_cvn",
        "billing.cvv",
        "cvv_hash",
        "\uff43\uff56\uff56_x",
    ],
)
def test_a_name_of_a_cvv_is_known(name: str) -> None:
    assert is_cvv_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "cvv_result",
        "cvvResult",
        "cvv_result_code",
        "CVV2Result",
        "cvv2_response",
        "cvc_check",
        "cvcCheck",
        "cvv_present",
        "cvv_match",
        "cvv_status",
        "cvv_required",
        "cvc_verified",
        "has_cvv",
        "hasCvv",
        "card_pin_verified",
        "cvv_attempts",
        "pincode",
        "pin_code",
        "pinCode",
        "pickup_pin",
        "pin_verified",
        "spinning",
        "shipping_pin",
        "campaign_cid",
        "ga_cid",
        "cid_source",
        "csc_id",
        "verification_code",
        "verificationCode",
        "sms_verification_code",
        "gift_card_code",
        "gift_card_pin",
        "sim_card_pin",
        "discount_code",
        "card_number_last4",
        "card_country_code",
        "cvvs",
        "card",
        "id_card_verification_number",
        "avs_result",
    ],
)
def test_a_name_of_something_else_is_no_cvvs(name: str) -> None:
    assert not is_cvv_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "\u00e9" * 60_000,
        "a\u00e9" * 30_000,
        "%25" * 20_000,
        "%" * 60_000,
        "4%20" * 15_000,
        "4      " * 9_000,
        "(" * 60_000,
        ("4 " * 12 + "x") * 2_500,
        "4444 4444 4444 444x" * 3_000,
        "4444       " * 6_000,
        "%C3%A9" * 10_000,
        "4:22" * 15_000,
        "4\u200e" * 30_000,
        "\u0301" * 60_000,
    ],
)
def test_a_hostile_text_takes_linear_time(text: str) -> None:
    started = process_time()
    holds_card_number(text)
    is_cvv_name(text)
    is_bare_card_length(text)
    token_holds_card_number(text[:255])
    assert process_time() - started < 0.3
