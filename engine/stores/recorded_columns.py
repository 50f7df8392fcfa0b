"""What was recorded, in columns: from segments as far as they go, and behind them from the ledger's tables.

Counters are filled from these. A segment gives its columns as they are; of a row behind them only what counters need
is taken out of its record.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.decision import Action
from engine.errors import StoreInvalid
from engine.features import Catalog, Feature, FeatureType
from engine.ledger import VersionKind
from engine.packing import picker, shape_of
from engine.payment import EPOCH, MICROSECOND
from engine.stores.segment_tables import FEATURE, Versions, feature_column, feature_fields
from engine.stores.segments import DAMAGED, FOLDER, Manifest, Segment, SegmentKind
from engine.stores.sql.counted import DECISION, Scope, SqlCounted

BLOCKED: Final = "is_blocked"
PAYMENT: Final = "payment"
_BLOCK: Final = Action.BLOCK.value
_READERS: Final = 2
"""Threads that read segments: half of the time is spent outside of Python."""
_HOUR_US: Final = 3_600 * 1_000_000
_ABOUT: Final = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("id", pa.string()),
        pa.field("merchant_id", pa.string()),
        pa.field("test_mode", pa.bool_()),
        pa.field("transaction_id", pa.string()),
        pa.field("at_us", pa.int64()),
        pa.field("sequence", pa.int64()),
        pa.field("counted_at_us", pa.int64()),
        pa.field(BLOCKED, pa.bool_()),
        pa.field(PAYMENT, pa.binary()),
    ]
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
_STORED: Final = {"at_us": "at", "counted_at_us": "counted_at", BLOCKED: "action", "received_at_us": "received_at"}
"""What segments call a column of ours."""


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
        tables = list(_segments(self.data, manifest, kind, wanted, _reaching(newest_us, window)))
        tail = list(self._tables(self.counted.decisions_behind(manifest.upto[kind], with_payments=self.with_payments)))
        _require_same(manifest, kind, self.counted.decisions() - sum(table.num_rows for table in tail))
        return _laid_over([*tables, *tail], _ABOUT)

    def outcomes(self, newest_us: Mapping[Scope, int], window: timedelta) -> pa.Table:
        """The outcomes of every hour that the window of some merchant and mode reaches."""
        kind, manifest = SegmentKind.OUTCOMES, self.manifest
        tables = list(_segments(self.data, manifest, kind, _OUTCOME.names, _reaching(newest_us, window)))
        tail = list(self.counted.outcomes_behind(manifest.upto[kind]))
        _require_same(manifest, kind, self.counted.outcomes() - len(tail))
        return _laid_over([*tables, *([_table(tail, _OUTCOME)] if tail else [])], _OUTCOME)

    def named(self, ids: Sequence[str]) -> pa.Table:
        """The decisions of these ids, however old."""
        rows = self.counted.decisions_named(ids, with_payments=self.with_payments)
        return _laid_over(list(self._tables(rows)), _ABOUT)

    def _tables(self, rows: Iterable[Sequence[Any]]) -> Iterator[pa.Table]:
        """Rows of the ledger as tables, one for each catalogue that they were recorded under."""
        kinds: dict[str, _Recorded] = {}
        for row in rows:
            said = orjson.loads(row[len(DECISION)])
            recorded = kinds.get(said["versions"])
            if recorded is None:
                recorded = kinds[said["versions"]] = _Recorded.of(said["versions"], self.versions, self.inputs)
            recorded.about.append((*row[: len(DECISION)], said["action"] == _BLOCK, row[-1]))
            recorded.values.append(recorded.pick(said["features"]))
        return (each.table() for each in kinds.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """Rows recorded under one catalogue."""

    fields: Sequence[pa.Field]
    pick: Callable[[Sequence[Any]], tuple[Any, ...]]
    about: list[tuple[Any, ...]]
    values: list[tuple[Any, ...]]

    @classmethod
    def of(cls, versions_id: str, versions: Versions, inputs: Sequence[str]) -> "_Recorded":
        """None yet, of decisions with these versions."""
        fields = feature_fields(versions_id, versions)
        places = {field.name.removeprefix(FEATURE): place for place, field in enumerate(fields)}
        known = [places[name] for name in inputs if name in places]
        return cls(
            fields=[fields[place] for place in known],
            pick=picker(known, shape_of(_catalog(versions_id, versions))),
            about=[],
            values=[],
        )

    def table(self) -> pa.Table:
        """The rows in columns."""
        table = _table(self.about, _ABOUT)
        for field, values in zip(self.fields, zip(*self.values, strict=True), strict=True):
            table = table.append_column(*feature_column(field, values))
        return table


def _catalog(versions_id: str, versions: Versions) -> Catalog:
    """The catalogue of decisions of these versions, as far as a record's form depends on it."""
    said = versions(VersionKind.SNAPSHOT, versions_id)
    assert said is not None, "its fields were read"
    content = versions(VersionKind.CATALOG, orjson.loads(said)["catalog"])
    assert content is not None, "its fields were read"
    return Catalog(
        Feature(name=each["name"], type=FeatureType(each["type"]), doc="", source="", values=tuple(each["values"]))
        for each in orjson.loads(content)
    )


def _reaching(newest_us: Mapping[Scope, int], window: timedelta) -> Callable[[Segment], bool]:
    """Whether the window of some merchant and mode reaches an hour."""
    window_us = window // MICROSECOND
    spans = {(newest - window_us, newest) for newest in newest_us.values()}

    def reaches(segment: Segment) -> bool:
        begin_us = (segment.hour - EPOCH) // MICROSECOND
        return any(since < begin_us + _HOUR_US and newest >= begin_us for since, newest in spans)

    return reaches


def _segments(
    data: Path, manifest: Manifest, kind: SegmentKind, names: Sequence[str], is_wanted: Callable[[Segment], bool]
) -> Iterator[pa.Table]:
    """The segments that are wanted as one table of these columns; without those that none has."""
    stored = [_STORED.get(name, name) for name in names]

    def read(segment: Segment) -> pa.Table:
        file = data / FOLDER / segment.name
        try:
            # The plain reader: the one for data sets takes ten times as long to open so small a file.
            with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
                table = parquet.read(columns=stored, use_threads=False)
        except DAMAGED as error:
            raise StoreInvalid(f"{file} cannot be read: {error}") from error
        if table.num_rows != segment.rows:
            raise StoreInvalid(f"{file} holds {table.num_rows} rows, not {segment.rows}.")
        return table

    with ThreadPoolExecutor(_READERS) as readers:
        tables = list(readers.map(read, filter(is_wanted, manifest.of(kind))))
    if tables:
        table = _concatenated(tables)
        yield table.rename_columns([_OURS.get(name, name) for name in table.column_names])


_OURS: Final = {theirs: ours for ours, theirs in _STORED.items()}


def _table(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.Table.from_arrays(
        [
            pa.array(list(map(bool, values)) if field.type == pa.bool_() else values, field.type)
            for field, values in zip(schema, columns, strict=True)
        ],
        schema=schema,
    )


def _laid_over(tables: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    """One table of all, with the columns of the schema in its types; a column that one lacks is null there."""
    return _concatenated([schema.empty_table(), *(_typed(table, schema) for table in tables)])


def _concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise StoreInvalid(f"Segments do not fit together: {error}") from error


def _typed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Times as whole microseconds, and for an action whether it is a block."""
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if name == BLOCKED and column.type == pa.string():
            table = table.set_column(place, BLOCKED, pc.equal(column, _BLOCK))
        elif name in schema.names and column.type != schema.field(name).type:
            table = table.set_column(place, name, column.cast(schema.field(name).type))
    return table


def _require_same(manifest: Manifest, kind: SegmentKind, held: int) -> None:
    """Raise StoreInvalid where the ledger holds another number of rows up to the end of the segments.

    So it is where a copy of the database was put back and the segments stayed.
    """
    rows = sum(segment.rows for segment in manifest.segments if segment.kind is kind)
    if rows != held:
        raise StoreInvalid(f"The segments hold {rows} {kind}, and the ledger {held} of the same time.")
