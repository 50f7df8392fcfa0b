"""Stores as benchmarks need them: filled at once, or without what an installation has beside them."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from engine.garbage import no_garbage_collection
from engine.ledger import Labels
from engine.rebuild import rebuild
from engine.stores.memory import MemoryCounters
from engine.stores.sql import SqlLedger, SqlOutcomes, open_reader, open_store
from engine.velocity import VELOCITIES, Counters, Recorded, Velocity


@contextmanager
def opened_history(folder: Path) -> Iterator[tuple[SqlLedger, SqlOutcomes]]:
    """The folder's ledger and outcomes, under its lock, to record many at once. For measuring.

    Raises DataFolderInUse or StoreInvalid.
    """
    store = open_store(folder)
    try:
        yield store.ledger, store.outcomes
    finally:
        store.close()


@contextmanager
def opened_labels(folder: Path) -> Iterator[Labels]:
    """The folder's labels, under its lock, to record some. For measuring. Raises DataFolderInUse or StoreInvalid."""
    store = open_store(folder)
    try:
        yield store.labels
    finally:
        store.close()


def counters_in_memory(velocities: Sequence[Velocity], history: Iterable[Recorded]) -> Counters:
    """Counters in memory that hold a history:."""
    counters = MemoryCounters(velocities)
    with no_garbage_collection():
        counters.restore(history)
    return counters


@asynccontextmanager
async def counters_in_valkey(
    url: str, velocities: Sequence[Velocity], history: Iterable[Recorded]
) -> AsyncIterator[Counters]:
    """Counters in a Valkey that hold a history:. Raises CountersUnavailable."""
    # Loaded where it is used: the driver is an extra.
    from engine.stores.valkey import ValkeyCounters  # noqa: PLC0415
    from engine.stores.valkey_line import open_line  # noqa: PLC0415

    async with open_line(url, call_seconds=60) as line:
        counters = ValkeyCounters(line, velocities)
        await counters.rebuild(history)
        yield counters


def counters_of(folder: Path) -> MemoryCounters:
    """Counters of the folder's ledger, filled one by one and without its lock:. Raises StoreInvalid."""
    counters = MemoryCounters(VELOCITIES)
    with open_reader(folder) as reading, no_garbage_collection():
        counters.restore(rebuild(reading.ledger, reading.outcomes, VELOCITIES, {}))
    return counters
