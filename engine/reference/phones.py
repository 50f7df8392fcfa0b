"""Numbering plans: which telephone numbers there can be, in which country, on what kind of line.

The patterns are libphonenumber's; asking all of a calling code's at once, as here, takes a small part of the time that
its Python form takes, and a test holds both equal.
"""

import json
import lzma
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import re2

from engine.errors import ReferenceInvalid
from engine.reference.source import EMBEDDED, Source, read_source
from engine.reference.table import TableInfo

EMBEDDED_PHONES: Final = EMBEDDED / "phone_plans.json.xz"
_CACHED: Final = 16_384
_CACHED_SETS: Final = 512
_AREA_DIGITS: Final = 3
_NORTH_AMERICA: Final = "1"
_ABROAD: Final = "00"

LINES: Final = {
    "premium_rate": "premium",
    "toll_free": "toll_free",
    "shared_cost": "shared_cost",
    "voip": "voip",
    "personal_number": "personal",
    "pager": "pager",
    "uan": "company",
    "voicemail": "voicemail",
    "fixed_line": "fixed",
    "mobile": "mobile",
}
"""The kinds of lines in the order in which a number is asked for them, and what they are called here."""
FIXED_OR_MOBILE: Final = "fixed_or_mobile"
"""Where a plan does not tell the two apart, as the North American one does not."""


class PhoneFacts(NamedTuple):
    """What a number says: its country (None: of none, as +800), its kind of line and, of area codes, its state.

    `line` is None where there can be no such number. `is_shared`: it is of a range that several countries share.
    `number` is its one spelling, + and digits, without what is dialled before it at home.
    """

    country: str | None = None
    line: str | None = None
    state: str | None = None
    is_shared: bool = False
    number: str | None = None


NO_SUCH: Final = PhoneFacts()

_Desc = tuple[int, frozenset[int]]
"""A pattern's place in its calling code's set, and the lengths that its numbers have; none for any."""
_Found = AbstractSet[int]
"""The places of the patterns that a number has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    country: str | None
    leading: int | None
    general: _Desc
    kinds: Sequence[tuple[str, _Desc]]
    fixed: _Desc | None
    mobile: _Desc | None

    def line(self, found: _Found, length: int) -> str | None:
        """What kind of line the number is; None where the plan has no such number."""
        if not _matches(self.general, found, length):
            return None
        for name, desc in self.kinds:
            if _matches(desc, found, length):
                return name
        is_mobile = self.mobile is not None and _matches(self.mobile, found, length)
        if self.fixed is not None and _matches(self.fixed, found, length):
            return FIXED_OR_MOBILE if is_mobile else LINES["fixed_line"]
        return LINES["mobile"] if is_mobile else None


class _CallingCode:
    """All plans of one calling code, their patterns asked in one pass over the number."""

    __slots__ = ("_lengths", "_matched", "_plans", "_told", "_transform", "_trunk", "abroad")

    def __init__(self, plans: Sequence[tuple[str | None, Mapping[str, Any]]]) -> None:
        """Take the plans of a calling code's countries, the main one's first; None for those of no country."""
        patterns = re2.Set.FullMatchSet()
        self._plans = [_compiled(country, plan, patterns) for country, plan in plans]
        patterns.Compile()
        self._matched: Callable[[bytes], Sequence[int] | None] = patterns.Match
        of_plans = [plan.general[1] for plan in self._plans]
        # A plan that names no lengths has numbers of any.
        self._lengths = frozenset[int]().union(*of_plans) if all(of_plans) else None
        country, main = plans[0]
        # The first one's is the plan of all that share a calling code, by which their numbers are dialled.
        # A short one, asked alone: Python's own engine is at it sooner.
        self._trunk = None if country is None or main["prefix"] is None else re.compile(main["prefix"])
        self._transform: str | None = main["transform"]
        # Tables that were made before it was asked for have the one that most countries have.
        self.abroad = None if country is None else re.compile(main.get("abroad") or _ABROAD)
        # Numbers are many; the sets of patterns that they have are a few dozen.
        self._told = lru_cache(maxsize=_CACHED_SETS)(self._of_patterns)

    def facts(self, national: str) -> tuple[PhoneFacts, str]:
        """What a number says, without its state, and its spelling without what is dialled before it at home."""
        facts = self._of_number(national)
        if facts.line is None and self._trunk is not None and (bare := self._without_trunk(national)) != national:
            return self._of_number(bare), bare
        return facts, national

    def _of_number(self, national: str) -> PhoneFacts:
        length = len(national)
        if self._lengths is not None and length not in self._lengths:
            return NO_SUCH
        return self._told(tuple(self._matched(national.encode()) or ()), length)

    def _of_patterns(self, matched: tuple[int, ...], length: int) -> PhoneFacts:
        found = frozenset(matched)
        plan = self._plan(found, length)
        line = None if plan is None else plan.line(found, length)
        if plan is None or line is None:
            return NO_SUCH
        is_shared = plan.country is None or (len(self._plans) > 1 and line in _SHARED)
        return PhoneFacts(country=plan.country, line=line, is_shared=is_shared)

    def _plan(self, found: _Found, length: int) -> _Plan | None:
        if len(self._plans) == 1:
            return self._plans[0]
        for plan in self._plans:
            if plan.leading in found or (plan.leading is None and plan.line(found, length) is not None):
                return plan
        return None

    def _without_trunk(self, national: str) -> str:
        """The number without what is dialled before it at home, where that was left standing."""
        found = None if self._trunk is None else self._trunk.match(national)
        if found is None or not found.end():
            return national
        if self._transform is not None and found.lastindex is not None and found[found.lastindex]:
            return found.expand(self._transform) + national[found.end() :]
        return national[found.end() :]


_OVERSEAS: Final[Mapping[str, tuple[str, ...]]] = {"33": ("262", "590", "594", "596", "508")}
"""The calling codes of a country's departments overseas, whose numbers are dialled at home as those of any other."""
_OLD_MOBILE: Final[Mapping[str, str]] = {"521": "52"}
"""What stood before mobile numbers, and still does in many an address book."""


class PhonePlans:
    """The plans of all countries, compiled when a payment first has a number of one. `version` names the package's."""

    def __init__(self, version: str, made: Mapping[str, Any]) -> None:
        """Take the plans as the table has them."""
        self.version = version
        self._built = date.fromisoformat(made["built"])
        self._regions: Mapping[str, Sequence[str]] = made["regions"]
        self._plans: Mapping[str, Any] = made["plans"]
        self._nowhere: Mapping[str, Any] = made["nowhere"]
        self._areas: Mapping[str, str] = made["area_codes"]
        self._codes: dict[str, _CallingCode | None] = dict.fromkeys((*self._regions, *self._nowhere))
        self.facts = lru_cache(maxsize=_CACHED)(self._facts)
        """What a number (+ and digits, E.164) says; see PhoneFacts. Cached, and the cache goes with the table."""

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the table, a JSON document in xz; None is the embedded one. Raises ReferenceInvalid."""
        source = read_source(path or EMBEDDED_PHONES)
        try:
            made = json.loads(lzma.decompress(source.content))
            table = cls(f"{made['version']} {source.fingerprint}", made)
            if path is not None:
                # Ours is tried by a test.
                for code in (*made["regions"], *made["nowhere"]):
                    table._code(code)
        except (lzma.LZMAError, ValueError, KeyError, TypeError, AttributeError, re.error, re2.error) as error:
            raise _malformed(source) from error
        return table

    @property
    def info(self) -> TableInfo:
        """What the table says of itself."""
        return TableInfo(
            name="phones",
            what="telephone numbering plans by country",
            version=self.version,
            built=self._built,
            rows=len(self._plans) + len(self._nowhere),
            source="Google's libphonenumber, as packaged in phonenumbers",
            licence="Apache-2.0",
        )

    def _facts(self, number: str) -> PhoneFacts:
        digits = number.removeprefix("+")
        for code in (digits[:1], digits[:2], digits[:3]):
            if code in self._codes:
                return self._in(code, digits[len(code) :])
        return NO_SUCH

    def dialled(self, digits: str, code: str) -> PhoneFacts:
        """What digits say that are no number as they stand, dialled in a country with this calling code (`` for none).

        That is as libphonenumber reads them: with what is dialled there for abroad before them, with the calling code
        though no + is written, with a carrier's code or a trunk prefix. Beyond it, what is dialled within one country
        and has another's calling code, and Mexican mobile numbers as they were dialled from abroad until 2019.
        """
        for each in self._readings(digits, code):
            facts = self.facts(each)
            if facts.line is not None:
                return facts
        return NO_SUCH

    def _readings(self, digits: str, code: str) -> Iterator[str]:
        if code in self._regions:
            abroad = self._code(code).abroad
            found = None if abroad is None else abroad.match(digits)
            if found is not None and digits[found.end() : found.end() + 1] != "0":
                yield f"+{digits[found.end() :]}"
        if digits.startswith(code):
            yield f"+{digits}"
        yield f"+{code}{digits}"
        if digits.startswith("0"):
            for overseas in _OVERSEAS.get(code, ()):
                yield f"+{overseas}{digits[1:]}"
        for old, new in _OLD_MOBILE.items():
            if digits.startswith(old):
                yield f"+{new}{digits[len(old) :]}"

    def _in(self, code: str, national: str) -> PhoneFacts:
        facts, bare = self._code(code).facts(national)
        if facts.line is None:
            return facts
        state = self._areas.get(bare[:_AREA_DIGITS]) if code == _NORTH_AMERICA else None
        return PhoneFacts(facts.country, facts.line, state, facts.is_shared, f"+{code}{bare}")

    def _code(self, code: str) -> _CallingCode:
        return self._codes[code] or self._made(code)

    def _made(self, code: str) -> _CallingCode:
        """The plans of a calling code, compiled."""
        regions = self._regions.get(code)
        plans: list[tuple[str | None, Mapping[str, Any]]] = (
            [(None, self._nowhere[code])] if regions is None else [(region, self._plans[region]) for region in regions]
        )
        made = self._codes[code] = _CallingCode(plans)
        return made


_SHARED: Final = frozenset({"premium", "toll_free", "shared_cost", "personal", "company", "voicemail"})


def _compiled(country: str | None, plan: Mapping[str, Any], patterns: Any) -> _Plan:  # noqa: ANN401 - re2's Set
    """A country's plan, its patterns added to the set."""
    types = {name: (patterns.Add(pattern), frozenset(lengths)) for name, (pattern, lengths) in plan["types"].items()}
    leading = plan["leading"]
    return _Plan(
        country=country,
        leading=None if leading is None else patterns.Add(f"(?:{leading})(?s:.*)"),
        general=(patterns.Add(plan["general"]), frozenset(plan["lengths"])),
        kinds=[(called, types[name]) for name, called in list(LINES.items())[:-2] if name in types],
        fixed=types.get("fixed_line"),
        mobile=types.get("mobile"),
    )


def _matches(desc: _Desc, found: _Found, length: int) -> bool:
    place, lengths = desc
    return place in found and (not lengths or length in lengths)


def _malformed(source: Source) -> ReferenceInvalid:
    return ReferenceInvalid(
        f"{source.path}: no table of numbering plans; make one with "
        "deploy/reference/make_phone_plans.py, or leave it out"
    )
