"""All patterns of a calling code asked at once say what they say one by one, whatever digits come."""

import json
import lzma
import re
from collections.abc import Mapping
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment.phone import normalized_phone
from engine.reference import PhonePlans
from engine.reference.calling_codes import TRUNK_LEFT_STANDING, TRUNK_PREFIX, TRUNK_PREFIXES, TWO_TRUNK_PREFIXES
from engine.reference.phones import _SHARED, EMBEDDED_PHONES, LINES, NO_SUCH, PhoneFacts

MADE: Final = json.loads(lzma.decompress(EMBEDDED_PHONES.read_bytes()))
TABLE: Final = PhonePlans.load()
MANY: Final = ("1", "7", "39", "44", "49", "52", "54", "55", "61", "262", "590", "800")
"""Calling codes of several countries, of prefixes that change a number, of the most traffic, and one of no country."""


def fits(kind: tuple[str, list[int]], national: str) -> bool:
    pattern, lengths = kind
    return (not lengths or len(national) in lengths) and re.fullmatch(pattern, national) is not None


def line_of(plan: Mapping[str, Any], national: str) -> str | None:
    if not fits((plan["general"], plan["lengths"]), national):
        return None
    kinds = [name for name in LINES if name in plan["types"] and fits(plan["types"][name], national)]
    if kinds[:2] == ["fixed_line", "mobile"]:
        return "fixed_or_mobile"
    return LINES[kinds[0]] if kinds else None


def plan_of(code: str, national: str) -> tuple[str | None, Mapping[str, Any]] | None:
    if code not in MADE["regions"]:
        return None, MADE["nowhere"][code]
    plans = [(region, MADE["plans"][region]) for region in MADE["regions"][code]]
    for region, plan in plans:
        begins = plan["leading"] and re.match(plan["leading"], national)
        if len(plans) == 1 or begins or (plan["leading"] is None and line_of(plan, national)):
            return region, plan
    return None


def without_trunk(code: str, national: str) -> str:
    main = MADE["plans"][MADE["regions"][code][0]] if code in MADE["regions"] else {"prefix": None}
    found = re.match(main["prefix"], national) if main["prefix"] else None
    if found is None or not found.end():
        return national
    if main["transform"] is not None and found.lastindex is not None and found[found.lastindex]:
        return found.expand(main["transform"]) + national[found.end() :]
    return national[found.end() :]


def one_by_one(code: str, national: str) -> PhoneFacts:
    for each in (national, without_trunk(code, national)):
        found = plan_of(code, each)
        line = None if found is None else line_of(found[1], each)
        if found is not None and line is not None:
            is_shared = found[0] is None or (len(MADE["regions"][code]) > 1 and line in _SHARED)
            state = MADE["area_codes"].get(each[:3]) if code == "1" else None
            return PhoneFacts(country=found[0], line=line, state=state, is_shared=is_shared, number=f"+{code}{each}")
    return NO_SUCH


@pytest.mark.parametrize("code", MANY)
def test_at_once_is_as_one_by_one(code: str) -> None:
    random = Random(f"numbers of {code}")
    for _ in range(3000):
        national = random.choice(("", "", "0", "1", "8")) + "".join(
            random.choices("0123456789", k=random.randint(5, 12))
        )
        assert TABLE.facts(f"+{code}{national}") == one_by_one(code, national), national


def whole_apart(digits: str) -> tuple[str, str]:
    """The calling code behind which a trunk prefix may stand, and the rest."""
    code = next((each for each in TRUNK_LEFT_STANDING if digits.startswith(each)), "")
    return code, digits.removeprefix(code)


def written_out(number: str, calling_code: str) -> str | None:
    """The number in E.164, what stands before it cut off and its extension looked for before all else."""
    number = re.sub(r"^[^\d+\uff0b]+", "", number.replace("(0)", " "))
    written = re.split(r"[;,#]|ext|x\s*\d", number, maxsplit=1, flags=re.IGNORECASE)[0]
    plain = written if written.isascii() else "".join([str(int(c)) if c.isdecimal() else c for c in written])
    digits = re.sub(r"[^0-9]+", "", plain)
    if re.match(r"\D*[+\uff0b]", written):
        code, national = whole_apart(digits)
    elif digits.startswith("00"):
        code, national = whole_apart(digits[2:])
    elif calling_code:
        code, national = calling_code, digits
    else:
        return None
    if code:
        prefix, length = TRUNK_PREFIXES.get(code, TRUNK_PREFIX)
        national = national.removeprefix(prefix) if len(national) > length else national
        national = national.removeprefix("0") if code in TWO_TRUNK_PREFIXES else national
    whole = code + national
    return f"+{whole}" if 7 <= len(whole) <= 15 else None


_MARKS: Final = (
    "(0)",
    "(",
    ")",
    " ",
    "+",
    "+44",
    "+370 ",
    "-",
    ".",
    "/",
    "0",
    "00",
    "15",
    "943",
    "x",
    "ext",
    "X 1",
    ";",
    "#",
    "a",
    "Tel. ",
    "\u202a",
    "'",
    "[",
    "\uff0b",
)


@given(
    st.lists(st.sampled_from(_MARKS) | st.characters(categories=["Nd", "Po"]), max_size=14).map("".join),
    st.sampled_from(["", "1", "39", "49", "370"]),
)
def test_a_number_of_digits_and_marks_is_read_as_any(number: str, calling_code: str) -> None:
    assert normalized_phone(number, calling_code) == written_out(number, calling_code)
