"""Numbering plans: which telephone numbers there can be, in which country, on what kind of line.

The patterns are libphonenumber's; asking them here takes a small part of the time that its Python form takes, and a
test holds both equal.
"""

import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import re2

from engine.errors import ReferenceInvalid
from engine.reference.source import EMBEDDED, Source, read_source
from engine.reference.table import TableInfo

EMBEDDED_PHONES: Final = EMBEDDED / "phone_plans.json.xz"
_CACHED: Final = 16_384
_CALLING_CODE_DIGITS: Final = 3
_AREA_DIGITS: Final = 3
_NORTH_AMERICA: Final = "1"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFacts:
    """What a number says: its country (None: of none, as +800), its kind of line and, of area codes, its state.

    `line` is None where there can be no such number. `is_shared`: it is of a range that several countries share.
    """

    country: str | None = None
    line: str | None = None
    state: str | None = None
    is_shared: bool = False


NO_SUCH: Final = PhoneFacts()

_Desc = tuple[Any, frozenset[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    leading: Any | None
    general: _Desc
    trunk: Any | None
    transform: str | None
    kinds: Sequence[tuple[str, _Desc]]
    fixed: _Desc | None
    mobile: _Desc | None

    def line(self, national: str) -> str | None:
        """What kind of line the number is; None where the plan has no such number."""
        if not _matches(self.general, national):
            return None
        for name, desc in self.kinds:
            if _matches(desc, national):
                return name
        is_mobile = self.mobile is not None and _matches(self.mobile, national)
        if self.fixed is not None and _matches(self.fixed, national):
            return FIXED_OR_MOBILE if is_mobile else LINES["fixed_line"]
        return LINES["mobile"] if is_mobile else None

    def without_trunk(self, national: str) -> str:
        """The number without what is dialled before it at home, where that was left standing."""
        found = None if self.trunk is None else self.trunk.match(national)
        if found is None or not found.end():
            return national
        if self.transform is not None and found.lastindex is not None and found[found.lastindex]:
            written: str = found.expand(self.transform)
            return written + national[found.end() :]
        return national[found.end() :]


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
        self._compiled: dict[str, _Plan] = {}
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
                # Ours is tried by a test; compiling all takes seconds.
                for plan in (*made["plans"].values(), *made["nowhere"].values()):
                    _compiled(plan)
        except (lzma.LZMAError, ValueError, KeyError, TypeError, AttributeError, re2.error) as error:
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
        for length in range(1, _CALLING_CODE_DIGITS + 1):
            code, national = digits[:length], digits[length:]
            if code in self._regions:
                return self._in(code, national)
            if code in self._nowhere:
                line = self._plan(code, self._nowhere).line(national)
                return NO_SUCH if line is None else PhoneFacts(line=line, is_shared=True)
        return NO_SUCH

    def _in(self, code: str, national: str) -> PhoneFacts:
        regions = self._regions[code]
        # The first one's is the plan of all that share a calling code, by which their numbers are dialled.
        bare = self._plan(regions[0], self._plans).without_trunk(national)
        for each in (national, bare) if bare != national else (national,):
            country = self._region(regions, each)
            line = None if country is None else self._plan(country, self._plans).line(each)
            if line is not None:
                is_shared = len(regions) > 1 and line in _SHARED
                state = self._areas.get(each[:_AREA_DIGITS]) if code == _NORTH_AMERICA else None
                return PhoneFacts(country=country, line=line, state=state, is_shared=is_shared)
        return NO_SUCH

    def _region(self, regions: Sequence[str], national: str) -> str | None:
        if len(regions) == 1:
            return regions[0]
        for region in regions:
            plan = self._plan(region, self._plans)
            if plan.leading is not None:
                if plan.leading.match(national):
                    return region
            elif plan.line(national) is not None:
                return region
        return None

    def _plan(self, name: str, plans: Mapping[str, Any]) -> _Plan:
        if name not in self._compiled:
            self._compiled[name] = _compiled(plans[name])
        return self._compiled[name]


_SHARED: Final = frozenset({"premium", "toll_free", "shared_cost", "personal", "company", "voicemail"})


def _compiled(plan: Mapping[str, Any]) -> _Plan:
    types = {name: (re2.compile(pattern), frozenset(lengths)) for name, (pattern, lengths) in plan["types"].items()}
    return _Plan(
        leading=None if plan["leading"] is None else re2.compile(plan["leading"]),
        general=(re2.compile(plan["general"]), frozenset(plan["lengths"])),
        trunk=None if plan["prefix"] is None else re2.compile(plan["prefix"]),
        transform=plan["transform"],
        kinds=[(called, types[name]) for name, called in list(LINES.items())[:-2] if name in types],
        fixed=types.get("fixed_line"),
        mobile=types.get("mobile"),
    )


def _matches(desc: _Desc, national: str) -> bool:
    pattern, lengths = desc
    return (not lengths or len(national) in lengths) and pattern.fullmatch(national) is not None


def _malformed(source: Source) -> ReferenceInvalid:
    return ReferenceInvalid(
        f"{source.path}: no table of numbering plans; make one with "
        "deploy/reference/make_phone_plans.py, or leave it out"
    )
