"""What is held of each key value of one group: most have one item, and cost one entry in a dict."""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final

from engine.features import Value
from engine.stores.memory_columns import Columns
from engine.stores.memory_entity import Entity, Item
from engine.stores.memory_few import Grown, Ordinals
from engine.stores.memory_parts import Part, settled
from engine.stores.memory_past import Past, Pasts, sum_of
from engine.stores.memory_plan import EVER_US, Block, Group, Kind, Row
from engine.stores.memory_reading import Reader

if TYPE_CHECKING:
    from engine.stores.memory_grouped import Grouped

FEW: Final = 8
"""Items up to which a key value has no columns of its own: they are read from the scope's."""

_Few = tuple[int, ...]
"""The ordinals of two items or some more, in the order of time."""


class Keys:
    """The items by key value: the ordinal of the only one, those of a few, or an entity.

    What leaves the windows goes to the past where some span of the group has no start.
    """

    __slots__ = ("_columns", "_group", "few", "find", "held", "pasts")

    def __init__(self, group: Group, columns: Columns) -> None:
        """Begin with nothing seen."""
        self._group = group
        self._columns = columns
        self.few = FEW
        self.held: dict[Hashable, int | _Few | Entity] = {}
        self.pasts = Pasts(group.told_ever) if group.is_ever else None
        self.find = self.held.get if self.pasts is None else self._find_ever

    def __len__(self) -> int:
        return len(self.held)

    def add(
        self, key: Hashable, held: int | _Few | Entity, ordinal: int, _grown: Grown, row: Row, edge_us: int
    ) -> None:
        """Count another item of a key value of which this is held. What is not later than the edge may be dropped."""
        columns = self._columns
        if isinstance(held, Entity):
            past = self._past(key, is_made=True)
            held.compact(edge_us, past)
            group = self._group
            amounts = [columns.amount(ordinal, index) for index in group.amounts]
            held.add((ordinal, columns.time(ordinal), amounts, [row[index] for index in group.told]), past)
            return
        few = (held, ordinal) if isinstance(held, int) else (*held, ordinal)
        if columns.order(few[-2]) > columns.order(ordinal):
            few = tuple(sorted(few, key=columns.order))
        if len(few) <= self.few:
            self.held[key] = few
            return
        entity, past = Entity(self._group), self._past(key)
        for each in few:
            entity.add(self._item(each), past)
        self.held[key] = entity

    def load(self, items: "Grouped") -> None:
        """Hold these, where nothing is held: items in the order of time."""
        are_few = items.counts <= self.few
        self.held.update(items.few(are_few))
        for key, ordinals in items.many(~are_few):
            entity = self.held[key] = Entity(self._group)
            for each in ordinals:
                entity.add(self._item(each), None)

    def remove(self, key: Hashable, ordinal: int, edge_us: int) -> None:
        """Take an item out as if it had never been; one that is not held is fine."""
        held = self.held.get(key)
        if isinstance(held, Entity):
            position = held.position(ordinal, self._columns.time(ordinal))
            if position is not None:
                held.remove(position, self._past(key))
            last_us = held.last_us(EVER_US, ())
            if last_us is None or last_us <= edge_us:
                held.drop(len(held), self._past(key, is_made=True))
                del self.held[key]
        elif held is not None:
            self._leave(key, held, ordinal)

    def expire(self, key: Hashable, ordinal: int, _left: dict[Ordinals, Ordinals]) -> None:
        """An item left the windows: drop it, where it is not the entity's to drop."""
        held = self.held.get(key)
        if isinstance(held, Entity):
            if held.last() == ordinal:
                held.drop(len(held), self._past(key, is_made=True))
                del self.held[key]
        elif held is not None and self._leave(key, held, ordinal):
            self._fold(key, ordinal)

    def read(self, key: Hashable, found: int | _Few | Entity, reader: Reader) -> Sequence[Value]:
        """What the group reads of a key value of which this was found, without the items of the excluded ordinals."""
        at_us, excluded, resets = reader.at_us, reader.excluded, reader.resets
        group, held = self._group, (found,) if isinstance(found, int) else found
        past = None if self.pasts is None else self.pasts.get(key)
        edges = [at_us - offset_us for offset_us in group.offsets_us]
        for span, reset in group.resets:
            reset_us = resets[reset]
            if reset_us is not None and reset_us > edges[span]:
                edges[span] = reset_us
        if isinstance(held, Entity):
            return held.read(at_us, edges, self._positions(held, excluded), past)
        if excluded:
            held = tuple(each for each in held if each not in excluded)
        if not held and past is None:
            return group.unseen
        return self._read_few(held, at_us, edges, past)

    def ordinals(self, key: Hashable) -> Sequence[int]:
        """What is held of a key value, as items came in time; what left the windows may stand first."""
        held = self._held(key)
        return held.ordinals if isinstance(held, Entity) else held

    def last_us(self, key: Hashable, until_us: int, excluded: Sequence[int]) -> int | None:
        """The time of the key value's latest item until then that is not excluded."""
        held = self._held(key)
        if isinstance(held, Entity):
            return held.last_us(until_us, self._positions(held, excluded))
        times = [self._columns.time(each) for each in held if each not in excluded]
        return max((each for each in times if each <= until_us), default=None)

    def _read_few(self, ordinals: _Few, at_us: int, edges: Sequence[int], past: Past | None) -> list[Value]:
        group, columns = self._group, self._columns
        base, column = columns.base, columns.times
        times = [column[each - base] for each in ordinals]
        size, values = len(times), list[Value]()
        is_now = group.is_now and (not size or times[-1] <= at_us)
        if is_now and past is None and group.is_nested and edges:
            start = bisect_right(times, edges[-1])
            if start == bisect_right(times, edges[0]):
                inside = ordinals[start:]
                for block in group.blocks:
                    values += [self._value(block, inside, at_us)] * len(block.spans)
                return values
        if is_now:
            spans = [(bisect_right(times, edge), size) for edge in edges]
        else:
            stops = [bisect_right(times, at_us - delay_us) for delay_us in group.delays_us]
            spans = [(bisect_right(times, edge), stop) for edge, stop in zip(edges, stops, strict=True)]
        for block in group.blocks:
            before, value = None, None
            for index in block.spans:
                start, stop = span = spans[index]
                if past is not None and group.evers[index]:
                    value, before = settled(block, self._part(ordinals[start:stop]), past, at_us), None
                elif span != before:
                    value, before = self._value(block, ordinals[start:stop], at_us), span
                values.append(value)
        return values

    def _value(self, block: Block, ordinals: _Few, at_us: int) -> Value:
        """What a block reads of these items."""
        kind = block.kind
        if kind is Kind.COUNT:
            return len(ordinals)
        if kind is Kind.TOTAL:
            amounts, base = self._columns.amounts[self._group.amounts[block.index]], self._columns.base
            return sum([amounts.value(each - base, each) or 0 for each in ordinals])
        if kind is Kind.DISTINCT:
            return len(self._told(ordinals, self._group.tellings[block.index][0]))
        return settled(block, self._part(ordinals), None, at_us)

    def _part(self, ordinals: _Few) -> Part:
        columns, amounts = self._columns, self._group.amounts
        return Part(
            count=len(ordinals),
            times=lambda: (columns.time(ordinals[0]), columns.time(ordinals[-1])),
            sum=lambda index: sum_of([columns.amount(each, amounts[index]) for each in ordinals]),
            new=lambda index, known: len(self._told(ordinals, index).difference(known)),
        )

    def _told(self, ordinals: _Few, feature: int) -> set[Value]:
        column = self._group.told[feature]
        value = self._columns.value
        values = {value(each, column) for each in ordinals}
        values.discard(None)
        return values

    def _held(self, key: Hashable) -> _Few | Entity:
        held = self.held.get(key, ())
        return (held,) if isinstance(held, int) else held

    def _find_ever(self, key: Hashable) -> int | _Few | Entity | None:
        """What is held; where that is nothing but something is past, no items."""
        assert self.pasts is not None, "asked for where some span has no start"
        held = self.held.get(key)
        return () if held is None and key in self.pasts.figures else held

    def _positions(self, entity: Entity, excluded: Sequence[int]) -> list[int]:
        if not excluded:
            return []
        found = [entity.position(each, self._columns.time(each)) for each in excluded]
        return sorted(each for each in found if each is not None)

    def _item(self, ordinal: int) -> Item:
        columns, group = self._columns, self._group
        amounts = [columns.amount(ordinal, index) for index in group.amounts]
        return ordinal, columns.time(ordinal), amounts, [columns.value(ordinal, index) for index in group.told]

    def _leave(self, key: Hashable, held: int | _Few, ordinal: int) -> bool:
        """Hold an item less of a key value that has few; whether it had it."""
        few = (held,) if isinstance(held, int) else held
        left = tuple(each for each in few if each != ordinal)
        if left:
            self.held[key] = left if len(left) > 1 else left[0]
        else:
            del self.held[key]
        return len(left) < len(few)

    def _past(self, key: Hashable, *, is_made: bool = False) -> Past | None:
        if self.pasts is None:
            return None
        return Past(self.pasts, key) if is_made else self.pasts.get(key)

    def _fold(self, key: Hashable, ordinal: int) -> None:
        past = self._past(key, is_made=True)
        if past is not None:
            _, at_us, amounts, told = self._item(ordinal)
            past.add([at_us], [sum_of([each]) for each in amounts], [[each] for each in told])
