"""What a benchmark is: its measures, its set-up in words, one run; and the figures of several runs."""

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from engine.errors import AssayError


class BenchFailed(AssayError):
    """What was measured did not do its work, so there is no figure to tell."""

    code = "bench_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure: its fixed name, its unit, and what to reach; None where nothing is promised."""

    name: str
    unit: str
    reach: str | None = None
    digits: int = 1
    """Behind the decimal point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """Measures that one run gives together.

    `run(seconds, seed)` measures for about `seconds` and gives a value for each measure by its name; it raises
    BenchFailed where an answer was wrong. `setup` tells in words what is measured, with today's numbers of parts.
    `seconds` is how long a run measures where nothing else is asked for. `skipped` gives the measures that cannot be
    taken on this installation, each with the reason; a run leaves those out.
    """

    id: str
    title: str
    measures: tuple[Measure, ...]
    setup: Callable[[], str]
    run: Callable[[float, int], Mapping[str, float]]
    seconds: float = 5.0
    skipped: Callable[[], Mapping[str, str]] = dict
    is_certain: bool = False
    """A run gives the same figures whatever its seed: one is enough, however many were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What the runs gave for one measure."""

    benchmark_id: str
    measure: Measure
    values: tuple[float, ...]
    loops_ms: tuple[float, ...]
    """How long `loop_ms` took after each run: what the machine was worth then."""

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    def row(self) -> dict[str, object]:
        """The figure under the names that `--json` promises."""
        return {
            "id": self.benchmark_id,
            "measure": self.measure.name,
            "value": round(self.value, self.measure.digits),
            "unit": self.measure.unit,
            "reach": self.measure.reach,
            "runs": len(self.values),
            "min": round(min(self.values), self.measure.digits),
            "max": round(max(self.values), self.measure.digits),
            "machine": machine(),
            "loop_ms": round(statistics.median(self.loops_ms), 1),
        }


def figures(benchmark: Benchmark, runs: int, seconds: float | None, ran: Callable[[], object]) -> Iterator[Figure]:
    """Run the benchmark so many times, each on payments of its own; `ran` is told of each run's end.

    Where `seconds` is None a run takes as long as the benchmark says. A measure that is skipped has no figure, and
    where all are nothing is run.
    """
    found, loops_ms = [], list[float]()
    if all(measure.name in benchmark.skipped() for measure in benchmark.measures):
        return
    for seed in range(1, (1 if benchmark.is_certain else runs) + 1):
        found.append(benchmark.run(benchmark.seconds if seconds is None else seconds, seed))
        loops_ms.append(loop_ms())
        ran()
    skipped = benchmark.skipped()
    for measure in benchmark.measures:
        if measure.name in skipped:
            continue
        yield Figure(
            benchmark_id=benchmark.id,
            measure=measure,
            values=tuple(values[measure.name] for values in found),
            loops_ms=tuple(loops_ms),
        )


def percentile(ordered: list[int], share: float) -> int:
    """The nearest-rank percentile of values in ascending order; `share` 0-1."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def machine() -> str:
    """The class of machine, without its name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def loop_ms() -> float:
    """How long a plain loop of a million additions takes in this Python, in milliseconds: the least of three.

    One machine may be half as fast on another day, and a Python that was built without optimisations is slower than
    one with them. Figures are compared where this is alike.
    """
    return min(_loop_ns() for _ in range(3)) / 1_000_000


def _loop_ns() -> int:
    started, total = time.perf_counter_ns(), 0
    for each in range(1_000_000):
        total += each
    return time.perf_counter_ns() - started
