"""What is held about one key value that many payments have: a hot card, a shop's own IP address."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from operator import sub
from typing import Final

from engine.features import Value
from engine.stores.marks import Marks
from engine.stores.memory_numbers import Numbers
from engine.stores.memory_parts import Part, settled
from engine.stores.memory_past import Past
from engine.stores.memory_plan import Block, Group, Kind
from engine.stores.memory_told import Told

COMPACT: Final = 64
"""Items from which on an entity looks for some to drop."""

_ADDED: Final = (Kind.COUNT, Kind.TOTAL)
"""What is read of any span by subtraction."""

Item = tuple[int, int, Sequence[int | None], Sequence[Value]]
"""An item's ordinal, its time, the group's amounts and the values told apart."""


class Entity:
    """The items of one key value in the order of time, in columns, so that any span costs O(log n).

    A span is an interval of positions: a count is a subtraction, a total one of running sums, the least that of a few
    blocks, and the different values are those whose last item is in it: the marks.
    """

    __slots__ = ("_firsts", "_group", "_limit", "_numbers", "_ordinals", "_tellings", "_times", "_values")

    def __init__(self, group: Group) -> None:
        """Begin with nothing."""
        self._group = group
        self._times = array("q")
        self._ordinals = array("q")
        self._numbers = [Numbers(group.kinds_of(index)) for index in range(len(group.amounts))]
        self._values: list[list[Value]] = [[] for _ in group.told]
        self._tellings = [Told(0) for _ in group.tellings]
        """Those that are delayed have told the values until some read, the others all."""
        self._firsts = {index: Marks() for index in group.told_ever}
        """By index of what is told: which items are the first ever with their value."""
        self._limit = COMPACT

    def __len__(self) -> int:
        return len(self._ordinals)

    @property
    def ordinals(self) -> Sequence[int]:
        """Those of the items."""
        return self._ordinals

    def last(self) -> int:
        """The ordinal of the latest item."""
        return self._ordinals[-1]

    def last_us(self, until_us: int, excluded: Collection[int]) -> int | None:
        """The time of the latest item until then whose position is not excluded."""
        position = bisect_right(self._times, until_us) - 1
        while position in excluded:
            position -= 1
        return self._times[position] if position >= 0 else None

    def position(self, ordinal: int, at_us: int) -> int | None:
        """Where an item stands that came at a time, None where it is not held."""
        times, ordinals = self._times, self._ordinals
        start = bisect_left(times, at_us)
        position = bisect_left(ordinals, ordinal, start, bisect_right(times, at_us, start))
        return position if position < len(ordinals) and ordinals[position] == ordinal else None

    def add(self, item: Item, past: Past | None) -> None:
        """Add an item in the order of time: O(n) in those that are later."""
        ordinal, at_us, _, _ = item
        later = []
        while self._times and (self._times[-1], self._ordinals[-1]) > (at_us, ordinal):
            later.append(self._pop())
        self._append(item, past)
        for each in reversed(later):
            self._append(each, past)

    def remove(self, position: int, past: Past | None) -> None:
        """Take an item out: O(n) in those that are later."""
        later = [self._pop() for _ in range(len(self._ordinals) - position)]
        for each in reversed(later[:-1]):
            self._append(each, past)

    def compact(self, edge_us: int, past: Past | None) -> None:
        """Drop what is not later than a time, once that is half of what is held: O(1) an item, amortised."""
        if len(self._ordinals) < self._limit:
            return
        gone = bisect_right(self._times, edge_us)
        if 2 * gone >= len(self._ordinals):
            self.drop(gone, past)
        self._limit = max(COMPACT, 2 * len(self._ordinals))

    def drop(self, count: int, past: Past | None) -> None:
        """Drop the first items, into the past where one is kept."""
        if past is not None:
            sums = [numbers.sum([(0, count)]) for numbers in self._numbers]
            past.add(self._times[:count], sums, [values[:count] for values in self._values])
        del self._times[:count]
        del self._ordinals[:count]
        for numbers in self._numbers:
            numbers.drop(count)
        for told, (index, _) in zip(self._tellings, self._group.tellings, strict=True):
            told.drop(count, self._values[index][:count])
        for values in self._values:
            del values[:count]
        for firsts in self._firsts.values():
            firsts.drop(0, count)

    def read(self, at_us: int, edges: Sequence[int], excluded: Sequence[int], past: Past | None) -> list[Value]:
        """What the group's blocks read; `excluded` are positions, ascending."""
        group, times = self._group, self._times
        size = len(times)
        starts = [bisect_right(times, edge) for edge in edges]
        if group.is_now and times[-1] <= at_us:
            stops = [size] * len(starts)
        else:
            stops = [bisect_right(times, at_us - delay_us) for delay_us in group.delays_us]
        values: list[Value] = []
        for block in group.blocks:
            kind, spans = block.kind, block.spans
            if kind is Kind.DISTINCT:
                values += self._different(block.index, [starts[span] for span in spans], stops[spans[0]], excluded)
            elif kind in _ADDED:
                added = self._added(block, starts, stops, excluded)
                values += added if past is None else self._with(past, block, added)
            else:
                for span in spans:
                    part = self._part(starts[span], stops[span], excluded)
                    values.append(settled(block, part, past if group.evers[span] else None, at_us))
        return values

    def _added(self, block: Block, starts: Sequence[int], stops: Sequence[int], excluded: Sequence[int]) -> list[int]:
        """Counts or totals, by subtraction."""
        spans, numbers = block.spans, None
        if block.kind is Kind.COUNT:
            values = [stops[span] - starts[span] for span in spans]
        else:
            numbers = self._numbers[block.index]
            sums = numbers.sums
            values = [sums[stops[span]] - sums[starts[span]] for span in spans]
        for position in excluded:
            share = 1 if numbers is None else numbers.amount(position)
            shares = [share if starts[span] <= position < stops[span] else 0 for span in spans]
            values = [*map(sub, values, shares)]
        return values

    def _with(self, past: Past, block: Block, values: Sequence[int]) -> list[int]:
        """Counts or totals with what is past, where their span has no start."""
        gone = past.count if block.kind is Kind.COUNT else past.sum(block.index).total
        evers = self._group.evers
        return [value + gone if evers[span] else value for value, span in zip(values, block.spans, strict=True)]

    def _different(self, index: int, starts: list[int], stop: int, excluded: Sequence[int]) -> list[int]:
        told, values = self._tellings[index], self._values[self._group.tellings[index][0]]
        for position in range(len(told), stop):
            told.append(values[position])
        return told.counts(starts, stop, excluded)

    def _part(self, start: int, stop: int, excluded: Sequence[int]) -> Part:
        """The items in [start, stop) but those at excluded positions."""
        pieces = []
        for position in excluded:
            if start <= position < stop:
                pieces.append((start, position))
                start = position + 1
        pieces = [(first, end) for first, end in (*pieces, (start, stop)) if first < end]
        times = self._times
        return Part(
            count=sum(end - first for first, end in pieces),
            times=lambda: (times[pieces[0][0]], times[pieces[-1][1] - 1]),
            sum=lambda index: self._numbers[index].sum(pieces),
            new=lambda index, _: self._new(index, stop, excluded),
        )

    def _new(self, index: int, stop: int, excluded: Sequence[int]) -> int:
        """How many values have their first item ever before a position, but those that excluded items alone have."""
        firsts, values = self._firsts[index], self._values[index]
        told = self._tellings[self._group.tellings.index((index, 0))]
        count = firsts.counts_from([0])[0] - firsts.counts_from([stop])[0]
        for position in excluded:
            if position < stop and firsts[position]:
                count -= not told.is_held_by_another(values[position], stop, excluded)
        return count

    def _append(self, item: Item, past: Past | None) -> None:
        ordinal, at_us, amounts, told = item
        self._times.append(at_us)
        self._ordinals.append(ordinal)
        for numbers, amount in zip(self._numbers, amounts, strict=True):
            numbers.append(amount)
        for values, value in zip(self._values, told, strict=True):
            values.append(value)
        is_new = [False] * len(told)
        for (index, delay_us), telling in zip(self._group.tellings, self._tellings, strict=True):
            if not delay_us:
                is_new[index] = telling.append(told[index])
        for index, firsts in self._firsts.items():
            is_past = past is not None and told[index] in past.told(index)
            firsts.append(int(is_new[index] and not is_past))

    def _pop(self) -> Item:
        """Take the last item out and give it."""
        position = len(self._ordinals) - 1
        for telling, (index, _) in zip(self._tellings, self._group.tellings, strict=True):
            if len(telling) > position:
                telling.pop(self._values[index][position])
        for firsts in self._firsts.values():
            firsts.pop()
        amounts = [numbers.pop() for numbers in self._numbers]
        return self._ordinals.pop(), self._times.pop(), amounts, [values.pop() for values in self._values]
