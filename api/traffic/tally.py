"""What came of the traffic: calls by kind and status, actions by stage, latencies."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from rich.table import Table

from api.bench.measure import percentile
from api.traffic.calls import Called
from engine.decision import Action
from engine.payment import Stage
from models.simulator import EventKind

_NO_ANSWER = "no answer"
_US_PER_SECOND, _US_PER_MS = 1_000_000, 1_000
_SHARES = (0.5, 0.99, 1.0)


class Tally:
    """Counts calls as they come in."""

    def __init__(self) -> None:
        """Begin with none."""
        self.calls = 0
        self.refusals: Counter[tuple[str, str]] = Counter()
        self._actions: Counter[tuple[Stage, Action]] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._retries = 0
        self._times_us: defaultdict[tuple[EventKind, int], list[int]] = defaultdict(list)

    def add(self, called: Called) -> None:
        """Count one call."""
        event = called.event
        self.calls += 1
        self._times_us[event.kind, called.status].append(round(called.seconds * _US_PER_SECOND))
        self._retries += event.order.attempt > 1 and event.kind is EventKind.PAYMENT
        if called.action is not None:
            self._actions[event.stage, called.action] += 1
        if event.outcome is not None and called.is_fine:
            self._outcomes[event.outcome] += 1
        if not called.is_fine:
            said = called.code or (_NO_ANSWER if called.status == 0 else str(called.status))
            self.refusals[said, called.detail or ""] += 1

    def tables(self) -> tuple[Table, Table]:
        """What was answered, and what was decided, for a terminal."""
        return self._answers(), self._decided()

    def _answers(self) -> Table:
        table = Table("call", "status", "calls", "p50 ms", "p99 ms", "max ms", title=self._title())
        for kind, status in sorted(self._times_us):
            ordered = sorted(self._times_us[kind, status])
            times = (f"{percentile(ordered, share) / _US_PER_MS:.1f}" for share in _SHARES)
            table.add_row(kind, str(status) if status else _NO_ANSWER, f"{len(ordered):,}", *times)
        return table

    def _decided(self) -> Table:
        table = Table("stage", *Action)
        for stage in Stage:
            counts = [self._actions[stage, action] for action in Action]
            if any(counts):
                table.add_row(stage, *(f"{each:,}" if each else "" for each in counts))
        return table

    def _title(self) -> str:
        outcomes = ", ".join(f"{count:,} {kind}" for kind, count in self._outcomes.most_common())
        return f"{self.calls:,} calls, {self._retries:,} of them retries of an order; {outcomes or 'no outcomes'}"

    def refused(self) -> Iterator[str]:
        """What was refused or not answered, the most frequent first."""
        for (code, detail), count in self.refusals.most_common():
            yield f"{count:,} x {code}{f': {detail}' if detail else ''}"
