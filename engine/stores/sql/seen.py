"""Which payments and callers' keys the ledger may hold, in memory: most are new, and need not be looked for on disk.

A look-up for what is not there took 10 us among pages at hand when measured; but each commit makes a reader drop its
pages, and the first one after it took 60 to 150. To know that something is new takes one.
"""

from array import array
from collections.abc import Iterable
from typing import Final

CAPACITY_MIN: Final = 1 << 18
_BITS_EACH: Final = 16
_WORD_BITS: Final = 64


class Seen:
    """A Bloom filter that grows: what was added may be held, always; of all else it says so once in a hundred.

    It takes 2 to 4 bytes each. Every part holds twice as many as the one before, so that few are asked.
    """

    __slots__ = ("_left", "_parts")

    def __init__(self, names: Iterable[tuple[str, str]] = (), capacity: int = CAPACITY_MIN) -> None:
        """Begin with these names, pairs of a merchant's id and a transaction id or a key; room for `capacity` at once.

        Modes, stages and both kinds of names share it: that costs a look-up now and then, and nothing else.
        """
        self._parts: list[_Part] = []
        self._left = 0
        self._grow(capacity)
        for name in names:
            self.add(name)

    def add(self, name: tuple[str, str]) -> None:
        """Know this name from now on."""
        if not self._left:
            self._grow(2 * self._parts[-1].capacity)
        self._left -= 1
        part, mark = self._parts[-1], hash(name)
        part.words[mark & part.mask] |= _bits(mark)

    def __contains__(self, name: tuple[str, str]) -> bool:
        """Whether this name may have been added; false is certain."""
        mark = hash(name)
        bits = _bits(mark)
        for part in self._parts:  # noqa: SIM110 - a generator takes twice as long as there is one part
            if part.words[mark & part.mask] & bits == bits:
                return True
        return False

    def _grow(self, capacity: int) -> None:
        self._parts.append(_Part(capacity))
        self._left = self._parts[-1].capacity


class _Part:
    """Words of 64 bits, of which a name has up to four in one."""

    __slots__ = ("capacity", "mask", "words")

    def __init__(self, capacity: int) -> None:
        count = 1 << (max(capacity, CAPACITY_MIN) * _BITS_EACH // _WORD_BITS - 1).bit_length()
        self.capacity = count * _WORD_BITS // _BITS_EACH
        self.mask = count - 1
        self.words = array("Q", bytes(count * 8))


def _bits(mark: int) -> int:
    """Four bits of a word by the upper half of a hash; the lower half says which word."""
    return 1 << (mark >> 32 & 63) | 1 << (mark >> 38 & 63) | 1 << (mark >> 44 & 63) | 1 << (mark >> 50 & 63)
