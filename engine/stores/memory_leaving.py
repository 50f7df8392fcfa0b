"""What leaves the windows: each group drops an item as soon as none of its own windows reaches it any more."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from engine.stores.memory_columns import Columns
from engine.stores.memory_few import Ordinals
from engine.stores.memory_keys import Keys
from engine.stores.memory_plan import EVER_US, Group, Picks
from engine.stores.memory_windowed import Windowed

EXPIRE: Final = 32
"""Items dropped at most by one observation, so that the first one after a quiet month need not drop a million."""
PARTS: Final = 30
"""Nothing is dropped before this part of the longest time: who holds next to nothing shares the work of others."""
NEVER_US: Final = 2 * EVER_US
"""Later than any time."""

Member = tuple[Group, Keys | Windowed]
"""A group, and what is held of its key values."""


class Leaving:
    """The groups that hold their items equally long."""

    __slots__ = ("_columns", "_is_by_profile", "_kept", "_keys", "_picks", "first", "hold_us", "members")

    def __init__(self, hold_us: int, members: Sequence[Member], columns: Columns, kept: int) -> None:
        """Begin with nothing seen; `kept` says how much of an item's row is kept."""
        self.members = members
        self.hold_us = hold_us
        self.first = 0
        """The first ordinal that is not dropped yet."""
        self._picks = Picks([group for group, _ in members])
        self._keys = [keys for _, keys in members]
        width = columns.width
        self._is_by_profile = all(max(group.key) < width and not group.where for group, _ in members)
        """Whether the profile of an item is as much of its row as is asked for."""
        self._columns = columns
        self._kept = kept

    def advance(self, now_us: int) -> int:
        """Let time pass: drop a few of the items that left; gives when the next one leaves."""
        columns, edge_us = self._columns, now_us - self.hold_us
        base, times = columns.base, columns.times
        end, ordinal = base + len(times), self.first
        until = min(end, ordinal + EXPIRE)
        while ordinal < until and times[ordinal - base] <= edge_us:
            self.drop(ordinal)
            ordinal += 1
        self.first = ordinal
        return times[ordinal - base] + self.hold_us if ordinal < end else NEVER_US

    def leave_at_once(self, now_us: int) -> int:
        """Let time pass where nothing is held yet of all items there are; gives the first that has not left."""
        columns = self._columns
        self.first = columns.base + bisect_right(columns.times, now_us - self.hold_us)
        return self.first

    def drop(self, ordinal: int) -> None:
        """Drop an item, the first of its key values; but what a general entity holds: that drops it when it grows."""
        columns = self._columns
        if columns.id_of(ordinal) is None:
            return
        row = columns.profile(ordinal) if self._is_by_profile else columns.row(ordinal, self._kept)
        counted, left = self._picks.counted_of(row), dict[Ordinals, Ordinals]()
        for key, keys in zip(counted, self._keys, strict=True):
            if key is not None:
                keys.expire(key, ordinal, left)
