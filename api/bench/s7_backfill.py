"""S7: what it takes to count velocities for history, alone and beside DuckDB's windows over the same columns."""

import importlib.util
from collections.abc import Mapping

from api.bench.measure import Benchmark, Measure


def skipped() -> Mapping[str, str]:
    """Which measures cannot be taken here, and why."""
    if importlib.util.find_spec("duckdb") is None:
        return {"ratio_duckdb": "DuckDB is not installed: pip install 'assay[bench]'"}
    return {}


# Every command imports this module, and numpy and Arrow take longer to load than most commands run.
def _run(_seconds: float, seed: int) -> Mapping[str, float]:
    from api.bench import backfill  # noqa: PLC0415 - see above

    return backfill.run(seed, is_compared=not skipped())


def _setup() -> str:
    from api.bench import backfill  # noqa: PLC0415 - see above

    return backfill.parts()


S7 = Benchmark(
    id="S7",
    title="Velocities counted for history",
    measures=(
        Measure(name="seconds", unit="s", reach="<= 30"),
        Measure(name="ratio_duckdb", unit="times", reach=">= 5"),
    ),
    setup=_setup,
    run=_run,
    skipped=skipped,
)
