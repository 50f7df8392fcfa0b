"""Streets, house numbers, cities and postal codes in one spelling each, however they are written."""

import re
from functools import lru_cache
from string import ascii_lowercase
from typing import Final

from engine.enrichment.shown_text import as_shown, in_one_script, postal_as_shown
from engine.reference.letters import unaccented, without_digraphs
from engine.reference.postal import letters_before
from engine.reference.territories import OWNERS, WITH_ZIP_CODES

_JOINING: Final = ("'", "\u2019", ".")
_POINT: Final = re.compile(r"(?<=\w)\.(?=\d|(?!(?:le|lo|so|go|za|zza|ta|to|ssa)\b)(?!(?<=\b[hd]\.)no\b)[^\W\d_]{2})")
"""A dot that parts two words: 12.5 is no 125, and in Hauptstr.5 and St.Johns the latter is a word of its own.

In N.W. it is within one, and in contractions of Italy, Portugal and India: V.le, P.zza, S.ta, H.No.
"""
_CALLE: Final = re.compile(r"^\s*c/(?!\s*o\b)")
"""Spanish for street, as most write it; c/o is who takes the parcel in."""
_WORD: Final = re.compile(r"[^\W_]+")
_ZIP_DIGITS: Final = 5
_CACHED: Final = 8192
_FOLDED_MAX: Final = 320
"""A field's length with some letters written as two: a few characters stand for many, and a text of these for pages."""
_SPELLINGS: Final = """
    str street strasse straat st saint sankt · ave avenue avenida av avda avd · rd road · dr drive · ln lane
    blvd boulevard bd bld bvd
    ct court · pl place platz · plz plaza · sq square · ter terrace terr · hwy highway · pkwy parkway pky
    cir circle circ · mt mount · ft fort · trl trail · hts heights · expy expressway · pt point · aly alley
    xing crossing · tpke turnpike · fwy freeway
    cres crescent · cl close · no number nummer nr num numero · n north · s south · e east · w west
    1st first · 2nd second · 3rd third · 4th fourth · 5th fifth · 6th sixth · 7th seventh · 8th eighth · 9th ninth
    10th tenth · 11th eleventh · 12th twelfth · nw northwest · ne northeast · sw southwest · se southeast · rte route rt
    ул улица · вул вулиця · пр проспект просп · пер переулок · пров провулок · пл площадь площа · ш шоссе шосе
    наб набережная
"""
"""Common words of streets: what they are cut to, then how else they are written. St is a street and a saint alike."""
_SHORT: Final = {
    other: short
    for short, *others in (line.split() for line in _SPELLINGS.replace("\n", " · ").split("·") if line.split())
    for other in others
}
_BEGIN_WITH_LETTERS: Final = frozenset({"GB", "GG", "JE", "IM", "CA", "IE"})
"""Countries whose postal codes begin with letters: what they write before them is followed by another."""
_GERMAN_STREET: Final = re.compile(r"(?<=\w)strasse\b")
_NUMBER_WORD: Final = re.compile(r"\b(?:no ?(?=\d)|n (?=\d+[a-z]?(?: |$)))")
"""What is written before a house number, or left out. N is north before a street's: N 5th St."""
_LETTER_APART: Final = re.compile(r" (?=[a-z]\b)(?<=\d )")
_SUFFIXES: Final = {1: "st", 2: "nd", 3: "rd"}
_ORDINALS_MAX: Final = 400
"""Few cities have streets of a higher number, and the key of such a one has its ending."""
_ORDINALS: Final = {
    f"{each}{'th' if each % 100 in (11, 12, 13) else _SUFFIXES.get(each % 10, 'th')}": str(each)
    for each in range(_ORDINALS_MAX)
}
_LETTERS_ALONE: Final = frozenset(ascii_lowercase)
_ORDINAL_WORDS: Final = frozenset(_ORDINALS)
TOLD_APART: Final = _LETTERS_ALONE | _ORDINAL_WORDS
"""Words without which `spelt_alike` has nothing to do but for digraphs."""


_CITY_WORD: Final = re.compile(r"[^\s-]+")
_DISTRICT: Final = re.compile(
    r"[a-z]{0,2}\d\w*\.?|[a-z]\.?|[ivx]+\.?|cedex|arrondissement|city|ku|shi|si|gu", re.IGNORECASE
)
_CITY_CUT: Final = frozenset({"cd", "cd."})
_ADDITION: Final = re.compile(r"(?<=\w)\s*[-(,/]")


def folded_street(street: str) -> str:
    """A street and house number in one spelling: without case, accents, punctuation and long forms of common words.

    Apostrophes and dots of initials join a word: `St. James's` and `st jamess` are the same. Empty where no letter or
    digit is in it. Written with characters that nobody sees, or letters that look like others, it is the same.
    """
    plain = street.lower() if street.isascii() else unaccented(as_shown(street))[:_FOLDED_MAX]
    # Most have letters, digits and blanks alone: those are words as they stand.
    if not plain.replace(" ", "").isalnum():
        plain = _POINT.sub(" ", plain) if "." in plain else plain
        plain = _CALLE.sub("calle ", plain) if "c/" in plain else plain
        for mark in _JOINING:
            plain = plain.replace(mark, "")
        words = _WORD.findall(plain)
    else:
        words = plain.split()
    if not plain.isascii():
        words = in_one_script(words)
    folded = " ".join([_SHORT.get(word, word) for word in words])
    return _GERMAN_STREET.sub("str", folded) if "strasse" in folded else folded


def without_number_words(folded: str) -> str:
    """A folded street without what says that a number follows: `calle mayor no 5` is `calle mayor 5`."""
    return _NUMBER_WORD.sub("", folded) if "no" in folded or "n " in folded else folded


def spelt_alike(folded: str) -> str:
    """A folded street as all spell it who mean the same.

    `12 a` is `12a`, `koenigsallee` is `konigsallee` and `e 42nd str` is `e 42 str`.
    """
    words = folded.split()
    if not _ORDINAL_WORDS.isdisjoint(words):
        folded = " ".join([_ORDINALS.get(word, word) for word in words])
    if not _LETTERS_ALONE.isdisjoint(words):
        folded = _LETTER_APART.sub("", folded)
    return without_digraphs(folded) if has_digraph(folded) else folded


def has_digraph(folded: str) -> bool:
    """Whether a folded text has two letters that one with a mark may be written as."""
    return "ue" in folded or "oe" in folded or "ae" in folded or "aa" in folded


def country_that_counts(country: str | None) -> str | None:
    """The country whose address it is: the United States for Puerto Rico; the same where it is no territory."""
    return None if country is None else OWNERS.get(country, country)


def folded_postal(postal: str, country: str | None) -> str:
    """A postal code's letters and digits, in lower case, without the country's letters before it.

    Of the United States and their territories the first five, without ZIP+4.
    """
    lower = postal_as_shown(postal).lower()
    plain = lower.replace(" ", "").replace("-", "")
    plain = plain if plain.isalnum() else "".join(_WORD.findall(plain))
    if country is not None and not plain.isdecimal():
        plain = _without_letters(plain, country)
    return plain[:_ZIP_DIGITS] if country in WITH_ZIP_CODES else plain


def _without_letters(plain: str, country: str) -> str:
    """A code without the country's letters before it, where a code of that country may go on as it does."""
    for letters in letters_before(country):
        if plain.startswith(letters.lower()):
            rest = plain[len(letters) :]
            if rest[:1].isalpha() if country in _BEGIN_WITH_LETTERS else rest[:1].isdecimal():
                return rest
    return plain


@lru_cache(maxsize=_CACHED)
def folded_city(city: str) -> str:
    """A city's name as a street's is; cached, for cities are few."""
    return folded_street(city)


@lru_cache(maxsize=_CACHED)
def without_district(city: str) -> str:
    """A city's name without the district, sorting office or kind behind it: Paris 1er, Lyon Cedex 01, Aarhus C."""
    words = _CITY_WORD.findall(city)
    while len(words) > 1 and _DISTRICT.fullmatch(unaccented(words[-1])):
        words.pop()
    if len(words) > 1 and words[0].lower() in _CITY_CUT:
        words[0] = "Ciudad"
    return " ".join(words)


@lru_cache(maxsize=_CACHED)
def before_addition(city: str) -> str:
    """The part of a city's name before a hyphen, comma, slash or bracket, without the district: Berlin of Berlin-Mitte.

    The name itself where it has none.
    """
    cut = _ADDITION.search(city)
    return city if cut is None else without_district(city[: cut.start()])
