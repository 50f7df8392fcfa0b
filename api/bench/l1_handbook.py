"""L1: how well a model learns on the Fraud Detection Handbook's data, by the book's protocol, beside its tables."""

from collections.abc import Mapping
from typing import Final

from api.bench.data_sets import FOLDER, absence
from api.bench.measure import Benchmark, Measure

FILE: Final = FOLDER / "handbook" / "dev_fdh_raw_20180401_20180904.parquet"

MEASURES: Final = (
    Measure(name="auc_7d", unit="share", reach=">= 0.885", digits=4),
    Measure(name="ap_7d", unit="share", reach=">= 0.72", digits=4),
    Measure(name="cp100_7d", unit="share", reach=">= 0.306", digits=4),
    Measure(name="auc_all", unit="share", digits=4),
    Measure(name="ap_all", unit="share", reach=">= 0.735", digits=4),
    Measure(name="cp100_all", unit="share", reach=">= 0.31", digits=4),
)


def skipped() -> Mapping[str, str]:
    """Which measures cannot be taken here, and why."""
    reason = absence(FILE)
    return {measure.name: reason for measure in MEASURES} if reason else {}


def _run(_seconds: float, _seed: int) -> Mapping[str, float]:
    # Every command imports this module, and what learns takes longer to load than most commands run.
    from api.bench import handbook  # noqa: PLC0415 - see above

    return handbook.run(FILE)


def _setup() -> str:
    return (
        "The book's payments of 1 April to 4 September 2018, imported with --history (api/bench/handbook.toml); "
        "four folds, tests from 8 August on, labels known seven days later; customers of known frauds left out; "
        "boosting as it is by default on the velocities of the mapping, learnt on seven days (_7d) and on all past "
        "(_all), without a scorecard beside it. Its velocities follow the literature, which knew these data; ratios "
        "and that no scorecard stands beside it were settled on earlier weeks. One run; --seconds changes nothing."
    )


L1 = Benchmark(
    id="L1",
    title="Fraud Detection Handbook",
    measures=MEASURES,
    setup=_setup,
    run=_run,
    skipped=skipped,
    is_certain=True,
)
