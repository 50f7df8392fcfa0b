"""Every velocity of every payment of a stream: sorted once a key, searched once an edge, counted by differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import joblib
import numpy as np
import pyarrow as pa

from engine.features import Value
from engine.velocity.batch.linked import linked
from engine.velocity.batch.own import without_own
from engine.velocity.batch.sorting import Part, Sorted, Times, begin_us
from engine.velocity.batch.stream import Ints, Mask, Stream
from engine.velocity.batch.windows import averages, distinct, least, whole
from engine.velocity.spec import (
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

_US_PER_SECOND: Final = 1_000_000
_Found = tuple[Ints, Mask | None]
"""Numbers, and which are known; None: all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The velocities of each payment, in the order of the payments."""

    velocities: tuple[Velocity, ...]
    values: tuple[Ints, ...]
    """A column for each velocity; 0 where it is unknown."""
    known: tuple[Mask | None, ...]
    """For each velocity where it is known; None: everywhere."""

    def rows(self) -> list[tuple[Value, ...]]:
        """The numbers as counters read them: a row a payment, None where unknown."""
        columns = [column.to_pylist() for column in self.table().columns]
        return list(zip(*columns, strict=True))

    def table(self) -> pa.Table:
        """The numbers as Arrow columns by the velocities' names; null where unknown."""
        masks = [None if known is None else ~known for known in self.known]
        arrays = [pa.array(values, mask=mask) for values, mask in zip(self.values, masks, strict=True)]
        return pa.table(arrays, names=[each.name for each in self.velocities])


def numbers(
    stream: Stream, velocities: Sequence[Velocity], *, kept: Sequence[Velocity] | None = None, jobs: int = 1
) -> Numbers:
    """Count the velocities of every payment as live counters would that see the stream in its order.

    `kept` are all that the installation keeps, where these are some of them: how long a status is remembered for its
    payment follows from them. `jobs` threads share the keys. Raises NumberTooLarge where 64 bits do not hold a number.
    """
    times = Times.of(stream, velocities, velocities if kept is None else kept)
    names = {name for each in velocities for name in each.key}
    names |= {each.aggregate.value for each in velocities if isinstance(each.aggregate, Distinct)}
    codes = {name: stream.features[name].codes() for name in sorted(names)}
    links = [each for each in velocities if isinstance(each.aggregate, Linked)]
    keys = list(dict.fromkeys((each.key, each.scope) for each in velocities if each not in links))
    # Whoever sorts most goes first, so that no thread is left alone with it in the end.
    shares = [[each for each in velocities if (each.key, each.scope) == key] for key in keys]
    shares.sort(key=len, reverse=True)
    run = joblib.Parallel(n_jobs=jobs, prefer="threads")
    tasks = [joblib.delayed(_counted)(times, codes, share) for share in shares]
    done = run([joblib.delayed(linked)(times, codes, links), *tasks] if links else tasks)
    found = {name: column for columns in done for name, column in columns.items()}
    assert len(found) == len(velocities), "two velocities have one name"
    return Numbers(
        velocities=tuple(velocities),
        values=tuple(found[each.name][0] for each in velocities),
        known=tuple(found[each.name][1] for each in velocities),
    )


def _counted(times: Times, codes: Mapping[str, Ints], velocities: Sequence[Velocity]) -> dict[str, _Found]:
    """The columns of velocities of one key and scope."""
    payments = len(times.payments)
    rows = Sorted(times, [codes[name] for name in velocities[0].key], velocities[0].scope)
    is_known = np.zeros(payments, dtype=np.bool_)
    is_known[rows.numbers] = True
    all_known = None if is_known.all() else is_known
    columns: dict[str, _Found] = {}
    # The longest windows first: in the shorter ones there is only to be searched what is in those.
    for velocity in sorted(velocities, key=begin_us, reverse=True):
        found, some = _aggregated(rows, velocity, codes)
        values, known = np.zeros(payments, dtype=np.int64), all_known
        if some is not None:
            known = np.zeros(payments, dtype=np.bool_)
            known[rows.numbers] = some
        values[rows.numbers] = found if some is None else np.where(some, found, 0)
        for payment, number in without_own(rows, velocity, codes):
            if number is None or (known is not None and not known[payment]):
                known = np.ones(payments, dtype=np.bool_) if known is None else known.copy()
                known[payment] = number is not None
            values[payment] = whole(np.array([number or 0], dtype=np.object_))[0]
        columns[velocity.name] = values, known
    return columns


def _aggregated(rows: Sorted, velocity: Velocity, codes: Mapping[str, Ints]) -> _Found:
    """The numbers of the readers and which are known, None where all are."""
    part = rows.part(velocity)
    starts, ends = rows.windows(velocity)
    assert not isinstance(velocity.aggregate, Linked), "what is linked is found elsewhere"
    match velocity.aggregate:
        case Count():
            return ends - starts, None
        case Distinct(value=name):
            items, nexts = part.following(name, codes[name])
            return distinct(items, nexts, *rows.reached(velocity, starts, ends)), None
        case FirstSeen() | LastSeen():
            return _ages(rows, part, starts if isinstance(velocity.aggregate, FirstSeen) else ends - 1, ends > starts)
        case Total(amount=name) | Average(amount=name) | Minimum(amount=name) | Maximum(amount=name):
            return _of_amounts(rows, velocity, part, starts, ends)


def _ages(rows: Sorted, part: Part, items: Ints, some: Mask) -> _Found:
    """How many whole seconds before each reader an item was, where there is one."""
    at_us, ages = rows.times.stream.at_us, np.zeros(len(items), dtype=np.int64)
    ages[some] = (at_us[rows.readers[some]] - at_us[part.rows[items[some]]]) // _US_PER_SECOND
    return ages, some


def _of_amounts(rows: Sorted, velocity: Velocity, part: Part, starts: Ints, ends: Ints) -> _Found:
    """What is made of the known amounts."""
    aggregate = velocity.aggregate
    assert isinstance(aggregate, Total | Average | Minimum | Maximum), "the aggregate is one of an amount"
    summed = part.summed(aggregate.amount, rows.times.stream.features[aggregate.amount])
    if isinstance(aggregate, Total):
        return whole(summed.totals(starts, ends)), None
    counts = summed.known[ends] - summed.known[starts]
    if isinstance(aggregate, Average):
        return whole(averages(summed.totals(starts, ends), counts)), counts > 0
    # A bitwise complement turns the order of all integers, the least too, which a sign would not.
    lowest = summed.amounts if isinstance(aggregate, Minimum) else ~summed.amounts
    found = least(np.where(summed.is_known, lowest, np.iinfo(np.int64).max), starts, ends)
    return found if isinstance(aggregate, Minimum) else ~found, counts > 0
