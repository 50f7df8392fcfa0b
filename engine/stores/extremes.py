"""A row of numbers that gives the least of any part of it in O(log n)."""

from array import array
from collections.abc import MutableSequence
from itertools import pairwise
from math import inf
from typing import Final

FAN: Final = 32
"""Numbers of one level that one number of the next stands for: the least of them."""
_NOTHING: Final = 2**63 - 1


class Extremes:
    """Numbers by position, some of them unknown; the most is the least of what is turned round."""

    __slots__ = ("_levels", "_nothing", "_sign")

    def __init__(self, *, is_most: bool) -> None:
        self._sign = -1 if is_most else 1
        self._nothing: float = _NOTHING
        self._levels: list[MutableSequence[float]] = [self._new_level()]
        """The numbers, and over each the least of its full fans."""

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, value: int | None) -> None:
        """Add a number at the end."""
        if value is None:
            self._put(0, self._nothing)
        else:
            turned = self._sign * value
            if not -_NOTHING <= turned < _NOTHING and self._nothing == _NOTHING:
                self._widen()
            self._put(0, turned)

    def pop(self) -> None:
        """Take the last one out."""
        levels = self._levels
        levels[0].pop()
        for below, level in pairwise(levels):
            if len(level) > len(below) // FAN:
                level.pop()

    def drop(self, count: int) -> None:
        """Take the first ones out: O(n)."""
        level = self._levels[0][count:]
        self._levels = [level]
        while len(level) >= FAN:
            bests = [min(level[end - FAN : end]) for end in range(FAN, len(level) + 1, FAN)]
            level = self._new_level()
            level.extend(bests)
            self._levels.append(level)

    def best(self, start: int, stop: int) -> int | None:
        """The least, or the most, of the known ones in [start, stop); None where there is none."""
        least = self._nothing
        levels, last = self._levels, len(self._levels) - 1
        for depth, level in enumerate(levels):
            if start >= stop:
                break
            if depth == last or stop - start <= 2 * FAN:
                least = min([least, *level[start:stop]])
                break
            first, end = -(-start // FAN), stop // FAN
            least = min([least, *level[start : first * FAN], *level[end * FAN : stop]])
            start, stop = first, end
        return None if least == self._nothing else self._sign * int(least)

    def _put(self, depth: int, value: float) -> None:
        if depth == len(self._levels):
            self._levels.append(self._new_level())
        level = self._levels[depth]
        level.append(value)
        if len(level) % FAN == 0:
            self._put(depth + 1, min(level[-FAN:]))

    def _widen(self) -> None:
        """Make room for numbers of any size."""
        self._nothing = inf
        self._levels = [[inf if each == _NOTHING else each for each in level] for level in self._levels]

    def _new_level(self) -> MutableSequence[float]:
        if self._nothing != _NOTHING:
            return []
        numbers: MutableSequence[float] = array("q")  # type: ignore[assignment]
        return numbers
