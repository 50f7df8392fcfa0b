"""What is held of one stream: the payments of one merchant in one mode, or those that came to one status, or of all."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from engine.features import Value
from engine.stores.memory_columns import Columns
from engine.stores.memory_keys import Keys
from engine.stores.memory_plan import Plan, Row

EXPIRE: Final = 32
"""Items dropped at most by one observation, so that the first one after a quiet month need not drop a million."""
COMPACT: Final = 4_096
"""Dropped items from which on the columns are shortened."""


class Scope:
    """Items numbered in the order in which they came: the ordinal."""

    __slots__ = ("_columns", "_ever", "_first", "_keys", "_ordinals", "_plan", "now_us")

    def __init__(self, plan: Plan) -> None:
        """Begin with nothing seen."""
        self.now_us = 0
        """The time of the latest item."""
        self._plan = plan
        self._first = 0
        """The first ordinal that is not dropped yet."""
        self._ordinals: dict[str, int] = {}
        self._columns = Columns(plan)
        self._keys = tuple((group.column, Keys(group, self._columns)) for group in plan.groups)
        self._ever = tuple(keys for _, keys in self._keys if keys.pasts is not None)

    def advance(self, at_us: int) -> None:
        """Let time pass: drop a few of the items that left the longest window."""
        assert at_us >= self.now_us or not self._plan.is_in_order, f"observed at {at_us}, after one at {self.now_us}"
        self.now_us = max(self.now_us, at_us)
        if self._plan.hold_us is None:
            return
        columns, edge_us = self._columns, self.now_us - self._plan.hold_us
        times, end = columns.times, columns.base + len(columns.times)
        ordinal = self._first
        until = min(end, ordinal + EXPIRE)
        while ordinal < until and times[ordinal - columns.base] <= edge_us:
            self._expire(ordinal)
            ordinal += 1
        self._first = ordinal
        gone = ordinal - columns.base
        if gone >= COMPACT and 2 * gone >= len(times):
            columns.drop(gone)

    def find(self, payment_id: str, since_us: int) -> int | None:
        """The ordinal of a payment counted after a time, None where there is none."""
        ordinal = self._ordinals.get(payment_id)
        return ordinal if ordinal is not None and self._columns.time(ordinal) > since_us else None

    def sequence(self, ordinal: int) -> int:
        """A payment's sequence."""
        return self._columns.sequences[ordinal - self._columns.base]

    def counted_at_us(self, ordinal: int) -> int:
        """When a payment was counted."""
        return self._columns.time(ordinal)

    def is_empty(self) -> bool:
        """Whether there is nothing to read."""
        return not self._ordinals and not (self._ever and any(keys.pasts for keys in self._ever))

    def row(self, ordinal: int) -> Row:
        """What is kept of a payment that is held: the first inputs of its row."""
        return self._columns.row(ordinal)

    def counted_by(self, row: Row) -> list[Value]:
        """What of a row the stream counts by: two events alike in it are one and the same to it."""
        return [*row[: self._plan.columns], *(row[index] for index in self._plan.amounts)]

    def amounts(self, ordinal: int) -> list[tuple[int, Value]]:
        """Of a payment that is held the amounts, each with its index in a row."""
        columns = self._columns
        return [(at, columns.amount(ordinal, index)) for index, at in enumerate(columns.amounts_at)]

    def since(self, at_us: int) -> list[str]:
        """The payments held that were counted after a time: only where items come in the order of time."""
        columns = self._columns
        start = bisect_right(columns.times, at_us, self._first - columns.base)
        found = (columns.id_of(each + columns.base) for each in range(start, len(columns.times)))
        return [payment_id for payment_id in found if payment_id is not None]

    def read(self, row: Row, at_us: int, excluded: Sequence[int], resets: Sequence[int | None]) -> list[Value]:
        """What the groups read at a time, without the items of the excluded ordinals."""
        values: list[Value] = []
        for group, (_, keys) in zip(self._plan.groups, self._keys, strict=True):
            key = keys.pick(row)
            if key is None:
                values += group.unknown
            elif (single := keys.singles.get(key)) is not None:
                values += keys.read(key, (single,), at_us, excluded, resets)
            elif (held := keys.many.get(key)) is not None:
                values += keys.read(key, held, at_us, excluded, resets)
            elif keys.pasts is None:
                values += group.unseen
            else:
                values += keys.read(key, (), at_us, excluded, resets)
        return values

    def unseen(self, row: Row) -> Sequence[Value]:
        """As `read`, where nothing is held."""
        if None not in row:
            return self._plan.unseen
        groups = self._plan.groups
        return [value for group in groups for value in (group.unknown if group.pick(row) is None else group.unseen)]

    def last_us(self, group: int, row: Row, until_us: int, excluded: Sequence[int]) -> int | None:
        """The time of a group's latest item with the row's key until then, without those excluded."""
        keys = self._keys[group][1]
        key = keys.pick(row)
        return None if key is None else keys.last_us(key, until_us, excluded)

    def ordinal_of(self, payment_id: str) -> int | None:
        """The ordinal of a payment, None where it is not held."""
        return self._ordinals.get(payment_id)

    def is_dropped(self, ordinal: int) -> bool:
        """Whether what came at this ordinal left the longest window and is not held any more."""
        return ordinal < self._first

    def reserve(self, at_us: int) -> int:
        """An ordinal at which nothing is counted, unless it is placed there."""
        return self._columns.reserve(at_us)

    def place(self, payment_id: str, ordinal: int, row: Row) -> None:
        """Count a payment that is not held at an ordinal reserved for it: O(n) in what its keys hold since."""
        self._columns.place(ordinal, payment_id, row)
        self._count(payment_id, ordinal, row)

    def append(self, payment_id: str, at_us: int, sequence: int, row: list[Value]) -> None:
        """Count a payment that is not held; a status's stream has no use for a sequence."""
        for column, keys in self._keys:
            if column is not None and row[column] is not None:
                # The same text is held once.
                another = keys.any_of(row[column])
                if another is not None:
                    row[column] = self._columns.value(another, column)
        self._count(payment_id, self._columns.append(payment_id, at_us, sequence, row), row)

    def forget(self, payment_id: str) -> None:
        """Take a payment out as if it had never been; its ordinal stays empty."""
        ordinal = self._ordinals.pop(payment_id, None)
        if ordinal is None:
            return
        row = self._columns.row(ordinal)
        for _, keys in self._keys:
            key = keys.key_of(row)
            if key is not None:
                keys.remove(key, ordinal, self._edge_us())
        self._columns.clear(ordinal)

    def held(self) -> tuple[int, int]:
        """How many payments and how many key values are held."""
        return len(self._ordinals), sum(len(keys) for _, keys in self._keys)

    def _edge_us(self) -> int:
        return -1 if self._plan.hold_us is None else self.now_us - self._plan.hold_us

    def _count(self, payment_id: str, ordinal: int, row: Row) -> None:
        self._ordinals[payment_id] = ordinal
        edge_us = self._edge_us()
        for _, keys in self._keys:
            key = keys.key_of(row)
            if key is not None:
                keys.add(key, ordinal, row, edge_us)

    def _expire(self, ordinal: int) -> None:
        """Drop what is kept to find a payment; its entities drop it when they grow, or here with their last."""
        payment_id = self._columns.id_of(ordinal)
        if payment_id is None:
            return
        if self._ordinals.get(payment_id) == ordinal:
            del self._ordinals[payment_id]
        row = self._columns.row(ordinal)
        for _, keys in self._keys:
            key = keys.key_of(row)
            if key is not None:
                keys.expire(key, ordinal)
