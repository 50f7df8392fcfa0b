"""Labels on SQLite: append-only, each fact once."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select, tuple_
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
    )
    .order_by(LABELS.c.received_at_us, LABELS.c.position)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_PAGED_BY = ("test_mode", "instant", "after_us", "after")
_PAGE_OF_ALL = compiled(_PAGE, *_PAGED_BY, "limit", "offset")
_PAGE_OF_ONE = compiled(
    _PAGE.where(LABELS.c.merchant_id == bindparam("merchant_id")), *_PAGED_BY, "merchant_id", "limit", "offset"
)
_CURSOR = re.compile(r"(-?[0-9]{1,18})\.([0-9]{1,18})", re.ASCII)
_FROM_THE_FIRST = (-(2**63), 0)


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
        begin = _FROM_THE_FIRST if after is None else _read_cursor(after)
        paged_by = (test_mode, microseconds(instant), *begin)
        if merchants is None:
            rows = self._reader.rows(_PAGE_OF_ALL, (*paged_by, limit, 0))
        else:
            rows = [row for each in merchants for row in self._reader.rows(_PAGE_OF_ONE, (*paged_by, each, limit, 0))]
        page = sorted(map(_with_place, rows), key=itemgetter(0))[:limit]
        return [(f"{received_at_us}.{position}", label) for (received_at_us, position), label in page]


def _counted(new: int | None) -> int:
    assert new is not None, "labels are counted alone"
    return new


def _with_place(row: Any) -> tuple[tuple[int, int], Label]:  # noqa: ANN401 - a driver's row has no type
    label = _label_of(row[1:])
    return (microseconds(label.received_at), row[0]), label


def _read_cursor(cursor: str) -> tuple[int, int]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise ValueError
    return int(match[1]), int(match[2])


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
