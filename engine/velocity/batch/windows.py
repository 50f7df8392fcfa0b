"""Aggregates over many windows of one array at once.

Items lie sorted by key and then by their order; window i is `[starts[i], ends[i])` of them. Starts and ends never go
back from one window to the next: readers are sorted as items are, and a later payment's window begins and ends later.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.velocity.batch.stream import Ints, Mask, NumberTooLarge

_SAFE: int = 2**61
"""Below it a sum can be doubled, and a count added, within 64 bits."""


def before(marks: Mask) -> Ints:
    """How many of the items before each place, and before the end, are marked."""
    counts = np.zeros(len(marks) + 1, dtype=np.int64)
    np.cumsum(marks, out=counts[1:])
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """Amounts of items, their sums from the first item on, and how many are known; unknown amounts are 0."""

    amounts: Ints
    is_known: Mask
    sums: Ints
    """May pass 64 bits and begin anew: the difference of two is right where the sum between them fits."""
    known: Ints
    largest: int
    """No amount is further from 0."""

    @classmethod
    def of(cls, amounts: Ints, is_known: Mask) -> "Summed":
        """Sum the amounts up."""
        largest = max(int(amounts.max(initial=0)), -int(amounts.min(initial=0)))
        return cls(amounts, is_known, np.concatenate(([0], np.cumsum(amounts))), before(is_known), largest)

    def totals(self, starts: Ints, ends: Ints) -> Ints:
        """Exact sums, as Python's integers where 64 bits might not hold twice one."""
        sums: Any = self.sums
        if self.largest * int((ends - starts).max(initial=0)) >= _SAFE:
            sums = np.concatenate(([0], np.cumsum(self.amounts.astype(np.object_))))
        found: Ints = sums[ends] - sums[starts]
        return found


def averages(sums: Ints, counts: Ints) -> Ints:
    """Give the means with halves rounded up; 0 where there is nothing."""
    some = np.maximum(counts, 1)
    means: Ints = (2 * sums + counts) // (2 * some)
    return means


def whole(numbers: Ints | npt.NDArray[np.object_]) -> Ints:
    """Python's integers as 64 bits; raises NumberTooLarge where one does not fit."""
    try:
        return numbers.astype(np.int64)
    except OverflowError:
        raise NumberTooLarge("A sum of amounts does not fit into 64 bits.") from None


def least(values: Ints, starts: Ints, ends: Ints) -> Ints:
    """The minimum of each window; where a window is empty any number.

    Two spans of the largest power of two that fits cover a window: each power's minima are made from those of the one
    before, in one pass over the items.
    """
    found = np.zeros(len(starts), dtype=np.int64)
    levels = np.frexp((ends - starts).astype(np.float64))[1] - 1
    minima = values
    for level in range(int(levels.max(initial=-1)) + 1):
        span = 1 << level
        these = np.flatnonzero(levels == level)
        found[these] = np.minimum(minima[starts[these]], minima[ends[these] - span])
        minima = np.minimum(minima[:-span], minima[span:])
    return found


def following(groups: Ints, codes: Ints) -> tuple[Ints, Ints]:
    """The items with a known value, and for each the next of its key and value: one past the last where none is.

    `groups` number the items' keys from 0 on, `codes` their values, -1 where unknown.
    """
    items = np.flatnonzero(codes >= 0)
    bits = len(codes).bit_length()
    spread = int(codes.max(initial=0)) + 1
    if (int(groups.max(initial=0)) + 1) * spread >= 1 << (62 - bits):
        # Both are below the number of rows each, so that their product fits before it is numbered anew.
        pairs = np.unique(groups[items] * spread + codes[items], return_inverse=True)[1]
    else:
        pairs = groups[items] * spread + codes[items]
    ordered = np.sort((pairs << bits) | items)
    is_same = (ordered[1:] >> bits) == (ordered[:-1] >> bits)
    places = ordered & ((1 << bits) - 1)
    nexts = np.full(len(codes), len(codes), dtype=np.int64)
    nexts[places[:-1][is_same]] = places[1:][is_same]
    return items, nexts[items]


def reached(places: Ints, count: int) -> Ints:
    """For each of `count` items, and past the last, how many windows begin (or end) there or before."""
    found: Ints = np.cumsum(np.bincount(places, minlength=count + 1))
    return found


def distinct(items: Ints, nexts: Ints, started: Ints, ended: Ints) -> Ints:
    """How many different values each window has; `started` and `ended` are what `reached` gives.

    An item is the last of its value in the windows that end after it, but not after the next of its value, and that
    start no later than it. Windows never go back, so these follow one another: from the first that ends after the item
    to the first that ends after the next or starts after the item. Marking where each begins and ends is enough.
    """
    first = ended[items]
    last = np.minimum(ended[nexts], started[items])
    is_some = first < last
    windows = int(ended[-1])
    marks = np.bincount(first[is_some], minlength=windows + 1)
    marks -= np.bincount(last[is_some], minlength=windows + 1)
    found: Ints = np.cumsum(marks)[:-1]
    return found
