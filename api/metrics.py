"""What the service counts, for Prometheus: cheap to count, so that a decision pays some two microseconds for it.

prometheus_client's own counters take a lock and build a label's key at each call, ten times as long. So the edge counts
in plain numbers, on the event loop's thread alone, and they become Prometheus's samples when somebody asks.
No label is a merchant's, a key's or a payment's: nothing here tells of one shop, and the number of samples is bounded.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from engine.decision import Decision
from engine.payment import Payment

MILLISECONDS: Final = (1, 2, 5, 10, 20, 50, 100, 150, 250, 500, 1000, 2000)
"""The bounds of the whole call: its budget is 150 ms by default, 2,000 at most."""
STAGE_MILLISECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)

_OPEN_METRICS: Final = "application/openmetrics-text"

Source = Callable[[], Iterable[Metric]]
"""Samples read from the parts of the installation when somebody asks."""


class Outlined(Protocol):
    """What is counted of a decision when its answer is made: a part of the pipeline's Outline."""

    @property
    def payment(self) -> Payment:
        """Whose mode is counted."""

    @property
    def decision(self) -> Decision:
        """Whose action is counted, and what it lacked."""

    @property
    def timing_ms(self) -> Mapping[str, float]:
        """The time of each stage, and of all as `total`."""

    @property
    def is_recorded(self) -> bool:
        """Whether the ledger takes it: a dry run's is not."""


class Times:
    """How long something took, by upper bounds: a Prometheus histogram's numbers."""

    __slots__ = ("_bounds_ms", "_counts", "_sum_ms")

    def __init__(self, bounds_ms: tuple[float, ...]) -> None:
        """`bounds_ms` rise."""
        self._bounds_ms = bounds_ms
        self._counts = [0] * (len(bounds_ms) + 1)
        self._sum_ms = 0.0

    def note(self, took_ms: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds_ms, took_ms)] += 1
        self._sum_ms += took_ms

    def add_to(self, family: HistogramMetricFamily, labels: tuple[str, ...] = ()) -> None:
        """Put the numbers into a family, in seconds and cumulated, as Prometheus wants them."""
        buckets, total = [], 0
        names = (*(f"{bound / 1000:g}" for bound in self._bounds_ms), "+Inf")
        for name, count in zip(names, self._counts, strict=True):
            total += count
            buckets.append((name, float(total)))
        family.add_metric(labels, buckets, self._sum_ms / 1000)


class Metrics:
    """The edge's counts, and a registry of its own that tells them with those of its sources.

    It belongs to the event loop's thread; one process has one.
    """

    def __init__(self) -> None:
        self.problems: Counter[tuple[str, int]] = Counter()
        """By code and status."""
        self.outcomes: Counter[str] = Counter()
        """By type; one that is told again is not counted again."""
        self.scheme_reports: Counter[str] = Counter()
        """By kind; likewise."""
        self.jobs: Counter[str] = Counter()
        """That ended, by state."""
        self.beside_ended: Counter[str] = Counter()
        """How often a fault of ours ended work beside the decisions, by its name: `jobs`, `segments`, `shadow`."""
        self.replayed = 0
        self.dry_runs = 0
        self._decisions: Counter[tuple[str, bool, bool]] = Counter()
        self._degraded: Counter[str] = Counter()
        self._answered = Times(MILLISECONDS)
        self._stages: dict[str, Times] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Counts(self._families))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def note_decision(self, outline: Outlined) -> None:
        """Count a decision that was made, and the time of each stage; whether it is durable yet, problems tell."""
        if outline.is_recorded:
            decision = outline.decision
            self._decisions[decision.action, outline.payment.test_mode, bool(decision.degraded)] += 1
            for cause in decision.degraded:
                self._degraded[cause] += 1
        else:
            self.dry_runs += 1
        for stage, took_ms in outline.timing_ms.items():
            times = self._stages.get(stage)
            if times is None:
                times = self._stages[stage] = Times(STAGE_MILLISECONDS)
            times.note(took_ms)

    def note_answer(self, took_ms: float, *, is_replayed: bool) -> None:
        """Count an answered call for a decision and the time from its body's last byte to its answer."""
        self._answered.note(took_ms)
        if is_replayed:
            self.replayed += 1

    def add_source(self, source: Source) -> None:
        """Tell these too."""
        self._registry.register(_Counts(source))

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All samples as text and its media type: OpenMetrics where the Accept header names it, else the older one.

        Chosen here, because the library's own choice fails on a version that is no number.
        """
        if _OPEN_METRICS in accept.lower():
            text: bytes = openmetrics.generate_latest(self._registry)  # type: ignore[no-untyped-call]
            return text, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

    def _families(self) -> Iterable[Metric]:
        decisions = CounterMetricFamily(
            "assay_decisions", "Decisions made, by action and mode.", labels=("action", "mode", "degraded")
        )
        for (action, is_test, is_degraded), count in self._decisions.items():
            decisions.add_metric((str(action), "test" if is_test else "live", str(is_degraded).lower()), count)
        yield decisions
        yield counter("assay_degraded", "Decisions that lacked something, by what.", "cause", self._degraded)
        yield CounterMetricFamily("assay_dry_runs", "Calls decided and neither stored nor counted.", self.dry_runs)
        yield CounterMetricFamily("assay_replayed_answers", "Answers given again as they were.", self.replayed)
        answered = HistogramMetricFamily("assay_answer_seconds", "From a call's body to its answer, commit included.")
        self._answered.add_to(answered)
        yield answered
        stages = HistogramMetricFamily("assay_stage_seconds", "The stages of deciding.", labels=("stage",))
        for stage, times in self._stages.items():
            times.add_to(stages, (stage,))
        yield stages
        problems = CounterMetricFamily("assay_problems", "Calls refused or failed.", labels=("code", "status"))
        for (code, status), count in self.problems.items():
            problems.add_metric((code, str(status)), count)
        yield problems
        yield counter("assay_outcomes", "Outcomes recorded.", "type", self.outcomes)
        yield counter("assay_scheme_reports", "Chargebacks and fraud warnings recorded.", "kind", self.scheme_reports)
        yield counter("assay_jobs_ended", "Jobs that ended since the start, by state.", "state", self.jobs)
        yield counter(
            "assay_work_beside_ended", "Times that a fault ended work beside the decisions.", "work", self.beside_ended
        )


def counter(name: str, doc: str, label: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    """A family with one label."""
    family = CounterMetricFamily(name, doc, labels=(label,))
    for value, count in counts.items():
        family.add_metric((value,), count)
    return family


class _Counts(Collector):
    """Samples made when asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def collect(self) -> Iterable[Metric]:
        return self._source()
