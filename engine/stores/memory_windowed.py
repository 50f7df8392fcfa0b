"""What is held of each key value where nothing but windows until now look: all that the default set asks for.

Items come in the order of time there, so a window starts at an ordinal, found once a payment for all keys alike.
"""

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final

from engine.features import Value
from engine.stores.memory_columns import Columns
from engine.stores.memory_crowd import Crowd
from engine.stores.memory_plan import At, Group, Kind, Row

if TYPE_CHECKING:
    from engine.stores.memory_inputs import Grouped

FEW: Final = 16
"""Items up to which a key value has nothing of its own but their ordinals."""
_KINDS: Final = frozenset({Kind.COUNT, Kind.TOTAL, Kind.DISTINCT})

_Few = tuple[int, ...]


def is_windowed(group: Group) -> bool:
    """Whether the group's numbers are made of nothing but windows until now."""
    is_plain = group.is_nested and not group.is_ever and all(block.kind in _KINDS for block in group.blocks)
    return is_plain and bool(group.spans)


class Windowed:
    """The items by key value, their ordinals ascending: of one item its ordinal, of some a tuple, of more a crowd.

    All else about an item stands in the stream's columns. So the state of every key follows from the ordinals at which
    it stands there, in their order: `singles` where there is one, else `many`.
    """

    __slots__ = (
        "_columns",
        "_counts",
        "_group",
        "_longest",
        "_ones",
        "_shortest",
        "_spans",
        "_told",
        "_totals",
        "few",
        "many",
        "pick",
        "singles",
    )
    pasts: Final = None

    def __init__(self, group: Group, columns: Columns, offsets_us: Sequence[int]) -> None:
        """Begin with nothing seen; `offsets_us` says how long ago each of the starts is that are given to read."""
        assert is_windowed(group), "read of what has another state"
        self._group = group
        self._columns = columns
        self.few = FEW
        self._spans = tuple(offsets_us.index(offset_us) for offset_us in group.offsets_us)
        self._shortest, self._longest = self._spans[0], self._spans[-1]
        spans_of = {(block.kind, block.index): block.spans for block in group.blocks}
        self._counts = spans_of.get((Kind.COUNT, 0), ())
        self._totals = tuple((index, spans) for (kind, index), spans in spans_of.items() if kind is Kind.TOTAL)
        self._told = tuple(
            (group.told[group.tellings[index][0]], spans)
            for (kind, index), spans in spans_of.items()
            if kind is Kind.DISTINCT
        )
        self._ones = [1] * sum(len(spans) for column, spans in self._told if column not in columns.loose)
        self.pick = group.pick
        self.singles: dict[Hashable, int] = {}
        self.many: dict[Hashable, _Few | Crowd] = {}

    def __len__(self) -> int:
        return len(self.singles) + len(self.many)

    def key_of(self, row: Row) -> Hashable:
        """The key value under which an item is counted, None where it is not."""
        for index, value in self._group.where:
            if row[index] != value or row[index] is None:
                return None
        return self.pick(row)

    def any_of(self, key: Hashable) -> int | None:
        """The ordinal of the latest item of a key value, None where none is held."""
        single = self.singles.get(key)
        if single is not None:
            return single
        held = self.many.get(key)
        return None if held is None else held[-1] if isinstance(held, tuple) else held.ordinals[-1]

    def add(self, key: Hashable, ordinal: int, _row: Row, _edge_us: int) -> None:
        """Count an item; mostly the latest one."""
        single = self.singles.get(key)
        if single is not None:
            del self.singles[key]
            self.many[key] = (single, ordinal) if single < ordinal else (ordinal, single)
            return
        held = self.many.get(key)
        if held is None:
            self.singles[key] = ordinal
        elif isinstance(held, tuple):
            few = (*held, ordinal)
            if held[-1] > ordinal:
                few = tuple(sorted(few))
            self.many[key] = few if len(few) <= self.few else self._crowd(few)
        else:
            held.add(ordinal)

    def load(self, items: "Grouped") -> None:
        """Hold these, where nothing is held."""
        self.singles.update(items.singles)
        self.many.update(items.few)
        for key, ordinals in items.more:
            self.many[key] = self._crowd(ordinals)

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

    def expire(self, key: Hashable, ordinal: int) -> None:
        """An item left the windows: drop it, the first of its key value."""
        if self.singles.get(key) == ordinal:
            del self.singles[key]
            return
        held = self.many.get(key)
        if isinstance(held, tuple):
            if held[0] == ordinal:
                self._keep(key, held[1:])
        elif held is not None:
            held.expire(ordinal)
            if len(held) <= self.few // 2:
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

    def read(self, key: Hashable, when: At) -> Sequence[Value]:
        """What the windows show of a key value, without the excluded ordinals."""
        starts, excluded = when.starts, when.excluded
        single = self.singles.get(key)
        held = (single,) if single is not None else self.many.get(key, ())
        if not isinstance(held, tuple):
            if not excluded or held.is_told():
                return held.read([starts[span] for span in self._spans], excluded)
            held = held.live()
        if excluded:
            held = tuple([each for each in held if each not in excluded])
        if not held or held[-1] < starts[self._longest]:
            return self._group.unseen
        if held[0] >= starts[self._shortest]:
            return self._all(held)
        return self._some(held, starts)

    def _all(self, ordinals: _Few) -> list[Value]:
        """What is read of items that are all in all windows."""
        columns = self._columns
        base = columns.base
        values: list[Value] = [len(ordinals)] * len(self._counts)
        for index, spans in self._totals:
            amounts = columns.amounts[self._group.amounts[index]]
            values += [sum(amounts.known(ordinals, base))] * len(spans)
        if not self._told:
            return values
        profiles, loose = columns.profiles, columns.loose
        found = [profiles[each - base] for each in ordinals]
        first = found[0]
        is_one = None not in first and found.count(first) == len(found)
        if is_one:
            values += self._ones
        for index, spans in self._told:
            if index in loose:
                column = loose[index]
                different = {column[each - base] for each in ordinals}
            elif is_one:
                continue
            else:
                different = {each[index] for each in found}
            values += [len(different) - (None in different)] * len(spans)
        return values

    def _some(self, ordinals: _Few, starts: Sequence[int]) -> list[Value]:
        """What is read of items of which some are in some windows."""
        columns, size = self._columns, len(ordinals)
        base = columns.base
        firsts = [bisect_left(ordinals, starts[span]) for span in self._spans]
        values: list[Value] = [size - firsts[span] for span in self._counts]
        for index, spans in self._totals:
            amounts = columns.amounts[self._group.amounts[index]].known(ordinals, base)
            values += [sum(amounts[firsts[span] :]) for span in spans]
        if not self._told:
            return values
        found = [columns.profiles[each - base] for each in ordinals]
        for index, spans in self._told:
            if index in columns.loose:
                column = columns.loose[index]
                kept = [column[each - base] for each in ordinals]
            else:
                kept = [each[index] for each in found]
            before, count = size, 0
            for span in spans:
                if firsts[span] != before:
                    before = firsts[span]
                    different = {*kept[before:]}
                    count = len(different) - (None in different)
                values.append(count)
        return values

    def _keep(self, key: Hashable, few: _Few) -> None:
        """Hold these few of a key value that has more."""
        if len(few) > 1:
            self.many[key] = few
        else:
            del self.many[key]
            self.singles.update((key, each) for each in few)

    def _crowd(self, ordinals: Sequence[int]) -> Crowd:
        return Crowd(self._columns, self._group, (self._counts, self._totals, self._told), ordinals)
