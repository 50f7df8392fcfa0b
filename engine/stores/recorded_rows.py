"""Recorded decisions and outcomes as Arrow tables, a few columns of them: from segments, and from the ledger's rows.

Both ways give the columns under the names that segments have, so they can be put together.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import StoreInvalid
from engine.stores.segment_tables import FEATURE, Versions, feature_column, feature_fields
from engine.stores.segments import DAMAGED, Segment
from engine.stores.sql.counted import DECISION

ACTION: Final = "action"
PAYMENT: Final = "payment"
VERSIONS: Final = "versions"
ABOUT: Final = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("id", pa.string()),
        pa.field("merchant_id", pa.string()),
        pa.field("test_mode", pa.bool_()),
        pa.field("transaction_id", pa.string()),
        pa.field("at", pa.int64()),
        pa.field("sequence", pa.int64()),
        pa.field("counted_at", pa.int64()),
        pa.field(ACTION, pa.string()),
        pa.field(PAYMENT, pa.binary()),
    ]
)
"""What there is of a decision beside its features; times in whole microseconds since the epoch."""
_READERS: Final = 2
"""Threads that read segments: most of the time is spent outside of Python."""

S = TypeVar("S")
T = TypeVar("T")


def tables_of_rows(rows: Iterable[Sequence[Any]], versions: Versions, inputs: Sequence[str]) -> Iterator[pa.Table]:
    """Rows of the ledger, as SqlCounted gives them, one table for each catalogue that they were recorded under."""
    kinds: dict[str, _Recorded] = {}
    for row in rows:
        said = orjson.loads(row[len(DECISION)])
        recorded = kinds.get(said["versions"])
        if recorded is None:
            recorded = kinds[said["versions"]] = _Recorded.of(said["versions"], versions, inputs)
        recorded.about.append((*row[: len(DECISION)], said["action"], row[-1]))
        recorded.values.append(recorded.pick(said["features"]))
    return (each.table() for each in kinds.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """Rows recorded under one catalogue."""

    fields: Sequence[pa.Field]
    pick: Callable[[Sequence[Any]], tuple[Any, ...]]
    about: list[tuple[Any, ...]]
    values: list[tuple[Any, ...]]
    versions_id: str

    @classmethod
    def of(cls, versions_id: str, versions: Versions, inputs: Sequence[str]) -> "_Recorded":
        """None yet, of decisions with these versions."""
        fields = feature_fields(versions_id, versions)
        places = {field.name.removeprefix(FEATURE): place for place, field in enumerate(fields)}
        known = [places[name] for name in inputs if name in places]
        return cls(
            fields=[fields[place] for place in known],
            pick=_picker(known),
            about=[],
            values=[],
            versions_id=versions_id,
        )

    def table(self) -> pa.Table:
        """The rows in columns."""
        table = table_of(self.about, ABOUT)
        table = table.append_column(VERSIONS, pa.array([self.versions_id] * len(self.about), pa.string()))
        for field, values in zip(self.fields, zip(*self.values, strict=True), strict=True):
            table = table.append_column(*feature_column(field, values))
        return table


def _picker(positions: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Takes the values at some positions out of a record's."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda values: tuple(values[position] for position in positions)


def table_of(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table; a boolean may be told as 0 or 1, as SQLite does."""
    columns = zip(*rows, strict=True)
    return pa.Table.from_arrays(
        [
            pa.array(list(map(bool, values)) if field.type == pa.bool_() else values, field.type)
            for field, values in zip(schema, columns, strict=True)
        ],
        schema=schema,
    )


def segment_tables(
    data: Path, segments: Iterable[Segment], names: Sequence[str], texts: Sequence[str] = ()
) -> Iterator[tuple[Segment, pa.Table]]:
    """Each segment with its rows in these columns, without those that it has not. Raises StoreInvalid.

    `texts` are read as dictionaries: where few different ones are expected.
    """
    return in_turn(lambda segment: (segment, segment_table(data, segment, names, texts)), segments)


def segment_table(data: Path, segment: Segment, names: Sequence[str], texts: Sequence[str] = ()) -> pa.Table:
    """A segment's rows in these columns, without those that it has not. Raises StoreInvalid."""
    file = segment.file_in(data)
    table = parquet_table(file, names, texts)
    if table.num_rows != segment.rows:
        raise StoreInvalid(f"{file} holds {table.num_rows} rows, not {segment.rows}.")
    return table


def in_turn(make: Callable[[S], T], of: Iterable[S]) -> Iterator[T]:
    """What is made of each, in their order, some at a time in threads."""
    with ThreadPoolExecutor(_READERS) as readers:
        try:
            yield from readers.map(make, of)
        finally:
            # Who is cancelled waits for nothing that was not begun.
            readers.shutdown(wait=False, cancel_futures=True)


def parquet_table(file: Path, names: Sequence[str], texts: Sequence[str] = ()) -> pa.Table:
    """A file's rows in these columns, without those that it has not. Raises StoreInvalid."""
    try:
        metadata = pq.read_metadata(file)
        held = set(metadata.schema.names)
        texts = [name for name in texts if name in held]
        # The plain reader: the one for data sets takes ten times as long to open so small a file.
        with pq.ParquetFile(file, metadata=metadata, page_checksum_verification=True, read_dictionary=texts) as parquet:
            return parquet.read(columns=list(names), use_threads=False)
    except DAMAGED as error:
        raise StoreInvalid(f"{file} cannot be read: {error}") from error


def concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    """One table of all; a column that one lacks is null there. Raises StoreInvalid."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise StoreInvalid(f"Segments do not fit together: {error}") from error
