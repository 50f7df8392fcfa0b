"""Lists in this process's memory: for measuring without a disk, and for tests."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from engine.lists import Change, Delta, Entry, ListChange, ListedEntry, ListedName, ListName
from engine.payment import EPOCH, MICROSECOND


class MemoryLists:
    """Keeps lists as the port says, durability apart: they end with the process."""

    def __init__(self) -> None:
        self._changes: list[tuple[str, Change]] = []
        self._names: list[tuple[ListedName, Change | None]] = []
        self._entries: list[ListedEntry] = []

    def apply(self, change: ListChange) -> Delta:
        """Keep a change under the next sequence; what it changed."""
        made = Change(sequence=len(self._changes) + 1, at=change.at, by=change.by)
        self._changes.append((change.scope, made))
        removed = self._remove(made, set(change.removed))
        self._remove(made, {entry.id for entry in change.put})
        for entry in change.put:
            listed = ListedEntry(position=len(self._entries) + 1, entry=entry, added=made, removed=None)
            self._entries.append(listed)
        if change.made is not None:
            self._names.append((ListedName(named=change.made, made=made), None))
        if change.dropped is not None:
            removed += self._drop(made, change.dropped)
        return Delta(
            sequences={change.scope: made.sequence},
            made=() if change.made is None else (change.made,),
            dropped=() if change.dropped is None else (change.dropped,),
            removed=removed,
            put=change.put,
        )

    def delta(self, after: int, up_to: int | None = None, scopes: Collection[str] | None = None) -> Delta:
        """What changed behind the sequence `after` up to another (None: until now), itself included."""
        end = len(self._changes) if up_to is None else up_to

        def is_of(scope: str) -> bool:
            return scopes is None or scope in scopes

        def is_put(made: Change, gone: Change | None) -> bool:
            return after < made.sequence <= end and (gone is None or gone.sequence > end)

        def is_gone(made: Change, gone: Change | None) -> bool:
            return made.sequence <= after and gone is not None and after < gone.sequence <= end

        names = [(each.named, each.made, gone) for each, gone in self._names if is_of(each.named.list.scope)]
        entries = [each for each in self._entries if is_of(each.entry.list.scope)]
        return Delta(
            sequences={scope: made.sequence for scope, made in self._changes[after:end] if is_of(scope)},
            made=[named for named, made, gone in names if is_put(made, gone)],
            dropped=[named.list for named, made, gone in names if is_gone(made, gone)],
            removed=[each.entry for each in entries if is_gone(each.added, each.removed)],
            put=[each.entry for each in entries if is_put(each.added, each.removed)],
        )

    def entries(
        self,
        named: ListName,
        *,
        as_of: int | None = None,
        ids: Collection[str] | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[ListedEntry]:
        """A page of a list's entries, newest first: those in it now, or as of a sequence."""
        found = [
            each
            for each in reversed(self._entries)
            if each.entry.list == named
            and (each.removed is None if as_of is None else _was_there(each, as_of))
            and (ids is None or each.entry.id in ids)
            and (before is None or each.position < before)
        ]
        return found[:limit]

    def expired(self, named: ListName, at: datetime) -> Sequence[Entry]:
        """The entries in a list that hold no longer at this time."""
        at_us = (at - EPOCH) // MICROSECOND
        entries = [each.entry for each in self._entries if each.removed is None and each.entry.list == named]
        return [entry for entry in entries if not entry.terms.hold_at(at_us)]

    def named(self, scope: str) -> Sequence[ListedName]:
        """The named lists of a scope that are there now, oldest first."""
        return [each for each, gone in self._names if gone is None and each.named.list.scope == scope]

    def names_ever(self) -> frozenset[str]:
        """The name of every named list that ever was, of all scopes."""
        return frozenset(each.named.list.name for each, _ in self._names)

    def _remove(self, change: Change, ids: Collection[str]) -> list[Entry]:
        removed: list[Entry] = []
        for index, each in enumerate(self._entries):
            if each.removed is None and each.entry.id in ids:
                self._entries[index] = replace(each, removed=change)
                removed.append(each.entry)
        return removed

    def _drop(self, change: Change, dropped: ListName) -> list[Entry]:
        self._names = [
            (each, change if gone is None and each.named.list == dropped else gone) for each, gone in self._names
        ]
        return self._remove(change, {each.entry.id for each in self._entries if each.entry.list == dropped})


def _was_there(each: ListedEntry, as_of: int) -> bool:
    return each.added.sequence <= as_of and (each.removed is None or each.removed.sequence > as_of)
