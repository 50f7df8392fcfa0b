"""Streets, house numbers, cities and postal codes in one spelling each, however they are written."""

import re
from functools import lru_cache
from string import ascii_lowercase
from typing import Final

from engine.reference.letters import composed, unaccented

_JOINING: Final = ("'", "\u2019", ".")
_POINT: Final = re.compile(r"(?<=\d)\.(?=\d)")
_WORD: Final = re.compile(r"[^\W_]+")
_ZIP_DIGITS: Final = 5
_CACHED: Final = 8192
_SPELLINGS: Final = """
    str street strasse straat st · ave avenue avenida av · rd road · dr drive · ln lane · blvd boulevard bd bld bvd
    ct court · pl place plaza platz · sq square · ter terrace terr · hwy highway · pkwy parkway pky · cir circle circ
    cres crescent · cl close · no number nummer nr numero · n north · s south · e east · w west
    1st first · 2nd second · 3rd third · 4th fourth · 5th fifth · 6th sixth · 7th seventh · 8th eighth · 9th ninth
    10th tenth · 11th eleventh · 12th twelfth
"""
"""Common words of streets: what they are cut to, then how else they are written. St is a street and a saint alike."""
_SHORT: Final = {
    other: short
    for short, *others in (line.split() for line in _SPELLINGS.replace("\n", " · ").split("·") if line.split())
    for other in others
}
_LETTERS: Final = "AT BE CH CZ DE DK EE ES FI FR HR IT LT LU LV NO PL SE SI SK"
_LETTERED: Final = frozenset(_LETTERS.split())
"""Countries of postal codes of digits alone, which are written with the country's letters before them, too: D-80331."""
_GERMAN_STREET: Final = re.compile(r"(?<=\w)strasse\b")


def folded_street(street: str) -> str:
    """A street and house number in one spelling: without case, accents, punctuation and long forms of common words.

    Apostrophes and dots within a word join it: `St. James's` and `st jamess` are the same. Empty where no letter or
    digit is in it.
    """
    plain = unaccented(street)
    # Most have letters, digits and blanks alone: those are words as they stand.
    if not plain.replace(" ", "").isalnum():
        # 12.5 is no 125.
        plain = _POINT.sub(" ", plain) if "." in plain else plain
        for mark in _JOINING:
            plain = plain.replace(mark, "")
        words = _WORD.findall(plain)
    else:
        words = plain.split()
    folded = " ".join([_SHORT.get(word, word) for word in words])
    return _GERMAN_STREET.sub("str", folded) if "strasse" in folded else folded


def folded_postal(postal: str, country: str | None) -> str:
    """A postal code's letters and digits, in lower case; of the United States the first five, without ZIP+4."""
    lower = postal.lower() if postal.isascii() else composed(postal).casefold()
    plain = lower.replace(" ", "").replace("-", "")
    plain = plain if plain.isalnum() else "".join(_WORD.findall(plain))
    if country in _LETTERED and not plain.isdecimal():
        digits = plain.lstrip(ascii_lowercase)
        return digits if digits.isdecimal() else plain
    return plain[:_ZIP_DIGITS] if country == "US" else plain


@lru_cache(maxsize=_CACHED)
def folded_city(city: str) -> str:
    """A city's name as a street's is; cached, for cities are few."""
    return folded_street(city)
