"""The port: where lists are kept, every entry that ever was, so that they can be rebuilt as of any sequence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.lists.entry import Entry, ListedEntry, ListedName, ListName, NamedList
from engine.lists.in_force import Delta


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """What one call changes in one scope, all or nothing. `put` entries take the place of their like.

    `removed` are ids of entries.
    """

    scope: str
    at: datetime
    by: str
    made: NamedList | None = None
    dropped: ListName | None = None
    removed: Sequence[str] = ()
    put: Sequence[Entry] = ()


class ListStore(Protocol):
    """Where lists are kept. What `apply` returned survives kill -9 and a power cut."""

    def apply(self, change: ListChange) -> Delta:
        """Keep a change durably, under the next sequence; what it changed. Raises LedgerUnavailable."""

    def delta(self, after: int, up_to: int | None = None, scopes: Collection[str] | None = None) -> Delta:
        """What changed behind the sequence `after` (0: everything) up to another (None: until now), itself included.

        Of these scopes alone, None being all. Raises LedgerUnavailable.
        """

    def entries(
        self,
        named: ListName,
        *,
        as_of: int | None = None,
        ids: Collection[str] | None = None,
        before: int | None = None,
        limit: int,
    ) -> Sequence[ListedEntry]:
        """A page of a list's entries, newest first: those in it now, or as of a sequence.

        Of these ids alone, None being all, and of positions below `before`. Raises LedgerUnavailable.
        """

    def expired(self, named: ListName, at: datetime) -> Sequence[Entry]:
        """The entries in a list that hold no longer at this time. Raises LedgerUnavailable."""

    def named(self, scope: str) -> Sequence[ListedName]:
        """The named lists of a scope that are there now, oldest first. Raises LedgerUnavailable."""

    def names_ever(self) -> frozenset[str]:
        """The name of every named list that ever was, of all scopes. Raises LedgerUnavailable."""
