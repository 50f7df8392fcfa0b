"""Text without case and accents, however it was encoded; in bounded time, for shoppers type what they like."""

import re
from typing import Final
from unicodedata import combining, normalize

_SENTENCES: Final = re.compile("[\ufdfa\ufdfb]")
"""Characters that stand for a sentence, eighteen letters and eight: no other stands for more than seven."""


def unaccented(text: str) -> str:
    """The text with its characters taken apart, case folded and marks left out."""
    return "".join([each for each in apart(text).casefold() if not combining(each)])


def apart(text: str) -> str:
    """The text with its characters taken apart: letters and marks, ligatures, full-width forms.

    Where it has a character that stands for a sentence, only as far as it stays canonically the same: a field of
    nothing else would be four thousand letters.
    """
    return normalize("NFD" if _SENTENCES.search(text) else "NFKD", text)


def composed(text: str) -> str:
    """The text with its characters in their usual forms, full-width digits as digits; bounded in the same way."""
    return normalize("NFC" if _SENTENCES.search(text) else "NFKC", text)
