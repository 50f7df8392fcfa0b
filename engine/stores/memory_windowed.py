"""What is held of each key value where nothing but windows until now look: all that the default set asks for.

Items come in the order of time there, so a window starts at an ordinal, found once a payment for all keys alike.
"""

from collections.abc import Hashable, Sequence
from typing import Final

from engine.features import Value
from engine.stores.memory_columns import Columns
from engine.stores.memory_crowd import Crowd
from engine.stores.memory_few import FEW, Grown, Ordinals
from engine.stores.memory_plan import Group, Kind, Row, gathering
from engine.stores.memory_reading import Reader

_KINDS: Final = frozenset({Kind.COUNT, Kind.TOTAL, Kind.DISTINCT})


def is_windowed(group: Group) -> bool:
    """Whether the group's numbers are made of nothing but windows until now."""
    is_plain = group.is_nested and not group.is_ever and all(block.kind in _KINDS for block in group.blocks)
    return is_plain and bool(group.spans)


class Windowed:
    """The items by key value, their ordinals ascending: of one item its ordinal, of a few a tuple, of more a crowd.

    All else about an item stands in the stream's columns. So the state of every key follows from the ordinals of its
    items in their order: `singles` where it has one, else `many`.
    """

    __slots__ = ("_columns", "_counts", "_few", "_group", "_spans", "_steady", "_told", "_totals", "many", "singles")
    pasts: Final = None

    def __init__(self, group: Group, columns: Columns, offsets_us: Sequence[int]) -> None:
        """Begin with nothing seen; `offsets_us` says how long ago each of the starts is that are given to read."""
        assert is_windowed(group), "read of what has another state"
        self._group = group
        self._columns = columns
        self._few = FEW
        self._spans = [offsets_us.index(offset_us) for offset_us in group.offsets_us]
        of_kind = {kind: [block for block in group.blocks if block.kind is kind] for kind in _KINDS}
        self._counts = gathering([self._spans[span] for block in of_kind[Kind.COUNT] for span in block.spans])
        self._totals = tuple(
            (group.amounts[block.index], gathering([self._spans[span] for span in block.spans]))
            for block in of_kind[Kind.TOTAL]
        )
        told = [
            (group.told[group.tellings[block.index][0]], [self._spans[span] for span in block.spans])
            for block in of_kind[Kind.DISTINCT]
        ]
        self._told = tuple((index, gathering(spans)) for index, spans in told)
        """What is told apart, by its index in a row: in the order of the plan, so what changes is last."""
        steady = [each for each in told if each[0] not in columns.loose]
        self._steady = len(steady), gathering([span for _, spans in steady for span in spans])
        self.singles: dict[Hashable, int] = {}
        self.many: dict[Hashable, Ordinals | Crowd] = {}

    def __len__(self) -> int:
        return len(self.singles) + len(self.many)

    def key_of(self, row: Row) -> Hashable:
        """The key value under which an item is counted, None where it is not."""
        return self._group.key_of(row)

    def any_of(self, key: Hashable) -> int | None:
        """The ordinal of the latest item of a key value, None where none is held."""
        single = self.singles.get(key)
        if single is not None:
            return single
        held = self.many.get(key)
        return None if held is None else held[-1] if isinstance(held, tuple) else held.ordinals[-1]

    def add(self, key: Hashable, ordinal: int, grown: Grown, _row: Row, _edge_us: int) -> None:
        """Count an item; mostly the latest one."""
        single = self.singles.get(key)
        if single is not None:
            del self.singles[key]
            self._grow(key, *grown.of(single))
            return
        held = self.many.get(key)
        if held is None:
            self.singles[key] = ordinal
        elif isinstance(held, tuple):
            self._grow(key, *grown.of(held))
        else:
            held.add(ordinal)

    def remove(self, key: Hashable, ordinal: int, _edge_us: int) -> None:
        """Take an item out as if it had never been; one that is not held is fine."""
        if self.singles.get(key) == ordinal:
            del self.singles[key]
            return
        held = self.many.get(key)
        if isinstance(held, tuple):
            self._keep(key, tuple(each for each in held if each != ordinal))
        elif held is not None:
            held.remove(ordinal)
            if not len(held):
                del self.many[key]

    def expire(self, key: Hashable, ordinal: int, left: dict[Ordinals, Ordinals]) -> None:
        """An item left the windows: drop it, the first of its key value. `left` is what other keys that had it hold."""
        if self.singles.get(key) == ordinal:
            del self.singles[key]
            return
        held = self.many.get(key)
        if isinstance(held, tuple):
            if held[0] == ordinal:
                self._keep(key, left.get(held) or left.setdefault(held, held[1:]))
        elif held is not None:
            held.expire(ordinal)
            if len(held) <= self._few // 2:
                self._keep(key, held.live())

    def last_us(self, key: Hashable, until_us: int, excluded: Sequence[int]) -> int | None:
        """The time of the key value's latest item until then that is not excluded."""
        single = self.singles.get(key)
        held = (single,) if single is not None else self.many.get(key, ())
        time = self._columns.time
        for ordinal in reversed(held if isinstance(held, tuple) else held.ordinals):
            if ordinal not in excluded and time(ordinal) <= until_us:
                return time(ordinal)
        return None

    def read(self, key: Hashable, reader: Reader) -> Sequence[Value]:
        """What the windows show of a key value, without the excluded ordinals."""
        single = self.singles.get(key)
        if single is not None:
            few = reader.few(single)
        else:
            held = self.many[key]
            if not isinstance(held, tuple):
                return held.read([reader.starts[span] for span in self._spans], reader.excluded)
            few = reader.few(held)
        values: list[Value] = [*self._counts(few.counts)]
        for index, gather in self._totals:
            values += gather(few.sums(index))
        told = self._told
        if few.present is not None:
            steady, gather = self._steady
            values += gather(few.present)
            told = told[steady:]
        for index, gather in told:
            values += gather(few.different(index))
        return values

    def _grow(self, key: Hashable, ordinals: Ordinals, is_few: bool) -> None:  # noqa: FBT001 - as `Grown` says
        self.many[key] = ordinals if is_few else Crowd(self._columns, self._group, ordinals)

    def _keep(self, key: Hashable, few: Ordinals) -> None:
        """Hold these few of a key value that has more."""
        if len(few) > 1:
            self.many[key] = few
        else:
            del self.many[key]
            self.singles.update((key, each) for each in few)
