"""Wiring: puts the parts together, and alone names the concrete stores."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from api.clock import monotonic_ns, new_decision_id, new_outcome_id
from api.operator import take_over
from api.parts import PartState, first_parts, states_of
from api.reloading import Reloading, ReloadReport
from api.settings import Settings
from engine.access import ApiKeys
from engine.catalog import CATALOG, velocities_of
from engine.custom import CustomField
from engine.decide import Snapshot, snapshot_of
from engine.errors import StoreInvalid
from engine.examined import Examined
from engine.feedback import Feedback
from engine.garbage import no_garbage_collection
from engine.ledger import Labels, Ledger, Outcomes
from engine.payment import EPOCH, MICROSECOND
from engine.pipeline import Pipeline
from engine.policy import Policies, Policy
from engine.rebuild import longest, rebuild, rebuild_of
from engine.receipt import ReceiptTimes
from engine.reference import load_reference
from engine.rules import parse_ruleset
from engine.snapshots import KeepVelocities, MerchantSnapshots
from engine.stores.memory import MemoryCounters
from engine.stores.memory_ledger import MemoryLedger, MemoryOutcomes
from engine.stores.memory_policies import MemoryPolicies
from engine.stores.sql import SqlLedger, SqlOutcomes, Store, examine, open_reader, open_store
from engine.velocity import VELOCITIES, Counters, Recorded, Velocity
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS

COLUMNS_FROM: Final = 5_000
"""So many decisions are read in columns at the start: to load what reads them takes as long as to count a few."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What stores and counters hold and did, for the metrics."""

    commits: int
    failures: int
    decisions_appended: int
    payments: int
    key_values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A running installation's parts."""

    pipeline: Pipeline
    feedback: Feedback
    ledger: Ledger
    outcomes: Outcomes
    labels: Labels
    keys: ApiKeys
    policies: Policies
    counters: Counters
    snapshots: MerchantSnapshots
    reloading: Reloading
    payments_restored: int
    held: Callable[[], Held]

    @property
    def snapshot(self) -> Snapshot:
        """The bundle in force for merchants without a policy of their own."""
        return self.snapshots.default

    async def reload(self) -> ReloadReport:
        """Read the files that the settings name again and put them in force; what fails leaves its last good one.

        Raises LedgerUnavailable; then nothing has changed.
        """
        return await self.reloading.reload()

    def state(self) -> tuple[PartState, ...]:
        """Rules, model and tables as they are in force, and why a file was not taken."""
        return self.reloading.states()


def load_snapshot(settings: Settings, ruleset_text: str) -> Snapshot:
    """A bundle of this ruleset and the shipped model, outside of a server. Raises RulesInvalid or ReferenceInvalid."""
    return snapshot_of(
        ruleset=parse_ruleset(ruleset_text, CATALOG, ()),
        lists={},
        scorer=Scorecard(ITEMS, CATALOG, settings.fraud_rate),
        policy=Policy(),
        reference=load_reference(settings.ip_database, settings.bin_table, settings.rates),
    )


@contextmanager
def assembled(settings: Settings) -> Iterator[Assembly]:
    """Open the data folder, rebuild the counters from the ledger, and hold the folder's lock until the end.

    Raises DataFolderInUse, StoreInvalid, RulesInvalid or ReferenceInvalid.
    """
    read = first_parts(settings)
    store = open_store(settings.data)
    try:
        take_over(settings.data, store.keys)
        own = {each.merchant_id: each.policy.custom_fields for each in store.policies.all()}
        times, last_at = ReceiptTimes(), dict[tuple[str, bool], datetime]()
        # Millions of objects are made that all stay.
        with no_garbage_collection():
            counters, restored = _restored(store, settings.data, own, last_at)
        times.restore(last_at)
        keep = _keeping(counters, store.ledger, store.outcomes)
        snapshots = MerchantSnapshots(read.parts, ledger=store.ledger, policies=store.policies, keep_velocities=keep)
        yield Assembly(
            pipeline=_pipeline(store.ledger, store.outcomes, counters, snapshots, times),
            feedback=Feedback(
                outcomes=store.outcomes,
                ledger=store.ledger,
                counters=counters,
                times=times,
                new_id=new_outcome_id,
            ),
            ledger=store.ledger,
            outcomes=store.outcomes,
            labels=store.labels,
            keys=store.keys,
            policies=store.policies,
            counters=counters,
            snapshots=snapshots,
            reloading=Reloading(settings, snapshots, states_of(settings, read)),
            payments_restored=restored,
            held=lambda: _held(store.ledger, counters),
        )
    finally:
        store.close()


def _restored(
    store: Store,
    folder: Path,
    declared: Mapping[str, Sequence[CustomField]],
    last_at: dict[tuple[str, bool], datetime],
) -> tuple[MemoryCounters, int]:
    """Counters of all that the ledger holds, and how many payments that are; `last_at` takes the newest times.

    Much is read in columns, from the segments as far as they go. They are a copy of the ledger: where they cannot be
    used the log says so, and the ledger alone is read. Raises LedgerUnavailable.
    """
    own = {merchant_id: velocities_of(fields) for merchant_id, fields in declared.items()}
    kept = tuple(dict.fromkeys(each for velocities in (VELOCITIES, *own.values()) for each in velocities))
    if store.counted.decisions() >= COLUMNS_FROM:
        for with_segments in (True, False):
            try:
                return _from_columns(store, folder, (kept, own, declared), last_at, with_segments=with_segments)
            except StoreInvalid as error:
                log.warning("restored_otherwise", detail=str(error), with_segments=with_segments)
    counters = MemoryCounters(VELOCITIES, own)
    return counters, counters.restore(rebuild(store.ledger, store.outcomes, kept, last_at, declared=declared))


def _from_columns(
    store: Store,
    folder: Path,
    about: tuple[Sequence[Velocity], Mapping[str, Sequence[Velocity]], Mapping[str, Sequence[CustomField]]],
    last_at: dict[tuple[str, bool], datetime],
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


def pipeline_in_memory(settings: Settings) -> Pipeline:
    """A pipeline that keeps nothing: the settings' parts over counters and a ledger in memory. For measuring.

    Raises RulesInvalid or ReferenceInvalid.
    """
    ledger, counters = MemoryLedger(), MemoryCounters(VELOCITIES)
    snapshots = MerchantSnapshots(
        first_parts(settings).parts,
        ledger=ledger,
        policies=MemoryPolicies(),
        keep_velocities=_keeping(counters, ledger, MemoryOutcomes(ledger)),
    )
    return _pipeline(ledger, MemoryOutcomes(ledger), counters, snapshots, ReceiptTimes())


def _pipeline(
    ledger: Ledger, outcomes: Outcomes, counters: Counters, snapshots: MerchantSnapshots, times: ReceiptTimes
) -> Pipeline:
    return Pipeline(
        ledger=ledger,
        outcomes=outcomes,
        counters=counters,
        snapshots=snapshots,
        times=times,
        monotonic_ns=monotonic_ns,
        new_id=new_decision_id,
    )


def _held(ledger: SqlLedger, counters: MemoryCounters) -> Held:
    payments, key_values = counters.held()
    return Held(
        commits=ledger.commits,
        failures=ledger.failures,
        decisions_appended=ledger.appended,
        payments=payments,
        key_values=key_values,
    )


def _keeping(counters: Counters, ledger: Ledger, outcomes: Outcomes) -> KeepVelocities:
    async def keep(merchant_id: str, snapshot: Snapshot) -> None:
        def history() -> Iterator[Recorded | None]:
            return rebuild_of(merchant_id, ledger, outcomes, snapshot.velocities, declared=snapshot.custom_fields)

        await counters.keep(merchant_id, snapshot.velocities, history)

    return keep


@contextmanager
def opened_for_reading(folder: Path) -> Iterator[tuple[Ledger, Labels]]:
    """The folder's ledger and labels, read-only and without its lock: a server may run. Raises StoreInvalid."""
    with open_reader(folder) as reading:
        yield reading.ledger, reading.labels


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


def counters_in_memory(velocities: Sequence[Velocity], history: Iterable[Recorded]) -> Counters:
    """Counters in memory that hold a history: for measuring."""
    counters = MemoryCounters(velocities)
    with no_garbage_collection():
        counters.restore(history)
    return counters


@asynccontextmanager
async def counters_in_valkey(
    url: str, velocities: Sequence[Velocity], history: Iterable[Recorded]
) -> AsyncIterator[Counters]:
    """Counters in a Valkey that hold a history: for measuring. Raises CountersUnavailable."""
    # Loaded where it is used: the driver is an extra.
    from engine.stores.valkey import ValkeyCounters, open_client  # noqa: PLC0415

    async with open_client(url, call_seconds=60) as client:
        counters = ValkeyCounters(client, velocities)
        await counters.rebuild(history)
        yield counters


def counters_of(folder: Path) -> MemoryCounters:
    """Counters of the folder's ledger, filled one by one and without its lock: for measuring. Raises StoreInvalid."""
    counters = MemoryCounters(VELOCITIES)
    with open_reader(folder) as reading, no_garbage_collection():
        counters.restore(rebuild(reading.ledger, reading.outcomes, VELOCITIES, {}))
    return counters


def segments_written(folder: Path, now: datetime, progress: Callable[[int], None]) -> dict[str, int | str]:
    """Write closed hours as segments, without the folder's lock; how many rows, and how many segments there are now.

    Raises StoreInvalid, SegmentsInUse, LedgerUnavailable or OSError.
    """
    # Loaded where it is used: pyarrow takes a third of a second that no other command should wait for.
    from engine.stores.segments import FOLDER, write_segments  # noqa: PLC0415

    rows = 0

    def note(more: int) -> None:
        nonlocal rows
        rows += more
        progress(more)

    with open_reader(folder) as reading:
        manifest = write_segments(folder, reading.ledger, reading.ledger, reading.outcomes, now, note)
    return {"rows": rows, "segments": len(manifest.segments), "folder": str(folder / FOLDER)}


def examined(folder: Path) -> Examined:
    """The folder's database looked over, without its lock: a server may run. Raises StoreInvalid."""
    return examine(folder)


@contextmanager
def opened_keys(folder: Path, *, is_made: bool = False) -> Iterator[ApiKeys]:
    """The folder's API keys alone, under its lock. Raises DataFolderInUse or StoreInvalid.

    A folder that is not there is made where `is_made` says so; else a mistyped one would look like an empty one.
    """
    if not is_made and not folder.exists():
        raise StoreInvalid(f"There is no data folder {folder}: check --data or ASSAY_DATA.")
    store = open_store(folder)
    try:
        take_over(folder, store.keys)
        yield store.keys
    finally:
        store.close()
