"""Characters that nobody sees: who reads a text as an eye does, and who looks for card numbers in it, need them all.

The one table of them: enrichment takes them out of addresses, and no card number hides behind them.
"""

from typing import Final
from unicodedata import category

UNSEEN: Final = (
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x3164, 0xFEFF, 0xFFA0, 0x17B4, 0x17B5, 0xE0001),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0020, 0xE0080),
    *range(0xE0100, 0xE01F0),
    # Rings and keys around the letter before.
    *(0x488, 0x489),
    *range(0x20DD, 0x20E5),
)
"""Soft hyphens, blanks without width, marks of direction and of variants, fillers."""

BRAILLE_BLANK: Final = 0x2800
"""A pattern without dots, which shows as a blank does."""
_WITH_MARKS: Final = (range(0x80, 0x20000), range(0xE0000, 0xE0200))
"""Planes that have marks and formatting; in the others are ideographs, and nothing."""
_BESIDE_LETTERS: Final = frozenset({"Mn", "Mc", "Me", "Cf", "Cc"})
UNSEEN_OR_MARKS: Final = frozenset(
    [*UNSEEN, BRAILLE_BLANK]
    + [code for codes in _WITH_MARKS for code in codes if category(chr(code)) in _BESIDE_LETTERS]
)
"""Beyond ASCII, all that stands between two digits and makes no other number of them: also accents, vowel signs,
controls and a pattern of Braille without dots. Out of an address it must not go: there it may part words, or be read.
"""
