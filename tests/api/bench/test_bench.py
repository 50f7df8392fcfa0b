"""`assay bench`: what it prints, what it refuses, and that short runs do their whole work."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.bench import BENCHMARKS
from api.bench.measure import Benchmark, Figure, Measure, figures, percentile
from api.cli import app
from api.commands.bench import UnknownBenchmark

KEYS = ["id", "measure", "value", "unit", "reach", "runs", "min", "max", "machine", "loop_ms"]


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The user's data folder, which must stay away, and where temporary folders are made, which must end empty."""
    users, temporary = tmp_path / "users", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("ASSAY_DATA", str(users))
    monkeypatch.setenv("ASSAY_RULESET", str(tmp_path / "missing.toml"))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    return users, temporary


def rows(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["bench", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("benchmark_id", ["S1", "S2", "S3"])
def test_a_short_run_works_from_end_to_end(
    homes: tuple[Path, Path], benchmark_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A test may share the machine with others, and then the measures' own load may be more than it can take.
    monkeypatch.setattr("api.bench.s2_http.CONNECTIONS", 4)
    monkeypatch.setattr("api.bench.s3_arrivals.ARRIVALS_PER_SECOND", 50)
    # The run itself checks every answer, and over HTTP the ledger against the answers.
    found = rows(benchmark_id.lower(), "--runs", "1", "--seconds", "0.3", "--json")
    measures = next(each.measures for each in BENCHMARKS if each.id == benchmark_id)
    assert [row["measure"] for row in found] == [measure.name for measure in measures]
    for row in found:
        assert list(row) == KEYS
        assert row["id"] == benchmark_id
        assert row["runs"] == 1
        assert 0 <= row["min"] <= row["value"] <= row["max"]
        assert row["value"] > 0 or row["unit"] == "%"
    users, temporary = homes
    assert not users.exists()
    assert not list(temporary.iterdir())


def test_the_promised_names_are_there() -> None:
    names = {each.id: {measure.name for measure in each.measures} for each in BENCHMARKS}
    assert names["S1"] >= {"latency_us_p50"}
    assert names["S2"] >= {"throughput_per_second", "latency_ms_p99"}
    assert names["S3"] == {"latency_ms_p50", "latency_ms_p99", "latency_ms_p999"}


def test_the_reaches_are_those_of_the_targets() -> None:
    reaches = {(each.id, measure.name): measure.reach for each in BENCHMARKS for measure in each.measures}
    assert reaches["S1", "latency_us_p50"] == "<= 300"
    assert (reaches["S2", "throughput_per_second"], reaches["S2", "latency_ms_p99"]) == (">= 2000", "<= 25")
    assert [reaches["S3", f"latency_ms_{name}"] for name in ("p50", "p99", "p999")] == ["<= 4", "<= 15", "<= 50"]


def test_a_run_takes_as_long_as_its_benchmark_says_unless_told_otherwise() -> None:
    asked: list[float] = []

    def ran(seconds: float, _seed: int) -> dict[str, float]:
        asked.append(seconds)
        return {"x": 1.0}

    benchmark = Benchmark(
        id="X1", title="x", measures=(Measure(name="x", unit="s"),), setup=lambda: "none", run=ran, seconds=60.0
    )
    for seconds in (None, 2.0):
        assert len(list(figures(benchmark, 1, seconds, lambda: None))) == 1
    assert asked == [60.0, 2.0]
    assert next(each.seconds for each in BENCHMARKS if each.id == "S3") == 60


def test_list_names_measures_and_set_ups(homes: tuple[Path, Path]) -> None:
    del homes
    output = CliRunner().invoke(app, ["bench", "--list"], catch_exceptions=False).stdout
    for benchmark in BENCHMARKS:
        assert f"{benchmark.id}  {benchmark.title}" in output
        assert all(measure.name in output for measure in benchmark.measures)
    assert output.count("Set-up: ") == len(BENCHMARKS)
    assert "features" in output
    listed = rows("--list", "--json")
    assert [row["id"] for row in listed] == [benchmark.id for benchmark in BENCHMARKS]
    assert listed[0]["measures"][0] == {"measure": "latency_us_p50", "unit": "us", "reach": "<= 300"}


@pytest.mark.parametrize("ids", [["S1", "S99"], ["nothing"], []])
def test_unknown_ids_are_refused_with_the_known_ones(ids: list[str]) -> None:
    with pytest.raises(UnknownBenchmark, match="S1, S2, S3, S6, S7, S8, S9, S10, S13, L1, L2, L6"):
        CliRunner().invoke(app, ["bench", *ids], catch_exceptions=False)


def test_the_value_is_the_median_and_the_table_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([3.0, 1.0, 2.04])
    measure = Measure(name="seconds", unit="s", reach="<= 4")
    benchmark = Benchmark(
        id="X1", title="x", measures=(measure,), setup=lambda: "none", run=lambda *_: {"seconds": next(values)}
    )
    (figure,) = figures(benchmark, 3, 0.1, lambda: None)
    loops_ms = figure.loops_ms
    assert figure == Figure(benchmark_id="X1", measure=measure, values=(3.0, 1.0, 2.04), loops_ms=loops_ms)
    assert len(loops_ms) == 3
    assert min(loops_ms) > 0
    assert figure.row()["loop_ms"] == round(sorted(loops_ms)[1], 1)
    assert {key: figure.row()[key] for key in KEYS[:8]} == {
        "id": "X1",
        "measure": "seconds",
        "value": 2.0,
        "unit": "s",
        "reach": "<= 4",
        "runs": 3,
        "min": 1.0,
        "max": 3.0,
    }
    values = iter([5.0])
    monkeypatch.setattr(sys.modules["api.commands.bench"], "BENCHMARKS", (benchmark,))
    ran = CliRunner().invoke(app, ["bench", "X1", "--runs", "1"], catch_exceptions=False)
    assert all(word in ran.stdout for word in ("X1", "seconds", "5.0", "<= 4"))
    assert "ms for a loop of a million additions" in ran.stderr


def test_percentiles_are_by_nearest_rank() -> None:
    ordered = [*range(1, 101)]
    assert [percentile(ordered, share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([7], 0.99) == 7
