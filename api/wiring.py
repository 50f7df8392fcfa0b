"""Wiring: puts the parts together, and alone names the concrete stores."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.clock import new_decision_id
from api.operator import take_over
from api.settings import Settings
from engine.access import ApiKeys
from engine.catalog import CATALOG
from engine.decide import Snapshot, snapshot_of
from engine.errors import RulesInvalid, StoreInvalid
from engine.ledger import Labels, Ledger, VersionKind
from engine.pipeline import Pipeline
from engine.policy import Policy
from engine.rebuild import rebuild
from engine.reference import load_reference
from engine.rules import default_source, parse_ruleset
from engine.stores.memory import MemoryCounters
from engine.stores.memory_ledger import MemoryLedger
from engine.stores.sql import open_reader, open_store
from engine.velocity import VELOCITIES
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSnapshot:
    """The same bundle for every merchant."""

    snapshot: Snapshot

    def of(self, merchant_id: str) -> Snapshot:
        """The bundle in force for the merchant."""
        del merchant_id
        return self.snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A running installation's parts."""

    pipeline: Pipeline
    ledger: Ledger
    labels: Labels
    keys: ApiKeys
    snapshot: Snapshot
    payments_restored: int


def load_snapshot(settings: Settings, ruleset_text: str) -> Snapshot:
    """The bundle that the settings name. Raises RulesInvalid or ReferenceInvalid, naming the file and the mend."""
    reference = load_reference(settings.ip_database, settings.bin_table, settings.rates)
    return snapshot_of(
        ruleset=parse_ruleset(ruleset_text, CATALOG, ()),
        lists={},
        scorer=Scorecard(ITEMS, CATALOG, settings.fraud_rate),
        policy=Policy(),
        reference=reference,
        catalog=CATALOG.fingerprint,
    )


@contextmanager
def assembled(settings: Settings) -> Iterator[Assembly]:
    """Open the data folder, rebuild the counters from the ledger, and hold the folder's lock until the end.

    Raises DataFolderInUse, StoreInvalid, RulesInvalid or ReferenceInvalid.
    """
    snapshot, ruleset_text = _snapshot(settings)
    store = open_store(settings.data)
    try:
        take_over(settings.data, store.keys)
        _keep_versions(store.ledger, snapshot, ruleset_text)
        counters = MemoryCounters(VELOCITIES)
        pipeline = Pipeline(
            ledger=store.ledger,
            counters=counters,
            snapshots=OneSnapshot(snapshot=snapshot),
            monotonic_ns=time.perf_counter_ns,
            new_id=new_decision_id,
        )
        last_at: dict[tuple[str, bool], datetime] = {}
        with _no_garbage_collection():
            restored = counters.restore(rebuild(store.ledger, VELOCITIES, last_at))
        pipeline.restore_times(last_at)
        yield Assembly(
            pipeline=pipeline,
            ledger=store.ledger,
            labels=store.labels,
            keys=store.keys,
            snapshot=snapshot,
            payments_restored=restored,
        )
    finally:
        store.close()


def pipeline_in_memory(settings: Settings) -> Pipeline:
    """A pipeline that keeps nothing: the settings' snapshot over counters and a ledger in memory. For measuring.

    Raises RulesInvalid or ReferenceInvalid.
    """
    snapshot, ruleset_text = _snapshot(settings)
    ledger = MemoryLedger()
    _keep_versions(ledger, snapshot, ruleset_text)
    return Pipeline(
        ledger=ledger,
        counters=MemoryCounters(VELOCITIES),
        snapshots=OneSnapshot(snapshot=snapshot),
        monotonic_ns=time.perf_counter_ns,
        new_id=new_decision_id,
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Rebuilding makes millions of objects that all stay, and the collector would walk them again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _keep_versions(ledger: Ledger, snapshot: Snapshot, ruleset_text: str) -> None:
    ledger.keep_version(VersionKind.SNAPSHOT, snapshot.versions.id, snapshot.versions.content())
    ledger.keep_version(VersionKind.CATALOG, CATALOG.fingerprint, CATALOG.content())
    ledger.keep_version(VersionKind.RULESET, snapshot.ruleset.hash, ruleset_text.encode())
    ledger.keep_version(VersionKind.POLICY, snapshot.policy.version, snapshot.policy.content())
    if snapshot.scorer is not None:
        ledger.keep_version(VersionKind.MODEL, snapshot.scorer.id, snapshot.scorer.content())


@contextmanager
def opened_for_reading(folder: Path) -> Iterator[tuple[Ledger, Labels]]:
    """The folder's ledger and labels, read-only and without its lock: a server may run. Raises StoreInvalid."""
    with open_reader(folder) as reading:
        yield reading.ledger, reading.labels


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


def _snapshot(settings: Settings) -> tuple[Snapshot, str]:
    """The bundle and its ruleset's text; a fault of the ruleset begins with the file's path."""
    text = _ruleset_text(settings)
    try:
        return load_snapshot(settings, text), text
    except RulesInvalid as error:
        if settings.ruleset is None:
            raise
        raise RulesInvalid(f"The ruleset {settings.ruleset} (ASSAY_RULESET) has faults.\n\n{error}") from error


def _ruleset_text(settings: Settings) -> str:
    if settings.ruleset is None:
        return default_source()
    try:
        return settings.ruleset.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The ruleset {settings.ruleset} cannot be read: {error}. Check ASSAY_RULESET."
        raise RulesInvalid(message) from error
