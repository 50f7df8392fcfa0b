"""What is held of one stream: the payments of one merchant in one mode, or those that came to one status."""

from array import array
from bisect import bisect_right
from collections.abc import Hashable, Sequence
from typing import Final

from engine.features import Value
from engine.stores.memory_entity import Entity
from engine.stores.memory_plan import Group, Pick, Plan, Row

EXPIRE: Final = 32
"""Payments dropped at most by one observation, so that the first one after a quiet month need not drop a million."""
COMPACT: Final = 4_096
"""Dropped payments from which on the columns are shortened."""


class _Link:
    """For each combination of a key and a value: which payment had it last, and before each payment, which one."""

    __slots__ = ("earlier", "last", "pick")

    def __init__(self, pick: Pick) -> None:
        self.pick = pick
        self.last: dict[Hashable, int] = {}
        self.earlier = array("q")
        """A column: the ordinal of the payment before with the same combination, -1 where there is none."""

    def add(self, row: Row, ordinal: int) -> int | None:
        """Add the next payment; gives the one before, -1 where there is none, None where a part is unknown."""
        combination = self.pick(row)
        if combination is None:
            self.earlier.append(-1)
            return None
        before = self.last.get(combination, -1)
        self.last[combination] = ordinal
        self.earlier.append(before)
        return before

    def remove(self, row: Row, ordinal: int, base: int, first: int) -> int:
        """Take a payment out; gives the one that became its combination's last, -1 where none did."""
        combination = self.pick(row)
        if combination is None:
            return -1
        before = self.earlier[ordinal - base]
        later = self.last[combination]
        if later != ordinal:
            while (middle := self.earlier[later - base]) != ordinal:
                later = middle
            self.earlier[later - base] = before
            return -1
        if before < first:
            del self.last[combination]
            return -1
        self.last[combination] = before
        return before

    def insert(self, row: Row, ordinal: int, base: int) -> int | None:
        """Add a payment among others; gives the one before as `add` does, None also where another came after it."""
        combination = self.pick(row)
        if combination is None:
            return None
        later = before = self.last.get(combination, -1)
        if later < ordinal:
            self.last[combination] = ordinal
            self.earlier[ordinal - base] = before
            return before
        while (before := self.earlier[later - base]) > ordinal:
            later = before
        self.earlier[later - base] = ordinal
        self.earlier[ordinal - base] = before
        return None

    def expire(self, row: Row, ordinal: int) -> None:
        """Forget a combination with its last payment."""
        combination = self.pick(row)
        if combination is not None and self.last[combination] == ordinal:
            del self.last[combination]


class Scope:
    """Payments numbered in the order of observe: the ordinal. Columns hold them from ordinal `_base` on."""

    __slots__ = ("_base", "_columns", "_first", "_groups", "_ids", "_links", "_ordinals", "_plan", "_sequences",
                 "_starts", "_times", "now_us")  # fmt: skip

    def __init__(self, plan: Plan) -> None:
        self.now_us = 0
        """The time of the latest observation."""
        self._plan = plan
        self._base = 0
        self._first = 0
        """The first ordinal that is not dropped yet."""
        self._starts = [0] * len(plan.windows_us)
        """For each window the first ordinal in it at `now_us`."""
        self._ordinals: dict[str, int] = {}
        self._ids: list[str | None] = []
        self._times = array("q")
        self._sequences = array("q")
        self._columns: tuple[list[Value], ...] = tuple([] for _ in range(plan.columns))
        self._links = tuple(_Link(pick) for pick in plan.links)
        self._groups: tuple[tuple[Group, dict[Hashable, Entity]], ...] = tuple((group, {}) for group in plan.groups)

    def starts(self, at_us: int) -> list[int]:
        """For each window the first ordinal in it at a time that is not before the latest: shorter ones start later."""
        assert at_us >= self.now_us, f"observed at {at_us}, after one at {self.now_us}"
        times, base, starts = self._times, self._base, []
        for start, window_us in zip(self._starts, self._plan.windows_us, strict=True):
            index, edge = start - base, at_us - window_us
            if index < len(times) and times[index] <= edge:
                starts.append(bisect_right(times, edge, index) + base)
            else:
                starts.append(start)
        return starts

    def advance(self, at_us: int, starts: list[int]) -> None:
        """Let time pass: remember where windows start, and drop a few of the payments that left the longest."""
        self.now_us, self._starts = at_us, starts
        for ordinal in range(self._first, min(starts[-1], self._first + EXPIRE)):
            self._expire(ordinal)
            self._first = ordinal + 1
        gone = self._first - self._base
        if gone >= COMPACT and 2 * gone >= len(self._times):
            del self._ids[:gone]
            for values in self._columns:
                del values[:gone]
            for numbers in (self._times, self._sequences, *(link.earlier for link in self._links)):
                del numbers[:gone]
            self._base = self._first

    def find(self, payment_id: str, starts: list[int]) -> int | None:
        """The ordinal of a payment, None where it was never observed or has left the longest window."""
        ordinal = self._ordinals.get(payment_id)
        return ordinal if ordinal is not None and ordinal >= starts[-1] else None

    def sequence(self, ordinal: int) -> int:
        """A payment's sequence."""
        return self._sequences[ordinal - self._base]

    def counted_at_us(self, ordinal: int) -> int:
        """When a payment was counted."""
        return self._times[ordinal - self._base]

    @property
    def columns(self) -> int:
        """How many inputs, the first of a row, are kept of each payment."""
        return self._plan.columns

    def is_empty(self) -> bool:
        """Whether no payment is held: then `read` looks at neither windows nor payments."""
        return not self._ordinals

    def row(self, ordinal: int) -> list[Value]:
        """What is kept of a payment that is held: the first inputs of its row."""
        return [column[ordinal - self._base] for column in self._columns]

    def since(self, at_us: int) -> list[str]:
        """The payments held that were counted after a time."""
        start = bisect_right(self._times, at_us, self._first - self._base)
        return [payment_id for payment_id in self._ids[start:] if payment_id is not None]

    def read(self, row: Row, starts: list[int], own: int | None, other: int | None) -> list[Value]:
        """What the groups read from the windows' starts to now, without the payments of these two ordinals."""
        if own is None or own == other:
            own, other = other, None
        values: list[Value] = []
        for group, entities in self._groups:
            key = group.pick(row)
            if key is None:
                values += group.unknown
            elif (entity := entities.get(key)) is None:
                values += group.unseen
            else:
                values += self._read(entity, group, starts, own, other)
        return values

    def ordinal_of(self, payment_id: str) -> int | None:
        """The ordinal of a payment, None where it is not held."""
        return self._ordinals.get(payment_id)

    def is_dropped(self, ordinal: int) -> bool:
        """Whether what came at this ordinal left the longest window and is not held any more."""
        return ordinal < self._first

    def reserve(self, at_us: int) -> int:
        """An ordinal at which nothing is counted, unless it is placed there."""
        self._ids.append(None)
        self._times.append(at_us)
        self._sequences.append(0)
        for column in self._columns:
            column.append(None)
        for link in self._links:
            link.earlier.append(-1)
        return self._base + len(self._times) - 1

    def place(self, payment_id: str, ordinal: int, row: Row) -> None:
        """Count a payment that is not held at an ordinal reserved for it: O(n) in what its keys hold."""
        index = ordinal - self._base
        self._ordinals[payment_id] = ordinal
        self._ids[index] = payment_id
        for column, value in zip(self._columns, row, strict=False):
            column[index] = value
        earlier = [link.insert(row, ordinal, self._base) for link in self._links]
        for group, entities in self._groups:
            key = group.pick(row)
            if key is not None:
                if key not in entities:
                    entities[key] = Entity(len(group.totals), len(group.links))
                amounts = [_amount(row[each]) for each in group.totals]
                entities[key].insert(ordinal, amounts, [earlier[link] for link in group.links])

    def append(self, payment_id: str, at_us: int, sequence: int, row: Row) -> None:
        """Count a payment that is not held; a status's stream has no use for a sequence."""
        ordinal = self._base + len(self._times)
        self._ordinals[payment_id] = ordinal
        self._ids.append(payment_id)
        self._times.append(at_us)
        self._sequences.append(sequence)
        for column, value in zip(self._columns, row, strict=False):
            column.append(value)
        earlier = [link.add(row, ordinal) for link in self._links]
        for group, entities in self._groups:
            key = group.pick(row)
            if key is None:
                continue
            entity = entities.get(key)
            if entity is None:
                entity = entities[key] = Entity(len(group.totals), len(group.links))
            amounts = [_amount(row[index]) for index in group.totals]
            entity.append(ordinal, amounts, [earlier[link] for link in group.links], self._first)

    def forget(self, payment_id: str) -> None:
        """Take a payment out as if it had never been; its ordinal stays empty."""
        ordinal = self._ordinals.pop(payment_id, None)
        if ordinal is None:
            return
        index = ordinal - self._base
        row = [column[index] for column in self._columns]
        for column in self._columns:
            column[index] = None
        self._ids[index] = None
        last = [link.remove(row, ordinal, self._base, self._first) for link in self._links]
        for group, entities in self._groups:
            key = group.pick(row)
            if key is not None:
                entity = entities[key]
                entity.forget(ordinal, [last[link] for link in group.links])
                if entity.last() < self._first:
                    del entities[key]

    def held(self) -> tuple[int, int]:
        """How many payments and how many key values are held."""
        return len(self._ordinals), sum(len(entities) for _, entities in self._groups)

    def _read(
        self, entity: Entity, group: Group, starts: list[int], own: int | None, other: int | None
    ) -> Sequence[Value]:
        bounds = starts if len(group.windows) == len(starts) else [starts[window] for window in group.windows]
        if own is None:
            return entity.read(bounds)
        if other is None:
            return entity.read_without(own, bounds, self._earlier(group, own))
        first, second = sorted((own, other))
        before = self._earlier(group, first)
        # Where the first is what the second saw before itself, it saw what the first did.
        skipping = [
            beyond if each == first else each for each, beyond in zip(self._earlier(group, second), before, strict=True)
        ]
        lacks_first = entity.read_without(first, bounds, before)
        lacks_second = entity.read_without(second, bounds, skipping)
        whole = entity.read(bounds)
        return [one + two - both for one, two, both in zip(lacks_first, lacks_second, whole, strict=True)]

    def _earlier(self, group: Group, ordinal: int) -> list[int]:
        """For each of the group's links the ordinal before with the same combination."""
        return [self._links[link].earlier[ordinal - self._base] for link in group.links]

    def _expire(self, ordinal: int) -> None:
        """Drop what is kept to find a payment; its entities drop it when they grow, or here with their last."""
        index = ordinal - self._base
        payment_id = self._ids[index]
        if payment_id is None:
            return
        if self._ordinals.get(payment_id) == ordinal:
            del self._ordinals[payment_id]
        row = [column[index] for column in self._columns]
        for link in self._links:
            link.expire(row, ordinal)
        for group, entities in self._groups:
            key = group.pick(row)
            if key is not None and entities[key].last() == ordinal:
                del entities[key]


def _amount(value: Value) -> int:
    """An amount to add; an unknown one adds nothing."""
    if value is None:
        return 0
    assert isinstance(value, int), f"an amount is hundredths of the unit, not {value!r}"
    return value
