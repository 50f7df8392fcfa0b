"""What the parts of an installation tell when Prometheus asks: gauges, and the store's own counts."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, time

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from api.admission import Load
from api.metrics import Source, counter
from api.shadow import Shadow
from api.tables import made_on, tables_shown
from api.wiring import Assembly
from engine.errors import LedgerUnavailable
from engine.reference import MISSING, Reference
from engine.velocity.watch import CountersState


def installation(assembly: Assembly, load: Load, version: str, now: Callable[[], datetime]) -> Source:
    """What is in force and what is held; `now` tells how old the tables are."""

    def source() -> Iterable[Metric]:
        yield InfoMetricFamily("assay_build", "The version that runs.", {"version": version})
        yield from _held(assembly)
        yield from _carried(load)
        yield from _in_force(assembly)
        yield from _ages(assembly.snapshot.reference, now())

    return source


def _held(assembly: Assembly) -> Iterable[Metric]:
    held = assembly.held()
    yield CounterMetricFamily("assay_commits", "Transactions committed: one fsync each.", held.commits)
    yield CounterMetricFamily("assay_commit_failures", "Transactions that failed.", held.failures)
    yield CounterMetricFamily("assay_committed_decisions", "Decisions made durable.", held.decisions_appended)
    if held.payments is not None and held.key_values is not None:
        yield GaugeMetricFamily("assay_counted_payments", "Payments that the counters hold.", held.payments)
        yield GaugeMetricFamily(
            "assay_counted_key_values", "Cards, addresses and so on that they hold.", held.key_values
        )
    yield from _jobs(assembly)
    yield from _watched(assembly)
    yield from _shadow(assembly.shadow)
    yield counter("assay_reloads", "Reloads of rules, model and tables.", "result", assembly.reloading.results)


def _jobs(assembly: Assembly) -> Iterable[Metric]:
    jobs = GaugeMetricFamily("assay_jobs", "Jobs that wait or run.", labels=("state",))
    # Where they cannot be read, all other samples are wanted the more.
    with suppress(LedgerUnavailable):
        for state, count in assembly.jobs.open_counts().items():
            jobs.add_metric((state.value,), count)
    yield jobs


def _shadow(shadow: Shadow) -> Iterable[Metric]:
    """By challenger: there are few, and a model's id tells of no shop."""
    tallies = shadow.tallies
    scored = {name: tally.scored for name, tally in tallies.items()}
    yield counter("assay_shadow_scored", "Payments that a challenger scored beside the champion.", "model", scored)
    failed = {name: tally.failed for name, tally in tallies.items()}
    yield counter("assay_shadow_failed", "Payments that a challenger had no score for.", "model", failed)
    took = CounterMetricFamily("assay_shadow_seconds", "The time that challengers took to score.", labels=("model",))
    apart = CounterMetricFamily(
        "assay_shadow_apart",
        "Sum of distances between a challenger's and the champion's probability.",
        labels=("model",),
    )
    for name, tally in tallies.items():
        took.add_metric((name,), tally.took_ns / 1e9)
        apart.add_metric((name,), tally.sum_apart)
    yield took
    yield apart
    yield CounterMetricFamily(
        "assay_shadow_dropped", "Payments that no challenger scored, because decisions come first.", shadow.dropped
    )


def _watched(assembly: Assembly) -> Iterable[Metric]:
    watch = assembly.watch
    state = GaugeMetricFamily("assay_counters_state", "1 for how the counters are.", labels=("state",))
    for each in CountersState:
        state.add_metric((each.value,), float(watch.state is each))
    yield state
    yield CounterMetricFamily("assay_counters_failures", "Calls of the counters that failed.", watch.failures)
    yield CounterMetricFamily("assay_counters_fillings", "How often they were filled from the ledger.", watch.fillings)


def _carried(load: Load) -> Iterable[Metric]:
    yield GaugeMetricFamily("assay_under_way", "Calls whose answer has not been sent.", load.under_way)
    shed = {"decision": load.shed_decisions, "other": load.shed_others}
    yield counter("assay_shed", "Calls turned away because too many waited.", "call", shed)


def _in_force(assembly: Assembly) -> Iterable[Metric]:
    versions = assembly.snapshot.versions
    yield InfoMetricFamily(
        "assay_snapshot",
        "What decides for merchants without a policy of their own.",
        {
            "ruleset": versions.ruleset[:12],
            "model": versions.model,
            "role": versions.model_role,
            "catalog": versions.catalog,
            "policy": versions.policy,
        },
    )
    yield GaugeMetricFamily("assay_policies", "Merchants with a policy of their own.", len(assembly.policies.all()))
    entries = assembly.lists.lists.entries()
    yield GaugeMetricFamily("assay_list_entries", "Entries of all lists, the expired ones too.", entries)
    refused = GaugeMetricFamily("assay_part_refused", "1 where a part's file was not taken.", labels=("part",))
    for state in assembly.state():
        refused.add_metric((state.part.value,), float(state.fault is not None))
    yield refused


def _ages(reference: Reference, now: datetime) -> Iterable[Metric]:
    ages = GaugeMetricFamily("assay_reference_age_seconds", "Since a table was made.", labels=("table",))
    for table, made in made_on(reference):
        ages.add_metric((table,), (now - datetime.combine(made, time(), UTC)).total_seconds())
    yield ages
    stale = GaugeMetricFamily("assay_reference_stale", "1 where a table is older than it may be.", labels=("table",))
    missing = GaugeMetricFamily("assay_reference_missing", "1 where a table is not there.", labels=("table",))
    for shown in tables_shown(reference, now.date()):
        stale.add_metric((shown.name,), float(shown.is_stale))
        missing.add_metric((shown.name,), float(shown.version == MISSING))
    yield stale
    yield missing
