"""Letters as who has no others writes them: without case and marks, \u0142 as l, \u00f8 as o, \u00df as ss.

In bounded time, for shoppers type what they like.
"""

import re
from typing import Final
from unicodedata import combining, normalize

_PAIRS: Final = """
    \u00e6 ae \u0153 oe \u00df ss \u00fe th \u00f8 o \u00f0 d \u0111 d \u0142 l \u0131 i \u0237 j \u0127 h \u0167 t
    \u014b n \u0138 q \u0259 e \u01dd e \u025b e \u0254 o \u0275 o \u0253 b \u0183 b \u0188 c \u0256 d \u0257 d
    \u018c d \u0192 f \u0260 g \u01e5 g \u0263 g \u0261 g \u0268 i \u0269 i \u026a i \u0199 k \u019a l \u0272 n
    \u019e n \u01a5 p \u024d r \u0283 s \u01ad t \u0288 t \u01ab t \u0289 u \u028a u \u028b v \u01b4 y \u024f y
    \u01b6 z \u0225 z \u0292 z \u0180 b \u023c c \u0247 e \u0249 j \u0251 a \u2c65 a \u2c66 t
    \u02bb ' \u02bc ' \u02be ' \u02bf '
"""
"""Letters of living alphabets that Unicode takes no mark off: those of Europe, then of Azerbaijan and Africa."""
_FOLDS: Final = str.maketrans(dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True)))
_SENTENCES: Final = re.compile("[\ufdfa\ufdfb]")
"""Characters that stand for a sentence, eighteen letters and eight: no other stands for more than seven."""
_DIGRAPHS: Final = re.compile("(?<=[aou])e|(?<=a)a")


def plain_letters(text: str) -> str:
    """The text in lower case, its Latin letters as a to z; other scripts' stay, without their marks."""
    if text.isascii():
        return text.lower()
    return "".join([each for each in apart(text).lower() if each.isascii() or each.isalpha()]).translate(_FOLDS)


def unaccented(text: str) -> str:
    """The same of a text whose digits and signs of other scripts count: addresses, names of places, categories."""
    if text.isascii():
        return text.lower()
    return "".join([each for each in apart(text).casefold() if not combining(each)]).translate(_FOLDS)


def without_digraphs(plain: str) -> str:
    """A plain text with a, o, u where it has ae, oe, ue, aa: Mueller is M\u00fcller, Aarhus is \u00c5rhus."""
    return _DIGRAPHS.sub("", plain)


def apart(text: str) -> str:
    """The text with its characters taken apart: letters and marks, ligatures, full-width forms.

    Where it has a character that stands for a sentence, only as far as it stays canonically the same: a field of
    nothing else would be four thousand letters.
    """
    return normalize("NFD" if _SENTENCES.search(text) else "NFKD", text)


def composed(text: str) -> str:
    """The text with its characters in their usual forms, full-width digits as digits; bounded in the same way."""
    return normalize("NFC" if _SENTENCES.search(text) else "NFKC", text)
