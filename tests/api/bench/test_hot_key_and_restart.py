"""S6 and S10, small: what they measure is checked, and without Valkey its measure is skipped."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.bench import s6_hot_key, s10_restart
from api.bench.long_ledger import make_ledger
from api.bench.measure import BenchFailed
from api.cli import app
from api.wiring.measuring import counters_in_memory, opened_history
from engine.decision import Action, recorded_decision
from engine.outcome import OutcomeKind
from engine.recorded import RecordedFeatures

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)


def bench(*arguments: str) -> tuple[list[dict[str, Any]], str]:
    result = CliRunner().invoke(app, ["bench", *arguments, "--runs", "1", "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")], result.output


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s6_hot_key, "PAYMENTS", 400)
    monkeypatch.setattr(s6_hot_key, "IN_VALKEY", 300)
    monkeypatch.setattr(s6_hot_key, "COLD_KEYS", 10)
    monkeypatch.setattr(s6_hot_key, "WARM_UP", 5)
    monkeypatch.setattr(s10_restart, "PAYMENTS", 60)
    monkeypatch.setattr(s10_restart, "DECIDED", 20)


@pytest.mark.usefixtures("few")
def test_a_hot_key_is_timed_in_each_store_that_is_there() -> None:
    rows, output = bench("S6", "--seconds", "0.2")
    wanted = [("hot_cold_ratio_memory", "times", "<= 1.5"), ("hot_cold_ratio_valkey", "times", "<= 1.5")]
    absent = s6_hot_key.skipped()
    found = [(row["measure"], row["unit"], row["reach"]) for row in rows]
    assert found == [each for each in wanted if each[0] not in absent]
    assert all(row["value"] > 0 for row in rows)
    assert all(name in output for name in absent)


def test_without_valkey_its_ratio_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert set(s6_hot_key.skipped()) == {"hot_cold_ratio_valkey"}


@pytest.mark.usefixtures("few")
async def test_a_wrong_number_is_no_figure() -> None:
    counters = counters_in_memory(s6_hot_key.velocities(), list(s6_hot_key.history(400, 1))[1:])
    with pytest.raises(BenchFailed, match="ip_payments_24h"):
        await s6_hot_key.ratio(counters, 400, 0.1)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("few")
def test_a_restart_is_timed_and_holds_every_payment() -> None:
    rows, _ = bench("S10")
    assert [(row["measure"], row["unit"], row["reach"]) for row in rows] == [
        ("bytes_per_payment", "B", "<= 1024"),
        ("restart_seconds", "s", "<= 30"),
    ]
    assert all(row["value"] > 0 for row in rows)


async def test_a_long_ledger_is_what_it_says(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    await make_ledger(folder, 400, 100, 3, NOW)
    with opened_history(folder) as (ledger, outcomes):
        records = list(ledger.recent(timedelta(days=30)))
        learnt = [outcome for outcome, _ in outcomes.recent(timedelta(days=30))]
        features = RecordedFeatures(ledger)
        cards = {features.of(record)["card"] for record in records}
    assert len({record.key for record in records}) == len({record.id for record in records}) == 400
    assert [record.sequence for record in records] == [*range(1, 401)]
    assert all(one.at <= other.at for one, other in pairwise(records))
    assert timedelta(days=28) < records[-1].at - records[0].at < timedelta(days=30)
    assert records[-1].at <= NOW
    blocked = sum(recorded_decision(record.decision).action is Action.BLOCK for record in records)
    assert 0.9 * (400 - blocked) < sum(each.kind is not OutcomeKind.REFUNDED for each in learnt) <= 400 - blocked
    assert len(cards) > 200, "whoever comes once has a card of his own"
