"""What is held about one key value: one card, one e-mail address."""

from array import array
from bisect import bisect_left
from collections.abc import MutableSequence, Sequence
from typing import Final

from engine.stores.marks import Marks

COMPACT: Final = 64
"""Payments from which on an entity looks for some to drop."""


class Entity:
    """The payments with one key value, by their ordinals in the scope, oldest first, in columns.

    A window is the ordinals from a bound on, so a count is a subtraction of positions, a total one of running sums,
    and the different values are those whose last payment is in the window: the marks.
    """

    __slots__ = ("_limit", "_marks", "_ordinals", "_sums")

    def __init__(self, totals: int, links: int) -> None:
        self._ordinals = array("q")
        self._sums: list[MutableSequence[int]] = [array("q", [0]) for _ in range(totals)]
        """One longer than the ordinals: each holds the sum of all amounts before it."""
        self._marks = tuple(Marks() for _ in range(links))
        self._limit = COMPACT

    def __len__(self) -> int:
        return len(self._ordinals)

    def last(self) -> int:
        """The ordinal of the latest payment, -1 where there is none."""
        return self._ordinals[-1] if self._ordinals else -1

    def append(self, ordinal: int, amounts: Sequence[int], earlier: Sequence[int | None], first: int) -> None:
        """Add a payment.

        `earlier`: for each link the ordinal of the payment before with the same value, -1 where there is none, None
        where the value is unknown. Ordinals under `first` are out of every window: they may be dropped.
        """
        ordinals = self._ordinals
        if len(ordinals) >= self._limit:
            self._compact(first)
        ordinals.append(ordinal)
        for index, amount in enumerate(amounts):
            self._add(index, amount)
        for marks, before in zip(self._marks, earlier, strict=True):
            marks.append(0 if before is None else 1)
            if before is not None and before >= 0:
                marks.assign(bisect_left(ordinals, before), 0)

    def read(self, bounds: Sequence[int]) -> list[int]:
        """Counts, then each total, then each distinct, over the payments from each bound on; bounds fall or stay."""
        ordinals = self._ordinals
        end = size = len(ordinals)
        starts = [end := bisect_left(ordinals, bound, 0, end) for bound in bounds]
        values = [size - start for start in starts]
        for sums in self._sums:
            total = sums[size]
            values += [total - sums[start] for start in starts]
        for marks in self._marks:
            values += marks.counts_from(starts)
        return values

    def read_without(self, ordinal: int, bounds: Sequence[int], earlier: Sequence[int]) -> list[int]:
        """As `read`, without one payment, where it is among these.

        `earlier`: for each link the ordinal of the payment before with the same value. Without this payment a value is
        seen less only if no payment after it, nor one before it in the window, has the same.
        """
        values = self.read(bounds)
        position = bisect_left(self._ordinals, ordinal)
        if position == len(self._ordinals) or self._ordinals[position] != ordinal:
            return values
        amounts = [sums[position + 1] - sums[position] for sums in self._sums]
        marks = [marks[position] for marks in self._marks]
        width = len(bounds)
        for window, bound in enumerate(bounds):
            if ordinal >= bound:
                shares = [1, *amounts, *(mark and before < bound for mark, before in zip(marks, earlier, strict=True))]
                for block, share in enumerate(shares):
                    values[block * width + window] -= share
        return values

    def forget(self, ordinal: int, last: Sequence[int]) -> None:
        """Take a payment out. `last`: for each link the ordinal of what is now its value's last, -1 for no change."""
        position = bisect_left(self._ordinals, ordinal)
        for sums in self._sums:
            amount = sums[position + 1] - sums[position]
            del sums[position]
            for later in range(position, len(sums)):
                sums[later] -= amount
        self._drop(position, position + 1)
        for marks, now in zip(self._marks, last, strict=True):
            if now >= 0:
                marks.assign(bisect_left(self._ordinals, now), 1)

    def insert(self, ordinal: int, amounts: Sequence[int], earlier: Sequence[int | None]) -> None:
        """Add a payment among others: O(n). `earlier` as for `append`; None also where one after it has the value."""
        position = bisect_left(self._ordinals, ordinal)
        self._ordinals.insert(position, ordinal)
        for index, amount in enumerate(amounts):
            sums = self._sums[index]
            self._sums[index] = _column([*sums[: position + 1], *(each + amount for each in sums[position:])])
        for marks, before in zip(self._marks, earlier, strict=True):
            marks.insert(position, 0 if before is None else 1)
            if before is not None and before >= 0:
                marks.assign(bisect_left(self._ordinals, before), 0)

    def _add(self, index: int, amount: int) -> None:
        sums = self._sums[index]
        total = sums[-1] + amount
        try:
            sums.append(total)
        except OverflowError:  # 92 quadrillion dollars: nonsense, but neither an error nor a wrong number
            self._sums[index] = [*sums, total]

    def _compact(self, first: int) -> None:
        """Drop what is out of every window once it is half of what is held: O(1) a payment, amortised."""
        gone = bisect_left(self._ordinals, first)
        if 2 * gone >= len(self._ordinals):
            for sums in self._sums:
                del sums[:gone]
            self._drop(0, gone)
        self._limit = max(COMPACT, 2 * len(self._ordinals))

    def _drop(self, start: int, stop: int) -> None:
        del self._ordinals[start:stop]
        for marks in self._marks:
            marks.drop(start, stop)


def _column(sums: list[int]) -> MutableSequence[int]:
    try:
        return array("q", sums)
    except OverflowError:
        return sums
