"""Which line of an address holds the street and the house: many write a flat or a company into the first. Pure text."""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from engine.enrichment.address_parts import (
    are_designations,
    has_house_number,
    is_house_number,
    is_part_word,
    names_no_part,
    without_parts,
)
from engine.reference.letters import unaccented

_USUAL_WORDS: Final = 3
_DIGIT: Final = re.compile(r"\d")
_STREET_TOKENS: Final = """
    str ave rd dr ln blvd ct pl sq ter hwy pkwy cir cres cl way row walk lane trl loop pike aly plz xing tpke fwy expy
    rue quai chemin route rte impasse allee
    calle avda carrera cra camino paseo via viale corso piazza rua travessa praca ul ulica aleja
    weg gasse platz ring damm ufer gade vej vagen gatan plads straede straat laan plein kade gracht broadway
    box postfach postbus packstation postfiliale улица ул вулиця вул проспект
"""
_HOUSE_WORDS: Final = frozenset({"no", "hno", "house", "plot", "door", "dno", "villa", "block", "blk", "tower", "wing"})
"""Words beside a number that make no street of it: House 5, H.No. 5."""
_STREETS: Final = frozenset(_STREET_TOKENS.split())
_BOX: Final = "box"
_GLUED: Final = re.compile(r".+(?:str|weg|gasse|platz|allee|gade|vej|veien|gata|gatan|vagen|straat|laan|plein|gracht)")
_NAMED_TOKENS: Final = """
    str ave rd dr ln blvd sq hwy route rte rue quai chemin impasse allee calle avda carrera cra camino paseo via viale
    corso piazza largo rua travessa praca ul ulica aleja al pl plac os osiedle rondo weg gasse platz
    улица ул вулиця вул пр пл пер пров ш проезд линия квартал мкр микрорайон
    c cl cll kr kra ak ac dg diagonal tv transversal ruta linea manzana mz mza sector phase road county state fm sr cr
    rr hc psc cmr rural unit postnummer n s e w ne nw se sw
    d de des du la le les los las el del della dei di da do das dos der die den dem am an zum zur van the of
"""
_BEFORE_NAMES: Final = frozenset(_NAMED_TOKENS.split())
"""Words that a street's name stands behind: a number right behind them may be all of it (Calle 5), or its beginning."""
_DAY_TOKENS: Final = """
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
    enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre
    janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    januar februar marz april juni juli august september oktober november dezember
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia
    ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik
    ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie rijna brezna kvetna
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
"""
_DAYS: Final = frozenset(unaccented(_DAY_TOKENS).split())
"""Months as streets that are called after a day have them. English ones are no matter: 12 May St is a house."""
_OF: Final = frozenset({"de", "di"})
_YEAR: Final = re.compile(r"(?:1[6-9]|20)\d\d")
_COUNTED_TOKENS: Final = "sok sokak sokagi sk cad caddesi cd mah mahallesi mh chome utca u линия микрорайон мкр квартал"
_COUNTED: Final = frozenset(_COUNTED_TOKENS.split())
"""What has a number for its name, which stands before it: 5. Sokak."""
_COUNTED_LAST: Final = frozenset({"str", "ave"})
"""The same at the end of a line: E 42 St."""
_COUNTED_WITHIN: Final = re.compile(r"[^\W\d]*\d+(?:丁目|길|로|街|路|巷|弄|段)")
"""The same in texts without blanks."""


class HouseLine(Enum):
    """Where the street and the house number stand."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


def is_house_line(first: Sequence[str], second: str) -> bool:
    """Whether the words of a first line are a house's for certain, as most are: a number before a street or behind.

    And the second line is a flat's or has no number, so that it can be no house's.
    """
    return (
        len(first) >= _USUAL_WORDS
        and (first[0].isdecimal() or (first[-1].isdecimal() and names_no_part(first)))
        and (is_part_word(second.split(" ", 1)[0]) or _DIGIT.search(second) is None)
    )


def house_line(first: Sequence[str], second: Sequence[str]) -> HouseLine:
    """Which of two lines, as words of `folded_street`, tells one house from another; neither is empty.

    The second does where the first is a flat, or a name without a number, and the second has a street and a number.
    Where each has but one of these, or it is not certain, both do.
    """
    own = without_parts(first)
    is_number_alone = are_designations([each for each in own if each not in _HOUSE_WORDS])
    other = without_parts(second)
    if names_house(own) and not is_number_alone:
        # A shop may have a number in its name: 7-Eleven, 24 Hour Fitness, Autohaus 2000.
        is_name = has_house_number(other) and _has_street(other) and not _has_street(own)
        return HouseLine.BOTH if is_name else HouseLine.FIRST
    if not has_house_number(other):
        # Of a flat or a number alone nothing is known but with the name of a house or a street.
        return HouseLine.BOTH if is_number_alone and other and not are_designations(other) else HouseLine.FIRST
    if own and is_number_alone:
        return HouseLine.SECOND if _begins_with_house(other) else HouseLine.BOTH
    # A number that may be a street's, or a post office's with a box, tells as much as the other line: PSC 3, Box 12.
    if are_designations(other) or _has_street(own) or has_house_number(own) or other[0] == _BOX:
        return HouseLine.BOTH
    return HouseLine.SECOND if not own or _begins_with_house(other) or _has_street(other) else HouseLine.BOTH


def names_house(words: Sequence[str]) -> bool:
    """Whether a number is among words that is a house's, and no part of a street's name: not in `avenida 9 de julho`.

    Of `calle 5` nobody can tell.
    """
    return any(is_house_number(word) and not _may_be_of_name(words, at) for at, word in enumerate(words))


def _may_be_of_name(words: Sequence[str], at: int) -> bool:
    if at and _BEFORE_NAMES.issuperset(words[:at]):
        return True
    if _COUNTED_WITHIN.fullmatch(words[at]) or _is_of_day(words, at):
        return True
    behind = words[at + 1 : at + 2]
    return not _COUNTED.isdisjoint(behind) or (len(words) == at + 2 and not _COUNTED_LAST.isdisjoint(behind))


def _is_of_day(words: Sequence[str], at: int) -> bool:
    """Whether the number is of a day that a street is called after: 8 mai 1945, 9 de julio."""
    if at and words[at - 1] in _DAYS:
        return _YEAR.fullmatch(words[at]) is not None
    month = at + 2 if words[at + 1 : at + 2] and words[at + 1] in _OF else at + 1
    return month < len(words) and words[month] in _DAYS


def _begins_with_house(words: Sequence[str]) -> bool:
    return has_house_number(words[:1]) and not are_designations(words)


def _has_street(words: Sequence[str]) -> bool:
    return not _STREETS.isdisjoint(words) or any(map(_GLUED.fullmatch, words))
