"""What was recorded, in columns: from segments as far as they go, and behind them from the ledger's tables.

Counters are filled from these. A segment gives its columns as they are; of a row behind them only what counters need
is taken out of its record.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from engine.decision import Action
from engine.errors import StoreInvalid
from engine.payment import EPOCH, MICROSECOND
from engine.stores.recorded_rows import ABOUT, ACTION, PAYMENT, concatenated, segment_tables, table_of, tables_of_rows
from engine.stores.segment_tables import FEATURE, Versions
from engine.stores.segments import Manifest, Segment, SegmentKind
from engine.stores.sql.counted import Scope, SqlCounted

BLOCKED: Final = "is_blocked"
_BLOCK: Final = Action.BLOCK.value
_STORED: Final = {"at_us": "at", "counted_at_us": "counted_at", BLOCKED: ACTION, "received_at_us": "received_at"}
"""What segments call a column of ours."""
_OURS: Final = {theirs: ours for ours, theirs in _STORED.items()}
_ABOUT: Final = pa.schema(
    [pa.field(_OURS.get(field.name, field.name), pa.bool_() if field.name == ACTION else field.type) for field in ABOUT]
)
_OUTCOME: Final = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("decision_id", pa.string()),
        pa.field("merchant_id", pa.string()),
        pa.field("test_mode", pa.bool_()),
        pa.field("transaction_id", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("received_at_us", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedColumns:
    """Where columns are read from, and which.

    `inputs` are the features asked for by name; `with_payments` says whether the payments are read too. Every method
    raises LedgerUnavailable, and StoreInvalid where a segment is damaged or does not fit the ledger.
    """

    data: Path
    manifest: Manifest
    """Which segments are read; an empty one for none."""
    counted: SqlCounted
    versions: Versions
    inputs: Sequence[str]
    with_payments: bool

    def decisions(self, newest_us: Mapping[Scope, int], window: timedelta) -> pa.Table:
        """The decisions of every hour that the window of some merchant and mode reaches: _ABOUT, and each input."""
        kind, manifest = SegmentKind.DECISIONS, self.manifest
        wanted = [*_ABOUT.names, *(FEATURE + name for name in self.inputs)]
        if not self.with_payments:
            wanted.remove(PAYMENT)
        tables = self._segments(kind, wanted, newest_us, window)
        tail = list(self._tables(self.counted.decisions_behind(manifest.upto[kind], with_payments=self.with_payments)))
        require_same(manifest, kind, self.counted.decisions() - sum(table.num_rows for table in tail))
        return _laid_over([*tables, *tail], _ABOUT)

    def outcomes(self, newest_us: Mapping[Scope, int], window: timedelta) -> pa.Table:
        """The outcomes of every hour that the window of some merchant and mode reaches."""
        kind, manifest = SegmentKind.OUTCOMES, self.manifest
        tables = self._segments(kind, _OUTCOME.names, newest_us, window)
        tail = list(self.counted.outcomes_behind(manifest.upto[kind]))
        require_same(manifest, kind, self.counted.outcomes() - len(tail))
        return _laid_over([*tables, *([table_of(tail, _OUTCOME)] if tail else [])], _OUTCOME)

    def named(self, ids: Sequence[str]) -> pa.Table:
        """The decisions of these ids, however old."""
        rows = self.counted.decisions_named(ids, with_payments=self.with_payments)
        return _laid_over(list(self._tables(rows)), _ABOUT)

    def _tables(self, rows: Iterator[Sequence[Any]]) -> Iterator[pa.Table]:
        return map(_ours, tables_of_rows(rows, self.versions, self.inputs))

    def _segments(
        self, kind: SegmentKind, names: Sequence[str], newest_us: Mapping[Scope, int], window: timedelta
    ) -> list[pa.Table]:
        """The segments that are reached as one table, without the columns that none has; nothing where none is."""
        stored = [_STORED.get(name, name) for name in names]
        segments = filter(_reaching(newest_us, window), self.manifest.of(kind))
        tables = [table for _, table in segment_tables(self.data, segments, stored)]
        return [_ours(concatenated(tables))] if tables else []


def _ours(table: pa.Table) -> pa.Table:
    return table.rename_columns([_OURS.get(name, name) for name in table.column_names])


def _reaching(newest_us: Mapping[Scope, int], window: timedelta) -> Callable[[Segment], bool]:
    """Whether the window of some merchant and mode reaches an hour."""
    window_us = window // MICROSECOND
    spans = {(newest - window_us, newest) for newest in newest_us.values()}

    def reaches(segment: Segment) -> bool:
        begin_us, end_us = (segment.hour - EPOCH) // MICROSECOND, (segment.end - EPOCH) // MICROSECOND
        return any(since < end_us and newest >= begin_us for since, newest in spans)

    return reaches


def _laid_over(tables: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    """One table of all, with the columns of the schema in its types; a column that one lacks is null there."""
    return concatenated([schema.empty_table(), *(_typed(table, schema) for table in tables)])


def _typed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Times as whole microseconds, and for an action whether it is a block."""
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if name == BLOCKED and column.type == pa.string():
            table = table.set_column(place, BLOCKED, pc.equal(column, _BLOCK))
        elif name in schema.names and column.type != schema.field(name).type:
            table = table.set_column(place, name, column.cast(schema.field(name).type))
    return table


def require_same(manifest: Manifest, kind: SegmentKind, held: int) -> None:
    """Raise StoreInvalid where the ledger holds another number of rows up to the end of the segments.

    So it is where a copy of the database was put back and the segments stayed.
    """
    rows = sum(segment.rows for segment in manifest.segments if segment.kind is kind)
    if rows != held:
        raise StoreInvalid(f"The segments hold {rows} {kind}, and the ledger {held} of the same time.")
