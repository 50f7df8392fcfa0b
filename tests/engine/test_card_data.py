"""Card numbers are found in text, and numbers that only look a little like them are left alone."""

import csv
from collections.abc import Iterator
from itertools import combinations, cycle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.card_data import holds_card_number, is_card_number, passes_luhn


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
    ],
)
def test_a_card_number_in_text_is_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    ["4242424242424241", "1234567890123", "+1 212 555 0187", "order 20261123-000017", "", "42 Main St, 4242", "9" * 40],
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
    return any(is_card_number(number) for number in (*spans, *beginnings) if len(number) >= 13)


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
