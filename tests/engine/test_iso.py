from importlib.resources import files

import pytest

from engine.iso import COUNTRIES, CURRENCY_EXPONENTS


def test_countries_are_those_of_tzdata_and_kosovo() -> None:
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    assigned = {line.split("\t")[0] for line in table.splitlines() if line and not line.startswith("#")}
    assert assigned | {"XK"} == COUNTRIES


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("ISK", 0), ("KWD", 3), ("TND", 3), ("CLF", 4), ("UYW", 4)],
)
def test_minor_units_have_the_digits_of_iso_4217(currency: str, exponent: int) -> None:
    assert CURRENCY_EXPONENTS[currency] == exponent


def test_withdrawn_currencies_are_still_read() -> None:
    assert {"HRK", "ZWL", "SLL", "BGN"} <= CURRENCY_EXPONENTS.keys()


def test_what_no_card_pays_in_is_left_out() -> None:
    assert CURRENCY_EXPONENTS.keys().isdisjoint({"XAU", "XAG", "XDR", "XXX", "XTS", "USN", "CHE", "BTC"})


def test_every_currency_is_a_code_with_a_known_exponent() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCY_EXPONENTS)
    assert set(CURRENCY_EXPONENTS.values()) == {0, 2, 3, 4}
    assert len(CURRENCY_EXPONENTS) == 163
