"""The rows of a stream sorted by a key, and where the windows of its payments begin and end among them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engine.velocity.batch.stream import PAYMENT, STATUSES, Ints, Mask, Stream
from engine.velocity.batch.windows import before, following
from engine.velocity.spec import Status, Velocity, VelocityScope

_REPEAT = -2
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
        offsets = {each.delay_us for each in velocities}
        offsets |= {each.delay_us + each.window_us for each in velocities if each.window_us is not None}
        cuts = {offset: np.searchsorted(at_us, at_us[payments] - offset, "right") for offset in sorted(offsets)}
        anew = any(each.since is not None for each in velocities)
        after = np.searchsorted(at_us, at_us, "right") if anew else None
        return cls(stream, kinds, payments, cuts, after, own)


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
    columns: dict[str, tuple[Ints, Ints]] = field(default_factory=dict)
    """What was found of a feature before, by the feature's name."""

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
        if name not in self.columns:
            self.columns[name] = following(self.groups, codes[self.rows])
        return self.columns[name]


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
        self.numbers = np.searchsorted(times.payments, self.readers)
        """Their places among all payments."""
        self._keys = self._ordered[is_payment] & ~self._mask
        self._wholes: dict[Status | None, Part] = {}
        self._filtered: dict[tuple[object, ...], Part] = {}
        self._edges: dict[tuple[Status | None, int | None], Ints] = {}

    @property
    def _mask(self) -> int:
        return (1 << self._bits) - 1

    @cached_property
    def _groups(self) -> Ints:
        groups = np.zeros(len(self._ordered), dtype=np.int64)
        keys = self._ordered >> self._bits
        np.cumsum(keys[1:] != keys[:-1], out=groups[1:])
        return groups

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
        ends = self._edge(status, velocity.delay_us or None)
        if velocity.since is None:
            offset = -1 if velocity.window_us is None else velocity.delay_us + velocity.window_us
            starts = self._edge(status, offset)
        else:
            starts = np.minimum(self._search(status, self._anew(velocity)), ends)
        return part.place(starts), part.place(ends)

    def _anew(self, velocity: Velocity) -> Ints:
        """For each reader the first row of the stream that its window may look at, where it starts anew."""
        assert velocity.since is not None, "the velocity starts anew"
        assert self.times.after is not None, "prepared for velocities that start anew"
        events = self._whole(velocity.since).ordered
        last = np.searchsorted(events, self._keys | self.readers) - 1
        cuts = np.zeros(len(self.readers), dtype=np.int64)
        if len(events):
            is_same = (last >= 0) & ((events[last] & ~self._mask) == self._keys)
            cuts = np.where(is_same, self.times.after[events[last] & self._mask], 0)
        if velocity.window_us is not None:
            cuts = np.maximum(cuts, self.times.cuts[velocity.window_us][self.numbers])
        return cuts

    def _edge(self, status: Status | None, offset: int | None) -> Ints:
        """Where items later than so many microseconds before each reader begin; -1: its key's, None: its own place."""
        if (status, offset) not in self._edges:
            if offset == -1:
                rows = np.zeros(len(self.readers), dtype=np.int64)
            else:
                rows = self.readers if offset is None else self.times.cuts[offset][self.numbers]
            is_own_place = status is None and offset is None
            self._edges[status, offset] = np.arange(len(rows)) if is_own_place else self._search(status, rows)
        return self._edges[status, offset]

    def _search(self, status: Status | None, rows: Ints) -> Ints:
        """How many items stand before each reader's key and row."""
        found: Ints = np.searchsorted(self._whole(status).ordered, self._keys + rows)
        return found

    def _whole(self, status: Status | None) -> Part:
        if status not in self._wholes:
            these = self._kinds == (PAYMENT if status is None else STATUSES.index(status))
            self._wholes[status] = Part(self._ordered[these], self._rows[these], self._groups[these])
        return self._wholes[status]

    def earlier(self, status: Status | None, reader: int) -> Ints:
        """The rows of the items with a reader's key that stand before it."""
        whole, key = self._whole(status), self._keys[reader]
        start, end = np.searchsorted(whole.ordered, [key, key + self.readers[reader]])
        return whole.rows[start:end]


def lets(stream: Stream, velocity: Velocity) -> Mask:
    """Which rows the velocity's filter lets through."""
    found = np.ones(len(stream), dtype=np.bool_)
    for name, value in velocity.where:
        found &= stream.features[name].are(value)
    return found
