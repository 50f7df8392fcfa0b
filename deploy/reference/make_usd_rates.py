"""Make ``engine/reference/data/usd_rates.csv`` from the daily files of the npm package ``@fawazahmed0/currency-api``.

Usage, in an environment where Assay is installed; the first two lines once per date wanted::

    npm pack @fawazahmed0/currency-api@2026.9.29
    tar xzf fawazahmed0-currency-api-2026.9.29.tgz --one-top-level=2026.9.29 package/v1/currencies/usd.json
    python deploy/reference/make_usd_rates.py engine/reference/data/usd_rates.csv */package/v1/currencies/usd.json

The source gives units per dollar with eight decimals; the table holds their inverse to twelve significant digits.
Afterwards update the dates in ``engine/reference/data/NOTICE.md`` and run ``pytest tests/engine/reference``.
"""

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from pathlib import Path

from engine.iso import CURRENCY_EXPONENTS

SIGNIFICANT_DIGITS = Context(prec=12)
LEFT_OUT = {
    "USD",  # one by definition
    "SYP",  # cut by two noughts in 2026: the source swings between old and new pounds, so the rate is not known
}


def rows(source: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (date, currency, US dollars per unit) for each ISO 4217 currency the file knows."""
    document = json.loads(source.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)
    units_per_usd: dict[str, Decimal] = document["usd"]
    for currency in sorted(CURRENCY_EXPONENTS.keys() - LEFT_OUT):
        units = units_per_usd.get(currency.lower())
        if units is not None:
            yield document["date"], currency, f"{SIGNIFICANT_DIGITS.divide(Decimal(1), units):f}"


def write(target: Path, sources: Sequence[Path]) -> int:
    """Write the rates of all sources, by date and currency; return how many there are."""
    found = sorted(row for source in sources for row in rows(source))
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("date", "currency", "usd_per_unit"))
        writer.writerows(found)
    return len(found)


def main() -> None:
    """Read the paths from the command line and write the table."""
    parser = argparse.ArgumentParser(description="Make Assay's embedded table of currency rates.")
    parser.add_argument("target", type=Path, help="where to write the table")
    parser.add_argument("sources", type=Path, nargs="+", help="usd.json of one date each")
    arguments = parser.parse_args()
    count = write(arguments.target, arguments.sources)
    print(f"{count:,} rates written to {arguments.target}")


if __name__ == "__main__":
    main()
