"""What is held of one stream: the payments of one merchant in one mode, or those that came to one status, or of all."""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from operator import call
from typing import TYPE_CHECKING, Any, Final

from engine.features import Value
from engine.stores.memory_columns import Columns, Profile
from engine.stores.memory_crowd import Crowd
from engine.stores.memory_entity import Entity
from engine.stores.memory_few import Grown, Ordinals
from engine.stores.memory_keys import Keys
from engine.stores.memory_leaving import NEVER_US, PARTS, Leaving, Member
from engine.stores.memory_plan import Group, Plan, Row
from engine.stores.memory_reading import Reader
from engine.stores.memory_windowed import Windowed, is_windowed

if TYPE_CHECKING:
    from engine.stores.memory_inputs import Loaded

Held = Any
"""What is held of a key value, as its group does: an ordinal, those of a few, a crowd or an entity."""
Sought = tuple[Sequence[Hashable], Sequence[Held | None]]
"""By group the key value of a row, None where it is unknown, and what is held of it, None where nothing is."""

COMMON: Final = 1_000
"""Different values of a feature up to which equal ones are looked for, though no key is made of it."""
COMPACT: Final = 4_096
"""Dropped items from which on the columns are shortened."""


class Scope:
    """Items numbered in the order in which they came: the ordinal."""

    __slots__ = (
        "_alone",
        "_alone_finds",
        "_alone_of",
        "_columns",
        "_common",
        "_ever",
        "_finds",
        "_held",
        "_keys",
        "_last",
        "_leaves_us",
        "_leaving",
        "_moves_us",
        "_offsets_us",
        "_ordinals",
        "_soonest_us",
        "_started_us",
        "_starts",
        "has_begun",
        "now_us",
        "plan",
    )

    def __init__(self, plan: Plan) -> None:
        """Begin with nothing seen."""
        self.now_us = 0
        """The time of the latest item."""
        self.has_begun = False
        """Whether anything ever came: else there is nothing to read."""
        self.plan = plan
        self._ordinals: dict[str, int] = {}
        self._columns = Columns(plan)
        windowed = [group for group in plan.groups if plan.is_in_order and is_windowed(group)]
        self._offsets_us = sorted({offset_us for group in windowed for offset_us in group.offsets_us})
        self._starts = [0] * len(self._offsets_us)
        """The ordinals at which windows started at the latest reading, and until when they start there."""
        self._started_us = self._moves_us = 0
        self._keys = tuple(self._keys_of(group, is_windowed=group in windowed) for group in plan.groups)
        self._leaving = self._leaving_of(windowed)
        self._last = self._leaving[-1]
        """What leaves it is held no more."""
        self._leaves_us = NEVER_US
        """No item is to be dropped before."""
        self._soonest_us = self._leaving[0].hold_us
        self._held: tuple[dict[Hashable, Held], ...] = tuple(keys.held for keys in self._keys)
        self._finds = tuple(keys.find for keys in self._keys)
        self._alone = tuple((place, group.key[0]) for place, group in enumerate(plan.groups) if plan.is_by_one(group))
        """The groups that find items by one feature of a profile alone, and which that is."""
        alone = {feature for _, feature in self._alone}
        self._common: tuple[tuple[int, dict[Value, Value]], ...] = tuple(
            (index, {}) for index in range(plan.profile) if index not in alone
        )
        """The other features of it, such as countries: their values, as long as they are few."""

    def advance(self, at_us: int) -> None:
        """Let time pass: drop a few of the items that left the longest window."""
        self.now_us = max(self.now_us, at_us)
        assert at_us == self.now_us or not self.plan.is_in_order, f"observed at {at_us}, after one at {self.now_us}"
        if self.now_us < self._leaves_us:
            return
        first = self._last.first
        self._leaves_us = min([leaving.advance(self.now_us) for leaving in self._leaving])
        if self._last.first > first:
            self._clear(first, self._last.first)

    def find(self, payment_id: str, since_us: int) -> int | None:
        """The ordinal of a payment counted after a time, None where there is none."""
        ordinal = self._ordinals.get(payment_id)
        return ordinal if ordinal is not None and self._columns.time(ordinal) > since_us else None

    def sequence(self, ordinal: int) -> int:
        """A payment's sequence."""
        sequences = self._columns.sequences
        assert sequences is not None, "payments alone have one"
        return sequences[ordinal - self._columns.base]

    def counted_at_us(self, ordinal: int) -> int:
        """When a payment was counted."""
        return self._columns.time(ordinal)

    def row(self, ordinal: int) -> Row:
        """What is kept of a payment that is held: the first inputs of its row."""
        return self._columns.row(ordinal, self.plan.kept)

    def profile(self, payment_id: str) -> tuple[str | None, Profile] | None:
        """The texts in which a payment is held: its id and its profile."""
        ordinal = self._ordinals.get(payment_id)
        return None if ordinal is None else (self._columns.id_of(ordinal), self._columns.profile(ordinal))

    def counted_by(self, row: Row) -> list[Value]:
        """What of a row the stream counts by: two events alike in it are one and the same to it."""
        plan = self.plan
        return [*row[: plan.profile], *(row[index] for index in (*plan.loose, *plan.amounts))]

    def amounts(self, ordinal: int) -> list[tuple[int, Value]]:
        """Of a payment that is held the amounts, each with its index in a row."""
        columns = self._columns
        return [(at, columns.amount(ordinal, index)) for index, at in enumerate(columns.amounts_at)]

    def since(self, at_us: int) -> list[str]:
        """The payments held that were counted after a time: only where items come in the order of time."""
        columns = self._columns
        start = bisect_right(columns.times, at_us, self._last.first - columns.base)
        found = (columns.id_of(each + columns.base) for each in range(start, len(columns.times)))
        return [payment_id for payment_id in found if payment_id is not None]

    def seek(self, row: Row) -> Sought:
        """The row's key values by group, and what is held of each."""
        keys = self.plan.picks.keys_of(row)
        return keys, [*map(call, self._finds, keys)]

    def read(
        self, sought: Sought, values: list[Value], at_us: int, excluded: Sequence[int], resets: Sequence[int | None]
    ) -> None:
        """Put what groups show at a time where something is held, without the items of the excluded ordinals.

        `values` are those of all streams.
        """
        keys, found = sought
        if found.count(None) == len(found):
            return
        if at_us < self.now_us and self.plan.is_in_order:
            excluded = (*excluded, *self._later(at_us))
        reader = Reader(self._columns, at_us, self._starts_at(at_us), excluded, resets)
        slots, groups = self.plan.slots, self._keys
        for place, held in enumerate(found):
            if held is not None:
                values[slots[place]] = groups[place].read(keys[place], held, reader)

    def last_us(self, group: int, row: Row, until_us: int, excluded: Sequence[int]) -> int | None:
        """The time of a group's latest item with the row's key until then, without those excluded."""
        keys = self._keys[group]
        key = self.plan.groups[group].pick(row)
        return None if key is None else keys.last_us(key, until_us, excluded)

    @property
    def columns(self) -> Columns:
        """What is held of each item."""
        return self._columns

    def finding(self, group: int) -> Callable[[Hashable], Sequence[int]]:
        """What gives the ordinals that a group holds of a key value, ascending where items come in order."""
        return self._keys[group].ordinals

    def between(self, since_us: int, until_us: int) -> tuple[int, int]:
        """The ordinal of the first item later than a time, and that behind the last until another."""
        base, times = self._columns.base, self._columns.times
        end = len(times) if until_us >= self.now_us else bisect_right(times, until_us)
        return base + bisect_right(times, since_us), base + end

    def ordinal_of(self, payment_id: str) -> int | None:
        """The ordinal of a payment, None where it is not held."""
        return self._ordinals.get(payment_id)

    def is_dropped(self, ordinal: int) -> bool:
        """Whether what came at this ordinal left the longest window and is not held any more."""
        return ordinal < self._last.first

    def reserve(self, at_us: int) -> int:
        """An ordinal at which nothing is counted, unless it is placed there."""
        self._comes(at_us)
        return self._columns.reserve(at_us)

    def place(self, payment_id: str, ordinal: int, row: Row) -> None:
        """Count a payment that is not held at an ordinal reserved for it: O(n) in what its keys hold since."""
        self._columns.place(ordinal, payment_id, row)
        self._count(payment_id, ordinal, row)
        for leaving in self._leaving:
            if ordinal < leaving.first:
                leaving.drop(ordinal)

    def append(
        self,
        payment_id: str,
        at_us: int,
        sequence: int,
        row: Row,
        sought: Sought | None = None,
        like: tuple[str | None, Profile] | None = None,
    ) -> None:
        """Count a payment that is not held; a status's stream has no use for a sequence.

        `sought` is what is held of the row's key values, where it was looked up already. `like` holds the texts in
        which the payment is held elsewhere.
        """
        profile = self._columns.profile_of(row)
        if like is not None:
            payment_id = like[0] or payment_id
        if like is not None and like[1] == profile:
            profile = like[1]
        else:
            profile = self._shared(profile, (sought or self.seek(row))[1])
        self._comes(at_us)
        ordinal = self._columns.append(payment_id, at_us, sequence, row, profile)
        self._count(payment_id, ordinal, (*profile, *row[len(profile) :]))

    def load(self, items: "Loaded") -> None:
        """Hold these items, where nothing is held, as if each had been appended; what left the windows is dropped."""
        from engine.stores.memory_grouped import Grouped  # noqa: PLC0415 - columns take a third of a second to load

        self._columns.load(items)
        self._ordinals = {each: at for each, at in zip(items.ids, items.ordinals, strict=True) if each is not None}
        if not len(items):
            return
        now_us = int(items.at_us[-1])
        for leaving in self._leaving:
            # What left the longest windows may have to be told to the past.
            first = 0 if leaving is self._last else leaving.leave_at_once(now_us)
            for group, keys in leaving.members:
                keys.load(Grouped(items, group, first))
        self._comes(int(items.at_us[0]))
        first = -1
        while first != self._last.first:
            first = self._last.first
            self.advance(now_us)

    def forget(self, payment_id: str) -> None:
        """Take a payment out as if it had never been; its ordinal stays empty."""
        ordinal = self._ordinals.pop(payment_id, None)
        if ordinal is None:
            return
        counted = self.plan.picks.counted_of(self._columns.row(ordinal, self.plan.kept))
        for key, keys in zip(counted, self._keys, strict=True):
            if key is not None:
                keys.remove(key, ordinal, self._edge_us())
        self._columns.clear(ordinal)

    def held(self) -> tuple[int, int]:
        """How many payments and how many key values are held."""
        return len(self._ordinals), sum(len(keys) for keys in self._keys)

    def _edge_us(self) -> int:
        return -1 if self.plan.hold_us is None else self.now_us - self.plan.hold_us

    def _comes(self, at_us: int) -> None:
        """An item comes, which will leave the windows."""
        self.has_begun = True
        self._leaves_us = min(self._leaves_us, at_us + self._soonest_us)
        if self._offsets_us and at_us + self._offsets_us[0] < self._moves_us:
            self._moves_us = at_us + self._offsets_us[0]

    def _count(self, payment_id: str, ordinal: int, row: Row) -> None:
        self._ordinals[payment_id] = ordinal
        edge_us, grown = self._edge_us(), Grown(self._columns, ordinal)
        for key, held, keys in zip(self.plan.picks.counted_of(row), self._held, self._keys, strict=True):
            if key is not None and (before := held.setdefault(key, ordinal)) is not ordinal:
                keys.add(key, before, ordinal, grown, row, edge_us)

    def _clear(self, first: int, end: int) -> None:
        """Hold no more of these items: no group holds them."""
        columns = self._columns
        for ordinal in range(first, end):
            payment_id = columns.id_of(ordinal)
            if payment_id is not None:
                if self._ordinals.get(payment_id) == ordinal:
                    del self._ordinals[payment_id]
                # Its texts go now: those of all that are dropped at once would hold others up.
                columns.clear(ordinal)
        gone = end - columns.base
        if gone >= COMPACT and 2 * gone >= len(columns.times):
            columns.drop(gone)

    def _shared(self, profile: Profile, found: Sequence[Held | None]) -> Profile:
        """An equal profile that is held already, else one of texts that are held already, as far as they are.

        `found` is what each group holds of the key values.
        """
        profiles, base, texts = self._columns.profiles, self._columns.base, list(profile)
        for place, column in self._alone:
            held = found[place]
            latest = None if held is None else _latest(held)
            if latest is not None:
                another = profiles[latest - base]
                if another == profile:
                    return another
                texts[column] = another[column]
        for column, common in self._common:
            text = texts[column]
            texts[column] = common.setdefault(text, text) if len(common) < COMMON else common.get(text, text)
        return tuple(texts)

    def _starts_at(self, at_us: int) -> Sequence[int]:
        """The ordinals from which on items are later than the start of each window."""
        columns, starts = self._columns, self._starts
        if self._started_us <= at_us < self._moves_us:
            return starts
        base, times = columns.base, columns.times
        end, moves_us = len(times), NEVER_US
        for place, offset_us in enumerate(self._offsets_us):
            edge_us, index = at_us - offset_us, max(starts[place] - base, 0)
            if index < end and times[index] <= edge_us:
                index = bisect_right(times, edge_us, index + 1)
            elif index and times[index - 1] > edge_us:
                # Read as of an earlier time.
                index = bisect_right(times, edge_us, 0, index)
            starts[place] = base + index
            if index < end:
                moves_us = min(moves_us, times[index] + offset_us)
        self._started_us, self._moves_us = at_us, moves_us
        return starts

    def _later(self, at_us: int) -> range:
        """The ordinals of the items that are later than a time."""
        columns = self._columns
        end = columns.base + len(columns.times)
        return range(columns.base + bisect_right(columns.times, at_us), end)

    def _keys_of(self, group: Group, *, is_windowed: bool) -> Keys | Windowed:
        return Windowed(group, self._columns, self._offsets_us) if is_windowed else Keys(group, self._columns)

    def _leaving_of(self, windowed: Sequence[Group]) -> tuple[Leaving, ...]:
        """The groups by how long they hold an item, the shortest first and what holds all last."""
        hold_us = NEVER_US if self.plan.hold_us is None else self.plan.hold_us
        least_us = (self.plan.hold_us or 0) // PARTS
        members: dict[int, list[Member]] = {hold_us: []}
        for group, keys in zip(self.plan.groups, self._keys, strict=True):
            # Where others start anew at its items they are looked for as long as any is held.
            is_own = group in windowed and not group.is_reset
            own_us = max(*group.offsets_us, least_us) if is_own else hold_us
            members.setdefault(own_us, []).append((group, keys))
        return tuple(Leaving(each, members[each], self._columns, self.plan.kept) for each in sorted(members))


def _latest(held: int | Ordinals | Crowd | Entity) -> int | None:
    """The latest ordinal of what is held of a key value; None where all is past."""
    if isinstance(held, int):
        return held
    if isinstance(held, tuple):
        return held[-1] if held else None
    return held.last()
