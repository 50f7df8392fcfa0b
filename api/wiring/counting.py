"""The counters of an installation as they are at its start: in memory, filled from the ledger."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from engine.custom import CustomField
from engine.decide import Snapshot
from engine.errors import StoreInvalid
from engine.feedback import Feedback
from engine.garbage import no_garbage_collection
from engine.ledger import Ledger, Outcomes
from engine.payment import EPOCH, MICROSECOND
from engine.pipeline import Pipeline
from engine.rebuild import longest, rebuild, rebuild_of
from engine.receipt import ReceiptTimes
from engine.stores.memory import MemoryCounters
from engine.stores.sql import Store
from engine.velocity import VELOCITIES, Counters, Recorded, Velocity
from engine.velocity.watch import AlwaysReady, CountersWatch

COLUMNS_FROM: Final = 5_000
"""So many decisions are read in columns at the start: to load what reads them takes as long as to count a few."""

HistoryOf = Callable[[str, Sequence[Velocity], Sequence[CustomField]], Iterator[Recorded | None]]
"""A merchant's past, to be counted for these velocities by the custom fields that it declares."""

_MADE_NO_SENSE: Final = (ArithmeticError, LookupError, TypeError, ValueError)
"""What columns may raise that were read well and are not what was written: a cache stops no start."""

_Declared = Mapping[str, Sequence[CustomField]]
_LastAt = dict[tuple[str, bool], datetime]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Counters as they are at the start."""

    counters: Counters
    history_of: HistoryOf
    restored: int
    """How many payments they were filled with, or where they are in Valkey, the last one's sequence."""
    sequence: int
    watch: Callable[[Pipeline, Feedback], CountersWatch]
    held: Callable[[], tuple[int, int] | None]


def in_memory(store: Store, folder: Path, times: ReceiptTimes, own: Mapping[str, Snapshot]) -> Counting:
    """Counters in memory, filled from the ledger; `own` are merchants' own bundles. Raises LedgerUnavailable."""
    last_at: _LastAt = {}
    # Millions of objects are made that all stay.
    with no_garbage_collection():
        counters, restored = _restored(store, folder, own, last_at)
        gc.freeze()
    times.restore(last_at)
    return Counting(
        counters=counters,
        history_of=histories(store.ledger, store.outcomes),
        restored=restored,
        sequence=0,
        watch=lambda *_: AlwaysReady(),
        held=counters.held,
    )


def histories(ledger: Ledger, outcomes: Outcomes) -> HistoryOf:
    """Reads a merchant's past in small steps, on the thread that asks for it."""

    def history_of(
        merchant_id: str, velocities: Sequence[Velocity], declared: Sequence[CustomField]
    ) -> Iterator[Recorded | None]:
        return rebuild_of(merchant_id, ledger, outcomes, velocities, declared=declared)

    return history_of


def _restored(
    store: Store, folder: Path, snapshots: Mapping[str, Snapshot], last_at: _LastAt
) -> tuple[MemoryCounters, int]:
    """Counters of all that the ledger holds, and how many payments that are; `last_at` takes the newest times.

    Much is read in columns, from the segments as far as they go. They are a copy of the ledger: where they cannot be
    used the log says so, and the ledger alone is read. Raises LedgerUnavailable.
    """
    own = {merchant_id: each.velocities for merchant_id, each in snapshots.items()}
    declared = {merchant_id: each.custom_fields for merchant_id, each in snapshots.items()}
    kept = tuple(dict.fromkeys(each for velocities in (VELOCITIES, *own.values()) for each in velocities))
    if store.counted.decisions() >= COLUMNS_FROM:
        for with_segments in (True, False):
            try:
                return _from_columns(store, folder, (kept, own, declared), last_at, with_segments=with_segments)
            except (StoreInvalid, *_MADE_NO_SENSE) as error:
                log.warning("restored_otherwise", detail=str(error), source="segments" if with_segments else "ledger")
    counters = MemoryCounters(VELOCITIES, own)
    return counters, counters.restore(rebuild(store.ledger, store.outcomes, kept, last_at, declared=declared))


def _from_columns(
    store: Store,
    folder: Path,
    about: tuple[Sequence[Velocity], Mapping[str, Sequence[Velocity]], _Declared],
    last_at: _LastAt,
    *,
    with_segments: bool,
) -> tuple[MemoryCounters, int]:
    """As `_restored`; raises StoreInvalid where what is read is damaged or does not go into columns."""
    # Loaded where there is much to read: pyarrow takes a third of a second.
    from engine.stores.history import history_of  # noqa: PLC0415
    from engine.stores.recorded_columns import RecordedColumns  # noqa: PLC0415
    from engine.stores.segments import Manifest, manifest_of  # noqa: PLC0415

    kept, own, declared = about
    columns = RecordedColumns(
        data=folder,
        manifest=manifest_of(folder) if with_segments else Manifest(),
        counted=store.counted,
        versions=store.ledger.version,
        inputs=tuple(sorted({name for velocity in kept for name in velocity.inputs})),
        with_payments=any(declared.values()),
    )
    history = history_of(columns, tuple(store.ledger.superseded()), longest(kept), declared)
    counters = MemoryCounters(VELOCITIES, own)
    restored = counters.load(history)
    last_at |= {scope: EPOCH + at_us * MICROSECOND for scope, at_us in history.newest_us.items()}
    return counters, restored
