"""Which letters follow which in names and words: how likely a text's letters are to be random.

A bigram model. For each pair of neighbouring letters, and for a word's first letter and its end, the embedded table has
the hundredths of a bit by which names make it more likely than letters drawn evenly. A text's sum of them gives, from
even odds, the probability that it is random. Both ways the letters of one word depend on their neighbours alone, so it
is a measure and no proof: strangers' names look odder than one's own.
"""

import csv
import io
import re
from array import array
from collections.abc import Mapping
from datetime import date
from itertools import product
from pathlib import Path
from typing import Final, Self

from engine.errors import ReferenceInvalid
from engine.reference.letters import plain_letters
from engine.reference.source import EMBEDDED, decode_source, read_source
from engine.reference.table import TableInfo

EMBEDDED_LETTER_PAIRS: Final = EMBEDDED / "letter_pairs.csv"

_EDGE: Final = "-"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_ALPHABET: Final = frozenset(_LETTERS + _EDGE)
_CODE_BITS: Final = 5
_CODES: Final = bytes(max(_LETTERS.find(chr(each).lower()) + 1, 0) for each in range(256))
"""By a character in ASCII: 1 to 26 for a letter, 0 for what parts words."""
_HUNDREDTHS: Final = 100
_BUILT: Final = date(2026, 11, 30)
_LETTERS_MIN: Final = 6
"""Fewer are initials and abbreviations as often as not: jdoe, HSBC."""
_EVEN_PERCENT, _CERTAIN_PERCENT = 50, 100
_NASAL: Final = "n(?:g(?![aeiou])|(?![aeiou]))"
_PINYIN: Final = re.compile(
    rf"""
    (?<![a-z])
    (?> [jqx] (?: i (?: a (?: {_NASAL} | o )? | e | ong | u | {_NASAL} )? | u (?: e | a? n (?![aeiou]) )? )
      | [bpmdtnl] i (?: a (?: {_NASAL} | o )? | e | u | {_NASAL} )?
      | (?: [zcs] h? | [dtnlgkhr] )
        (?: a (?: i | o | {_NASAL} )? | e (?: i | {_NASAL} )? | i
          | o (?: u | ng ) | u (?: a (?: i | {_NASAL} )? | i | o | n (?![aeiou]) )? )
      | [bpmfw] (?: a (?: i | o | {_NASAL} )? | e (?: i | {_NASAL} )? | ou? | u )
      | y (?: a (?: {_NASAL} | o )? | e | i (?: {_NASAL} )? | o (?: ng | u ) | u (?: e | a? n (?![aeiou]) )? )
      | [nl] v e? | a (?: i | o | {_NASAL} )? | e (?: r | {_NASAL} )? | ou?
    )+
    (?![a-z])
    """,
    re.VERBOSE,
)
"""Words of Chinese syllables in Latin letters, whose x, q and j stand where no name of elsewhere has them."""
_BITS_MAX: Final = 8
"""Beyond this the probability is 0 or 100 %."""
_SUM_MAX: Final = _BITS_MAX * _HUNDREDTHS
_PERCENTS: Final = bytes(round(100 / (1 + 2.0 ** (each / _HUNDREDTHS))) for each in range(-_SUM_MAX, _SUM_MAX + 1))
"""How likely a text is random, by the sum of its pairs' hundredths from -`_SUM_MAX` on."""


class LetterPairs:
    """The table; `version` is the first 12 hexadecimal digits of its file's SHA-256."""

    __slots__ = ("_hundredths", "info")

    def __init__(self, *, hundredths: Mapping[str, Mapping[str, int]], version: str) -> None:
        """`hundredths` of bits by letter and the one behind it; a word's beginning and end are `-`."""
        # One block of memory, for whoever comes with a new name finds none of it in the processor's caches.
        self._hundredths = array("h", bytes(2 << 2 * _CODE_BITS))
        # What parts words in a row is one edge: that pair, the first, stays 0.
        for (before, first), (code, second) in [*product(enumerate(_EDGE + _LETTERS), repeat=2)][1:]:
            self._hundredths[before << _CODE_BITS | code] = hundredths[first][second]
        self.info = TableInfo(
            name="letter_pairs",
            what="which letters follow which in names and words",
            version=version,
            built=_BUILT,
            rows=sum(map(len, hundredths.values())),
            source="names and words of Faker, city names of GeoNames, counted",
            licence="MIT (Faker), CC BY 4.0 (GeoNames)",
            attribution="City names by GeoNames (geonames.org)",
        )

    @property
    def version(self) -> str:
        """The file's fingerprint."""
        return self.info.version

    @classmethod
    def load(cls, path: Path = EMBEDDED_LETTER_PAIRS) -> Self:
        """Read the CSV: a row a letter, a column the one behind it. Raises ReferenceInvalid where it is none."""
        source = read_source(path)
        rows = list(csv.DictReader(io.StringIO(decode_source(source, source.content))))
        try:
            found = {row.pop("first"): {second: int(each) for second, each in row.items()} for row in rows}
        except (KeyError, TypeError, ValueError) as error:
            raise ReferenceInvalid(f"{path}: no table of letter pairs ({error}); restore the embedded one") from error
        if found.keys() != _ALPHABET or any(letters.keys() != _ALPHABET for letters in found.values()):
            raise ReferenceInvalid(f"{path}: a table of letter pairs has a to z and - both ways")
        return cls(hundredths=found, version=source.fingerprint)

    def gibberish_percent(self, text: str) -> int | None:
        """How likely the letters are random rather than of names, in %; None where a to z are fewer than six.

        Case and marks are no matter: \u00e9 is e. What is no letter parts words. Words of Chinese syllables are not
        judged where they would be told random.
        """
        plain = plain_letters(text)
        percent = self._percent(plain)
        # Hardly a Chinese name has 100, and nearly all struck keys have.
        if percent is None or not _EVEN_PERCENT < percent < _CERTAIN_PERCENT:
            return percent
        besides = _PINYIN.sub("", plain)
        return percent if len(besides) == len(plain) else self._percent(besides)

    def _percent(self, plain: str) -> int | None:
        """The same of each letter, in lower case."""
        codes = plain.encode("ascii", "replace").translate(_CODES)
        if len(codes) - codes.count(0) < _LETTERS_MIN:
            return None
        hundredths, total, before = self._hundredths, 0, 0
        for code in codes:
            total += hundredths[before << _CODE_BITS | code]
            before = code
        total += hundredths[before << _CODE_BITS]
        return _PERCENTS[min(max(total, -_SUM_MAX), _SUM_MAX) + _SUM_MAX]
