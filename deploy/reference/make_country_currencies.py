"""Makes `country_currencies.csv` of the CLDR's supplemental data, as the package Babel carries it.

    python deploy/reference/make_country_currencies.py engine/reference/data/country_currencies.csv

Babel is no part of what Assay needs to run: `pip install babel` beside it (2.19.0 was taken). Which currencies are
legal tender where changes about once a year; run it again then.
"""

import csv
import sys
from pathlib import Path

from babel.core import get_global

from engine.iso import COUNTRIES


def main() -> None:
    """Write each country's currencies that are legal tender without an end, in the CLDR's order."""
    rows = [
        (country, currency)
        for country, spans in sorted(get_global("territory_currencies").items())
        if country in COUNTRIES
        for currency, _start, end, is_tender in spans
        if is_tender and end is None
    ]
    with Path(sys.argv[1]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("country", "currency"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
