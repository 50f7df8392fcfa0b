"""The entries of one list in memory: a look-up costs the same at ten entries and at a hundred thousand. Immutable."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from engine.lists.entry import EntryType, Terms
from engine.lists.layered import Layered
from engine.lists.values import Network, Shape, asked_keys, asked_value, entry_key

Keyed = tuple[EntryType, str]
"""A type, and a value as it is kept."""
_COVERING: Final = frozenset({EntryType.BIN, EntryType.CIDR})
"""Types of which one entry holds many values."""
_EMPTY: Final[Layered[Hashable, Terms]] = Layered()


class Entries:
    """What stands in one list, by type."""

    __slots__ = ("_by_type", "_shapes", "types")

    def __init__(
        self,
        by_type: Mapping[EntryType, Layered[Hashable, Terms]] = MappingProxyType({}),
        shapes: Mapping[Shape, int] = MappingProxyType({}),
    ) -> None:
        """`shapes` counts the networks of each shape."""
        self._by_type = by_type
        self._shapes = shapes
        self.types = tuple(by_type)

    def __len__(self) -> int:
        """How many entries there are, those too that hold no longer."""
        return sum(map(len, self._by_type.values()))

    def terms(self, kind: EntryType, value: str) -> Terms | None:
        """On what terms this very value (as kept) stands in the list; None where it does not."""
        return self._by_type.get(kind, _EMPTY).get(entry_key(kind, value))

    def found(self, kind: EntryType, value: str, at_us: int) -> Terms | None:
        """The terms of an entry that holds a payment's value (as compared) at this time; None where none does."""
        held = self._by_type[kind]
        if kind in _COVERING:
            for key in asked_keys(kind, value, self._shapes):
                terms = held.get(key)
                if terms is not None and terms.hold_at(at_us):
                    return terms
            return None
        terms = held.get(value)
        return terms if terms is not None and terms.hold_at(at_us) else None

    def changed(self, removed: Iterable[Keyed], put: Mapping[Keyed, Terms]) -> "Entries":
        """The list without the first and with the others, which take the place of their like."""
        changes: dict[EntryType, dict[Hashable, Terms | None]] = {}
        for kind, value in removed:
            changes.setdefault(kind, {})[entry_key(kind, value)] = None
        for (kind, value), terms in put.items():
            changes.setdefault(kind, {})[entry_key(kind, value)] = terms
        by_type = dict(self._by_type)
        for kind, of_kind in changes.items():
            by_type[kind] = by_type.get(kind, _EMPTY).changed(of_kind)
        shapes = self._shapes
        if EntryType.CIDR in changes:
            shapes = _counted(shapes, self._by_type.get(EntryType.CIDR, _EMPTY), changes[EntryType.CIDR])
        return Entries({kind: held for kind, held in by_type.items() if held}, shapes)


class TypedEntries:
    """The entries of a named list: all of one type, asked by a rule for whatever value it has."""

    __slots__ = ("entries", "type")

    def __init__(self, kind: EntryType, entries: Entries) -> None:
        """`kind` is the list's."""
        self.type = kind
        self.entries = entries

    def holds(self, value: str, at_us: int) -> bool:
        """Whether an entry holds the value for a payment of this time (microseconds since the epoch)."""
        if self.type not in self.entries.types:
            return False
        return self.entries.found(self.type, asked_value(self.type, value), at_us) is not None


def _counted(
    shapes: Mapping[Shape, int], held: Layered[Hashable, Terms], changes: Mapping[Hashable, Terms | None]
) -> Mapping[Shape, int]:
    """How many networks there are of each shape after the changes, the narrowest first."""
    counts = Counter(dict(shapes))
    for key, terms in changes.items():
        assert isinstance(key, Network), "a network's key is a network"
        counts[key[:2]] += (terms is not None) - (held.get(key) is not None)
    return {shape: count for shape, count in sorted(counts.items(), reverse=True) if count > 0}
