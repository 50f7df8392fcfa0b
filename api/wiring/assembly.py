"""A running installation: every part made of the settings and the data folder."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from api.champion import Champion
from api.clock import monotonic_ns, new_decision_id, new_outcome_id
from api.mail_exchanges import DnsMailExchanges
from api.operator import take_over
from api.parts import PartState, first_parts, read_rules, states_of, unpromoted
from api.promoting import Promoting
from api.publishing import Publishing, publishing
from api.reference_files import reference_of
from api.reloading import Reloading, ReloadReport
from api.schemas.outcome import scheme_outcome_bytes
from api.settings import Settings
from api.shadow import Shadow
from api.wiring.counting import Counting, HistoryOf, histories, in_memory
from api.wiring.valkey import in_valkey
from engine.access import ApiKeys
from engine.bundles import Parts
from engine.catalog import CATALOG
from engine.decide import Snapshot, snapshot_of
from engine.feedback import Feedback
from engine.jobs import Jobs
from engine.ledger import Labels, Ledger, Outcomes, SchemeReports
from engine.listing import Listing, loaded
from engine.lists import NO_LISTS, AllLists
from engine.model_changes import standing
from engine.pipeline import Pipeline
from engine.policy import Policies, Policy
from engine.receipt import ReceiptTimes
from engine.reference import ReasonCodes
from engine.scheme_feedback import SchemeFeedback
from engine.snapshots import KeepVelocities, MerchantSnapshots
from engine.stores.memory import MemoryCounters
from engine.stores.memory_ledger import MemoryLedger, MemoryOutcomes
from engine.stores.memory_policies import MemoryPolicies
from engine.stores.memory_rulesets import MemoryRulesets
from engine.stores.sql import SqlLedger, Store, open_store
from engine.velocity import VELOCITIES, Counters
from engine.velocity.watch import CountersWatch
from models.labels import label_after
from models.registry import ModelFiles
from models.scorecard import Scorecard
from models.scorecard_items import ITEMS

log = structlog.get_logger()


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
    scheme_feedback: SchemeFeedback
    reason_codes: ReasonCodes
    ledger: Ledger
    outcomes: Outcomes
    labels: Labels
    scheme_reports: SchemeReports
    keys: ApiKeys
    policies: Policies
    rules: Publishing
    models: Promoting
    shadow: Shadow
    jobs: Jobs
    lists: Listing
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
        ruleset=read_rules(ruleset_text),
        lists=NO_LISTS,
        scorer=Scorecard(ITEMS, CATALOG, settings.fraud_rate),
        policy=Policy(),
        reference=reference_of(settings),
    )


@contextmanager
def assembled(settings: Settings, *, is_live: bool = True) -> Iterator[Assembly]:
    """Open the data folder, rebuild the counters from the ledger, and hold the folder's lock until the end.

    Where it is not live, as in an import of history, reports of schemes wait on when their payment comes: they were
    learnt after it, and are counted by the next server.

    Raises DataFolderInUse, StoreInvalid, RulesInvalid or ReferenceInvalid.
    """
    store = open_store(settings.data)
    try:
        lists = loaded(store.lists)
        # The rules may name the operator's lists alone: these are known first.
        champion = _champion(settings, store)
        read = first_parts(settings, lists.operators_names(), champion)
        take_over(settings.data, store.keys)
        times = ReceiptTimes()

        async def keep(merchant_id: str, snapshot: Snapshot) -> None:
            await _keeping(counting.counters, counting.history_of)(merchant_id, snapshot)

        # What is in force says what is counted, so it comes first.
        snapshots = _snapshots(read.parts, store, keep, lists)
        _say_left_out(snapshots)
        counting = _counting(settings, store, times, snapshots.own)
        pipeline = _pipeline(store.ledger, store.outcomes, counting.counters, snapshots, times)
        pipeline.go_on_from(counting.sequence)
        feedback = _feedback(store, counting.counters, times)
        scheme_feedback = _scheme_feedback(store, feedback, times)
        if is_live:
            store.ledger.know_names()
            pipeline.tell(scheme_feedback.arrived)
            # An import asks nobody: what the DNS says today it did not say then.
            pipeline.mail_exchanges = DnsMailExchanges() if settings.mx_lookups else None
        shadow = Shadow(monotonic_ns)
        reloading = Reloading(settings, snapshots, states_of(settings, read, champion), champion)
        yield Assembly(
            pipeline=pipeline,
            feedback=feedback,
            scheme_feedback=scheme_feedback,
            reason_codes=ReasonCodes.load(),
            ledger=store.ledger,
            outcomes=store.outcomes,
            labels=store.labels,
            scheme_reports=store.scheme_reports,
            keys=store.keys,
            policies=store.policies,
            jobs=store.jobs,
            rules=publishing(settings, store.ledger, snapshots, store.rulesets),
            models=_models(settings, store, champion, reloading, shadow),
            shadow=shadow,
            lists=_listing(store, lists, snapshots),
            counters=counting.counters,
            watch=counting.watch(pipeline, feedback),
            snapshots=snapshots,
            reloading=reloading,
            payments_restored=counting.restored,
            held=lambda: _held(store.ledger, counting.held()),
        )
    finally:
        store.close()


def _snapshots(parts: Parts, store: Store, keep: KeepVelocities, lists: AllLists) -> MerchantSnapshots:
    return MerchantSnapshots(
        parts,
        ledger=store.ledger,
        policies=store.policies,
        rulesets=store.rulesets,
        keep_velocities=keep,
        lists=lists,
    )


def _say_left_out(snapshots: MerchantSnapshots) -> None:
    for owner, detail in snapshots.left_out.items():
        log.error("rules_left_out", merchant_id=owner, detail=detail)


def _counting(settings: Settings, store: Store, times: ReceiptTimes, own: Mapping[str, Snapshot]) -> Counting:
    """The counters where the settings have them, as they are at the start."""
    if settings.valkey is None:
        return in_memory(store, settings.data, times, own)
    return in_valkey(settings, store, times, own)


def _champion(settings: Settings, store: Store) -> Champion:
    """The promoted model; what a killed training left is removed, for none runs by this folder."""
    files = ModelFiles(settings.data)
    files.clear_staged()
    return Champion(files=files, standing=lambda: standing(store.model_changes.all()))


def _models(settings: Settings, store: Store, champion: Champion, reloading: Reloading, shadow: Shadow) -> Promoting:
    models = Promoting(
        champion.files,
        store.model_changes,
        unpromoted=partial(unpromoted, settings),
        put_scorer=reloading.put_scorer,
        put_challengers=shadow.put,
        scoring=reloading.scoring,
    )
    models.begin()
    return models


def _feedback(store: Store, counters: Counters, times: ReceiptTimes) -> Feedback:
    return Feedback(outcomes=store.outcomes, ledger=store.ledger, counters=counters, times=times, new_id=new_outcome_id)


def pipeline_in_memory(settings: Settings, parts: Parts | None = None) -> Pipeline:
    """A pipeline that keeps nothing: the settings' parts over counters and a ledger in memory. For measuring.

    `parts` are those of `first_parts`, where the caller has them already.

    Raises RulesInvalid or ReferenceInvalid.
    """
    ledger, counters = MemoryLedger(), MemoryCounters(VELOCITIES)
    snapshots = MerchantSnapshots(
        parts or first_parts(settings).parts,
        ledger=ledger,
        policies=MemoryPolicies(),
        rulesets=MemoryRulesets(),
        keep_velocities=_keeping(counters, histories(ledger, MemoryOutcomes(ledger))),
    )
    return _pipeline(ledger, MemoryOutcomes(ledger), counters, snapshots, ReceiptTimes())


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


def _scheme_feedback(store: Store, feedback: Feedback, times: ReceiptTimes) -> SchemeFeedback:
    return SchemeFeedback(
        reports=store.scheme_reports,
        ledger=store.ledger,
        feedback=feedback,
        times=times,
        label_after=label_after,
        render=scheme_outcome_bytes,
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


def _listing(store: Store, lists: AllLists, snapshots: MerchantSnapshots) -> Listing:
    return Listing(
        store.lists,
        lists,
        put=snapshots.put_lists,
        rules_naming=snapshots.rules_naming,
        rules_changing=snapshots.changing,
    )


def _keeping(counters: Counters, history_of: HistoryOf) -> KeepVelocities:
    async def keep(merchant_id: str, snapshot: Snapshot) -> None:
        history = partial(history_of, merchant_id, snapshot.velocities, snapshot.custom_fields)
        await counters.keep(merchant_id, snapshot.velocities, history)

    return keep
