"""Which letters follow which in names and words: how likely a text's letters are to be random.

A bigram model. For each pair of neighbouring letters, and for a word's first letter and its end, the embedded table has
the hundredths of a bit by which names make it more likely than letters drawn evenly. A text's sum of them gives, from
even odds, the probability that it is random. Both ways the letters of one word depend on their neighbours alone, so it
is a measure and no proof: strangers' names look odder than one's own.
"""

import csv
import io
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from operator import getitem
from pathlib import Path
from typing import Final, Self

from engine.errors import ReferenceInvalid
from engine.reference.letters import plain_letters
from engine.reference.source import EMBEDDED, decode_source, read_source
from engine.reference.table import TableInfo

EMBEDDED_LETTER_PAIRS: Final = EMBEDDED / "letter_pairs.csv"

_RUNS: Final = re.compile(r"[a-z]+")
_EDGE: Final = "-"
_ALPHABET: Final = frozenset("abcdefghijklmnopqrstuvwxyz-")
_HUNDREDTHS: Final = 100
_BUILT: Final = date(2026, 11, 30)
_LETTERS_MIN: Final = 3
_BITS_MAX: Final = 60
"""Beyond this the probability is 0 or 100 % in any case."""
_CACHED: Final = 8192


class LetterPairs:
    """The table; `version` is the first 12 hexadecimal digits of its file's SHA-256."""

    __slots__ = ("_bits", "gibberish_percent", "info")

    def __init__(self, *, bits: Mapping[str, Mapping[str, float]], version: str) -> None:
        """`bits` by letter and the one behind it; a word's beginning and end are `-`."""
        self._bits = bits
        self.info = TableInfo(
            name="letter_pairs",
            what="which letters follow which in names and words",
            version=version,
            built=_BUILT,
            rows=sum(map(len, bits.values())),
            source="names and words of Faker, city names of GeoNames, counted",
            licence="MIT (Faker), CC BY 4.0 (GeoNames)",
            attribution="City names by GeoNames (geonames.org)",
        )
        self.gibberish_percent = lru_cache(maxsize=_CACHED)(self._gibberish_percent)

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
            bits = {
                row.pop("first"): {second: int(hundredths) / _HUNDREDTHS for second, hundredths in row.items()}
                for row in rows
            }
        except (KeyError, TypeError, ValueError) as error:
            raise ReferenceInvalid(f"{path}: no table of letter pairs ({error}); restore the embedded one") from error
        if bits.keys() != _ALPHABET or any(letters.keys() != _ALPHABET for letters in bits.values()):
            raise ReferenceInvalid(f"{path}: a table of letter pairs has a to z and - both ways")
        return cls(bits=bits, version=source.fingerprint)

    def _gibberish_percent(self, text: str) -> int | None:
        """How likely the letters are random rather than of names, in %; None where a to z are fewer than three.

        Case and marks are no matter: \u00e9 is e. What is no letter parts words.
        """
        runs = _RUNS.findall(plain_letters(text))
        if sum(map(len, runs)) < _LETTERS_MIN:
            return None
        edged = f"{_EDGE}{_EDGE.join(runs)}{_EDGE}"
        bits = sum(map(getitem, map(self._bits.__getitem__, edged), edged[1:]))
        return round(100 / (1 + 2.0 ** max(-_BITS_MAX, min(_BITS_MAX, bits))))
