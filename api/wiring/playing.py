"""A history that is played in memory and then written at once: the records of live traffic, not a commit for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from api.clock import monotonic_ns, new_decision_id, new_outcome_id
from api.parts import first_parts
from api.schemas.outcome import scheme_outcome_bytes
from api.settings import Settings
from api.wiring.counting import histories
from engine.decide import Snapshot
from engine.feedback import Feedback
from engine.garbage import young_garbage_alone
from engine.ledger import Ledger
from engine.pipeline import Pipeline
from engine.receipt import ReceiptTimes
from engine.reference import ReasonCodes
from engine.scheme_feedback import SchemeFeedback
from engine.snapshots import MerchantSnapshots
from engine.stores.memory import MemoryCounters
from engine.stores.memory_ledger import MemoryLedger, MemoryOutcomes
from engine.stores.memory_policies import MemoryPolicies
from engine.stores.memory_rulesets import MemoryRulesets
from engine.stores.memory_scheme_reports import MemorySchemeReports
from engine.stores.sql import Store, open_store
from engine.velocity import VELOCITIES
from models.labels import label_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """What decides and takes reports while a history is played."""

    pipeline: Pipeline
    feedback: Feedback
    scheme_feedback: SchemeFeedback
    reason_codes: ReasonCodes
    ledger: Ledger


@contextmanager
def playing(settings: Settings) -> Iterator[Playing | None]:
    """Decide in memory by the settings' parts; what was decided is written when the block ends well.

    None, and nothing is written, where the data folder holds payments already: a history comes before all else. Its
    lock is held meanwhile. Raises DataFolderInUse, StoreInvalid, RulesInvalid or ReferenceInvalid; LedgerUnavailable
    where it could not be written.
    """
    store = open_store(settings.data)
    try:
        if store.counted.decisions():
            yield None
            return
        ledger = MemoryLedger()
        outcomes = MemoryOutcomes(ledger)
        reports = MemorySchemeReports(outcomes)
        with young_garbage_alone():
            yield _playing(settings, ledger, outcomes, reports)
        _write(store, ledger, outcomes, reports)
    finally:
        store.close()


def _playing(
    settings: Settings, ledger: MemoryLedger, outcomes: MemoryOutcomes, reports: MemorySchemeReports
) -> Playing:
    counters, times = MemoryCounters(VELOCITIES), ReceiptTimes()
    history_of = histories(ledger, outcomes)

    async def keep(merchant_id: str, snapshot: Snapshot) -> None:
        history = partial(history_of, merchant_id, snapshot.velocities, snapshot.custom_fields)
        await counters.keep(merchant_id, snapshot.velocities, history)

    snapshots = MerchantSnapshots(
        first_parts(settings).parts,
        ledger=ledger,
        policies=MemoryPolicies(),
        rulesets=MemoryRulesets(),
        keep_velocities=keep,
    )
    feedback = Feedback(outcomes=outcomes, ledger=ledger, counters=counters, times=times, new_id=new_outcome_id)
    return Playing(
        pipeline=Pipeline(
            ledger=ledger,
            outcomes=outcomes,
            counters=counters,
            snapshots=snapshots,
            times=times,
            monotonic_ns=monotonic_ns,
            new_id=new_decision_id,
        ),
        feedback=feedback,
        scheme_feedback=SchemeFeedback(
            reports=reports,
            ledger=ledger,
            feedback=feedback,
            times=times,
            label_after=label_after,
            render=scheme_outcome_bytes,
        ),
        reason_codes=ReasonCodes.load(),
        ledger=ledger,
    )


def _write(store: Store, ledger: MemoryLedger, outcomes: MemoryOutcomes, reports: MemorySchemeReports) -> None:
    """Write all, the decisions last and in one transaction: a folder that holds payments holds what became of them."""
    for kind, version, content in ledger.versions():
        store.ledger.keep_version(kind, version, content)
    store.scheme_reports.record_all(reports.reports, reports.labels)
    store.outcomes.record_all(list(outcomes.records()))
    store.ledger.record_all(list(ledger.records()))
