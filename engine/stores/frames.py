"""Recorded decisions as a frame: from segments as far as they go, and behind them from the ledger; or from Parquet."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa

from engine.ledger import PaymentName
from engine.recorded_frame import Progress, RecordedFrame, Wanted
from engine.stores.frame_backfill import backfilled
from engine.stores.frame_outcomes import outcome_schema
from engine.stores.frame_reading import Read, Reading
from engine.stores.frame_relations import related, with_inputs
from engine.stores.recorded_columns import RecordedColumns, require_same
from engine.stores.recorded_rows import (
    PAYMENT,
    in_turn,
    parquet_table,
    segment_table,
    segment_tables,
    table_of,
    tables_of_rows,
)
from engine.stores.segment_tables import Versions
from engine.stores.segments import Manifest, Segment, SegmentKind, manifest_of
from engine.stores.sql.counted import OUTCOME, SqlCounted

_TAIL: Final = {"received_at": "received_at_us"}
"""What the ledger's rows call a column of segments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFrames:
    """Reads the segments and the tail of a data folder."""

    data: Path
    counted: SqlCounted
    versions: Versions
    superseded: Callable[[str | None], Iterable[PaymentName]]
    """The payments that others replaced, of one merchant or all."""
    manifest: Callable[[Path], Manifest] = manifest_of

    def read(self, wanted: Wanted, progress: Progress = lambda _: None) -> RecordedFrame:
        """The decisions received from `start` until before `end`.

        Raises LedgerUnavailable, and StoreInvalid where a segment is damaged or does not fit the ledger.
        """
        manifest, kind = self.manifest(self.data), SegmentKind.DECISIONS
        wanted = with_inputs(wanted)
        reading = Reading.of(wanted)
        segments = list(manifest.of(kind, wanted.start, wanted.end))
        read: list[Read] = []

        def read_one(segment: Segment) -> Read:
            table = segment_table(self.data, segment, reading.names, reading.texts)
            return reading.of_table(table, partial(_payments_in, segment.file_in(self.data)))

        for done, each in enumerate(in_turn(read_one, segments), start=1):
            read.append(each)
            progress(done / (len(segments) + 1))
        tail = self.counted.decisions_behind(manifest.upto[kind], with_payments=True)
        rows, kept = 0, []
        for row in tail:
            rows += 1
            if reading.is_wanted(row):
                kept.append(row)
        require_same(manifest, kind, self.counted.decisions() - rows)
        tables = tables_of_rows(kept, self.versions, reading.inputs)
        read += [reading.of_table(table, table[PAYMENT].to_pylist) for table in tables]
        gone = tuple(self.superseded(None))
        frame, versions = reading.frame(read, self._outcomes(manifest, wanted), gone)
        if not wanted.velocities:
            return related(frame, versions, self.versions)
        inputs = sorted({name for velocity in wanted.velocities for name in velocity.inputs})
        recorded = RecordedColumns(
            data=self.data,
            manifest=manifest,
            counted=self.counted,
            versions=self.versions,
            inputs=inputs,
            with_payments=False,
        )
        return related(backfilled(frame, versions, recorded, gone), versions, self.versions)

    def _outcomes(self, manifest: Manifest, wanted: Wanted) -> Iterator[pa.Table]:
        kind = SegmentKind.OUTCOMES
        segments = list(manifest.of(kind, wanted.start))
        schema = outcome_schema(with_times=wanted.outcomes_until is not None)
        yield from (table for _, table in segment_tables(self.data, segments, schema.names, ("kind",)))
        places = [OUTCOME.index(_TAIL.get(name, name)) for name in schema.names]
        tail = [tuple(row[place] for place in places) for row in self.counted.outcomes_behind(manifest.upto[kind])]
        if tail:
            yield table_of(tail, schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetFrames:
    """Reads Parquet files that are written as segments are, wherever they lie."""

    decisions: Sequence[Path]
    outcomes: Sequence[Path] = ()

    def read(self, wanted: Wanted, progress: Progress = lambda _: None) -> RecordedFrame:
        """The decisions received from `start` until before `end`. Raises StoreInvalid where a file cannot be read."""
        reading = Reading.of(wanted)
        read: list[Read] = []

        def read_one(file: Path) -> Read:
            return reading.of_table(parquet_table(file, reading.names, reading.texts), partial(_payments_in, file))

        for done, each in enumerate(in_turn(read_one, self.decisions), start=1):
            read.append(each)
            progress(done / (len(self.decisions) + 1))
        # Files do not say what their payments lack, nor hold what came before: nothing is counted for them.
        names = outcome_schema(with_times=wanted.outcomes_until is not None).names
        outcomes = in_turn(lambda file: parquet_table(file, names, ("kind",)), self.outcomes)
        frame, _ = reading.frame(read, outcomes, ())
        return frame


def _payments_in(file: Path) -> Sequence[bytes]:
    payments: list[bytes] = parquet_table(file, [PAYMENT])[PAYMENT].to_pylist()
    return payments
