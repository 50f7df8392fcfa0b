"""What is held of each key value where nothing but windows until now look: all that the default set asks for.

Items come in the order of time there, so a window starts at an ordinal, found once a payment for all keys alike.
"""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from engine.features import Value
from engine.stores.memory_columns import Columns
from engine.stores.memory_crowd import Crowd
from engine.stores.memory_few import FEW, US_PER_SECOND, Grown, Ordinals
from engine.stores.memory_plan import Group, Kind, Row, Take, gathering
from engine.stores.memory_reading import Reader

if TYPE_CHECKING:
    from engine.stores.memory_grouped import Grouped

_KINDS: Final = frozenset({Kind.COUNT, Kind.TOTAL, Kind.DISTINCT, Kind.FIRST})


def is_windowed(group: Group) -> bool:
    """Whether the group's numbers are made of nothing but windows until now."""
    is_plain = group.is_nested and not group.is_ever and all(block.kind in _KINDS for block in group.blocks)
    return is_plain and bool(group.spans)


class _One(NamedTuple):
    """What a group shows of the only item of a key value, of which all is known, where it lies in some of its spans."""

    values: tuple[Value, ...]
    totals: tuple[tuple[int, slice, tuple[int, ...]], ...]
    """By amount of the plan where the sums stand, and by how much each is the amount: by 0 or 1."""
    firsts: tuple[int, ...]
    """Where the age of the item stands."""


def _of_one(group: Group) -> tuple[_One, ...]:
    """By how many of its spans, the shortest first, the item is not in."""
    return tuple(_one(group, out) for out in range(len(group.spans)))


def _one(group: Group, out: int) -> _One:
    values, totals, firsts = list[Value](), [], list[int]()
    for block in group.blocks:
        inside, place = tuple(int(span >= out) for span in block.spans), len(values)
        if block.kind is Kind.TOTAL:
            totals.append((group.amounts[block.index], slice(place, place + len(inside)), inside))
        if block.kind is Kind.FIRST:
            firsts += [place + index for index, each in enumerate(inside) if each]
            values += [None] * len(inside)
        else:
            values += inside
    return _One(tuple(values), tuple(totals), tuple(firsts))


class Windowed:
    """The items by key value, their ordinals ascending: of one item its ordinal, of a few a tuple, of more a crowd.

    All else about an item stands in the stream's columns. So the state of every key value, `held`, follows from the
    ordinals of its items in their order: a crowd is begun with them.
    """

    __slots__ = (
        "_columns",
        "_counts",
        "_firsts",
        "_group",
        "_of_one",
        "_spans",
        "_steady",
        "_told",
        "_totals",
        "few",
        "find",
        "held",
    )
    pasts: Final = None

    def __init__(self, group: Group, columns: Columns, offsets_us: Sequence[int]) -> None:
        """Begin with nothing seen; `offsets_us` says how long ago each of the starts is that are given to read."""
        assert is_windowed(group), "read of what has another state"
        self._group = group
        self._columns = columns
        self.few = FEW
        self._spans = [offsets_us.index(offset_us) for offset_us in group.offsets_us]
        of_kind = {kind: [block for block in group.blocks if block.kind is kind] for kind in _KINDS}
        self._of_one = _of_one(group)
        self._counts = gathering([self._spans[span] for block in of_kind[Kind.COUNT] for span in block.spans])
        self._totals = tuple(
            (group.amounts[block.index], gathering([self._spans[span] for span in block.spans]))
            for block in of_kind[Kind.TOTAL]
        )
        self._firsts = tuple(self._spans[span] for block in of_kind[Kind.FIRST] for span in block.spans)
        told = [
            (group.told[group.tellings[block.index][0]], [self._spans[span] for span in block.spans])
            for block in of_kind[Kind.DISTINCT]
        ]
        self._told = tuple((index, gathering(spans)) for index, spans in told)
        """What is told apart, by its index in a row: in the order of the plan, so what changes is last."""
        steady = [each for each in told if each[0] not in columns.loose]
        self._steady: tuple[int, Take] = len(steady), gathering([span for _, spans in steady for span in spans])
        self.held: dict[Hashable, int | Ordinals | Crowd] = {}
        self.find = self.held.get

    def __len__(self) -> int:
        return len(self.held)

    def add(
        self, key: Hashable, held: int | Ordinals | Crowd, ordinal: int, grown: Grown, row: Row, _edge_us: int
    ) -> None:
        """Count another item of a key value of which this is held; mostly the latest one."""
        if isinstance(held, Crowd):
            if ordinal > held.last():
                held.add_latest(ordinal, row)
            else:
                held.add(ordinal)
            return
        ordinals, is_few = grown.of(held)
        self.held[key] = ordinals if is_few else Crowd(self._columns, self._group, ordinals)

    def load(self, items: "Grouped") -> None:
        """Hold these, where nothing is held."""
        columns, group, are_few = self._columns, self._group, items.are_few()
        self.held.update(items.few(are_few))
        indices = [group.told[index] for index, _ in group.tellings]
        for key, ordinals, told in items.crowds(~are_few, indices, columns):
            self.held[key] = Crowd(columns, group, ordinals, told)

    def remove(self, key: Hashable, ordinal: int, _edge_us: int) -> None:
        """Take an item out as if it had never been; one that is not held is fine."""
        held = self.held.get(key)
        if isinstance(held, Crowd):
            held.remove(ordinal)
            self._keep(key, held)
        elif isinstance(held, tuple):
            self._keep(key, tuple(each for each in held if each != ordinal))
        elif held == ordinal:
            del self.held[key]

    def expire(self, key: Hashable, ordinal: int, left: dict[Ordinals, Ordinals]) -> None:
        """An item left the windows: drop it, the first of its key value. `left` is what other keys that had it hold."""
        held = self.held.get(key)
        if isinstance(held, Crowd):
            held.expire(ordinal)
            self._keep(key, held)
        elif isinstance(held, tuple):
            if held[0] == ordinal:
                self._keep(key, left.get(held) or left.setdefault(held, held[1:]))
        elif held == ordinal:
            del self.held[key]

    def ordinals(self, key: Hashable) -> Sequence[int]:
        """What is held of a key value, ascending; what left the windows may stand first."""
        held = self.held.get(key, ())
        return (held,) if isinstance(held, int) else held.ordinals if isinstance(held, Crowd) else held

    def last_us(self, key: Hashable, until_us: int, excluded: Sequence[int]) -> int | None:
        """The time of the key value's latest item until then that is not excluded."""
        time = self._columns.time
        for ordinal in reversed(self.ordinals(key)):
            if ordinal not in excluded and time(ordinal) <= until_us:
                return time(ordinal)
        return None

    def read(self, _key: Hashable, held: int | Ordinals | Crowd, reader: Reader) -> Sequence[Value]:
        """What the windows show of a key value of which this is held, without the excluded ordinals."""
        if isinstance(held, Crowd):
            return held.read([reader.starts[span] for span in self._spans], reader.excluded, reader.at_us)
        if isinstance(held, int) and (one := self._read_one(held, reader)) is not None:
            return one
        few = reader.few(held)
        values: list[Value] = [*self._counts(few.counts)]
        for index, gather in self._totals:
            values += gather(few.sums(index))
        told = self._told
        if told and (present := few.present()) is not None:
            steady, gather_steady = self._steady
            values += gather_steady(present)
            told = told[steady:]
        for index, gather in told:
            values += gather(few.different(index))
        for span in self._firsts:
            values.append(few.age_seconds(span, reader.at_us))
        return values

    def _read_one(self, ordinal: int, reader: Reader) -> Sequence[Value] | None:
        """As `read`, of the only item; None where something of it is unknown that is told apart."""
        starts, out = reader.starts, 0
        for span in self._spans:
            if ordinal >= starts[span]:
                break
            out += 1
        if out == len(self._spans) or ordinal in reader.excluded:
            return self._group.unseen
        columns, (steady, _) = self._columns, self._steady
        at = ordinal - columns.base
        for place, (index, _) in enumerate(self._told):
            # Only what is asked for is compared, and by what it is: to look at each text of a profile is to fetch it.
            if (columns.profiles[at][index] if place < steady else columns.loose[index][at]) is None:
                return None
        one = self._of_one[out]
        values: list[Value] = [*one.values]
        for index, slot, ones in one.totals:
            amount = columns.amounts[index].value(at, ordinal) or 0
            values[slot] = [amount * each for each in ones]
        for place in one.firsts:
            values[place] = (reader.at_us - columns.times[at]) // US_PER_SECOND
        return values

    def _keep(self, key: Hashable, held: Ordinals | Crowd) -> None:
        """Hold this of a key value that had more: a crowd only as long as it is one."""
        if isinstance(held, Crowd):
            if len(held) > self.few // 2:
                return
            held = held.live()
        if held:
            self.held[key] = held if len(held) > 1 else held[0]
        else:
            del self.held[key]
