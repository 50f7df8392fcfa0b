"""The rows of a stream sorted by a key, and where the windows of its payments begin and end among them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from engine.velocity.batch.stream import PAYMENT, STATUSES, Column, Ints, Mask, Stream
from engine.velocity.batch.windows import Summed, before, following, reached
from engine.velocity.spec import Status, Velocity, VelocityScope

EVER: Final = 2**63
"""A window that begins so long ago has no start."""
_NEVER: Final = -1
_REPEAT: Final = -2
"""The kind of an event that is not counted: its payment came to that status before."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """What does not depend on a key: which rows count, and from which row on a window begins.

    A place of a payment is its number among the payments, in their order.
    """

    stream: Stream
    kinds: Ints
    """Of each row: PAYMENT, the place of a status, or a repeat of one."""
    payments: Ints
    """The rows of the payments."""
    numbers: Ints
    """For the row of each payment its place among them."""
    cuts: dict[int, Ints]
    """For each payment the first row later than so many microseconds before it."""
    after: Ints | None
    """For each row the first row that is later; None where no velocity starts anew."""
    own: dict[Status, Mask]
    """For each payment whether it came to the status before it was observed."""

    @classmethod
    def of(cls, stream: Stream, velocities: Sequence[Velocity], kept: Sequence[Velocity]) -> "Times":
        """Prepare for these velocities; events are remembered as long as those kept demand."""
        kinds, payments = stream.status.astype(np.int64), np.flatnonzero(stream.status == PAYMENT)
        own = {}
        for status in {status for each in velocities for status in (each.status, each.since) if status is not None}:
            reach = max((reach_us(each) for each in kept if status in (each.status, each.since)), default=0)
            rows = np.flatnonzero(stream.status == STATUSES.index(status))
            kinds[_repeats(stream, rows, reach)] = _REPEAT
            own[status] = _came_before(stream, rows, payments)
        at_us = stream.at_us
        offsets = {offset for each in velocities for offset in (each.delay_us, begin_us(each))} - {0, EVER}
        cuts = {offset: np.searchsorted(at_us, at_us[payments] - offset, "right") for offset in sorted(offsets)}
        anew = any(each.since is not None for each in velocities)
        after = np.searchsorted(at_us, at_us, "right") if anew else None
        return cls(stream, kinds, payments, before(stream.status == PAYMENT), cuts, after, own)


def reach_us(velocity: Velocity) -> int:
    """How long an id is remembered for the velocity: all time is no reason to remember it for ever."""
    return 0 if velocity.window_us is None else velocity.window_us + velocity.delay_us


def _repeats(stream: Stream, rows: Ints, reach: int) -> list[int]:
    """Which of a status's events are not counted: less than `reach` microseconds after one of their payment's."""
    payments, counts = np.unique(stream.payment[rows], return_counts=True)
    twice = rows[np.isin(stream.payment[rows], payments[counts > 1])]
    counted: dict[int, int] = {}
    repeats = []
    for row, payment, at in zip(
        twice.tolist(), stream.payment[twice].tolist(), stream.at_us[twice].tolist(), strict=True
    ):
        if payment in counted and counted[payment] > at - reach:
            repeats.append(row)
        else:
            counted[payment] = at
    return repeats


def _came_before(stream: Stream, rows: Ints, payments: Ints) -> Mask:
    """For each payment whether one of these events is its own and stands before it."""
    ids, first = np.unique(stream.payment[rows], return_index=True)
    mine = stream.payment[payments]
    if not len(ids):
        return np.zeros(len(payments), dtype=np.bool_)
    place = np.minimum(np.searchsorted(ids, mine), len(ids) - 1)
    early: Mask = (ids[place] == mine) & (rows[first[place]] < payments)
    return early


def combined(columns: Sequence[Ints], bits: int) -> Ints:
    """Number the rows so that equal ones are equal in every column; -1 where one is -1. `bits` are left free."""
    codes = columns[0]
    for column in columns[1:]:
        spread = int(column.max(initial=0)) + 1
        if (int(codes.max(initial=0)) + 1) * spread >= 1 << 62:
            codes = _numbered(codes)
        codes = np.where((codes < 0) | (column < 0), -1, codes * spread + column)
    return codes if int(codes.max(initial=0)) < 1 << (62 - bits) else _numbered(codes)


def _numbered(codes: Ints) -> Ints:
    """Equal codes as equal numbers below the number of rows; -1 stays."""
    return np.where(codes < 0, -1, np.unique(codes, return_inverse=True)[1])


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The payments, or the events of one status, of a key; all, or those that a filter lets through."""

    ordered: Ints
    """Their keys and rows as one number each, sorted."""
    rows: Ints
    """Their rows in the stream."""
    groups: Ints
    """For each a number of its key, from 0 on, never going back."""
    passed: Ints | None = None
    """How many a filter lets through before each place of the whole; None where this is the whole."""
    known: dict[str, tuple[Ints, Ints]] = field(default_factory=dict)
    """What `following` found of a feature before, by the feature's name."""
    sums: dict[str, Summed] = field(default_factory=dict)
    """What `summed` found of one."""
    reached: dict[int, Ints] = field(default_factory=dict)
    """What `reached` found of the windows' edges before, by how long ago they are."""

    def place(self, places: Ints) -> Ints:
        """Where places in the whole are in this part."""
        return places if self.passed is None else self.passed[places]

    def filtered(self, lets: Mask) -> "Part":
        """Those that the filter, one value a row of the stream, lets through."""
        assert self.passed is None, "a filter is applied to the whole"
        is_in = lets[self.rows]
        return Part(self.ordered[is_in], self.rows[is_in], self.groups[is_in], before(is_in))

    def following(self, name: str, codes: Ints) -> tuple[Ints, Ints]:
        """As `following` gives it, for a feature; found once."""
        if name not in self.known:
            self.known[name] = following(self.groups, codes[self.rows])
        return self.known[name]

    def summed(self, name: str, column: Column) -> Summed:
        """The amounts of a feature; summed up once."""
        if name not in self.sums:
            amounts, is_known = column.amounts()
            self.sums[name] = Summed.of(amounts[self.rows], is_known[self.rows])
        return self.sums[name]


class Sorted:
    """All rows of a stream whose key is known, sorted by key and then by their order."""

    def __init__(self, times: Times, key: Sequence[Ints], scope: VelocityScope) -> None:
        """Sort; `key` are the codes of its features."""
        stream = times.stream
        self.times = times
        self._bits = len(stream).bit_length()
        whose = [stream.test_mode.astype(np.int64)]
        if scope is VelocityScope.MERCHANT:
            whose.append(stream.merchant)
        codes = combined([*key, *(each for each in whose if each.any())], self._bits)
        known = np.flatnonzero(codes >= 0)
        self._ordered = np.sort((codes[known] << self._bits) | known)
        self._rows = self._ordered & self._mask
        self._kinds = times.kinds[self._rows]
        is_payment = self._kinds == PAYMENT
        self.readers = self._rows[is_payment]
        """The rows of the payments whose key is known, sorted."""
        self.numbers = times.numbers[self.readers]
        """Their places among all payments."""
        self._keys = self._ordered[is_payment] & ~self._mask
        self._wholes: dict[Status | None, Part] = {}
        self._filtered: dict[tuple[object, ...], Part] = {}
        self._edges: dict[Status | None, dict[int, Ints]] = {}

    @property
    def _mask(self) -> int:
        return (1 << self._bits) - 1

    @cached_property
    def _groups(self) -> Ints:
        return _runs(self._ordered >> self._bits)

    @cached_property
    def _reader_groups(self) -> Ints:
        return _runs(self._keys)

    def part(self, velocity: Velocity) -> Part:
        """The items that a velocity looks at."""
        whole = self._whole(velocity.status)
        if not velocity.where:
            return whole
        name = (velocity.status, velocity.where)
        if name not in self._filtered:
            self._filtered[name] = whole.filtered(lets(self.times.stream, velocity))
        return self._filtered[name]

    def windows(self, velocity: Velocity) -> tuple[Ints, Ints]:
        """For each reader where its window begins and ends among the items of `part`."""
        status, part = velocity.status, self.part(velocity)
        ends = self._edge(status, velocity.delay_us)
        is_anew = velocity.since is not None
        starts = self._anew(velocity, ends) if is_anew else self._edge(status, begin_us(velocity))
        return part.place(starts), part.place(ends)

    def reached(self, velocity: Velocity, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
        """How many windows begin, and how many end, at each item or before; found once an edge."""
        part = self.part(velocity)
        count, known = len(part.rows), part.reached
        if velocity.delay_us not in known:
            known[velocity.delay_us] = reached(ends, count)
        if velocity.since is not None:
            return reached(starts, count), known[velocity.delay_us]
        if begin_us(velocity) not in known:
            known[begin_us(velocity)] = reached(starts, count)
        return known[begin_us(velocity)], known[velocity.delay_us]

    def _anew(self, velocity: Velocity, ends: Ints) -> Ints:
        """Where the windows of a velocity that starts anew begin."""
        assert velocity.since is not None, "the velocity starts anew"
        assert self.times.after is not None, "prepared for velocities that start anew"
        events, last = self._whole(velocity.since), self._edge(velocity.since, 0) - 1
        is_some = last >= self._edge(velocity.since, EVER)
        cuts = np.zeros(len(self.readers), dtype=np.int64)
        cuts[is_some] = self.times.after[events.rows[last[is_some]]]
        if velocity.window_us is not None:
            cuts = np.maximum(cuts, self.times.cuts[velocity.window_us][self.numbers])
        found: Ints = np.minimum(np.searchsorted(self._whole(velocity.status).ordered, self._keys + cuts), ends)
        return found

    def _edge(self, status: Status | None, offset: int) -> Ints:
        """How many items stand before those that are later than so many microseconds before each reader.

        With 0, before those that are not before the reader itself; with EVER, before those of its key.
        """
        edges = self._edges.get(status) or self._edges.setdefault(status, self._bounds(status))
        if offset not in edges:
            # Windows lie within one another: only where something is between the next ones is there what to search.
            outer = edges[min(each for each in edges if each > offset)]
            inner = edges[max(each for each in edges if each < offset)]
            open_ = np.flatnonzero(outer < inner)
            rows = self.times.cuts[offset][self.numbers[open_]] if offset else self.readers[open_]
            edges[offset] = outer.copy()
            edges[offset][open_] = np.searchsorted(self._whole(status).ordered, self._keys[open_] + rows)
        return edges[offset]

    def _bounds(self, status: Status | None) -> dict[int, Ints]:
        """For each reader how many items stand before those of its key, and before those of later keys."""
        first = np.flatnonzero(np.diff(self._reader_groups, prepend=-1))
        if status is None:
            return {EVER: first[self._reader_groups], 0: np.arange(len(self.readers))}
        items, keys = self._whole(status).ordered, self._keys[first]
        ends = np.searchsorted(items, keys + self._mask, "right")
        return {EVER: np.searchsorted(items, keys)[self._reader_groups], _NEVER: ends[self._reader_groups]}

    def _whole(self, status: Status | None) -> Part:
        if status not in self._wholes:
            these = self._kinds == (PAYMENT if status is None else STATUSES.index(status))
            self._wholes[status] = Part(self._ordered[these], self._rows[these], self._groups[these])
        return self._wholes[status]

    def earlier(self, status: Status | None, reader: int) -> Ints:
        """The rows of the items with a reader's key that stand before it."""
        start, end = self._edge(status, EVER)[reader], self._edge(status, 0)[reader]
        return self._whole(status).rows[start:end]


def begin_us(velocity: Velocity) -> int:
    """How long ago a window begins, in microseconds; EVER for all time."""
    return EVER if velocity.window_us is None else velocity.delay_us + velocity.window_us


def _runs(keys: Ints) -> Ints:
    """Number runs of equal keys from 0 on."""
    runs = np.zeros(len(keys), dtype=np.int64)
    np.cumsum(keys[1:] != keys[:-1], out=runs[1:])
    return runs


def lets(stream: Stream, velocity: Velocity) -> Mask:
    """Which rows the velocity's filter lets through."""
    found = np.ones(len(stream), dtype=np.bool_)
    for name, value in velocity.where:
        found &= stream.features[name].are(value)
    return found
