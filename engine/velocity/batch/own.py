"""The readings of payments that came to a status before they were observed: their own events never count for them.

It takes an id that comes again after counters have forgotten its payment, or an event that was told too early. Rare, so
these are counted one by one, over all items of their key.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from engine.features import Value
from engine.velocity.batch.sorting import Sorted, lets
from engine.velocity.batch.stream import Ints, Mask, Stream
from engine.velocity.spec import (
    Aggregate,
    Average,
    Count,
    Distinct,
    FirstSeen,
    LastSeen,
    Linked,
    Maximum,
    Minimum,
    Total,
    Velocity,
)

_US_PER_SECOND = 1_000_000


def without_own(rows: Sorted, velocity: Velocity, codes: Mapping[str, Ints]) -> Iterator[tuple[int, Value]]:
    """The payments for which an event of their own would have been counted, and their numbers without it."""
    own = rows.times.own
    statuses = {status for status in (velocity.status, velocity.since) if status is not None and own[status].any()}
    if not statuses:
        return
    is_own = np.any([own[status][rows.numbers] for status in statuses], axis=0)
    stream, passing = rows.times.stream, lets(rows.times.stream, velocity)
    values, known = _measured(stream, velocity.aggregate, codes)
    for reader in np.flatnonzero(is_own).tolist():
        inside = _inside(rows, velocity, reader)
        inside = inside[passing[inside]]
        ages_us = stream.at_us[rows.readers[reader]] - stream.at_us[inside]
        number = _made(velocity.aggregate, values[inside[known[inside]]].tolist(), ages_us.tolist())
        yield int(rows.numbers[reader]), number


def _measured(stream: Stream, aggregate: Aggregate, codes: Mapping[str, Ints]) -> tuple[Ints, Mask]:
    """The values that the aggregate looks at beside the key, a row each, and where they are known."""
    if isinstance(aggregate, Distinct):
        return codes[aggregate.value], codes[aggregate.value] >= 0
    if isinstance(aggregate, Total | Average | Minimum | Maximum):
        return stream.features[aggregate.amount].amounts()
    return stream.at_us, np.ones(len(stream), dtype=np.bool_)


def _inside(rows: Sorted, velocity: Velocity, reader: int) -> Ints:
    """The rows in the window of one reader, none of them its own, the filter aside."""
    stream, row = rows.times.stream, rows.readers[reader]
    inside = rows.earlier(velocity.status, reader)
    if velocity.status is not None:
        inside = inside[stream.payment[inside] != stream.payment[row]]
    end = stream.at_us[row] - velocity.delay_us
    is_in = stream.at_us[inside] <= end
    if velocity.window_us is not None:
        is_in &= stream.at_us[inside] > end - velocity.window_us
    if velocity.since is not None:
        anew = rows.earlier(velocity.since, reader)
        anew = anew[stream.payment[anew] != stream.payment[row]]
        is_in &= stream.at_us[inside] > stream.at_us[anew].max(initial=np.iinfo(np.int64).min)
    found: Ints = inside[is_in]
    return found


def _made(aggregate: Aggregate, values: list[int], ages_us: list[int]) -> Value:
    """What an aggregate makes of the known amounts or value codes, and of how long ago each item was."""
    assert not isinstance(aggregate, Linked), "what is linked is found elsewhere"
    match aggregate:
        case Count():
            return len(ages_us)
        case Distinct():
            return len(set(values))
        case FirstSeen():
            return max(ages_us) // _US_PER_SECOND if ages_us else None
        case LastSeen():
            return min(ages_us) // _US_PER_SECOND if ages_us else None
        case _:
            return _of_amounts(aggregate, values)


def _of_amounts(aggregate: Total | Average | Minimum | Maximum, amounts: list[int]) -> Value:
    match aggregate:
        case Total():
            return sum(amounts)
        case Average():
            return (2 * sum(amounts) + len(amounts)) // (2 * len(amounts)) if amounts else None
        case Minimum():
            return min(amounts, default=None)
        case Maximum():
            return max(amounts, default=None)
