"""What is linked with each payment of a stream: one pass in its order, each id's payments chained to the one before.

What a payment is linked with depends on all that came before, so nothing here is found for all payments at once; what
costs is a payment's own links, and those who come once and alone have none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

import numpy as np

from engine.velocity.batch.sorting import Times, combined
from engine.velocity.batch.stream import PAYMENT, STATUSES, Ints, Mask
from engine.velocity.batch.windows import whole
from engine.velocity.spec import (
    LINKED_IDS_MAX,
    LINKED_LATEST,
    LINKED_SHARED_MAX,
    Count,
    Distinct,
    FirstSeen,
    Linked,
    NewPairs,
    Shared,
    Status,
    Total,
    Velocity,
)

_NONE: Final = -1
_US_PER_SECOND: Final = 1_000_000
_Found = tuple[Ints, Mask | None]
_Ids = tuple[int, ...]
"""A row's ids by kind, -1 where unknown; no two kinds, merchants or modes have one."""


def linked(times: Times, codes: Mapping[str, Ints], velocities: Sequence[Velocity]) -> dict[str, _Found]:
    """The columns of velocities that are linked. Raises NumberTooLarge where 64 bits do not hold a sum."""
    found: dict[str, _Found] = {}
    for key, within in dict.fromkeys((each.key, _of(each).within) for each in velocities):
        alike = [each for each in velocities if (each.key, _of(each).within) == (key, within)]
        found |= _Pass(times, [codes[name] for name in key], alike).columns()
    return found


@dataclass(slots=True)
class _Component:
    """What is linked with one payment."""

    rows: set[int] = field(default_factory=set)
    ids: dict[_Ids, None] = field(default_factory=dict)
    followed: list[tuple[int, int]] = field(default_factory=list)
    """The ids that were looked at and are not shared, with their kind."""
    shared: int = 0
    new_pairs: int = 0


class _Pass:
    """One pass over the stream for velocities that link by the same ids within the same time."""

    def __init__(self, times: Times, codes: Sequence[Ints], velocities: Sequence[Velocity]) -> None:
        self._times = times
        self._velocities = velocities
        self._within_us = _of(velocities[0]).within_us
        self._at_us = np.ascontiguousarray(times.stream.at_us).data
        columns = [*_separate(times, codes)]
        self._columns = [each.data for each in columns]
        size = 1 + max((int(each.max(initial=_NONE)) for each in columns), default=_NONE)
        statuses = dict.fromkeys(each.status for each in velocities)
        self._last: dict[Status | None, list[int]] = {each: [_NONE] * size for each in (None, *statuses)}
        """By stream, the last row of each id so far."""
        self._before = {status: _chains(times, columns, status) for status in self._last}
        """By stream and kind, of each row the one before with the same id."""
        self._amounts = {
            each.name: np.ascontiguousarray(times.stream.features[of.amount].amounts()[0]).data
            for each in velocities
            if isinstance(of := _of(each).of, Total)
        }

    def columns(self) -> dict[str, _Found]:
        """What each velocity reads of each payment."""
        kinds, payments = self._times.kinds, len(self._times.payments)
        values: list[list[int | None]] = [[None] * payments for _ in self._velocities]
        places = {status: STATUSES.index(status) for status in self._last if status is not None}
        statuses = {PAYMENT: None} | {place: status for status, place in places.items()}
        number = 0
        for row in np.flatnonzero(np.isin(kinds, [*statuses])).tolist():
            status = statuses[int(kinds[row])]
            ids = self._ids_of(row)
            if status is None:
                if max(ids) > _NONE:
                    for column, value in zip(values, self._read(row, ids), strict=True):
                        column[number] = value
                number += 1
            last = self._last[status]
            for each in ids:
                if each >= 0:
                    last[each] = row
        return {each.name: _column(column) for each, column in zip(self._velocities, values, strict=True)}

    def _read(self, row: int, own: _Ids) -> Iterator[int | None]:
        component = self._component(row, own)
        for velocity in self._velocities:
            of = _of(velocity).of
            if isinstance(of, NewPairs):
                yield component.new_pairs
            elif isinstance(of, Shared):
                yield component.shared
            elif velocity.status is None:
                yield self._made(velocity, row, component.rows, component.ids)
            else:
                events = self._events(velocity, row, component.followed)
                yield self._made(velocity, row, events, map(self._ids_of, events))

    def _component(self, row: int, own: _Ids) -> _Component:
        found = _Component()
        since_us = self._at_us[row] - self._within_us
        queue = [(kind, each) for kind, each in enumerate(own) if each >= 0]
        known, own_size, of_own = {each for _, each in queue}, len(queue), dict[int, dict[_Ids, None]]()
        for place, (kind, one) in enumerate(queue):
            if place == LINKED_IDS_MAX:
                break
            rows = [*self._chain(None, kind, one, since_us, LINKED_LATEST)]
            ids = dict.fromkeys(map(self._ids_of, rows))
            if place < own_size and ids:
                of_own[kind] = ids
            if len(ids) > LINKED_SHARED_MAX and _is_shared(ids, kind):
                found.shared += 1
                continue
            found.followed.append((kind, one))
            found.rows.update(rows)
            for each in ids:
                if each not in found.ids:
                    found.ids[each] = None
                    new = [(other, link) for other, link in enumerate(each) if link >= 0 and link not in known]
                    known.update(link for _, link in new)
                    queue += new
        found.new_pairs = _new_pairs(own, of_own)
        return found

    def _events(self, velocity: Velocity, row: int, followed: Iterable[tuple[int, int]]) -> set[int]:
        """The rows of the events in a velocity's window that have one of these ids; none is the payment's own."""
        payment, since_us = self._times.stream.payment, self._at_us[row] - (velocity.window_us or 0)
        rows: set[int] = set()
        for kind, one in followed:
            rows.update(self._chain(velocity.status, kind, one, since_us, None))
        return {each for each in rows if payment[each] != payment[row]}

    def _chain(self, status: Status | None, kind: int, one: int, since_us: int, most: int | None) -> Iterator[int]:
        """The rows so far that have an id and are later than a time, the latest first."""
        row, before, at_us = self._last[status][one], self._before[status][kind], self._at_us
        while row != _NONE and at_us[row] > since_us and most != 0:
            yield row
            row = before[row]
            most = None if most is None else most - 1

    def _made(self, velocity: Velocity, row: int, rows: set[int], ids: Iterable[_Ids]) -> int | None:
        of = _of(velocity).of
        match of:
            case Count():
                return len(rows)
            case Total():
                amounts = self._amounts[velocity.name]
                return sum(amounts[each] for each in rows)
            case Distinct(value=value):
                kind = velocity.key.index(value)
                return len({each[kind] for each in ids} - {_NONE})
            case FirstSeen():
                return (self._at_us[row] - self._at_us[min(rows)]) // _US_PER_SECOND if rows else None
            case _:
                raise AssertionError(of)

    def _ids_of(self, row: int) -> _Ids:
        return tuple([column[row] for column in self._columns])


def _of(velocity: Velocity) -> Linked:
    assert isinstance(velocity.aggregate, Linked), f"velocity {velocity.name} is not linked"
    return velocity.aggregate


def _separate(times: Times, codes: Sequence[Ints]) -> Iterator[Ints]:
    """The ids by kind, so that no two kinds, merchants or modes have one."""
    stream, first = times.stream, 0
    for column in codes:
        whole_ids = combined([column, stream.merchant, stream.test_mode.astype(np.int64)], 1)
        ids = np.full(len(column), _NONE, dtype=np.int64)
        is_known = whole_ids >= 0
        different, ids[is_known] = np.unique(whole_ids[is_known], return_inverse=True)
        ids[is_known] += first
        first += len(different)
        yield ids


def _chains(times: Times, columns: Sequence[Ints], status: Status | None) -> list[memoryview]:
    """By kind, of each row of a stream the one before with the same id, -1 where there is none."""
    rows = np.flatnonzero(times.kinds == (PAYMENT if status is None else STATUSES.index(status)))
    chains = []
    for column in columns:
        before = np.full(len(column), _NONE, dtype=np.int64)
        order = rows[np.argsort(column[rows], kind="stable")]
        is_same = column[order[1:]] == column[order[:-1]]
        before[order[1:][is_same]] = order[:-1][is_same]
        chains.append(before.data)
    return chains


def _is_shared(ids: Mapping[_Ids, None], kind: int) -> bool:
    columns = [*zip(*ids, strict=True)]
    return any(len(set(column) - {_NONE}) > LINKED_SHARED_MAX for other, column in enumerate(columns) if other != kind)


def _new_pairs(own: _Ids, of_own: Mapping[int, Mapping[_Ids, None]]) -> int:
    """How many pairs of the own ids that were seen no payment looked at has both of."""
    return sum(
        all(each[one] != own[one] or each[other] != own[other] for each in (*of_own[one], *of_own[other]))
        for one, other in combinations(of_own, 2)
    )


def _column(values: Sequence[int | None]) -> _Found:
    known = np.array([each is not None for each in values], dtype=np.bool_)
    numbers = whole(np.array([each or 0 for each in values], dtype=np.object_))
    return numbers, None if known.all() else known
