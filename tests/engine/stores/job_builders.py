"""Jobs, and a store of them whose clocks a test sets."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.jobs import Job
from engine.stores.sql import open_store
from engine.stores.sql.jobs import SqlJobs
from engine.stores.sql.sqlite import PointReader, connect_writer
from engine.stores.sql.store import DATABASE_NAME
from engine.stores.sql.writer import Writer

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
_NANOSECONDS = 1_000_000_000


@dataclass
class Clocks:
    """The machine's two clocks, in seconds: one that may be set, one that only goes on."""

    wall: float = 1_000_000.0
    monotonic: float = 50.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


def new_job(number: int, **changes: Any) -> Job:
    """A job whose every field follows from its number, less the changes."""
    fields: dict[str, Any] = {
        "id": f"job_{number:08}",
        "kind": "test",
        "merchant_id": "m-1",
        "test_mode": False,
        "arguments": b'{"number":%d}' % number,
        "fingerprint": b"%d" % number,
        "created_at": NOON,
        "created_by": "key",
    }
    return Job(**(fields | changes))


@contextmanager
def opened_jobs(folder: Path, clocks: Clocks) -> Iterator[SqlJobs]:
    """The folder's jobs under these clocks, made where there are none; many are opened, so it is done quickly."""
    file = folder / DATABASE_NAME
    if not file.exists():
        folder.mkdir(exist_ok=True)
        file.write_bytes(_empty())
    with ExitStack() as resources:
        writer = Writer(connect_writer(file))
        resources.callback(writer.close)
        # No power is cut here, and syncs would be most of the time.
        writer.driver.execute("PRAGMA synchronous = off")
        reader = PointReader(file)
        resources.callback(reader.close)
        yield SqlJobs(
            writer,
            reader,
            file,
            monotonic_ns=lambda: int(clocks.monotonic * _NANOSECONDS),
            wall_ns=lambda: int(clocks.wall * _NANOSECONDS),
        )


@cache
def _empty() -> bytes:
    """The database of a store in which nothing happened."""
    with TemporaryDirectory(prefix="assay-jobs-") as folder:
        open_store(Path(folder)).close()
        return (Path(folder) / DATABASE_NAME).read_bytes()
