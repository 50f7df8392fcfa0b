"""The items of a stream by the key value of a group, in columns: what each key value holds is a part of them."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from engine.stores.memory_columns import Columns
from engine.stores.memory_few import Ordinals, limits
from engine.stores.memory_inputs import Loaded
from engine.stores.memory_plan import Group
from engine.stores.memory_told import Told
from engine.velocity.batch.sorting import combined
from engine.velocity.batch.stream import Ints, Mask
from engine.velocity.batch.windows import following


class Grouped:
    """The items from some ordinal on, sorted by key value and then by ordinal."""

    def __init__(self, items: Loaded, group: Group, first: int) -> None:
        """Sort those that the group counts."""
        inputs, rows, bits = items.inputs, items.rows[first:], len(items).bit_length()
        columns = [inputs.codes[index][rows] for index in group.key]
        codes = combined(columns, bits)
        which = np.flatnonzero((codes >= 0) & inputs.lets(group, rows))
        ordered = np.sort((codes[which] << bits) | which)
        which = ordered & ((1 << bits) - 1)
        starts = np.flatnonzero(np.diff(ordered >> bits, prepend=-1))
        self._items = items
        self._ordinals: Ints = which + first
        self._starts = starts
        self._keys = [inputs.told[index][each[which[starts]]] for index, each in zip(group.key, columns, strict=True)]
        self.counts: Ints = np.diff(starts, append=len(which))
        """How many items each key value has."""

    def are_few(self) -> Mask:
        """Of which key values, where nothing but windows look, no more is held than ordinals."""
        few, few_alike, profiles_max = limits()
        alike, profiles = (self.counts > few) & (self.counts <= few_alike), np.zeros(len(self.counts), dtype=np.int64)
        lasts, _ = self._told(alike, self._items.inputs.profile_of)
        profiles[alike] = np.bincount(self._runs(alike)[lasts], minlength=np.count_nonzero(alike))
        found: Mask = (self.counts <= few) | (alike & (profiles <= profiles_max))
        return found

    def few(self, which: Mask) -> dict[Hashable, int | Ordinals]:
        """What these key values hold: the ordinal of one item, or those of more."""
        objects, shared, counts = self._items.ordinals, self._items.parts, np.where(which, self.counts, 0)
        held: dict[Hashable, int | Ordinals] = {}
        for count in np.unique(counts[which]).tolist():
            these = np.flatnonzero(counts == count)
            parts = objects[self._ordinals[self._starts[these][:, None] + np.arange(count)]]
            if count == 1:
                held.update(zip(self._keys_of(these), parts[:, 0].tolist(), strict=True))
            else:
                own = [shared.setdefault(each, each) for each in map(tuple, parts.tolist())]
                held.update(zip(self._keys_of(these), own, strict=True))
        return held

    def many(self, which: Mask) -> Iterator[tuple[Hashable, list[int]]]:
        """These key values one by one, each with its ordinals."""
        these, ends = np.flatnonzero(which), self._starts + self.counts
        for key, start, end in zip(
            self._keys_of(these), self._starts[these].tolist(), ends[these].tolist(), strict=True
        ):
            yield key, self._ordinals[start:end].tolist()

    def crowds(
        self, which: Mask, told: Sequence[int], columns: Columns
    ) -> Iterator[tuple[Hashable, list[int], list[Told]]]:
        """As `many`, and the values at these indices of the rows as they are told apart."""
        found = [self._told(which, self._items.inputs.codes[index]) for index in told]
        bounds = np.append(0, np.cumsum(self.counts[which])).tolist()
        for (key, ordinals), (start, end) in zip(self.many(which), pairwise(bounds), strict=True):
            tellings = []
            for index, (lasts, before) in zip(told, found, strict=True):
                places = np.flatnonzero(lasts[start:end])
                values = columns.values([ordinals[place] for place in places.tolist()], index)
                serials = np.maximum(before[start:end] - start, -1)
                tellings.append(
                    Told.of(
                        dict(zip(values, places.tolist(), strict=True)), serials.tobytes(), lasts[start:end].tobytes()
                    )
                )
            yield key, ordinals, tellings

    def _told(self, which: Mask, codes: Ints) -> tuple[Mask, Ints]:
        """Of all items of these key values whether each is its key's last with its value, and which is the one before.

        Those before are given by place, -1 where there is none.
        """
        ordinals = self._ordinals[np.repeat(which, self.counts)]
        items, nexts = following(self._runs(which), codes[self._items.rows[ordinals]])
        is_last = nexts == len(ordinals)
        lasts, before = np.zeros(len(ordinals), dtype=np.bool_), np.full(len(ordinals), -1)
        lasts[items[is_last]] = True
        before[nexts[~is_last]] = items[~is_last]
        return lasts, before

    def _runs(self, which: Mask) -> Ints:
        """For all items of these key values the number of theirs, from 0 on."""
        return np.repeat(np.arange(np.count_nonzero(which)), self.counts[which])

    def _keys_of(self, these: Ints) -> Iterator[Hashable]:
        values = [each[these].tolist() for each in self._keys]
        return iter(values[0]) if len(values) == 1 else zip(*values, strict=True)
