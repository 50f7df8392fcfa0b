from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ReferenceInvalid
from engine.iso import CURRENCY_EXPONENTS
from engine.reference.rates import Rates

HEADING = "date,currency,usd_per_unit\n"
TODAY = date(2026, 11, 23)
Write = Callable[[str], Path]

EMBEDDED = Rates.load()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(rows: str) -> Path:
        path = tmp_path / "own.csv"
        path.write_text(HEADING + rows, encoding="utf-8")
        return path

    return written


def test_minor_units_follow_the_currency(write: Write) -> None:
    rates = Rates.load(write("2026-01-01,JPY,0.0065\n2026-01-01,KWD,3.25\n2026-01-01,CLF,40\n2026-01-01,EUR,1.1\n"))
    assert rates.usd_minor(10_000, "JPY", TODAY) == 6_500  # 10,000 yen
    assert rates.usd_minor(10_000, "KWD", TODAY) == 3_250  # 10 dinars
    assert rates.usd_minor(10_000, "CLF", TODAY) == 4_000  # 1 unit
    assert rates.usd_minor(10_000, "EUR", TODAY) == 11_000  # 100 euros
    assert rates.usd_minor(12_345, "USD", TODAY) == 12_345
    assert rates.usd_minor(10_000, "GBP", TODAY) is None
    assert rates.usd_minor(10_000, "XXX", TODAY) is None


@pytest.mark.parametrize(
    ("amount_minor", "cents"), [(1, 0), (2, 1), (3, 2), (5, 2), (7, 4), (0, 0), (-1, 0), (-3, -2), (-5, -2), (-7, -4)]
)
def test_halves_go_to_the_even_cent(write: Write, amount_minor: int, cents: int) -> None:
    assert Rates.load(write("2026-01-01,EUR,0.5\n")).usd_minor(amount_minor, "EUR", TODAY) == cents


@given(amount_minor=st.integers(-(10**15), 10**15), currency=st.sampled_from(["JPY", "EUR", "IRR", "KWD", "USD"]))
def test_conversion_is_exact(amount_minor: int, currency: str) -> None:
    numerator, denominator = EMBEDDED.series[currency].fractions[-1]
    converted = EMBEDDED.usd_minor(amount_minor, currency, TODAY)
    assert converted == round(Fraction(amount_minor * numerator, denominator))
    assert type(converted) is int


def test_a_rate_of_a_day_to_come_is_refused_where_the_day_is_known(write: Write) -> None:
    path = write("2026-11-24,EUR,1.1\n2030-11-30,EUR,1.2\n")
    with pytest.raises(ReferenceInvalid, match=r"line 3, column date: 2030-11-30 is yet to come; .* 2026-11-24 at"):
        Rates.load(path, TODAY)
    assert Rates.load(path).newest == date(2030, 11, 30)
    assert Rates.load(today=date(2020, 1, 1)).newest == EMBEDDED.newest


def test_the_newest_rate_up_to_the_day_holds(write: Write) -> None:
    rates = Rates.load(write("2026-03-01,EUR,1.3\n2026-01-01,EUR,1.1\n2026-02-01,EUR,1.2\n"))

    def on(month: int, day: int) -> int | None:
        return rates.usd_minor(100, "EUR", date(2026, month, day))

    assert (on(1, 1), on(1, 31), on(2, 1), on(2, 28), on(3, 1), on(12, 31)) == (110, 110, 120, 120, 130, 130)
    assert rates.usd_minor(100, "EUR", date(2020, 1, 1)) == 110, "before the first rate the oldest holds"
    assert rates.usd_minor(100, "EUR", datetime(2026, 2, 1, 12, tzinfo=UTC)) == 120
    assert rates.version.startswith("2026-03-01 ")


def test_the_embedded_rates_know_almost_every_currency() -> None:
    unknown = {code for code in CURRENCY_EXPONENTS if EMBEDDED.usd_minor(100, code, TODAY) is None}
    assert unknown == {"CLF", "SYP", "UYW"}
    assert EMBEDDED.version == "2026-09-29 5bc175ce40e9"


@pytest.mark.parametrize(
    ("amount_minor", "currency"), [(36_725, "AED"), (37_600, "BHD"), (70_900, "JOD"), (37_500, "SAR"), (200, "BBD")]
)
def test_pegged_currencies_convert_at_their_peg(amount_minor: int, currency: str) -> None:
    dollars = {"AED": 100, "BHD": 100, "JOD": 100, "SAR": 100, "BBD": 1}[currency]
    assert EMBEDDED.usd_minor(amount_minor, currency, TODAY) == pytest.approx(dollars * 100, rel=0.005)


@pytest.mark.parametrize(
    ("row", "column", "cause"),
    [
        ("2026-13-01,EUR,1", "date", "'2026-13-01' is not a date"),
        ("01/02/2026,EUR,1", "date", "is not a date"),
        ("2026-01-01,EURO,1", "currency", "'EURO' is not an ISO 4217 currency"),
        ("2026-01-01,eur,1", "currency", "'eur' is not"),
        ("2026-01-01,XAU,4000", "currency", "'XAU' is not"),
        ("2026-01-01,EUR,", "usd_per_unit", "'' is not a rate"),
        ('2026-01-01,EUR,"1,1"', "usd_per_unit", "'1,1' is not a rate"),
        ("2026-01-01,EUR,0", "usd_per_unit", "is not a rate"),
        ("2026-01-01,EUR,-1", "usd_per_unit", "is not a rate"),
        ("2026-01-01,EUR,NaN", "usd_per_unit", "is not a rate"),
        ("2026-01-01,EUR,sNaN", "usd_per_unit", "is not a rate"),
        ("2026-01-01,EUR,Infinity", "usd_per_unit", "is not a rate"),
        ("2026-01-01,EUR,1e999999", "usd_per_unit", "is not a rate"),
        ("2026-01-01,EUR,1." + "0" * 50, "usd_per_unit", "is not a rate"),
        ("2026-01-01,USD,1.1", "usd_per_unit", "USD as 1"),
        ("2026-01-01,EUR", "usd_per_unit", "2 columns instead of 3"),
        ("2026-01-01", "currency", "1 columns instead of 3"),
        ("2026-01-01,EUR,1,1", "usd_per_unit", "4 columns instead of 3"),
        ("2026-01-01,GBP,1", "currency", "GBP stands twice for 2026-01-01"),
    ],
)
def test_a_malformed_row_is_named_by_line_and_column(write: Write, row: str, column: str, cause: str) -> None:
    with pytest.raises(ReferenceInvalid, match=rf"own\.csv, line 4, column {column}: .*{cause}"):
        Rates.load(write(f"2026-01-01,GBP,1.3\n2026-01-01,USD,1\n{row}\n"))


def test_files_that_are_no_table_are_refused(tmp_path: Path, write: Write) -> None:
    with pytest.raises(ReferenceInvalid, match="no rates"):
        Rates.load(write(""))
    with pytest.raises(ReferenceInvalid, match="unexpected end of data"):
        Rates.load(write('2026-01-01,EUR,"1'))
    path = tmp_path / "other.csv"
    path.write_text("currency,rate\n", encoding="utf-8")
    with pytest.raises(ReferenceInvalid, match="line 1: the heading is not date,currency"):
        Rates.load(path)
    with pytest.raises(ReferenceInvalid, match="cannot be read"):
        Rates.load(tmp_path / "none.csv")
