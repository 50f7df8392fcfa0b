"""What is read of a few items, once for all the keys that hold the same: a regular customer's card, e-mail, phone."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from engine.stores.memory_columns import Columns, Profile

FEW: Final = 16
"""Items up to which a key value has nothing of its own but their ordinals."""
FEW_ALIKE: Final = 128
"""The same where their different profiles are no more than `PROFILES`."""
PROFILES: Final = 8
US_PER_SECOND: Final = 1_000_000

Ordinals = tuple[int, ...]
"""Of the items of a key value, ascending; keys that hold the same items share one."""


def limits() -> tuple[int, int, int]:
    """Items up to which a key value has nothing of its own, the same where they are alike, and what is alike."""
    return FEW, FEW_ALIKE, PROFILES


class Grown:
    """What becomes of the ordinals that keys hold as one item is added: each once, however many keys hold them."""

    __slots__ = ("_columns", "_grown", "_ordinal")

    def __init__(self, columns: Columns, ordinal: int) -> None:
        """Add the item of this ordinal, mostly the latest one."""
        self._columns = columns
        self._ordinal = ordinal
        self._grown: dict[Ordinals | int, tuple[Ordinals, bool]] = {}

    def of(self, held: Ordinals | int) -> tuple[Ordinals, bool]:
        """These and the item's, and whether they are still few."""
        grown = self._grown.get(held)
        if grown is None:
            ordinals = (held, self._ordinal) if isinstance(held, int) else (*held, self._ordinal)
            if ordinals[-2] > self._ordinal:
                ordinals = tuple(sorted(ordinals))
            grown = self._grown[held] = ordinals, self.is_few(ordinals)
        return grown

    def is_few(self, ordinals: Ordinals) -> bool:
        """Whether a key value holds no more of its items than their ordinals."""
        few, few_alike, profiles = limits()
        if len(ordinals) <= few:
            return True
        if len(ordinals) > few_alike:
            return False
        columns = self._columns
        base = columns.base
        return len({id(columns.profiles[each - base]) for each in ordinals}) <= profiles


class Few:
    """What windows show of a few items: of each start given what lies from it on, the latest start first."""

    __slots__ = ("_columns", "_different", "_ordinals", "_present", "_profiles", "_starts", "_sums", "counts")

    def __init__(self, columns: Columns, ordinals: Ordinals, starts: Sequence[int]) -> None:
        """Begin with the counts; all else is worked out where it is asked for."""
        self._columns = columns
        self._ordinals = ordinals
        self._starts = starts
        self.counts = _since(ordinals, starts)
        """How many items."""
        self._sums: dict[int, list[int]] = {}
        self._different: dict[int, list[int]] = {}
        self._profiles: list[Profile] | None = None
        self._present: list[int] | None = None

    def present(self) -> list[int] | None:
        """Where all items have one profile, and all in it is known: how many different values, of any feature of it."""
        if self._profiles is None:
            base, profiles = self._columns.base, self._columns.profiles
            self._profiles = found = [profiles[each - base] for each in self._ordinals]
            if found and None not in found[0] and found.count(found[0]) == len(found):
                self._present = [1 if count else 0 for count in self.counts]
        return self._present

    def sums(self, index: int) -> list[int]:
        """The sums of the amount of this index."""
        found = self._sums.get(index)
        if found is None:
            ordinals, counts = self._ordinals, self.counts
            amounts = self._columns.amounts[index].known(ordinals, self._columns.base) if ordinals else []
            if counts[0] == len(amounts):
                found = [sum(amounts)] * len(counts)
            else:
                size = len(amounts)
                found = [sum(amounts[size - count :]) for count in counts]
            self._sums[index] = found
        return found

    def different(self, index: int) -> list[int]:
        """How many different known values stand at an index of the rows: those whose last item is in the window."""
        found = self._different.get(index)
        if found is None:
            last = dict(zip(self._columns.values(self._ordinals, index), self._ordinals, strict=True))
            last.pop(None, None)
            found = self._different[index] = _since(sorted(last.values()), self._starts)
        return found

    def age_seconds(self, start: int, at_us: int) -> int | None:
        """How long ago the first item was that lies from a start on, in whole seconds; None where none does."""
        count = self.counts[start]
        if not count:
            return None
        columns = self._columns
        return (at_us - columns.times[self._ordinals[-count] - columns.base]) // US_PER_SECOND


def _since(ordinals: Sequence[int], starts: Sequence[int]) -> list[int]:
    """How many of some ascending ordinals lie from each start on, the latest start first."""
    size = len(ordinals)
    if not size or ordinals[0] >= starts[0]:
        return [size] * len(starts)
    return [size - bisect_left(ordinals, start) for start in starts]
