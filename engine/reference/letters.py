"""Letters as who has no others writes them: without case and accents, \u0142 as l, \u00f8 as o, \u00df as ss.

Accents are marks beside a letter that many leave out. The vowel signs of India and Thailand and the voicing marks of
kana are none: without them the word is another. In bounded time, for shoppers type what they like.
"""

import re
from typing import Final
from unicodedata import category, combining, normalize

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
_VARIANTS: Final = """
    \u0649 \u064a \u06cc \u064a \u0629 \u0647 \u06a9 \u0643 \u06c1 \u0647 \u06be \u0647
    \u9ad9 \u9ad8 \ufa11 \u5d0e \u5d5c \u5d0e \U00020bb7 \u5409 \u6801 \u67f3 \u6852 \u6851 \u6ff5 \u6ff1 \u9089 \u908a
"""
"""Letters that one person types for another: Arabic ones that sound alike at a word's end or that a Persian or Urdu
keyboard has, and kanji of Japanese family names that registers have and few charsets."""
_ALIKE: Final = _FOLDS | str.maketrans(dict(zip(_VARIANTS.split()[::2], _VARIANTS.split()[1::2], strict=True)))
_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u08ca-\u08e1\u08e3-\u08ff"
    "\u0711\u0730-\u074a\u093c\u0a3c\u0abc\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
"""Marks that many leave out: of Latin, Greek and Cyrillic letters, the points of Hebrew, Arabic and Syriac and what
draws an Arabic word long, the dots by which Hindi writes sounds of other languages, and what picks a glyph."""
_SENTENCES: Final = re.compile("[\ufdfa\ufdfb]")
"""Characters that stand for a sentence, eighteen letters and eight: no other stands for more than seven."""
_WORD: Final = re.compile("[a-z0-9]+", re.IGNORECASE)
_DIGRAPHS: Final = re.compile("(?<=[aou])e|(?<=a)a")


def plain_letters(text: str) -> str:
    """The text in lower case, its Latin letters as a to z; other scripts' stay, with their vowel signs.

    Beyond ASCII there are letters alone and their signs.
    """
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", apart(text)).lower()
    if plain.isascii():
        return plain
    # Put together only now: a letter and its voicing mark are one, as are the letters of a Korean syllable.
    plain = normalize("NFC", plain).translate(_ALIKE)
    if plain.replace(" ", "").isalpha():
        return plain
    return "".join([each for each in plain if each.isascii() or each.isalpha() or _is_sign(each)])


def _is_sign(character: str) -> bool:
    """Whether a character is a vowel sign, or another mark without which a word is another."""
    return category(character)[0] == "M"


def unaccented(text: str) -> str:
    """The same of a text whose digits and signs of other scripts count: addresses, names of regions, categories."""
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", apart(text)).casefold()
    return plain if plain.isascii() else normalize("NFC", plain).translate(_ALIKE)


def words_of(text: str) -> list[str]:
    """The words of a text, which are letters and digits; vowel signs part none."""
    if text.isascii():
        return _WORD.findall(text)
    return "".join([each if each.isalnum() or _is_sign(each) else " " for each in text]).split()


def unmarked(text: str) -> str:
    """The text without case and any mark: how the table of places, made so, has its names. Many are one in it."""
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
