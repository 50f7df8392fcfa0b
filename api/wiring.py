"""Wiring: puts the parts together, and alone names the concrete stores."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Final

from api.clock import monotonic_ns, new_decision_id, new_outcome_id
from api.operator import take_over
from api.parts import PartState, first_parts, states_of
from api.reloading import Reloading, ReloadReport
from api.settings import Settings, SettingsInvalid, shown_valkey
from engine.access import ApiKeys
from engine.catalog import CATALOG, velocities_of
from engine.custom import CustomField
from engine.decide import Snapshot, snapshot_of
from engine.errors import StoreInvalid
from engine.examined import Examined
from engine.feedback import Feedback
from engine.garbage import no_garbage_collection
from engine.ledger import Labels, Ledger, Outcomes
from engine.pipeline import Pipeline
from engine.policy import Policies, Policy
from engine.rebuild import newest_at, rebuild, rebuild_of
from engine.receipt import ReceiptTimes
from engine.reference import load_reference
from engine.rules import parse_ruleset
from engine.snapshots import KeepVelocities, MerchantSnapshots
from engine.stores.memory import MemoryCounters
from engine.stores.memory_ledger import MemoryLedger, MemoryOutcomes
from engine.stores.memory_policies import MemoryPolicies
from engine.stores.sql import SqlLedger, Store, examine, extent, open_reader, open_store
from engine.velocity import VELOCITIES, Counters, Recorded, Velocity
from engine.velocity.watch import AlwaysReady, CountersWatch
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS

if TYPE_CHECKING:
    from engine.stores.valkey_line import Line

FILLER_SECONDS: Final = 5.0
"""How long one round trip of a filling may take."""
NO_VALKEY_CLIENT: Final = (
    "ASSAY_VALKEY names a Valkey, and its client is not installed: pip install 'assay[valkey]', or unset ASSAY_VALKEY "
    "to count in memory."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What stores and counters hold and did, for the metrics."""

    commits: int
    failures: int
    decisions_appended: int
    payments: int | None
    """In memory; what Valkey holds is not known here."""
    key_values: int | None


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
    watch: CountersWatch
    snapshots: MerchantSnapshots
    reloading: Reloading
    payments_restored: int
    """What the counters were filled with, or where they are in Valkey, the last one's sequence."""
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
        times = ReceiptTimes()
        counting = _in_memory(store, times) if settings.valkey is None else _in_valkey(settings, store, times)
        keep = _keeping(counting.counters, counting.history_of)
        snapshots = MerchantSnapshots(read.parts, ledger=store.ledger, policies=store.policies, keep_velocities=keep)
        pipeline = _pipeline(store.ledger, store.outcomes, counting.counters, snapshots, times)
        pipeline.go_on_from(counting.sequence)
        feedback = Feedback(
            outcomes=store.outcomes,
            ledger=store.ledger,
            counters=counting.counters,
            times=times,
            new_id=new_outcome_id,
        )
        yield Assembly(
            pipeline=pipeline,
            feedback=feedback,
            ledger=store.ledger,
            outcomes=store.outcomes,
            labels=store.labels,
            keys=store.keys,
            policies=store.policies,
            counters=counting.counters,
            watch=counting.watch(pipeline, feedback),
            snapshots=snapshots,
            reloading=Reloading(settings, snapshots, states_of(settings, read)),
            payments_restored=counting.restored,
            held=lambda: _held(store.ledger, counting.held()),
        )
    finally:
        store.close()


def pipeline_in_memory(settings: Settings) -> Pipeline:
    """A pipeline that keeps nothing: the settings' parts over counters and a ledger in memory. For measuring.

    Raises RulesInvalid or ReferenceInvalid.
    """
    ledger, counters = MemoryLedger(), MemoryCounters(VELOCITIES)
    snapshots = MerchantSnapshots(
        first_parts(settings).parts,
        ledger=ledger,
        policies=MemoryPolicies(),
        keep_velocities=_keeping(counters, _histories(ledger, MemoryOutcomes(ledger))),
    )
    return _pipeline(ledger, MemoryOutcomes(ledger), counters, snapshots, ReceiptTimes())


_HistoryOf = Callable[[str, Sequence[Velocity], Sequence[CustomField]], Iterator[Recorded | None]]
"""A merchant's past, to be counted for these velocities by the custom fields that it declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counting:
    """Counters as they are at the start."""

    counters: Counters
    history_of: _HistoryOf
    restored: int
    sequence: int
    watch: Callable[[Pipeline, Feedback], CountersWatch]
    held: Callable[[], tuple[int, int] | None]


def _in_memory(store: Store, times: ReceiptTimes) -> _Counting:
    """Counters in memory, filled from the ledger."""
    own = _declared(store)
    counters = MemoryCounters(VELOCITIES, {each: velocities_of(declared) for each, declared in own.items()})
    last_at: dict[tuple[str, bool], datetime] = {}
    counted = dict.fromkeys(velocity for declared in ((), *own.values()) for velocity in velocities_of(declared))
    # Millions of objects are made that all stay.
    with no_garbage_collection():
        restored = counters.restore(rebuild(store.ledger, store.outcomes, tuple(counted), last_at, declared=own))
    times.restore(last_at)
    return _Counting(
        counters=counters,
        history_of=_histories(store.ledger, store.outcomes),
        restored=restored,
        sequence=0,
        watch=lambda *_: AlwaysReady(),
        held=counters.held,
    )


def _in_valkey(settings: Settings, store: Store, times: ReceiptTimes) -> _Counting:
    """Counters in Valkey, which is not asked yet. Raises SettingsInvalid where there is no client for it."""
    with _with_valkey_client():
        # Loaded where it is used: nothing else of Assay needs the client.
        from engine.stores.valkey import ValkeyCounters  # noqa: PLC0415
        from engine.stores.valkey_line import CALL_SECONDS  # noqa: PLC0415
        from engine.stores.valkey_watch import Past, ValkeyWatch  # noqa: PLC0415
    own, folder = _declared(store), settings.data

    def all_history() -> Iterator[Recorded | None]:
        with open_reader(folder) as reading:
            yield from rebuild(reading.ledger, reading.outcomes, VELOCITIES, {})

    def history_of(
        merchant_id: str, velocities: Sequence[Velocity], declared: Sequence[CustomField]
    ) -> Iterator[Recorded | None]:
        # Read in another thread than the loop's, over connections of its own.
        with open_reader(folder) as reading:
            yield from rebuild_of(merchant_id, reading.ledger, reading.outcomes, velocities, declared=declared)

    counters = ValkeyCounters(
        _valkey_line(settings, CALL_SECONDS),
        VELOCITIES,
        {
            each: (velocities_of(declared), partial(history_of, each, velocities_of(declared), declared))
            for each, declared in own.items()
        },
        history=all_history,
        filler=_valkey_line(settings, FILLER_SECONDS),
    )
    times.restore(newest_at(store.ledger, store.outcomes))

    def watch(pipeline: Pipeline, feedback: Feedback) -> CountersWatch:
        async def settled() -> None:
            await asyncio.gather(pipeline.settled(), feedback.settled())

        def mark() -> str:
            reached = extent(folder)
            return f"{reached.decision_id} {reached.outcome_id}"

        past = Past(
            owner=f"{gethostname()}:{folder.resolve()}",
            newest=lambda: extent(folder).sequence,
            mark=mark,
            settled=settled,
            is_in_doubt=lambda: pipeline.is_in_doubt() or feedback.is_in_doubt(),
        )
        return ValkeyWatch(counters, past)

    sequence = extent(folder).sequence
    return _Counting(
        counters=counters,
        history_of=history_of,
        restored=sequence,
        sequence=sequence,
        watch=watch,
        held=lambda: None,
    )


@contextmanager
def _with_valkey_client() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "valkey":
            raise
        raise SettingsInvalid(NO_VALKEY_CLIENT) from error


def _valkey_line(settings: Settings, call_seconds: float) -> "Line":
    """A line to the URL that the settings give. Raises SettingsInvalid where the driver cannot use it."""
    from engine.stores.valkey_line import open_line  # noqa: PLC0415 - as above

    assert settings.valkey is not None, "there is one to be opened"
    try:
        return open_line(settings.valkey.get_secret_value(), call_seconds=call_seconds)
    except (ValueError, TypeError) as error:
        # Not the error's own words: they may quote a password.
        message = f"ASSAY_VALKEY ({shown_valkey(settings)}) cannot be used: check what stands behind the ? of the URL."
        raise SettingsInvalid(message) from error


def _declared(store: Store) -> dict[str, tuple[CustomField, ...]]:
    """The custom fields that merchants have declared."""
    return {each.merchant_id: each.policy.custom_fields for each in store.policies.all()}


def _pipeline(
    ledger: Ledger,
    outcomes: Outcomes,
    counters: Counters,
    snapshots: MerchantSnapshots,
    times: ReceiptTimes,
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


def _held(ledger: SqlLedger, held: tuple[int, int] | None) -> Held:
    payments, key_values = held or (None, None)
    return Held(
        commits=ledger.commits,
        failures=ledger.failures,
        decisions_appended=ledger.appended,
        payments=payments,
        key_values=key_values,
    )


def _histories(ledger: Ledger, outcomes: Outcomes) -> _HistoryOf:
    def history_of(
        merchant_id: str, velocities: Sequence[Velocity], declared: Sequence[CustomField]
    ) -> Iterator[Recorded | None]:
        return rebuild_of(merchant_id, ledger, outcomes, velocities, declared=declared)

    return history_of


def _keeping(counters: Counters, history_of: _HistoryOf) -> KeepVelocities:
    async def keep(merchant_id: str, snapshot: Snapshot) -> None:
        history = partial(history_of, merchant_id, snapshot.velocities, snapshot.custom_fields)
        await counters.keep(merchant_id, snapshot.velocities, history)

    return keep


@contextmanager
def opened_for_reading(folder: Path) -> Iterator[tuple[Ledger, Labels]]:
    """The folder's ledger and labels, read-only and without its lock: a server may run. Raises StoreInvalid."""
    with open_reader(folder) as reading:
        yield reading.ledger, reading.labels


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


def valkey_examined(settings: Settings) -> None:
    """Ask the Valkey that the settings name whether it can be counted in, and change nothing.

    Raises SettingsInvalid, or CountersUnavailable with the cause.
    """
    with _with_valkey_client():
        from engine.stores.valkey_space import require_usable  # noqa: PLC0415 - as above

    async def ask() -> None:
        async with _valkey_line(settings, FILLER_SECONDS) as line:
            await require_usable(line)

    asyncio.run(ask())


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
