"""A text as an eye reads it: without characters that nobody sees, and with one letter for all that look the same.

Who puts a soft hyphen or a Cyrillic a into `Main St` has a label like all others, and would have an address apart.
Bounded in time, for shoppers type what they like; text in ASCII is never asked of.
"""

import re
from collections.abc import Sequence
from typing import Final
from unicodedata import normalize

from engine.reference.postal import with_usual_digits
from engine.unseen import UNSEEN

_ZEROS: Final = (
    *(0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0),
    *(0xF20, 0x1040, 0x1090, 0x17E0, 0x1810),
)
"""The digit nought in scripts with digits of their own; the others follow it."""
_FRACTIONS: Final = (*range(0xBC, 0xBF), *range(0x2150, 0x215F))
_AS_SHOWN: Final[dict[int, str | None]] = {
    **dict.fromkeys(UNSEEN),
    **{zero + digit: str(digit) for zero in _ZEROS for digit in range(10)},
    # 5 and a half is no 51 by 2.
    **{each: f" {normalize('NFKD', chr(each))}" for each in _FRACTIONS},
}
_MAY_BE_ODD: Final = re.compile("[\xad\xbc-\xbe\u034f\u0488\u0489\u0600-\u1cff\u200b-\u218f\u3164\ufe00-\U000e01ef]")
"""Ranges that all of them are in: nearly all text in Latin, Cyrillic, Greek or East Asian letters is done with here."""

_LOOK_ALIKES: Final = str.maketrans(
    "авекмнорстухіјѕԁһӏԛԝьαβεζηικμνορτυχωօսոհցզ",
    "abekmhopctyxijsdhlqwbabezhikmnoptyxwounhgq",
)
"""Cyrillic, Greek and Armenian letters, small or capital, that look like a Latin one; in lower case, without marks."""
_AS_CYRILLIC: Final = str.maketrans("abekmhopctyxijs", "авекмнорстухіјѕ")
_IMITATING: Final = re.compile("[\u0370-\u03ff\u0400-\u052f\u0530-\u058f]")
_LATIN: Final = re.compile("[a-z]")
_HYPHENS: Final = str.maketrans(dict.fromkeys("\u30fc\uff70", "-"))
"""What the hyphen's key gives in Japanese between digits: the sign of a long vowel."""
_LETTERS_MIN: Final = 2
"""A letter that stands alone is an entrance's or a box's (\u0430/\u0441), in Latin letters or in others."""


def as_shown(text: str) -> str:
    """The text without what nobody sees, its digits as 0 to 9, its fractions apart from the number before."""
    return text if text.isascii() or _MAY_BE_ODD.search(text) is None else text.translate(_AS_SHOWN)


def postal_as_shown(postal: str) -> str:
    """A postal code as it is shown: in letters of one script, with digits 0 to 9 and plain hyphens."""
    if postal.isascii():
        return postal
    return in_one_script([with_usual_digits(as_shown(postal)).translate(_HYPHENS).casefold()])[0]


def in_one_script(words: Sequence[str]) -> list[str]:
    """Words in lower case and without marks, each in the letters of one script.

    A word of two scripts is read as the one that all of it may be; one that is in another script than Latin is too
    where all others are Latin, and nothing else in the text is of that script for certain.
    """
    text = " ".join(words)
    if _IMITATING.search(text) is None or _LATIN.search(text) is None:
        return list(words)
    read = [_read_mixed(each) for each in words]
    is_latin = any(len(each) >= _LETTERS_MIN and each.isascii() and each.isalpha() for each in read)
    if not is_latin or any(_IMITATING.search(each.translate(_LOOK_ALIKES)) for each in read):
        return read
    return [each.translate(_LOOK_ALIKES) if len(each) >= _LETTERS_MIN else each for each in read]


def _read_mixed(word: str) -> str:
    if _IMITATING.search(word) is None or _LATIN.search(word) is None:
        return word
    for table, foreign in ((_LOOK_ALIKES, _IMITATING), (_AS_CYRILLIC, _LATIN)):
        if foreign.search(read := word.translate(table)) is None:
            return read
    return word
