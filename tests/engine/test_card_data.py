"""Card numbers are found in text, and numbers that only look a little like them are left alone."""

import csv
from pathlib import Path

import pytest

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
