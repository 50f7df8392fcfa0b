"""Changes of models on SQLite: append-only; all are in memory, for a person made each of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from engine.errors import ModelChanged, StoreInvalid
from engine.model_changes import ChangeKind, ModelChange
from engine.stores.sql.sqlite import reader_engine
from engine.stores.sql.tables import MODEL_CHANGES, instant, microseconds
from engine.stores.sql.writer import Writer


class SqlModelChanges:
    """The port of changes on SQLite. What is in memory follows what is durable, never the other way round."""

    def __init__(self, writer: Writer, file: Path) -> None:
        """Load every change. Raises StoreInvalid where one cannot be read."""
        self._writer = writer
        with reader_engine(file).connect() as connection:
            self._changes = model_changes_in(connection, file)

    def all(self) -> Sequence[ModelChange]:
        """Every change, oldest first, from memory."""
        return self._changes

    def append(self, change: ModelChange) -> None:
        """Keep a change durably. Raises ModelChanged where its number is taken, LedgerUnavailable."""
        new = insert(MODEL_CHANGES).values(_values_of(change)).on_conflict_do_nothing()
        with self._writer.transaction() as connection:
            is_new = connection.execute(new).rowcount == 1
        if not is_new:
            raise ModelChanged(
                f"Change {change.number} of the models was made meanwhile: look at them, then try again."
            )
        self._changes = (*self._changes, change)


def model_changes_in(connection: Any, file: Path) -> tuple[ModelChange, ...]:  # noqa: ANN401 - SQLAlchemy's own
    """Every change in a database, oldest first. Raises StoreInvalid where one cannot be read."""
    rows = connection.execute(select(MODEL_CHANGES).order_by(MODEL_CHANGES.c.number)).all()
    try:
        return tuple(_change_of(row) for row in rows)
    except ValueError as error:
        raise StoreInvalid(
            f"{file}: a change of the models cannot be read ({error}). "
            "Start the version of Assay that wrote it, or restore the file from a backup."
        ) from error


def _values_of(change: ModelChange) -> dict[str, object]:
    return {
        "number": change.number,
        "kind": change.kind.value,
        "model_id": change.model_id,
        "at_us": microseconds(change.at),
        "by_key": change.by,
        "because": change.because,
        "is_forced": change.is_forced,
        "gate": change.gate,
    }


def _change_of(row: Any) -> ModelChange:  # noqa: ANN401 - a row's columns have no type
    return ModelChange(
        number=row.number,
        kind=ChangeKind(row.kind),
        model_id=row.model_id,
        at=instant(row.at_us),
        by=row.by_key,
        because=row.because,
        is_forced=row.is_forced,
        gate=row.gate,
    )
