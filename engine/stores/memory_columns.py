"""What is held of each item of a stream, in columns: item by item, so that a key value needs its ordinals alone."""

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.features import Value
from engine.stores.memory_plan import Plan, Row

if TYPE_CHECKING:
    from engine.stores.memory_inputs import Loaded

Profile = tuple[Value, ...]
"""What seldom changes from payment to payment of one customer: equal ones are held once."""

_UNKNOWN: Final = -(2**63)
_WIDE: Final = _UNKNOWN + 1
"""Stands for an amount that takes more than 64 bits."""


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

    def load(self, numbers: bytes) -> None:
        """Add numbers of 64 bits; the least of all where there is none, and none is the next."""
        self._numbers.frombytes(numbers)

    def value(self, index: int, ordinal: int) -> int | None:
        """The number of an item."""
        number = self._numbers[index]
        if number > _WIDE:
            return number
        return None if number == _UNKNOWN else self._wide[ordinal]

    def known(self, ordinals: Sequence[int], base: int) -> list[int]:
        """The numbers of some items, 0 where there is none; `base` is the ordinal of the first held."""
        numbers = self._numbers
        found = [numbers[ordinal - base] for ordinal in ordinals]
        if min(found) > _WIDE:
            return found
        return [self.value(ordinal - base, ordinal) or 0 for ordinal in ordinals]

    def drop(self, count: int, base: int) -> None:
        """Take out the first; `base` is the first ordinal of what is left."""
        del self._numbers[:count]
        if self._wide:
            self._wide = {ordinal: value for ordinal, value in self._wide.items() if ordinal >= base}


class Columns:
    """Items numbered in the order in which they came: the ordinal. Held from ordinal `base` on.

    Item `ordinal` stands at index `ordinal - base` of each column, so a stream restored as columns is taken as it is.
    """

    __slots__ = ("amounts", "amounts_at", "base", "ids", "loose", "profiles", "sequences", "times", "width")

    def __init__(self, plan: Plan) -> None:
        self.width = plan.profile
        """Of a profile."""
        self.base = 0
        self.times = array("q")
        self.ids: list[str | None] = []
        """None where nothing is counted at the ordinal."""
        self.sequences = array("q") if plan.has_sequences else None
        self.profiles: list[Profile] = []
        """Equal ones are mostly one object, () where nothing is counted."""
        self.loose: dict[int, list[Value]] = {index: [] for index in plan.loose}
        """By index into a row: what changes with each payment."""
        self.amounts_at = plan.amounts
        self.amounts = tuple(Amounts() for _ in plan.amounts)

    def append(self, payment_id: str, at_us: int, sequence: int, row: Row, profile: Profile) -> int:
        """Add an item with the profile that its row has; gives its ordinal."""
        ordinal = self.base + len(self.times)
        self.times.append(at_us)
        self.ids.append(payment_id)
        if self.sequences is not None:
            self.sequences.append(sequence)
        self.profiles.append(profile)
        for index, column in self.loose.items():
            # Where a payment has its order's name, the text is held once.
            column.append(payment_id if row[index] == payment_id else row[index])
        for index, numbers in zip(self.amounts_at, self.amounts, strict=True):
            numbers.append(row[index], ordinal)
        return ordinal

    def load(self, items: "Loaded") -> None:
        """Hold these items, where nothing is held."""
        assert not self.times, "items are loaded first"
        self.times.frombytes(items.at_us.tobytes())
        self.ids = [*items.ids]
        if self.sequences is not None:
            self.sequences.frombytes(items.sequences.tobytes())
        self.profiles = [*items.profiles]
        self.loose.update(items.loose)
        for numbers, values in zip(self.amounts, items.amounts, strict=True):
            numbers.load(values.tobytes())

    def reserve(self, at_us: int) -> int:
        """An ordinal at which nothing is counted, unless it is placed there."""
        ordinal = self.base + len(self.times)
        self.times.append(at_us)
        self.ids.append(None)
        if self.sequences is not None:
            self.sequences.append(0)
        self.profiles.append(())
        for column in self.loose.values():
            column.append(None)
        for numbers in self.amounts:
            numbers.append(None, ordinal)
        return ordinal

    def place(self, ordinal: int, payment_id: str, row: Row) -> None:
        """Put an item at an ordinal reserved for it."""
        self.ids[ordinal - self.base] = payment_id
        self.profiles[ordinal - self.base] = self.profile_of(row)
        for index, column in self.loose.items():
            column[ordinal - self.base] = row[index]
        for index, numbers in zip(self.amounts_at, self.amounts, strict=True):
            numbers.assign(ordinal - self.base, row[index], ordinal)

    def clear(self, ordinal: int) -> None:
        """Take an item out; its ordinal stays empty."""
        self.ids[ordinal - self.base] = None
        self.profiles[ordinal - self.base] = ()
        for column in self.loose.values():
            column[ordinal - self.base] = None
        for numbers in self.amounts:
            numbers.assign(ordinal - self.base, None, ordinal)

    def profile_of(self, row: Row) -> Profile:
        """The profile of a row."""
        return tuple(row[: self.width])

    def id_of(self, ordinal: int) -> str | None:
        """The id of an item, None where nothing is counted."""
        return self.ids[ordinal - self.base]

    def profile(self, ordinal: int) -> Profile:
        """The profile of an item."""
        return self.profiles[ordinal - self.base]

    def time(self, ordinal: int) -> int:
        """When an item came, in microseconds since the epoch."""
        return self.times[ordinal - self.base]

    def row(self, ordinal: int, width: int) -> list[Value]:
        """The row of an item as far as it is kept, None in its other places; so many values at least."""
        row: list[Value] = [*self.profile(ordinal)]
        row += [None] * (width - len(row))
        for index, column in self.loose.items():
            row[index] = column[ordinal - self.base]
        return row

    def value(self, ordinal: int, index: int) -> Value:
        """What stands at an index of an item's row, where it is kept."""
        if index < self.width:
            return self.profiles[ordinal - self.base][index]
        return self.loose[index][ordinal - self.base]

    def values(self, ordinals: Sequence[int], index: int) -> list[Value]:
        """As `value`, of some items."""
        base = self.base
        if index < self.width:
            profiles = self.profiles
            return [profiles[ordinal - base][index] for ordinal in ordinals]
        column = self.loose[index]
        return [column[ordinal - base] for ordinal in ordinals]

    def amount(self, ordinal: int, index: int) -> int | None:
        """The amount of this index of an item."""
        return self.amounts[index].value(ordinal - self.base, ordinal)

    def order(self, ordinal: int) -> tuple[int, int]:
        """By what items are sorted: their time, then how they came."""
        return self.times[ordinal - self.base], ordinal

    def drop(self, count: int) -> None:
        """Take out the first."""
        self.base += count
        del self.times[:count], self.ids[:count], self.profiles[:count]
        if self.sequences is not None:
            del self.sequences[:count]
        for column in self.loose.values():
            del column[:count]
        for numbers in self.amounts:
            numbers.drop(count, self.base)
