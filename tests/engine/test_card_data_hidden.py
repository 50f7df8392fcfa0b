"""Card numbers behind what nobody sees, and what only looks as if one were hidden in it."""

from random import Random

import pytest

from engine.card_data import holds_card_number, is_bare_card_length, token_holds_card_number
from engine.unseen import UNSEEN

PAN = "4242424242424242"


def test_what_nobody_sees_hides_no_card_number() -> None:
    for unseen in (*map(chr, UNSEEN), *"\u0301\u0903\u2800\u0600\x85\U0001d167"):
        for between in (unseen, unseen * 9):
            written = between.join(PAN)
            assert is_bare_card_length(written), ascii(unseen)
            assert holds_card_number(f"caf\u00e9 {written}{between}12/29"), ascii(unseen)
            assert token_holds_card_number(f"tok_{written}"), ascii(unseen)
        assert token_holds_card_number(unseen.join(["4242"] * 4) + "_1227"), ascii(unseen)


@pytest.mark.parametrize("control", ["\x01", "\x1b", "\x7f"])
def test_controls_hide_no_card_number(control: str) -> None:
    assert is_bare_card_length(control.join(PAN))
    assert holds_card_number(control.join(PAN))


@pytest.mark.parametrize(
    "text",
    [
        "\u0926\u093f\u0932\u094d\u0932\u0940 110001, 42",
        "\U0001f44d\ufe0f 4242 4242",
        "\u6771\u4eac\u90fd" * 5,
        "\u0301" * 20,
    ],
)
def test_marks_and_other_letters_make_no_number(text: str) -> None:
    assert not holds_card_number(text)
    assert not is_bare_card_length(text)


@pytest.mark.parametrize(
    "text",
    [
        f"0.{PAN}",
        "score 0.4539578763621486, rate 0.4539578763621486e-05",
        "-0.00014242424242424242",
        "304.59000000000003",
        "52.00275090294278,13.404953999999998",
        "https://shop.example/near?lat=52.00275090294278&lon=-0.4539578763621486",
    ],
)
def test_a_decimal_fraction_is_no_card_number(text: str) -> None:
    assert not holds_card_number(text)


def test_no_number_of_a_program_is_one() -> None:
    random = Random(3)
    for _ in range(10_000):
        numbers = (random.random(), random.uniform(-180, 180), sum(round(random.random() * 99, 2) for _ in range(5)))
        assert not holds_card_number(" ".join(map(str, numbers))), numbers


@pytest.mark.parametrize(
    "text",
    [
        "45395787.63621486",
        "4539.578763621486",
        "4539578763621486.0",
        "453957.8763621486",
        "4539.5787.6362.1486",
        "1. 4539578763621486",
        "0.5 4539578763621486",
        "0.4539578763621486 4539578763621486",
        "4539578763621486 52.00275090294278",
        "v.4539578763621486",
        "1.2.4539578763621486",
        "0." + PAN * 7,
    ],
)
def test_a_card_number_with_a_dot_is_found(text: str) -> None:
    assert holds_card_number(text)
