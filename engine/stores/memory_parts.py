"""What an aggregate is made from over some items, so that those that left the windows can be added to those held."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.features import Value
from engine.stores.memory_plan import Block, Kind

_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Sum:
    """Of some amounts: the sum and number of those known, the least and the most."""

    total: int = 0
    known: int = 0
    least: int | None = None
    most: int | None = None

    def __add__(self, other: "Sum") -> "Sum":
        """Those of both."""
        leasts = [each.least for each in (self, other) if each.least is not None]
        mosts = [each.most for each in (self, other) if each.most is not None]
        return Sum(
            self.total + other.total, self.known + other.known, min(leasts, default=None), max(mosts, default=None)
        )


def sum_of(amounts: Sequence[int | None]) -> Sum:
    """The sum of amounts of which some are unknown."""
    known = [each for each in amounts if each is not None]
    return Sum(sum(known), len(known), min(known, default=None), max(known, default=None))


@dataclass(slots=True)
class Past:
    """What left the windows of one key value, for spans without a start."""

    count: int = 0
    first_us: int = 0
    last_us: int = 0
    sums: list[Sum] = field(default_factory=list)
    """One for each amount."""
    told: list[set[Value]] = field(default_factory=list)
    """The different values of each feature told apart."""

    def add(self, times: Sequence[int], sums: Sequence[Sum], told: Sequence[Sequence[Value]]) -> None:
        """Take in items, in the order of time."""
        if not times:
            return
        self.first_us = min(self.first_us, times[0]) if self.count else times[0]
        self.last_us = max(self.last_us, times[-1])
        self.count += len(times)
        self.sums = [one + more for one, more in zip(self.sums or [Sum()] * len(sums), sums, strict=True)]
        self.told = self.told or [set() for _ in told]
        for values, new in zip(self.told, told, strict=True):
            values.update(value for value in new if value is not None)


@dataclass(slots=True)
class Part:
    """Items held, of one span; each is worked out where it is asked for."""

    count: int
    times: Callable[[], tuple[int, int]]
    """The first and the last; only where there are items."""
    sum: Callable[[int], Sum]
    """Of the amount of an index."""
    new: Callable[[int, set[Value]], int]
    """How many different values of the feature of an index there are that are not among some."""


_NOBODY: Final = Past()


def settled(block: Block, part: Part, past: Past | None, at_us: int) -> Value:
    """What an aggregate is over a part and the past."""
    kind, index = block.kind, block.index
    past = past if past is not None and past.count else _NOBODY
    count = part.count + past.count
    if kind is Kind.COUNT:
        return count
    if kind is Kind.DISTINCT_EVER:
        told = past.told[index] if past.count else set()
        return len(told) + part.new(index, told)
    if kind is Kind.FIRST or kind is Kind.LAST:
        times = [*(part.times() if part.count else ()), *((past.first_us, past.last_us) if past.count else ())]
        seen_us = (min if kind is Kind.FIRST else max)(times, default=None)
        return None if seen_us is None else (at_us - seen_us) // _SECOND_US
    return _of_amounts(kind, part.sum(index) + past.sums[index] if past.count else part.sum(index))


def _of_amounts(kind: Kind, amounts: Sum) -> Value:
    if kind is Kind.TOTAL:
        return amounts.total
    if kind is Kind.AVERAGE:
        return (2 * amounts.total + amounts.known) // (2 * amounts.known) if amounts.known else None
    return amounts.least if kind is Kind.MINIMUM else amounts.most
