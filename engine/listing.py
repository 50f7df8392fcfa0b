"""Listing: lists are changed, kept durably and put in force in one step. It knows ports alone."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.deadline import REPORT_SECONDS, durable_within
from engine.errors import Fault, ListExists, ListInUse, ListsInvalid
from engine.lists import OPERATOR, AllLists, Entry, EntryType, ListChange, ListName, ListStore, NamedList, Terms
from engine.lists.entry import ENTRIES_MAX, LIST_ENTRIES_MAX, NAMED_LISTS_MAX

RulesNaming = Callable[[ListName], Sequence[str]]
"""The ids of the rules in force that name a list."""


class Taking(StrEnum):
    """What became of a value that was to be in a list."""

    ADDED = "added"
    UPDATED = "updated"
    """It was there on other terms: those sent now hold from now on."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of values that were to be in a list, in their order, and the list's sequence then."""

    sequence: int
    takings: tuple[Taking, ...]


class Listing:
    """Changes the lists of an installation, one change at a time. It belongs to one event loop."""

    def __init__(
        self,
        store: ListStore,
        lists: AllLists,
        *,
        put: Callable[[AllLists], None],
        rules_naming: RulesNaming,
        rules_changing: asyncio.Lock,
    ) -> None:
        """`lists` are those in force, as the store keeps them; `put` puts others in force.

        `rules_changing` is held while rules are checked and come in force: no list is dropped meanwhile.
        """
        self.store = store
        self.lists = lists
        self._put = put
        self._rules_naming = rules_naming
        self._rules_changing = rules_changing
        self._changing = asyncio.Lock()

    async def create(self, named: NamedList, *, at: datetime, by: str) -> None:
        """Make a named list. Raises ListExists, ListsInvalid where there are too many, LedgerUnavailable."""

        def prepared() -> ListChange:
            own, scope = self.lists.scope(named.list.scope).named, named.list.scope
            taken = self.lists.names() if scope == OPERATOR else {*own, *self.lists.operators_names()}
            if named.list.name in taken:
                raise ListExists(f"There is a list @{named.list.name} already: rules could not tell them apart.")
            if len(own) >= NAMED_LISTS_MAX:
                detail = f"There are {NAMED_LISTS_MAX} named lists, and no more can be: delete one first."
                raise ListsInvalid(Fault(pointer="/name", code="too_many", detail=detail))
            return ListChange(scope=scope, at=at, by=by, made=named)

        await self._change(prepared)

    async def drop(self, name: ListName, *, at: datetime, by: str) -> None:
        """Delete a named list with all that is in it. Raises ListInUse where a rule names it, LedgerUnavailable.

        It waits for rules that are being published: they may name the list.
        """

        def prepared() -> ListChange:
            rules = self._rules_naming(name)
            if rules:
                raise ListInUse(f"Rules name @{name.name}: {', '.join(rules)}. Change them first.")
            return ListChange(scope=name.scope, at=at, by=by, dropped=name)

        async def dropped() -> None:
            async with self._rules_changing:
                await self._changed(prepared)

        await durable_within(dropped(), lambda: REPORT_SECONDS)

    async def add(self, name: ListName, entries: Sequence[Entry], *, at: datetime, by: str) -> Added:
        """Put values in a list; of one that is there already the terms sent hold from now on.

        Raises ListsInvalid where the list or the installation would have too many, LedgerUnavailable.
        """
        takings: list[Taking] = []

        def prepared() -> ListChange | None:
            put = self._new(name, entries, takings)
            if not put:
                return None
            number = len(put) - sum(self._terms(entry) is not None for entry in put)
            expired = () if not number or self._has_room(name, number, gone=0) else self.store.expired(name, at)
            again = {entry.id for entry in put}
            gone = [entry.id for entry in expired if entry.id not in again]
            if number and not self._has_room(name, number, gone=len(gone)):
                raise ListsInvalid(self._full(name))
            return ListChange(scope=name.scope, at=at, by=by, put=put, removed=gone)

        await self._change(prepared)
        return Added(sequence=self.lists.scope(name.scope).sequence, takings=tuple(takings))

    async def remove(self, name: ListName, entry_ids: Sequence[str], *, at: datetime, by: str) -> int:
        """Take entries out of a list; how many were in it. Raises LedgerUnavailable."""
        found: list[str] = []

        def prepared() -> ListChange | None:
            found.extend(each.entry.id for each in self.store.entries(name, ids=entry_ids, limit=len(entry_ids)))
            return ListChange(scope=name.scope, at=at, by=by, removed=found) if found else None

        await self._change(prepared)
        return len(found)

    def _new(self, name: ListName, entries: Sequence[Entry], takings: list[Taking]) -> list[Entry]:
        """Those of the entries that change the list, each value once, as it was said last."""
        said: dict[tuple[EntryType, str], Entry] = {}
        for entry in entries:
            assert entry.list == name, "all entries are of the list"
            key = (entry.type, entry.value)
            stands = said[key].terms if key in said else self._terms(entry)
            is_same = stands == entry.terms
            takings.append(Taking.ADDED if stands is None else Taking.UNCHANGED if is_same else Taking.UPDATED)
            if not is_same:
                said[key] = entry
        return [entry for entry in said.values() if entry.terms != self._terms(entry)]

    def _terms(self, entry: Entry) -> Terms | None:
        held = self.lists.scope(entry.list.scope).entries.get(entry.list.name)
        return None if held is None else held.terms(entry.type, entry.value)

    def _has_room(self, name: ListName, number: int, *, gone: int) -> bool:
        held = self.lists.scope(name.scope).entries.get(name.name, ())
        return len(held) - gone + number <= LIST_ENTRIES_MAX and self.lists.entries() - gone + number <= ENTRIES_MAX

    def _full(self, name: ListName) -> Fault:
        detail = (
            f"The list {name.id} would have more than {LIST_ENTRIES_MAX:,} entries, or all lists together more than "
            f"{ENTRIES_MAX:,}: remove some, or give them an expiry."
        )
        return Fault(pointer="/entries", code="too_many", detail=detail)

    async def _change(self, prepared: Callable[[], ListChange | None]) -> None:
        """Keep what is prepared durably, then put it in force; it goes on where its caller is out of time."""
        await durable_within(self._changed(prepared), lambda: REPORT_SECONDS)

    async def _changed(self, prepared: Callable[[], ListChange | None]) -> None:
        async with self._changing:
            lists = await asyncio.to_thread(self._kept, prepared)
            if lists is not None:
                self.lists = lists
                self._put(lists)

    def _kept(self, prepared: Callable[[], ListChange | None]) -> AllLists | None:
        """Off the event loop: a change of a thousand entries takes tens of milliseconds."""
        change = prepared()
        return None if change is None else self.lists.changed(self.store.apply(change))


def loaded(store: ListStore) -> AllLists:
    """The lists as they are kept. Raises LedgerUnavailable."""
    return AllLists().changed(store.delta(0))
