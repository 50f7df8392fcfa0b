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
_SMALL_CAPITALS: Final = str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz")
_AS_SHOWN: Final[dict[int, str | None]] = {
    **dict.fromkeys(UNSEEN),
    **{small: chr(letter) for small, letter in _SMALL_CAPITALS.items()},
    **{zero + digit: str(digit) for zero in _ZEROS for digit in range(10)},
    # 5 and a half is no 51 by 2.
    **{each: f" {normalize('NFKD', chr(each))}" for each in _FRACTIONS},
}
_MAY_BE_ODD: Final = re.compile(
    "[\xad\xbc-\xbe\u0262-\u029f\u034f\u0488\u0489\u0600-\u1d22\u200b-\u218f\u3164\ua730\ua731\ufe00-\U000e01ef]"
)
"""Ranges that all of them are in: nearly all text in Latin, Cyrillic, Greek or East Asian letters is done with here."""

_LOOK_ALIKES: Final = str.maketrans(
    "авекмнорстухіјѕԁһӏԛԝьαβεζηικμνορτυχωօսոհցզ",
    "abekmhopctyxijsdhlqwbabezhikmnoptyxwounhgq",
)
"""Cyrillic, Greek and Armenian letters, small or capital, that look like a Latin one; in lower case, without marks."""
_CYRILLIC, _GREEK, _ARMENIAN = (re.compile(each) for each in ("[\u0400-\u052f]", "[\u0370-\u03ff]", "[\u0530-\u058f]"))
_IN_SCRIPT: Final = (
    (_CYRILLIC, str.maketrans("abekmhopctyxijs", "авекмнорстухіјѕ")),
    (_GREEK, str.maketrans("abezhikmnoptyuxwv", "αβεζηικμνορτυυχων")),
    (_ARMENIAN, str.maketrans("aeounhgq", "աեօսոհցզ")),
)
"""Latin letters that are typed for those of another script."""
_IMITATING: Final = re.compile("[\u0370-\u03ff\u0400-\u052f\u0530-\u058f]")
_SCRIPTED: Final = re.compile("[a-z\u0370-\u03ff\u0400-\u058f]")
_LATIN: Final = re.compile("[a-z]")
_HYPHENS: Final = str.maketrans(dict.fromkeys("\u30fc\uff70", "-"))
"""What the hyphen's key gives in Japanese between digits: the sign of a long vowel."""
_LETTERS_MIN: Final = 2
"""Letters that stand alone side by side are a box's (\u0430/\u0441): their script tells what they mean."""
_HOUSE: Final = re.compile("\\d+[\u0370-\u03ff\u0400-\u058f]")


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
    where all others are Latin, and nothing else in the text is of that script for certain. The letter of a house's
    number is Latin, for all have keys for it: who has Cyrillic ones types 12A with either.
    """
    if _IMITATING.search(" ".join(words)) is None:
        return list(words)
    read = [_read_mixed(_read_house(words, at)) for at in range(len(words))]
    if _LATIN.search(" ".join(read)) is None:
        return read
    certain = " ".join(read).translate(_LOOK_ALIKES)
    is_latin = any(len(each) >= _LETTERS_MIN and each.isascii() and each.isalpha() for each in read)
    if is_latin and _IMITATING.search(certain) is None:
        return [
            each if _is_of_letters_alone(read, at) else each.translate(_LOOK_ALIKES) for at, each in enumerate(read)
        ]
    if is_latin:
        return read
    # A/\u042f with a Latin A: what stands alone is of the script of all else.
    table = next((table for script, table in _IN_SCRIPT if script.search(certain)), {})
    return [
        each.translate(table) if len(each) == 1 and not _is_behind_number(read, at) else each
        for at, each in enumerate(read)
    ]


def _read_house(words: Sequence[str], at: int) -> str:
    word = words[at]
    is_houses = _HOUSE.fullmatch(word) or (len(word) == 1 and _is_behind_number(words, at))
    return word.translate(_LOOK_ALIKES) if is_houses else word


def _is_behind_number(words: Sequence[str], at: int) -> bool:
    """Whether a letter is a house's by what stands around it: 12 A, and neither 12, A/\u042f 5 nor 12 c 5."""
    behind = words[at + 1 : at + 2]
    return at > 0 and words[at - 1].isdecimal() and not (behind and (len(behind[0]) == 1 or behind[0].isdecimal()))


def _is_of_letters_alone(words: Sequence[str], at: int) -> bool:
    """Whether a letter stands alone beside another."""
    around = (*words[max(at - 1, 0) : at], *words[at + 1 : at + 2])
    return len(words[at]) == 1 and any(len(each) == 1 and each.isalpha() for each in around)


def _read_mixed(word: str) -> str:
    if _IMITATING.search(word) is None or _LATIN.search(word) is None:
        return word
    latin = word.translate(_LOOK_ALIKES)
    if _IMITATING.search(latin) is None:
        return latin
    for script, table in _IN_SCRIPT:
        read = word.translate(table)
        if all(script.match(each) or not _SCRIPTED.match(each) for each in read):
            return read
    return word
