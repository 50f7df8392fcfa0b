"""L2: how well a model learns on real cards, the ULB's payments of September 2013."""

from collections.abc import Mapping
from typing import Final

from api.bench.data_sets import FOLDER, absence
from api.bench.measure import Benchmark, Measure

FILE: Final = FOLDER / "ulb" / "creditcard_first80pct.parquet"

MEASURES: Final = (
    Measure(name="auc", unit="share", reach=">= 0.975", digits=4),
    Measure(name="recall_at_1pct_fpr", unit="share", reach=">= 0.84", digits=4),
)


def skipped() -> Mapping[str, str]:
    """Which measures cannot be taken here, and why."""
    reason = absence(FILE)
    return {measure.name: reason for measure in MEASURES} if reason else {}


def _run(_seconds: float, _seed: int) -> Mapping[str, float]:
    # Every command imports this module, and what learns takes longer to load than most commands run.
    from api.bench import ulb  # noqa: PLC0415 - see above

    return ulb.run(FILE)


def _setup() -> str:
    return (
        "The first 80 % of the ULB credit card payments, learnt from up to 80 % of the file by time and judged on the "
        "rest (52 frauds); boosting as it is by default for so many frauds, on V1 to V28 and the amount, blended with "
        "nothing, for the scorecard has no item of these. Nothing was chosen on the later part. One run; --seconds "
        "changes nothing."
    )


L2 = Benchmark(
    id="L2",
    title="ULB credit card payments",
    measures=MEASURES,
    setup=_setup,
    run=_run,
    skipped=skipped,
    is_certain=True,
)
