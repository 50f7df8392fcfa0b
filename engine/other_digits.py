"""Digits of all scripts as ASCII ones, and what nobody sees between them: how numbers are hidden from a search."""

import re
from unicodedata import digit

from engine.unseen import UNSEEN_OR_MARKS

_OTHER_DIGITS = {
    code: str(value)
    for code in range(0x80, 0x20000)
    if chr(code).isdigit() and (value := digit(chr(code), None)) is not None
}
"""Code points of other scripts' digits, of full-width, superscript, subscript and circled ones."""
_OTHER_DECIMALS = {code: value for code, value in _OTHER_DIGITS.items() if chr(code).isdecimal()}
"""Of these the ones that numbers are written with."""
_OTHER_TEXT = re.compile(r"[^\x00-\x7f]+")
PARTING = "\x1f"
"""Stands for any number of characters that are unseen, or marks on the digit before."""
_PARTED = dict.fromkeys(UNSEEN_OR_MARKS, PARTING)
_PARTING_TWICE = re.compile(rf"{PARTING}{{2,}}")
_BASIC_PLANE = range(0x10000)
_ODD = re.compile(
    f"[{''.join(chr(code) for code in {*_PARTED, *_OTHER_DIGITS} if code in _BASIC_PLANE)}\U00010000-\U0010ffff]"
)
"""A text with any of these is not searched as it stands. Accented letters and East Asian ones are none of them."""


def in_ascii_digits(text: str) -> tuple[str, ...]:
    """The text as it stands, with other scripts' decimal digits as ASCII ones, and with all other digits as these.

    A footnote's \u00b2 behind a number is no digit of it, in whatever script the number is. What nobody sees parts
    digits, however much of it there is.
    """
    if text.isascii() or _ODD.search("".join(_OTHER_TEXT.findall(text))) is None:
        return (text,)
    seen = _PARTING_TWICE.sub(PARTING, _translated(text, _PARTED))
    # Nearly always there are no other digits, and all three are the same.
    return tuple(dict.fromkeys((seen, _translated(seen, _OTHER_DECIMALS), _translated(seen, _OTHER_DIGITS))))


def _translated(text: str, table: dict[int, str]) -> str:
    """All that is beyond ASCII as the table has it."""
    return _OTHER_TEXT.sub(lambda match: match[0].translate(table), text)
