"""Labels on SQLite: append-only, each fact once."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from engine.ledger import Label, LabelKind
from engine.stores.sql.sqlite import compiled, reader_engine, streamed
from engine.stores.sql.tables import LABELS, instant, microseconds
from engine.stores.sql.writer import Row, Writer

# Decisions wait while labels are written: a transaction of this many is over in a few milliseconds.
LABELS_PER_TRANSACTION = 500

_ROW = tuple(column.name for column in LABELS.c if column.name != "position")
_INSERT = compiled(insert(LABELS).values({name: bindparam(name) for name in _ROW}).on_conflict_do_nothing(), *_ROW)
_AS_OF = compiled(
    select(*(LABELS.c[name] for name in _ROW))
    .where(LABELS.c.received_at_us <= bindparam("instant"))
    .order_by(LABELS.c.received_at_us, LABELS.c.position),
    "instant",
)


class SqlLabels:
    """The labels port on SQLite."""

    def __init__(self, writer: Writer, file: Path) -> None:
        """`file` is read over connections that cannot write."""
        self._writer = writer
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

    def labels_as_of(self, instant: datetime) -> Iterator[Label]:
        """Every label received at or before `instant`, oldest first. Raises LedgerUnavailable."""
        return map(_label_of, streamed(self._readers, _AS_OF, (microseconds(instant),)))


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
