"""S8: a backtest of fifty rules over the recorded features of a million payments."""

from collections.abc import Mapping

from api.bench.measure import Benchmark, Measure


# Every command imports this module, and numpy and Arrow take longer to load than most commands run.
def _run(_seconds: float, _seed: int) -> Mapping[str, float]:
    from api.bench import backtesting  # noqa: PLC0415 - see above

    return backtesting.run()


def _setup() -> str:
    from api.bench import backtesting  # noqa: PLC0415 - see above

    return backtesting.parts()


S8 = Benchmark(
    id="S8",
    title="Backtest of fifty rules",
    measures=(
        Measure(name="seconds_parquet", unit="s", reach="<= 3"),
        Measure(name="seconds_ledger", unit="s", reach="<= 5"),
    ),
    setup=_setup,
    run=_run,
)
