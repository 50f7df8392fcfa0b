"""A map that is never edited: a change gives another one, at the price of the change and not of the map."""

from collections.abc import Hashable, Mapping
from typing import Final, Generic, TypeVar

CHANGES_MAX: Final = 1_000
"""So many changes lie over the base before both are made one: each change copies those before it."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Layered(Generic[K, V]):
    """A large base that maps share, and what was changed since; None is what was removed. Immutable."""

    __slots__ = ("_base", "_changes", "_size")

    def __init__(self, base: Mapping[K, V] | None = None) -> None:
        """Take the base: nobody edits it from now on."""
        self._base: Mapping[K, V] = {} if base is None else base
        self._changes: Mapping[K, V | None] = {}
        self._size = len(self._base)

    def __len__(self) -> int:
        """How many keys there are."""
        return self._size

    def get(self, key: K) -> V | None:
        """The key's value; None where it is not there."""
        changes = self._changes
        if changes and key in changes:
            return changes[key]
        return self._base.get(key)

    def changed(self, changes: Mapping[K, V | None]) -> "Layered[K, V]":
        """The map with these keys set, or removed where the value is None."""
        made: Layered[K, V] = Layered(self._base)
        made._size = self._size + sum(
            (value is not None) - (self.get(key) is not None) for key, value in changes.items()
        )
        over = {**self._changes, **changes}
        if len(over) <= CHANGES_MAX:
            made._changes = over
            return made
        base = dict(self._base)
        for key, value in over.items():
            if value is None:
                base.pop(key, None)
            else:
                base[key] = value
        made._base = base
        return made
