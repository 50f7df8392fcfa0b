"""Lists on SQLite: rows are added and marked as removed, never edited else, so any earlier state can be read."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError

from engine.errors import StoreInvalid
from engine.lists import (
    Change,
    Delta,
    Entry,
    EntryType,
    ListChange,
    ListedEntry,
    ListedName,
    ListName,
    NamedList,
    Terms,
)
from engine.stores.sql.sqlite import FETCH_ROWS, reader_engine, unavailable
from engine.stores.sql.tables import LIST_CHANGES, LIST_ENTRIES, NAMED_LISTS, instant, microseconds
from engine.stores.sql.writer import Writer

_IDS_A_STATEMENT: Final = 500
"""SQLite takes a bounded number of parameters."""
_TYPES: Final = {each.value: each for each in EntryType}
_ADDED, _REMOVED = LIST_CHANGES.alias("added"), LIST_CHANGES.alias("removed")
_PAGE: Final = (
    select(
        LIST_ENTRIES,
        _ADDED.c.at_us.label("added_at_us"),
        _ADDED.c.by_key.label("added_by"),
        _REMOVED.c.at_us.label("removed_at_us"),
        _REMOVED.c.by_key.label("removed_by"),
    )
    .join(_ADDED, _ADDED.c.sequence == LIST_ENTRIES.c.added_sequence)
    .outerjoin(_REMOVED, _REMOVED.c.sequence == LIST_ENTRIES.c.removed_sequence)
)


class SqlLists:
    """The lists port on SQLite."""

    def __init__(self, writer: Writer, file: Path) -> None:
        """Read from `file`, write by the one writer."""
        self._writer = writer
        self._readers = reader_engine(file)

    def apply(self, change: ListChange) -> Delta:
        """Keep a change durably, under the next sequence; what it changed. Raises LedgerUnavailable."""
        with self._writer.transaction() as connection:
            sequence: int = connection.execute(select(func.coalesce(func.max(LIST_CHANGES.c.sequence), 0))).scalar_one()
            sequence += 1
            connection.execute(
                insert(LIST_CHANGES).values(
                    sequence=sequence,
                    merchant_id=change.scope,
                    at_us=microseconds(change.at),
                    by_key=change.by,
                )
            )
            removed = _removed(connection, sequence, change.removed)
            _removed(connection, sequence, [entry.id for entry in change.put])
            if change.put:
                connection.execute(insert(LIST_ENTRIES), [_row_of(entry, sequence) for entry in change.put])
            if change.made is not None:
                connection.execute(insert(NAMED_LISTS).values(_named_row(change.made, sequence)))
            if change.dropped is not None:
                removed = [*removed, *_dropped(connection, sequence, change.dropped)]
        return Delta(
            sequences={change.scope: sequence},
            made=() if change.made is None else (change.made,),
            dropped=() if change.dropped is None else (change.dropped,),
            removed=removed,
            put=change.put,
        )

    def delta(self, after: int, up_to: int | None = None, scopes: Collection[str] | None = None) -> Delta:
        """What changed behind the sequence `after` up to another (None: until now), itself included.

        From the beginning (0) the entries are read as they are gone through, once. Raises LedgerUnavailable.
        """
        newest = (
            select(LIST_CHANGES.c.merchant_id, func.max(LIST_CHANGES.c.sequence).label("sequence"))
            .where(LIST_CHANGES.c.sequence > after, *_until(LIST_CHANGES.c.sequence, up_to))
            .where(*_of(LIST_CHANGES.c.merchant_id, scopes))
            .group_by(LIST_CHANGES.c.merchant_id)
        )
        names, entries = NAMED_LISTS.c, LIST_ENTRIES.c
        made = select(NAMED_LISTS).where(*_put(names, after, up_to), *_of(names.merchant_id, scopes))
        dropped = select(NAMED_LISTS).where(*_gone(names, after, up_to), *_of(names.merchant_id, scopes))
        removed = select(LIST_ENTRIES).where(*_gone(entries, after, up_to), *_of(entries.merchant_id, scopes))
        put = select(LIST_ENTRIES).where(*_put(entries, after, up_to), *_of(entries.merchant_id, scopes))
        with self._reading() as rows:
            return Delta(
                sequences={row.merchant_id: row.sequence for row in rows(newest)},
                made=[_named_of(row) for row in rows(made)],
                dropped=[_list_of(row.merchant_id, row.name) for row in rows(dropped)],
                removed=[_entry_of(row) for row in rows(removed)] if after else (),
                # From the beginning they are as many as there are: gone through, not held.
                put=[_entry_of(row) for row in rows(put)] if after else map(_entry_of, self._streamed(put)),
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
        """A page of a list's entries, newest first: those in it now, or as of a sequence. Raises LedgerUnavailable."""
        columns = LIST_ENTRIES.c
        asked = _PAGE.where(columns.merchant_id == named.scope, columns.name == named.name)
        if as_of is None:
            asked = asked.where(columns.removed_sequence.is_(None))
        else:
            is_later = or_(columns.removed_sequence.is_(None), columns.removed_sequence > as_of)
            asked = asked.where(columns.added_sequence <= as_of, is_later)
        if ids is not None:
            asked = asked.where(columns.id.in_(ids))
        if before is not None:
            asked = asked.where(columns.position < before)
        return [_listed_of(row) for row in self._rows(asked.order_by(columns.position.desc()).limit(limit))]

    def expired(self, named: ListName, at: datetime) -> Sequence[Entry]:
        """The entries in a list that hold no longer at this time. Raises LedgerUnavailable."""
        columns = LIST_ENTRIES.c
        asked = select(LIST_ENTRIES).where(
            columns.merchant_id == named.scope,
            columns.name == named.name,
            columns.removed_sequence.is_(None),
            columns.expires_at_us <= microseconds(at),
        )
        return [_entry_of(row) for row in self._rows(asked)]

    def named(self, scope: str) -> Sequence[ListedName]:
        """The named lists of a scope that are there now, oldest first. Raises LedgerUnavailable."""
        asked = (
            select(NAMED_LISTS, LIST_CHANGES.c.at_us, LIST_CHANGES.c.by_key)
            .join(LIST_CHANGES, LIST_CHANGES.c.sequence == NAMED_LISTS.c.added_sequence)
            .where(NAMED_LISTS.c.merchant_id == scope, NAMED_LISTS.c.removed_sequence.is_(None))
            .order_by(NAMED_LISTS.c.added_sequence)
        )
        return [
            ListedName(
                named=_named_of(row),
                made=Change(sequence=row.added_sequence, at=instant(row.at_us), by=row.by_key),
            )
            for row in self._rows(asked)
        ]

    def names_ever(self) -> frozenset[str]:
        """The name of every named list that ever was, of all scopes. Raises LedgerUnavailable."""
        return frozenset(row.name for row in self._rows(select(NAMED_LISTS.c.name).distinct()))

    def _rows(self, asked: Select[Any]) -> Sequence[Any]:
        with self._reading() as rows:
            return rows(asked)

    @contextmanager
    def _reading(self) -> Iterator[Callable[[Select[Any]], Sequence[Any]]]:
        """Several queries over one connection."""
        try:
            with self._readers.connect() as connection:
                yield lambda asked: connection.execute(asked).all()
        except DBAPIError as error:
            raise unavailable(error) from error

    def _streamed(self, asked: Select[Any]) -> Iterator[Any]:
        try:
            with self._readers.connect() as connection:
                yield from connection.execute(asked.order_by(LIST_ENTRIES.c.position)).yield_per(FETCH_ROWS)
        except DBAPIError as error:
            raise unavailable(error) from error


def _until(column: ColumnElement[int], up_to: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if up_to is None else (column <= up_to,)


def _of(column: ColumnElement[str], scopes: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    return () if scopes is None else (column.in_(scopes),)


def _put(columns: Any, after: int, up_to: int | None) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 - columns
    """Rows that came in between and are there at its end."""
    is_there = columns.removed_sequence.is_(None)
    if up_to is not None:
        is_there = or_(is_there, columns.removed_sequence > up_to)
    return (columns.added_sequence > after, *_until(columns.added_sequence, up_to), is_there)


def _gone(columns: Any, after: int, up_to: int | None) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 - columns
    """Rows that were there before and went in between."""
    went = and_(columns.removed_sequence > after, *_until(columns.removed_sequence, up_to))
    return (went, columns.added_sequence <= after)


def _removed(connection: Connection, sequence: int, ids: Sequence[str]) -> list[Entry]:
    """Mark the entries of these ids as removed; those that were there."""
    columns = LIST_ENTRIES.c
    found: list[Entry] = []
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        some = ids[start : start + _IDS_A_STATEMENT]
        are_there = and_(columns.id.in_(some), columns.removed_sequence.is_(None))
        rows = connection.execute(select(LIST_ENTRIES).where(are_there)).all()
        if rows:
            connection.execute(update(LIST_ENTRIES).where(are_there).values(removed_sequence=sequence))
            found += map(_entry_of, rows)
    return found


def _dropped(connection: Connection, sequence: int, named: ListName) -> list[Entry]:
    """Mark a named list and all that is in it as removed."""
    of_list = and_(NAMED_LISTS.c.merchant_id == named.scope, NAMED_LISTS.c.name == named.name)
    connection.execute(
        update(NAMED_LISTS).where(of_list, NAMED_LISTS.c.removed_sequence.is_(None)).values(removed_sequence=sequence)
    )
    columns = LIST_ENTRIES.c
    are_there = and_(columns.merchant_id == named.scope, columns.name == named.name, columns.removed_sequence.is_(None))
    rows = connection.execute(select(LIST_ENTRIES).where(are_there)).all()
    connection.execute(update(LIST_ENTRIES).where(are_there).values(removed_sequence=sequence))
    return [_entry_of(row) for row in rows]


def _row_of(entry: Entry, sequence: int) -> dict[str, object]:
    return {
        "id": entry.id,
        "merchant_id": entry.list.scope,
        "name": entry.list.name,
        "type": entry.type.value,
        "value": entry.value,
        "expires_at_us": entry.terms.expires_at_us,
        "reason": entry.terms.reason,
        "added_sequence": sequence,
    }


def _named_row(named: NamedList, sequence: int) -> dict[str, object]:
    return {
        "merchant_id": named.list.scope,
        "name": named.list.name,
        "added_sequence": sequence,
        "type": named.type.value,
    }


def _named_of(row: Any) -> NamedList:  # noqa: ANN401 - a row's columns have no type
    return NamedList(list=_list_of(row.merchant_id, row.name), type=_type_of(row))


def _entry_of(row: Any) -> Entry:  # noqa: ANN401 - a row's columns have no type
    return Entry(
        list=_list_of(row.merchant_id, row.name),
        type=_type_of(row),
        value=row.value,
        terms=_terms_of(row.expires_at_us, row.reason),
    )


def _listed_of(row: Any) -> ListedEntry:  # noqa: ANN401 - a row's columns have no type
    return ListedEntry(
        position=row.position,
        entry=_entry_of(row),
        added=Change(sequence=row.added_sequence, at=instant(row.added_at_us), by=row.added_by),
        removed=None
        if row.removed_sequence is None
        else Change(sequence=row.removed_sequence, at=instant(row.removed_at_us), by=row.removed_by),
    )


def _type_of(row: Any) -> EntryType:  # noqa: ANN401 - a row's columns have no type
    kind = _TYPES.get(row.type)
    if kind is None:
        raise StoreInvalid(
            f"The list {row.name!r} of {row.merchant_id or 'the operator'!r} holds the type {row.type!r}, which this "
            "version of Assay does not know: start the version that wrote it, or restore assay.db from a backup."
        )
    return kind


@lru_cache(maxsize=1024)
def _list_of(scope: str, name: str) -> ListName:
    """Cached, as the terms are: many entries of one list share them, and in memory they are held once."""
    return ListName(scope=scope, name=name)


@lru_cache(maxsize=1024)
def _terms_of(expires_at_us: int | None, reason: str | None) -> Terms:
    return Terms(expires_at_us=expires_at_us, reason=reason)
