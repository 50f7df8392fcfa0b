"""S7: the made-up history, the comparison with DuckDB, and what is said where it is not installed."""

import importlib.util
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from api.bench import backfill, s7_backfill
from api.bench.history import history
from api.bench.measure import BenchFailed
from api.cli import app
from engine.velocity import VELOCITIES, Count, Status, Total, Velocity
from engine.velocity.batch import numbers
from engine.velocity.spec import Maximum

WITHOUT = "DuckDB is not installed: pip install 'assay[bench]'"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "PAYMENTS", 3_000)


@pytest.fixture
def duckdb() -> None:
    pytest.importorskip("duckdb", reason=WITHOUT)


def bench(*arguments: str) -> tuple[list[dict[str, Any]], str]:
    result = CliRunner().invoke(app, ["bench", "S7", "--runs", "1", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")], result.output


@pytest.mark.usefixtures("few", "duckdb")
def test_both_sides_give_the_same_numbers() -> None:
    rows, _ = bench("--json")
    assert [(row["measure"], row["unit"], row["reach"]) for row in rows] == [
        ("seconds", "s", "<= 30"),
        ("ratio_duckdb", "times", ">= 5"),
    ]
    assert rows[1]["value"] > 0


@pytest.mark.usefixtures("few", "duckdb")
def test_another_number_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = backfill.statement
    monkeypatch.setattr(backfill, "statement", lambda those: plain(those).replace("1 PRECEDING)", "CURRENT ROW)"))
    with pytest.raises(BenchFailed, match="differ over"):
        backfill.run(1, is_compared=True)


@pytest.mark.usefixtures("few")
def test_without_duckdb_the_comparison_is_skipped_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "duckdb" else found(name))
    assert s7_backfill.skipped() == {"ratio_duckdb": WITHOUT}
    rows, output = bench("--json")
    assert [row["measure"] for row in rows] == ["seconds"]
    assert f"S7 ratio_duckdb skipped: {WITHOUT}" in " ".join(output.split())


def test_what_is_compared_is_what_plain_windows_can_count() -> None:
    compared = backfill.compared()
    assert {each.key for each in compared} == {("card",), ("email_normalized",), ("ip_normalized",)}
    assert len({type(each.aggregate) for each in compared}) == 3
    assert all(each.status is None for each in compared)
    assert str(len(compared)) in backfill.parts()


def test_commands_do_not_load_columns() -> None:
    # The figures of backtests, which the API documents, bring numpy; the third of a second is pyarrow's and pandas'.
    code = "import sys, api.cli; print(sorted({'pandas', 'pyarrow', 'joblib'} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_history_is_the_same_for_one_seed_and_no_two_payments_are_at_one_time() -> None:
    first, again, other = (history(2_000, seed, VELOCITIES) for seed in (1, 1, 2))
    assert first.payments.equals(again.payments)
    assert not first.payments.equals(other.payments)
    assert (np.diff(first.payments["at_us"].to_numpy()) > 0).all()
    assert first.payments.num_rows == 2_000
    statuses = np.unique(first.stream.status).tolist()
    assert statuses == [-1, *range(len(Status))]


def test_history_has_what_any_velocity_looks_for() -> None:
    velocities = (
        Velocity(
            name="a", key=("custom_x",), aggregate=Maximum("paid"), window="all", doc="x", where=(("is_y", True),)
        ),
        Velocity(name="b", key=("card", "ip_address"), aggregate=Total("paid"), window="30d", doc="x"),
        Velocity(name="c", key=("card",), aggregate=Count(), window="30d", doc="x", status=Status.DECLINED),
    )
    made = history(5_000, 1, velocities)
    found = numbers(made.stream, velocities)
    assert all(values.any() for values in found.values)
    assert set(made.payments.column_names) == {"at_us", "merchant_id", "custom_x", "paid", "is_y", "card", "ip_address"}
