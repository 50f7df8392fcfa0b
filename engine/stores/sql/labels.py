"""Labels on SQLite: append-only, each fact once."""

import asyncio
import heapq
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from engine.ledger import Label, LabelKind
from engine.stores.sql.group_commit import GroupCommit
from engine.stores.sql.sqlite import PointReader, compiled, reader_engine, streamed
from engine.stores.sql.tables import LABELS, instant, microseconds
from engine.stores.sql.writer import Row, Writer

# Decisions wait while labels are written: a transaction of this many is over in a few milliseconds.
LABELS_PER_TRANSACTION = 500
# In the group commit they are inserted on the event loop: so many take it a millisecond or two.
LABELS_PER_BATCH = 100

_ROW = tuple(column.name for column in LABELS.c if column.name != "position")
_INSERT = compiled(insert(LABELS).values({name: bindparam(name) for name in _ROW}).on_conflict_do_nothing(), *_ROW)
_AS_OF = compiled(
    select(*(LABELS.c[name] for name in _ROW))
    .where(LABELS.c.received_at_us <= bindparam("instant"))
    .order_by(LABELS.c.received_at_us, LABELS.c.position),
    "instant",
)
# A page begins behind the cursor: the receipt time and the row number of the label before it.
_PAGE = (
    select(LABELS.c.position, *(LABELS.c[name] for name in _ROW))
    .where(
        LABELS.c.test_mode == bindparam("test_mode"),
        LABELS.c.received_at_us <= bindparam("instant"),
        tuple_(LABELS.c.received_at_us, LABELS.c.position) > tuple_(bindparam("after_us"), bindparam("after")),
        # What comes while the merchants are asked one by one is on no page yet: else a page could begin behind it.
        LABELS.c.position <= bindparam("newest"),
    )
    .order_by(LABELS.c.received_at_us, LABELS.c.position)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_PAGED_BY = ("test_mode", "instant", "after_us", "after", "newest")
_PAGE_OF_ALL = compiled(_PAGE, *_PAGED_BY, "limit", "offset")
_PAGE_OF_ONE = compiled(
    _PAGE.where(LABELS.c.merchant_id == bindparam("merchant_id")), *_PAGED_BY, "merchant_id", "limit", "offset"
)
_NEWEST = compiled(select(func.max(LABELS.c.position)))
_FACT = tuple(name for name in _ROW if name != "received_at_us")
_PLACE = compiled(
    select(LABELS.c.received_at_us, LABELS.c.position).where(*(LABELS.c[name] == bindparam(name) for name in _FACT)),
    *_FACT,
)
_FROM_THE_FIRST = (-(2**63), 0)
_RECEIVED_AT = 1 + _ROW.index("received_at_us")
_FAR_US = 2**62
_LEAST_AT_ONCE = 8
_LOOK_UPS_PER_TURN = 50


class SqlLabels:
    """The labels port on SQLite."""

    def __init__(self, writer: Writer, group: GroupCommit, reader: PointReader, file: Path) -> None:
        """`file` is read over connections that cannot write."""
        self._writer = writer
        self._group = group
        self._reader = reader
        self._readers = reader_engine(file)

    def record_labels(self, labels: Sequence[Label]) -> int:
        """Append the labels durably, each fact once; how many were new.

        Raises LedgerUnavailable; then the labels before some one of them are recorded, and sending all again is safe.
        """
        count = 0
        for start in range(0, len(labels), LABELS_PER_TRANSACTION):
            rows = [_row_of(label) for label in labels[start : start + LABELS_PER_TRANSACTION]]
            with self._writer.transaction() as connection:
                count += connection.exec_driver_sql(_INSERT, rows).rowcount
        return count

    async def append_labels(self, labels: Sequence[Label]) -> int:
        """As `record_labels`, by the group commit: the event loop does not wait for the disk."""
        count = 0
        for start in range(0, len(labels), LABELS_PER_BATCH):
            rows = [_row_of(label) for label in labels[start : start + LABELS_PER_BATCH]]
            # One after the other: decisions that come meanwhile wait behind one of these and not behind all.
            count += await self._group.append(_INSERT, rows, _counted, is_counted_alone=True)
        return count

    def labels_as_of(self, instant: datetime) -> Iterator[Label]:
        """Every label received at or before `instant`, oldest first. Raises LedgerUnavailable."""
        return map(_label_of, streamed(self._readers, _AS_OF, (microseconds(instant),)))

    async def labels_of(
        self, merchants: Collection[str] | None, instant: datetime, *, test_mode: bool, after: str | None, limit: int
    ) -> Sequence[tuple[str, Label]]:
        """A page of the labels received at or before `instant`, oldest first. Raises LedgerUnavailable.

        Raises ValueError where `after` is none of the cursors given.
        """
        begin = _FROM_THE_FIRST if after is None else self._place(after, merchants, test_mode=test_mode)
        until = (test_mode, microseconds(instant))
        newest = self._reader.row(_NEWEST, ())[0] or 0
        if merchants is None:
            rows: Sequence[Any] = self._reader.rows(_PAGE_OF_ALL, (*until, *begin, newest, limit, 0))
        else:
            rows = await self._merged(merchants, until, begin, newest, limit)
        return [(_cursor(label), label) for label in (_label_of(row[1:]) for row in rows)]

    async def _merged(
        self, merchants: Collection[str], until: tuple[bool, int], begin: tuple[int, int], newest: int, limit: int
    ) -> Sequence[Any]:
        """The first rows of all these merchants': few are read of each, and more of whose come early."""
        at_once = max(_LEAST_AT_ONCE, limit // max(1, len(merchants)) + 1)

        def more(merchant_id: str, after: tuple[int, int]) -> list[Any]:
            return self._reader.rows(_PAGE_OF_ONE, (*until, *after, newest, merchant_id, at_once, 0))

        def stream(merchant_id: str, rows: list[Any]) -> Iterator[Any]:
            while rows:
                yield from rows
                rows = more(merchant_id, _place_of(rows[-1])) if len(rows) == at_once else []

        streams: list[Iterator[Any]] = []
        for merchant_id in merchants:
            streams.append(stream(merchant_id, more(merchant_id, begin)))
            if len(streams) % _LOOK_UPS_PER_TURN == 0:
                # A look-up takes 20 us of the event loop: other calls have their turn between.
                await asyncio.sleep(0)
        return list(islice(heapq.merge(*streams, key=_place_of), limit))

    def _place(self, cursor: str, merchants: Collection[str] | None, *, test_mode: bool) -> tuple[int, int]:
        """Where the label of a cursor stands. Raises ValueError where it is none of these merchants' and mode's."""
        fact = _fact_of(cursor)
        if fact[1] != test_mode or (merchants is not None and fact[0] not in merchants):
            raise ValueError
        row = self._reader.row(_PLACE, fact)
        if row is None:
            raise ValueError
        return row[0], row[1]


def _cursor(label: Label) -> str:
    """The label itself, so that no number says how many labels there are of others."""
    fact = [value for name, value in zip(_ROW, _row_of(label), strict=True) if name != "received_at_us"]
    return urlsafe_b64encode(orjson.dumps(fact)).decode().rstrip("=")


def _fact_of(cursor: str) -> tuple[str, bool, str, str, bool, int, str]:
    """What `_cursor` was made of. Raises ValueError."""
    fact = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if not isinstance(fact, list) or [type(each) for each in fact] != [str, bool, str, str, bool, int, str]:
        raise ValueError
    merchant_id, test_mode, transaction_id, kind, is_fraud, occurred_at_us, source = fact
    if abs(occurred_at_us) >= _FAR_US:
        raise ValueError
    return merchant_id, test_mode, transaction_id, kind, is_fraud, occurred_at_us, source


def _place_of(row: Any) -> tuple[int, int]:  # noqa: ANN401 - a driver's row has no type
    return row[_RECEIVED_AT], row[0]


def _counted(new: int | None) -> int:
    assert new is not None, "labels are counted alone"
    return new


def _row_of(label: Label) -> Row:
    return (
        label.merchant_id,
        label.test_mode,
        label.transaction_id,
        label.kind.value,
        label.is_fraud,
        microseconds(label.occurred_at),
        microseconds(label.received_at),
        label.source,
    )


def _label_of(row: Any) -> Label:  # noqa: ANN401 - a driver's row has no type
    merchant_id, test_mode, transaction_id, kind, is_fraud, occurred_at_us, received_at_us, source = row
    return Label(
        merchant_id=merchant_id,
        test_mode=bool(test_mode),
        transaction_id=transaction_id,
        kind=LabelKind(kind),
        is_fraud=bool(is_fraud),
        occurred_at=instant(occurred_at_us),
        received_at=instant(received_at_us),
        source=source,
    )
