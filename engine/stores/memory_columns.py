"""What is held of each item of a stream, in columns that Python's garbage collector need not walk."""

from array import array
from typing import Final

from engine.features import Value
from engine.stores.memory_plan import Plan, Row

CHUNK: Final = 1_024
"""Items whose values stand in one tuple: tuples of texts and numbers alone are not walked."""
_UNKNOWN: Final = -(2**63)
_WIDE: Final = _UNKNOWN + 1
"""Stands for an amount that takes more than 64 bits."""


class Rows:
    """Rows of a fixed width, by index: appended at the end, dropped at the front in whole chunks."""

    __slots__ = ("_full", "_open", "_sealed", "_width", "chunk")

    def __init__(self, width: int) -> None:
        self.chunk = CHUNK
        self._width = width
        self._full = width * CHUNK
        self._open: list[Value] = []
        self._sealed: list[Row] = []

    def append(self, row: Row) -> None:
        """Add a row."""
        self._open += row
        if len(self._open) == self._full:
            self._sealed.append(tuple(self._open))
            self._open = []

    def __getitem__(self, index: int) -> Row:
        number, place = divmod(index, self.chunk)
        chunk = self._sealed[number] if number < len(self._sealed) else self._open
        start = place * self._width
        return chunk[start : start + self._width]

    def value(self, index: int, column: int) -> Value:
        """One value of a row."""
        number, place = divmod(index, self.chunk)
        chunk = self._sealed[number] if number < len(self._sealed) else self._open
        return chunk[place * self._width + column]

    def assign(self, index: int, row: Row) -> None:
        """Put another row in the place of one."""
        number, place = divmod(index, self.chunk)
        start = place * self._width
        if number < len(self._sealed):
            changed = list(self._sealed[number])
            changed[start : start + self._width] = row
            self._sealed[number] = tuple(changed)
        else:
            self._open[start : start + self._width] = row

    def drop(self, count: int) -> None:
        """Take out the first rows, whole chunks of them."""
        del self._sealed[: count // self.chunk]


class Amounts:
    """A column of whole numbers, exact whatever their size; None where there is none."""

    __slots__ = ("_numbers", "_wide")

    def __init__(self) -> None:
        self._numbers = array("q")
        self._wide: dict[int, int] = {}
        """By ordinal, what takes more than 64 bits."""

    def append(self, value: Value, ordinal: int) -> None:
        """Add the number of the next item."""
        self._numbers.append(0)
        self.assign(-1, value, ordinal)

    def assign(self, index: int, value: Value, ordinal: int) -> None:
        """Put another number in the place of one."""
        if value is None:
            self._numbers[index] = _UNKNOWN
            return
        assert isinstance(value, int), f"an amount is hundredths of the unit, not {value!r}"
        if _WIDE < value < 2**63:
            self._numbers[index] = value
        else:
            self._numbers[index] = _WIDE
            self._wide[ordinal] = value

    def value(self, index: int, ordinal: int) -> int | None:
        """The number of an item."""
        number = self._numbers[index]
        if number > _WIDE:
            return number
        return None if number == _UNKNOWN else self._wide[ordinal]

    def drop(self, count: int, base: int) -> None:
        """Take out the first; `base` is the first ordinal of what is left."""
        del self._numbers[:count]
        if self._wide:
            self._wide = {ordinal: value for ordinal, value in self._wide.items() if ordinal >= base}


class Columns:
    """Items numbered in the order in which they came: the ordinal. Held from ordinal `base` on."""

    __slots__ = ("_width", "amounts", "amounts_at", "base", "rows", "sequences", "times")

    def __init__(self, plan: Plan) -> None:
        self._width = plan.columns
        self.base = 0
        self.times = array("q")
        self.sequences = array("q")
        self.rows = Rows(plan.columns + 1)
        """Of each item the id, None where nothing is counted at its ordinal, and what is kept of its row."""
        self.amounts_at = plan.amounts
        self.amounts = tuple(Amounts() for _ in plan.amounts)

    def append(self, payment_id: str | None, at_us: int, sequence: int, row: Row) -> int:
        """Add an item; gives its ordinal."""
        ordinal = self.base + len(self.times)
        self.times.append(at_us)
        self.sequences.append(sequence)
        self.rows.append([payment_id, *row[: self._width]])
        for column, index in zip(self.amounts, self.amounts_at, strict=True):
            column.append(row[index], ordinal)
        return ordinal

    def reserve(self, at_us: int) -> int:
        """An ordinal at which nothing is counted, unless it is placed there."""
        ordinal = self.base + len(self.times)
        self.times.append(at_us)
        self.sequences.append(0)
        self.rows.append([None] * (1 + self._width))
        for column in self.amounts:
            column.append(None, ordinal)
        return ordinal

    def place(self, ordinal: int, payment_id: str, row: Row) -> None:
        """Put an item at an ordinal reserved for it."""
        self.rows.assign(ordinal - self.base, [payment_id, *row[: self._width]])
        for column, index in zip(self.amounts, self.amounts_at, strict=True):
            column.assign(ordinal - self.base, row[index], ordinal)

    def clear(self, ordinal: int) -> None:
        """Take an item out; its ordinal stays empty."""
        self.rows.assign(ordinal - self.base, [None] * (1 + self._width))
        for column in self.amounts:
            column.assign(ordinal - self.base, None, ordinal)

    def id_of(self, ordinal: int) -> str | None:
        """The id of an item, None where nothing is counted."""
        payment_id = self.rows.value(ordinal - self.base, 0)
        assert payment_id is None or isinstance(payment_id, str)
        return payment_id

    def time(self, ordinal: int) -> int:
        """When an item came, in microseconds since the epoch."""
        return self.times[ordinal - self.base]

    def row(self, ordinal: int) -> Row:
        """What is kept of an item: the first inputs of its row."""
        return self.rows[ordinal - self.base][1:]

    def value(self, ordinal: int, column: int) -> Value:
        """One of the inputs kept."""
        return self.rows.value(ordinal - self.base, column + 1)

    def amount(self, ordinal: int, index: int) -> int | None:
        """The amount of this index of an item."""
        return self.amounts[index].value(ordinal - self.base, ordinal)

    def order(self, ordinal: int) -> tuple[int, int]:
        """By what items are sorted: their time, then how they came."""
        return self.times[ordinal - self.base], ordinal

    def drop(self, count: int) -> None:
        """Take out the first, as many whole chunks as there are in `count`."""
        count -= count % self.rows.chunk
        self.base += count
        del self.times[:count]
        del self.sequences[:count]
        self.rows.drop(count)
        for column in self.amounts:
            column.drop(count, self.base)
