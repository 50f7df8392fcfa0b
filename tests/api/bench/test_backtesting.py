"""The benchmarks of backtests and rules measure what they say, at a size that a test has time for."""

from collections.abc import Iterator

import pytest

from api.bench import BENCHMARKS, backtesting, s13_rules
from api.bench.fifty_rules import fifty_rules
from api.bench.measure import BenchFailed
from engine.catalog import CATALOG
from engine.rules import parse_ruleset


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(backtesting, "PAYMENTS", 2_000)
    monkeypatch.setattr(backtesting, "DECIDED", 500)
    backtesting._fixture.cache_clear()  # noqa: SLF001 - the ledger of another size
    yield
    backtesting._fixture().cleanup()  # noqa: SLF001
    backtesting._fixture.cache_clear()  # noqa: SLF001


@pytest.mark.usefixtures("small")
def test_s8_times_both_ways_over_one_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(backtesting.run()) == {"seconds_parquet", "seconds_ledger"}
    assert "2,000 payments" in backtesting.parts()
    # What looks at too few payments gives no figure.
    monkeypatch.setattr(backtesting, "PAYMENTS", 2_001)
    with pytest.raises(BenchFailed, match="2000 payments"):
        backtesting.run()


def test_s13_evaluates_fifty_rules() -> None:
    assert len(parse_ruleset(fifty_rules(), CATALOG, ()).rules) == 50
    assert s13_rules.run(0.05, 1)["latency_us_p50"] > 0


def test_both_are_named() -> None:
    measures = {each.id: [measure.name for measure in each.measures] for each in BENCHMARKS}
    assert measures["S8"] == ["seconds_parquet", "seconds_ledger"]
    assert measures["S13"] == ["latency_us_p50"]
    assert "50 rules" in next(each for each in BENCHMARKS if each.id == "S13").setup()
