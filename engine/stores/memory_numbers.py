"""The amounts of the items of one key value: what any part of them sums up to, and its least and most."""

from array import array
from collections.abc import Iterable, MutableSequence, Sequence
from itertools import accumulate

from engine.stores.extremes import Extremes
from engine.stores.memory_past import Sum
from engine.stores.memory_plan import Kind


class Numbers:
    """Amounts by position, some of them unknown: appended and taken out at the end, dropped at the front.

    Of what is made of them only what is asked for is kept.
    """

    __slots__ = ("_knowns", "_least", "_most", "sums")

    def __init__(self, kinds: frozenset[Kind]) -> None:
        """Begin with none, for these kinds of blocks."""
        self.sums: MutableSequence[int] = array("q", [0])
        """One longer than the amounts: each holds the sum of all amounts before it."""
        self._knowns = array("q", [0]) if kinds - {Kind.TOTAL} else None
        """Of the same length: how many amounts before it are known; a total alone need not know."""
        self._least = Extremes(is_most=False) if Kind.MINIMUM in kinds else None
        self._most = Extremes(is_most=True) if Kind.MAXIMUM in kinds else None

    def amount(self, position: int) -> int:
        """The amount at a position, 0 where it is unknown."""
        return self.sums[position + 1] - self.sums[position]

    def append(self, amount: int | None) -> None:
        """Add an amount at the end."""
        total = self.sums[-1] + (amount or 0)
        try:
            self.sums.append(total)
        except OverflowError:  # 92 quadrillion dollars: nonsense, but neither an error nor a wrong number
            self.sums = [*self.sums, total]
        if self._knowns is not None:
            self._knowns.append(self._knowns[-1] + (amount is not None))
        for extremes in (self._least, self._most):
            if extremes is not None:
                extremes.append(amount)

    def extend(self, amounts: Iterable[int]) -> None:
        """Add amounts at the end, unknown ones as 0, where nothing but their total is asked for."""
        assert self._knowns is None, "their total alone is asked for"
        sums = [*accumulate(amounts, initial=self.sums[-1])][1:]
        try:
            self.sums.extend(array("q", sums))
        except OverflowError:  # as above
            self.sums = [*self.sums, *sums]

    def pop(self) -> int | None:
        """Take the last amount out and give it; one of which only the total is asked for is 0 where it is unknown."""
        amount: int | None = self.sums.pop() - self.sums[-1]
        if self._knowns is not None and self._knowns.pop() == self._knowns[-1]:
            amount = None
        for extremes in (self._least, self._most):
            if extremes is not None:
                extremes.pop()
        return amount

    def drop(self, count: int) -> None:
        """Take the first out: O(n)."""
        del self.sums[:count]
        if self._knowns is not None:
            del self._knowns[:count]
        for extremes in (self._least, self._most):
            if extremes is not None:
                extremes.drop(count)

    def sum(self, pieces: Sequence[tuple[int, int]]) -> Sum:
        """What the intervals of positions sum up to."""
        found = Sum()
        for start, stop in pieces:
            known = 0 if self._knowns is None else self._knowns[stop] - self._knowns[start]
            least = None if self._least is None else self._least.best(start, stop)
            most = None if self._most is None else self._most.best(start, stop)
            found += Sum(self.sums[stop] - self.sums[start], known, least, most)
        return found
