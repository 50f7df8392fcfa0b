"""S9: from a million payments with two hundred features to a model that is fitted, calibrated and judged."""

from collections.abc import Mapping

from api.bench.measure import Benchmark, Measure


# Every command imports this module, and what learns takes longer to load than most commands run.
def _run(_seconds: float, seed: int) -> Mapping[str, float]:
    from api.bench import learning  # noqa: PLC0415 - see above

    return learning.run(seed)


def _setup() -> str:
    from api.bench import learning  # noqa: PLC0415 - see above

    return learning.parts()


S9 = Benchmark(
    id="S9",
    title="Training on a million payments",
    measures=(Measure(name="seconds", unit="s", reach="<= 180"),),
    setup=_setup,
    run=_run,
)
