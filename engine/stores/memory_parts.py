"""What an aggregate is made from over some items, so that those that left the windows can be added to those held."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from engine.features import Value
from engine.stores.memory_past import Past, Sum
from engine.stores.memory_plan import Block, Kind

_SECOND_US: Final = 1_000_000


@dataclass(slots=True)
class Part:
    """Items held, of one span; each is worked out where it is asked for."""

    count: int
    times: Callable[[], tuple[int, int]]
    """The first and the last; only where there are items."""
    sum: Callable[[int], Sum]
    """Of the amount of an index."""
    new: Callable[[int, Collection[Value]], int]
    """How many different values of the feature of an index there are that are not among some."""


def settled(block: Block, part: Part, past: Past | None, at_us: int) -> Value:
    """What an aggregate is over a part and the past."""
    kind, index = block.kind, block.index
    if kind is Kind.COUNT:
        return part.count if past is None else part.count + past.count
    if kind is Kind.DISTINCT_EVER:
        told = () if past is None else past.told(index)
        return len(told) + part.new(index, told)
    if kind is Kind.FIRST or kind is Kind.LAST:
        times = [*(part.times() if part.count else ()), *(() if past is None else past.times)]
        seen_us = (min if kind is Kind.FIRST else max)(times, default=None)
        return None if seen_us is None else (at_us - seen_us) // _SECOND_US
    return _of_amounts(kind, part.sum(index) if past is None else part.sum(index) + past.sum(index))


def _of_amounts(kind: Kind, amounts: Sum) -> Value:
    if kind is Kind.TOTAL:
        return amounts.total
    if kind is Kind.AVERAGE:
        return (2 * amounts.total + amounts.known) // (2 * amounts.known) if amounts.known else None
    return amounts.least if kind is Kind.MINIMUM else amounts.most
