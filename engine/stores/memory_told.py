"""How many different values stand in any part of a row, exactly: some parts left out."""

from array import array
from collections.abc import Collection, Sequence
from typing import Final

from engine.features import Value
from engine.stores.marks import Marks

CLEAN: Final = 4
"""Values that were dropped and are forgotten with one that is told: more than come, so that none stays for long."""


class Told:
    """Values told apart by position: each position that is the last with its value, of those told so far, is marked.

    So the different values from a start on are the marks from there on. Positions are counted from those dropped on:
    the serial, by which each knows the one before with the same value.
    """

    __slots__ = ("_before", "_gone", "_last", "_stale", "marks")

    def __init__(self, gone: int) -> None:
        """Begin with so many dropped."""
        self.marks = Marks()
        self._gone = gone
        self._last: dict[Value, int] = {}
        self._before = array("q")
        """For each position the serial of the one before with the same value, -1 where there is none."""
        self._stale: list[Value] = []
        """Values that were dropped, to be forgotten a few at a time: of a million, all at once would hold others up."""

    @classmethod
    def of(cls, last: dict[Value, int], before: bytes, marks: bytes) -> "Told":
        """Values told already: where each was last, before each position the one with its value, and which are last."""
        made = cls(0)
        made._last = last
        made._before.frombytes(before)
        made.marks = Marks.of(bytearray(marks))
        return made

    def __len__(self) -> int:
        return len(self._before)

    def append(self, value: Value) -> bool:
        """Tell the next value; whether it is known and no position held has it."""
        if self._stale:
            self._clean()
        if value is None:
            self._before.append(-1)
            self.marks.append(0)
            return False
        befores, last, gone = self._before, self._last, self._gone
        before = last.get(value, -1)
        last[value] = gone + len(befores)
        befores.append(before)
        self.marks.append(1)
        if before < gone:
            return True
        self.marks.assign(before - gone, 0)
        return False

    def extend(self, values: Sequence[Value]) -> None:
        """As `append` for many, where none was told or dropped."""
        assert not self._gone, "none was dropped"
        assert not self._before, "none was told"
        last, before = self._last, self._before
        get, append = last.get, before.append
        for position, value in enumerate(values):
            append(get(value, -1))
            last[value] = position
        if None in last:
            del last[None]
            for position in (at for at, value in enumerate(values) if value is None):
                before[position] = -1
        marks = bytearray(len(before))
        for position in last.values():
            marks[position] = 1
        self.marks = Marks.of(marks)

    def pop(self, value: Value) -> None:
        """Take back the last, which told this value."""
        before = self._before.pop()
        self.marks.pop()
        if value is None:
            return
        if before < self._gone:
            del self._last[value]
        else:
            self._last[value] = before
            self.marks.assign(before - self._gone, 1)

    def leave(self, position: int, value: Value) -> None:
        """Forget the value of a position that is not asked for any more and is soon dropped."""
        if self._last.get(value) == self._gone + position:
            del self._last[value]

    def drop(self, count: int, values: Sequence[Value] = ()) -> None:
        """Take out the first positions, told or not: O(n). Their values are forgotten, where they did not leave."""
        told = min(count, len(self._before))
        del self._before[:told]
        self.marks.drop(0, told)
        self._gone += count
        self._stale += values

    def counts(self, starts: Sequence[int], stop: int, excluded: Collection[int]) -> list[int]:
        """For each start, how many different values stand in [start, stop) at positions that are not excluded."""
        counts = self.marks.counts_from(starts)
        if not excluded and stop == len(self._before):
            return counts
        out = set(excluded) | set(range(stop, len(self._before)))
        for position in out:
            if position >= len(self._before) or not self.marks[position]:
                continue
            before = self._before[position] - self._gone
            while before in out:
                before = self._before[before] - self._gone
            for index, start in enumerate(starts):
                if before < start <= position:
                    counts[index] -= 1
        return counts

    def is_held_by_another(self, value: Value, stop: int, excluded: Collection[int]) -> bool:
        """Whether a position before `stop` that is not excluded has the value."""
        position = self._last.get(value, -1) - self._gone
        while position >= stop or position in excluded:
            position = self._before[position] - self._gone
        return position >= 0

    def _clean(self) -> None:
        for _ in range(min(CLEAN, len(self._stale))):
            value = self._stale.pop()
            if self._last.get(value, self._gone) < self._gone:
                del self._last[value]
