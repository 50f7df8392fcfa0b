"""What is held of a key value that many payments have: a hot card, a shop's own IP address."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from engine.features import Value
from engine.stores.memory_columns import Columns
from engine.stores.memory_few import US_PER_SECOND
from engine.stores.memory_numbers import Numbers
from engine.stores.memory_plan import Group, Kind, Row
from engine.stores.memory_told import Told

# To look a member of an enumeration up by name takes as long as what is done with it here.
_COUNT: Final = Kind.COUNT
_DISTINCT: Final = Kind.DISTINCT
_FIRST: Final = Kind.FIRST
_NONE: Final[Sequence[int]] = ()


class Crowd:
    """The ordinals of a key value's items, ascending; running sums; and of each value which item is its last.

    A window is a part from some position on, so what it shows costs O(log n).
    """

    __slots__ = ("_columns", "_gone", "_group", "_numbers", "_tellings", "ordinals")

    def __init__(
        self, columns: Columns, group: Group, ordinals: Sequence[int], told: Sequence[Told] | None = None
    ) -> None:
        """Begin with these, ascending, and with what is `told` of them already."""
        self._columns = columns
        self._group = group
        self._gone = 0
        self.ordinals = array("q")
        self._numbers = [Numbers(frozenset({Kind.TOTAL})) for _ in group.amounts]
        indices = [group.told[index] for index, _ in group.tellings]
        self._tellings = [*zip(indices, told or [Told(0) for _ in indices], strict=True)]
        """By index into a row."""
        self.ordinals.extend(ordinals)
        for numbers, index in zip(self._numbers, group.amounts, strict=True):
            numbers.extend(columns.amounts[index].known(ordinals, columns.base))
        if told is None:
            for index, each in self._tellings:
                each.extend(columns.values(ordinals, index))

    def __len__(self) -> int:
        return len(self.ordinals) - self._gone

    def last(self) -> int:
        """The ordinal of the latest item."""
        return self.ordinals[-1]

    def live(self) -> tuple[int, ...]:
        """The ordinals held, without those that left the windows and are still to be cut off."""
        return tuple(self.ordinals[self._gone :])

    def add(self, ordinal: int) -> None:
        """Add an item: O(n) in those that are later."""
        later = []
        while len(self) and self.ordinals[-1] > ordinal:
            later.append(self._pop())
        self._append(ordinal)
        for each in reversed(later):
            self._append(each)

    def add_latest(self, ordinal: int, row: Row) -> None:
        """As `add`, of the latest item there is, of which this is the row."""
        self.ordinals.append(ordinal)
        if self._numbers:
            columns = self._columns
            for numbers, index in zip(self._numbers, self._group.amounts, strict=True):
                numbers.append(columns.amount(ordinal, index))
        for index, told in self._tellings:
            told.append(row[index])

    def remove(self, ordinal: int) -> None:
        """Take an item out, where it is held: O(n) in those that are later."""
        if not self._holds(ordinal):
            return
        later = []
        while self.ordinals[-1] > ordinal:
            later.append(self._pop())
        self._pop()
        for each in reversed(later):
            self._append(each)

    def expire(self, ordinal: int) -> None:
        """An item left the windows: the first, where it is held. Cut off are all once they are half: O(1) amortised."""
        position = self._gone
        if self.ordinals[position] != ordinal:
            return
        self._gone += 1
        for index, told in self._tellings:
            told.leave(position, self._columns.value(ordinal, index))
        if 2 * self._gone >= len(self.ordinals):
            self._cut()

    def read(self, starts: Sequence[int], excluded: Sequence[int], at_us: int) -> list[Value]:
        """What each of the group's spans shows at a time, which start at these ordinals, without the excluded ones."""
        ordinals = self.ordinals
        size = len(ordinals)
        gone = self._gone
        firsts = [bisect_left(ordinals, start, gone) for start in starts]
        out = [bisect_left(ordinals, each) for each in excluded if self._holds(each)] if excluded else _NONE
        values: list[Value] = []
        for block in self._group.blocks:
            kind, since = block.kind, block.take(firsts)
            if kind is _DISTINCT:
                values += self._tellings[block.index][1].counts(since, size, out)
            elif kind is _COUNT:
                values += (
                    [size - first for first in since]
                    if not out
                    else [size - first - sum(at >= first for at in out) for first in since]
                )
            elif kind is _FIRST:
                values += [self._age_seconds(first, out, at_us) for first in since]
            else:
                numbers = self._numbers[block.index]
                sums, total = numbers.sums, numbers.sums[-1]
                values += (
                    [total - sums[first] for first in since]
                    if not out
                    else [total - sums[first] - sum(numbers.amount(at) for at in out if at >= first) for first in since]
                )
        return values

    def _age_seconds(self, position: int, out: Sequence[int], at_us: int) -> int | None:
        """How long ago the first item from a position on was that is not left out; None where there is none."""
        while position in out:
            position += 1
        if position == len(self.ordinals):
            return None
        return (at_us - self._columns.time(self.ordinals[position])) // US_PER_SECOND

    def _holds(self, ordinal: int) -> bool:
        position = bisect_left(self.ordinals, ordinal, self._gone)
        return position < len(self.ordinals) and self.ordinals[position] == ordinal

    def _append(self, ordinal: int) -> None:
        columns = self._columns
        self.ordinals.append(ordinal)
        for numbers, index in zip(self._numbers, self._group.amounts, strict=True):
            numbers.append(columns.amount(ordinal, index))
        for index, told in self._tellings:
            told.append(columns.value(ordinal, index))

    def _pop(self) -> int:
        """Take the last item out and give it."""
        ordinal = self.ordinals.pop()
        for numbers in self._numbers:
            numbers.pop()
        for index, told in self._tellings:
            told.pop(self._columns.value(ordinal, index))
        return ordinal

    def _cut(self) -> None:
        """Cut off what left the windows."""
        count, self._gone = self._gone, 0
        del self.ordinals[:count]
        for numbers in self._numbers:
            numbers.drop(count)
        for _, told in self._tellings:
            told.drop(count)
