"""Which line of an address holds the street and the house: many write a flat or a company into the first. Pure text."""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from engine.enrichment.address_parts import are_designations, has_house_number, names_no_part, without_parts

_USUAL_WORDS: Final = 3
_STREET_TOKENS: Final = """
    str ave rd dr ln blvd ct pl sq ter hwy pkwy cir cres cl way row walk lane trail loop pike alley rue quai chemin
    route rte impasse allee calle avda carrera cra camino paseo via viale corso piazza rua travessa praca ul ulica aleja
    weg gasse platz ring damm ufer gade vej vagen gatan plads straede straat laan plein kade gracht broadway
    box postfach postbus улица ул вулиця вул проспект
"""
_HOUSE_WORDS: Final = frozenset({"no", "hno", "house", "plot", "door", "dno", "villa", "block", "blk", "tower", "wing"})
"""Words beside a number that make no street of it: House 5, H.No. 5."""
_STREETS: Final = frozenset(_STREET_TOKENS.split())
_GLUED: Final = re.compile(r".+(?:str|weg|gasse|platz|allee|gade|vej|veien|gata|gatan|vagen|straat|laan|plein|gracht)")


class HouseLine(Enum):
    """Where the street and the house number stand."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


def is_house_line(first: Sequence[str], second: str) -> bool:
    """Whether the words of a first line are a house's for certain, as most are: a number before a street or behind.

    And the second line has none before it.
    """
    return (
        len(first) >= _USUAL_WORDS
        and (first[0].isdecimal() or (first[-1].isdecimal() and names_no_part(first)))
        and not second[0].isdecimal()
    )


def house_line(first: Sequence[str], second: Sequence[str]) -> HouseLine:
    """Which of two lines, as words of `folded_street`, tells one house from another; neither is empty.

    The second does where the first is a flat, or a name without a number, and the second has a street and a number.
    Where each has but one of these, or it is not certain, both do.
    """
    own = without_parts(first)
    is_number_alone = are_designations([each for each in own if each not in _HOUSE_WORDS])
    other = without_parts(second)
    if has_house_number(own) and not is_number_alone:
        # A shop may have a number in its name: 7-Eleven, 24 Hour Fitness.
        is_name = _begins_with_house(other) and _has_street(other) and not _has_street(own)
        return HouseLine.BOTH if is_name else HouseLine.FIRST
    if not has_house_number(other):
        # Of a flat or a number alone nothing is known but with the name of a house or a street.
        return HouseLine.BOTH if is_number_alone and other and not are_designations(other) else HouseLine.FIRST
    if own and is_number_alone:
        return HouseLine.SECOND if _begins_with_house(other) else HouseLine.BOTH
    if are_designations(other) or _has_street(own):
        return HouseLine.BOTH
    return HouseLine.SECOND if not own or _begins_with_house(other) or _has_street(other) else HouseLine.BOTH


def _begins_with_house(words: Sequence[str]) -> bool:
    return has_house_number(words[:1]) and not are_designations(words)


def _has_street(words: Sequence[str]) -> bool:
    return not _STREETS.isdisjoint(words) or any(map(_GLUED.fullmatch, words))
