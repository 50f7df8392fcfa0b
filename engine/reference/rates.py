"""Currency rates by date, for amounts in US dollars that features and rules can compare."""

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, Self

from engine.errors import ReferenceInvalid
from engine.iso import CURRENCY_EXPONENTS
from engine.reference.source import EMBEDDED, Source, decode_source, read_source
from engine.reference.table import OPERATORS_OWN, TableInfo

EMBEDDED_RATES: Final = EMBEDDED / "usd_rates.csv"

MAX_AGE_DAYS: Final = 365
"""How old the newest rate may be before amounts in US dollars drift from what they are; they are given all the same."""

COLUMNS: Final = ["date", "currency", "usd_per_unit"]
"""The heading of a table."""
# Far beyond any currency (2026: IRR 7e-7, KWD 3.2): what lies outside is a slip, and would make huge integers.
_LEAST, _MOST = Decimal("1e-12"), Decimal("1e6")
_LONGEST_RATE: Final = 40
_CENTS: Final = 100
_DAY: Final = timedelta(days=1)
"""It is tomorrow already east of here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """One currency's rates: US cents per minor unit as exact fractions, by rising day (proleptic ordinal)."""

    days: tuple[int, ...]
    fractions: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Dated rates to US dollars. `version` is the `newest` date and the first 12 digits of the file's SHA-256."""

    version: str
    newest: date
    series: Mapping[str, _Series]
    info: TableInfo

    @classmethod
    def load(cls, path: Path = EMBEDDED_RATES, today: date | None = None) -> Self:
        """Read a CSV of date (YYYY-MM-DD), currency (ISO 4217), usd_per_unit (dollars for one main unit, decimal).

        USD is 1 by definition and may be left out. A date after the day that follows `today` is refused: a slip of a
        year would serve as the newest rate until then; the embedded rates are not asked. Raises ReferenceInvalid naming
        file, line and column.
        """
        last = date.max if today is None or path == EMBEDDED_RATES else today + _DAY
        source = read_source(path)
        rates: defaultdict[str, dict[int, Decimal]] = defaultdict(dict)
        for line, cells in _rows(source):
            day, currency, rate = _rate(source, line, cells)
            if day > last.toordinal():
                cause = f"{cells[0]} is yet to come; write the day of which the rate is, {last} at the latest"
                raise _malformed(source, line, "date", cause)
            if day in rates[currency]:
                raise _malformed(source, line, "currency", f"{currency} stands twice for {cells[0]}; keep one row")
            rates[currency][day] = rate
        if not rates:
            raise ReferenceInvalid(f"{path}: no rates; give at least one, or leave the setting out")
        newest = date.fromordinal(max(max(days) for days in rates.values()))
        rows = sum(map(len, rates.values()))
        rates["USD"] = {newest.toordinal(): Decimal(1)}
        version = f"{newest} {source.fingerprint}"
        return cls(
            version=version,
            newest=newest,
            info=_info(version, newest, rows, is_embedded=path == EMBEDDED_RATES),
            series={currency: _series(currency, days) for currency, days in rates.items()},
        )

    def usd_minor(self, amount_minor: int, currency: str, on: date) -> int | None:
        """Convert integer minor units of a currency to US cents, rounded half to even; None where no rate is known.

        Takes the newest rate on or before `on`, else the oldest one: a rate some months off still tells 5 dollars from
        5,000. Exact for any integer: no floats.
        """
        series = self.series.get(currency)
        if series is None:
            return None
        at = bisect_right(series.days, on.toordinal()) - 1
        numerator, denominator = series.fractions[max(at, 0)]
        cents, rest = divmod(amount_minor * numerator, denominator)
        # divmod floors, so that `rest` is the part above `cents` for negative amounts (refunds) too.
        return cents + (2 * rest > denominator or (2 * rest == denominator and cents % 2))


def _info(version: str, newest: date, rows: int, *, is_embedded: bool) -> TableInfo:
    return TableInfo(
        name="rates",
        what="currencies in US dollars by date",
        version=version,
        built=newest,
        rows=rows,
        source="fawazahmed0/exchange-api" if is_embedded else OPERATORS_OWN,
        licence="CC0 1.0, to our knowledge" if is_embedded else OPERATORS_OWN,
        max_age_days=MAX_AGE_DAYS,
    )


def _series(currency: str, rates: dict[int, Decimal]) -> _Series:
    days = tuple(sorted(rates))
    minor_units = 10 ** CURRENCY_EXPONENTS[currency]
    ratios = (rates[day].as_integer_ratio() for day in days)
    return _Series(
        days=days,
        fractions=tuple((numerator * _CENTS, denominator * minor_units) for numerator, denominator in ratios),
    )


def _rows(source: Source) -> list[tuple[int, list[str]]]:
    lines = decode_source(source, source.content).splitlines()
    try:
        rows = [(reader.line_num, cells) for reader in [csv.reader(lines, strict=True)] for cells in reader if cells]
    except csv.Error as error:
        raise ReferenceInvalid(f"{source.path}: {error}; write it as {','.join(COLUMNS)}") from error
    if not rows or rows[0][1] != COLUMNS:
        raise ReferenceInvalid(f"{source.path}, line 1: the heading is not {','.join(COLUMNS)}; add it")
    return rows[1:]


def _rate(source: Source, line: int, cells: list[str]) -> tuple[int, str, Decimal]:
    if len(cells) != len(COLUMNS):
        missing = COLUMNS[min(len(cells), len(COLUMNS) - 1)]
        raise _malformed(source, line, missing, f"{len(cells)} columns instead of {len(COLUMNS)}")
    day, currency, rate = cells
    try:
        ordinal = date.fromisoformat(day).toordinal()
    except ValueError as error:
        raise _malformed(source, line, "date", f"{day!r} is not a date; write YYYY-MM-DD") from error
    if currency not in CURRENCY_EXPONENTS:
        raise _malformed(source, line, "currency", f"{currency!r} is not an ISO 4217 currency; remove the row")
    try:
        value = Decimal(rate)
        sound = len(rate) <= _LONGEST_RATE and _LEAST <= value <= _MOST and (currency != "USD" or value == 1)
    except InvalidOperation:
        sound = False
    if not sound:
        cause = f"{rate[:_LONGEST_RATE]!r} is not a rate; write dollars per unit as a decimal number, USD as 1"
        raise _malformed(source, line, "usd_per_unit", cause)
    return ordinal, currency, value


def _malformed(source: Source, line: int, column: str, cause: str) -> ReferenceInvalid:
    return ReferenceInvalid(f"{source.path}, line {line}, column {column}: {cause}")
