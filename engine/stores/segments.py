"""Segments: closed hours of the ledger as Parquet files, for what reads much: backtests, statistics, training.

A segment holds decisions, or outcomes, received in one hour (UTC), by their positions in the ledger; those of a day
that is over are joined, for a file takes milliseconds to open and a month has 1,440 of both. The manifest says which
segments there are and up to which position they hold everything; what comes behind is the tail and is read from the
ledger. So each row is in one segment or in the tail, also where an import brings an old hour again: that makes
another segment of the same hour. A file that the manifest does not name is of a run that was cut off, or was joined
with others: it is no segment, and is removed after a while, as a reader may still have an earlier manifest in hand.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import SegmentsInUse, StoreInvalid
from engine.ledger import DecisionRecord, Ledger
from engine.outcome import Outcome
from engine.stores.segment_tables import decisions_table, outcomes_table

FOLDER: Final = "segments"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
BATCH_ROWS: Final = 2_000
"""Rows read from the ledger in one go: a long read would keep its WAL from starting anew."""
SEGMENT_ROWS_MAX: Final = 50_000
"""Rows held before they are written: some 550 MB."""
SETTLED: Final = timedelta(minutes=5)
"""An hour is closed so long after its end: what was received in it is recorded by then."""

_HOUR: Final = timedelta(hours=1)
_DAY_HOURS: Final = 24
_READ_BY: Final = timedelta(minutes=30)
"""So long after a manifest was replaced whoever reads by it has ended: less than from one run to the next."""

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class SegmentKind(StrEnum):
    """What is kept in segments."""

    DECISIONS = "decisions"
    OUTCOMES = "outcomes"


class Positioned(Protocol[R_co]):
    """Where rows are read from, in the order of their commits."""

    def behind(self, position: int, limit: int) -> Sequence[tuple[int, R_co]]:
        """The first rows behind a position, each with its own. Raises LedgerUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file: so many rows received in one hour, or in some hours on end, from the first position to the last."""

    kind: SegmentKind
    hour: datetime
    first: int
    last: int
    rows: int
    sha256: str
    hours: int = 1

    @property
    def end(self) -> datetime:
        """The first moment behind it."""
        return self.hour + self.hours * _HOUR

    @property
    def name(self) -> str:
        """The file's path in the folder of the segments."""
        start = f"{self.hour:%Y-%m-%d}" if self.hours > 1 else f"{self.hour:%Y-%m-%dT%H}"
        return f"{self.kind}/{start}/{self.first:012}-{self.last:012}.parquet"

    def file_in(self, data: Path) -> Path:
        """Where the file lies in a data folder."""
        return data / FOLDER / self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The segments in force, and for each kind the position up to which they hold everything."""

    upto: Mapping[SegmentKind, int] = field(default_factory=lambda: dict.fromkeys(SegmentKind, 0))
    segments: tuple[Segment, ...] = ()

    def of(self, kind: SegmentKind, start: datetime | None = None, end: datetime | None = None) -> Iterator[Segment]:
        """Those of a kind that may hold rows received from `start` until before `end`, by hour and position."""
        for segment in sorted(self.segments, key=lambda each: (each.hour, each.first)):
            is_within = (start is None or segment.end > start) and (end is None or segment.hour < end)
            if segment.kind is kind and is_within:
                yield segment


def manifest_of(data: Path) -> Manifest:
    """The manifest of a data folder; an empty one where no segment was written. Raises StoreInvalid."""
    file = data / FOLDER / MANIFEST
    try:
        said = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return Manifest()
    except (OSError, orjson.JSONDecodeError) as error:
        raise StoreInvalid(f"{file} cannot be read ({error}). {_MEND}") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise StoreInvalid(f"{file} is not of this version of Assay. {_MEND}")
    try:
        segments = tuple(
            Segment(**{**each, "kind": SegmentKind(each["kind"]), "hour": datetime.fromisoformat(each["hour"])})
            for each in said["segments"]
        )
        upto = {SegmentKind(kind): int(said["upto"][kind]) for kind in SegmentKind}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreInvalid(f"{file} does not say what a manifest says. {_MEND}") from error
    return Manifest(upto=upto, segments=segments)


_MEND: Final = "Remove the folder and run `assay segments`: it is made anew from the ledger."

DAMAGED: Final = (OSError, pa.ArrowException, ArithmeticError, LookupError, TypeError, ValueError)
"""What reading a damaged segment may raise: a changed byte may be anywhere in it."""


def read_segment(data: Path, segment: Segment, columns: Sequence[str] | None = None) -> pa.Table:
    """A segment's rows by position, or some of their columns. Raises StoreInvalid where it is missing or damaged."""
    file = data / FOLDER / segment.name
    try:
        wanted = None if columns is None else list(columns)
        return pq.read_table(file, columns=wanted, partitioning=None, page_checksum_verification=True)
    except DAMAGED as error:
        raise StoreInvalid(f"{file} cannot be read ({error}). {_MEND}") from error


def write_segments(
    data: Path,
    ledger: Ledger,
    decisions: Positioned[DecisionRecord],
    outcomes: Positioned[Outcome],
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Write what was received in hours that are closed by now and is in no segment yet; the manifest then in force.

    `progress` is told of rows as they are written. A run that is cut off loses nothing: the next one begins where the
    manifest ends. Raises SegmentsInUse where another run is at it, LedgerUnavailable, StoreInvalid or OSError.
    """
    versions = ledger.version
    kinds: tuple[_Kind[Any], ...] = (
        _Kind(SegmentKind.DECISIONS, decisions, lambda row: row.at, lambda rows: decisions_table(rows, versions)),
        _Kind(SegmentKind.OUTCOMES, outcomes, lambda row: row.received_at, outcomes_table),
    )
    with _one_at_a_time(data / FOLDER):
        manifest = manifest_of(data)
        _sweep(data, manifest, now)
        for kind in kinds:
            for rows in _closed(kind, manifest.upto[kind.name], now - SETTLED):
                manifest = _written(data, kind, manifest, rows, _day(now - SETTLED))
                progress(len(rows))
        return _joined(data, manifest, _day(now - SETTLED))


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder of the segments; kill -9 frees it too, because the kernel holds the lock."""
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "lock"
    file.touch(mode=0o600)
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SegmentsInUse(
                f"Another process writes segments into {folder} now: wait until it has ended."
            ) from error
        yield


@dataclass(frozen=True, slots=True)
class _Kind(Generic[R]):
    name: SegmentKind
    source: Positioned[R]
    at: Callable[[R], datetime]
    table: Callable[[Sequence[tuple[int, R]]], pa.Table]


def _closed(kind: _Kind[R], upto: int, now: datetime) -> Iterator[list[tuple[int, R]]]:
    """Rows behind a position, up to the first of the hour that is not over; what is dated later stops nothing."""
    open_from = _hour(now)
    rows: list[tuple[int, R]] = []
    while batch := kind.source.behind(upto, BATCH_ROWS):
        for position, row in batch:
            if open_from <= kind.at(row) < open_from + 2 * _HOUR:
                yield from [rows] if rows else []
                return
            rows.append((position, row))
        upto = batch[-1][0]
        if len(rows) >= SEGMENT_ROWS_MAX:
            yield rows
            rows = []
    yield from [rows] if rows else []


def _written(
    data: Path, kind: _Kind[R], manifest: Manifest, rows: Sequence[tuple[int, R]], today: datetime
) -> Manifest:
    """Segments of these rows, and then the manifest that names them: on the disk in this order."""

    def span(row: tuple[int, R]) -> tuple[datetime, int]:
        at = kind.at(row[1])
        return (_day(at), _DAY_HOURS) if _day(at) < today else (_hour(at), 1)

    new: list[Segment] = []
    for (start, hours), group in groupby(sorted(rows, key=span), key=span):
        own = list(group)
        segment = Segment(
            kind=kind.name, hour=start, hours=hours, first=own[0][0], last=own[-1][0], rows=len(own), sha256=""
        )
        new.append(_put(data, segment, kind.table(own)))
    upto = {**manifest.upto, kind.name: rows[-1][0]}
    return _in_force(data, Manifest(upto=upto, segments=(*manifest.segments, *new)))


def _joined(data: Path, manifest: Manifest, today: datetime) -> Manifest:
    """The segments of each day that is over put together, as far as they are few rows; the manifest then in force."""
    days: dict[tuple[SegmentKind, datetime], list[Segment]] = {}
    for kind in SegmentKind:
        for segment in manifest.of(kind, end=today):
            days.setdefault((kind, _day(segment.hour)), []).append(segment)
    for (kind, day), segments in days.items():
        for some in _few(segments):
            table = pa.concat_tables([read_segment(data, each) for each in some], promote_options="permissive")
            joined = Segment(
                kind=kind,
                hour=day,
                hours=_DAY_HOURS,
                first=min(each.first for each in some),
                last=max(each.last for each in some),
                rows=table.num_rows,
                sha256="",
            )
            joined = _put(data, joined, table.sort_by("position"))
            kept = tuple(each for each in manifest.segments if each not in some)
            manifest = _in_force(data, replace(manifest, segments=(*kept, joined)))
    return manifest


def _few(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Two or more on end that are no more rows together than a segment may have."""
    some: list[Segment] = []
    for segment in segments:
        if some and sum(each.rows for each in some) + segment.rows > SEGMENT_ROWS_MAX:
            yield from [some] if len(some) > 1 else []
            some = []
        some.append(segment)
    yield from [some] if len(some) > 1 else []


def _sweep(data: Path, manifest: Manifest, now: datetime) -> None:
    """Remove files that no manifest in use names: neither the one in force, nor the one that it replaced of late."""
    file = data / FOLDER / MANIFEST
    if not file.exists() or file.stat().st_mtime > (now - _READ_BY).timestamp():
        return
    named = {segment.file_in(data) for segment in manifest.segments}
    for each in (data / FOLDER).glob("*/*/*.parquet"):
        if each not in named:
            each.unlink()
            if not any(each.parent.iterdir()):
                each.parent.rmdir()


def _put(data: Path, segment: Segment, table: pa.Table) -> Segment:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    content = sink.getvalue().to_pybytes()
    put(segment.file_in(data), content)
    return replace(segment, sha256=sha256(content).hexdigest())


def _in_force(data: Path, manifest: Manifest) -> Manifest:
    segments = [{**asdict(each), "hour": each.hour.isoformat()} for each in manifest.segments]
    said = {"format": FORMAT, "upto": {each.value: at for each, at in manifest.upto.items()}, "segments": segments}
    put(data / FOLDER / MANIFEST, orjson.dumps(said, option=orjson.OPT_INDENT_2))
    return manifest


def put(file: Path, content: bytes) -> None:
    """The whole file or none, for this user alone, on the disk when this returns."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.touch(mode=0o600)
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _day(at: datetime) -> datetime:
    return _hour(at).replace(hour=0)
