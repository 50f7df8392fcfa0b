"""`assay check`: results for people and programs, and an exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.check import rules
from api.cli import app
from api.settings import Settings
from api.wiring import assembled
from tests.docs.demo_traffic import play_demo


@pytest.fixture
def played(tmp_path: Path) -> Path:
    with assembled(Settings(data=tmp_path / "data")) as assembly:
        play_demo(assembly)
    return tmp_path / "data"


def test_a_folders_own_decisions_are_compared(played: Path) -> None:
    said = CliRunner().invoke(app, ["check", "backtest", "--data", str(played), "--json"])
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout)
    assert result["same"] == result["decisions"] > 300
    assert (result["different"], result["differences"], result["left_out"]) == (0, [], 0)
    assert result["rule_results"] >= 11 * result["decisions"]
    words = CliRunner().invoke(app, ["check", "backtest", "--data", str(played)])
    assert f"{result['decisions']:,} decisions" in words.stdout


def test_a_made_up_ledger_is_compared() -> None:
    said = CliRunner().invoke(app, ["check", "backtest", "--payments", "300", "--decided", "150", "--json"])
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout)
    assert (result["decisions"], result["same"], result["rule_results"]) == (300, 300, 15_000)


def test_what_is_no_whole_number_of_spans_is_refused() -> None:
    said = CliRunner().invoke(app, ["check", "backtest", "--payments", "1000", "--decided", "300"])
    assert said.exit_code == 1
    assert "--payments 1000" in str(said.exception)


def test_a_folder_without_decisions_is_no_success(tmp_path: Path) -> None:
    with assembled(Settings(data=tmp_path / "data")):
        pass
    assert CliRunner().invoke(app, ["check", "backtest", "--data", str(tmp_path / "data")]).exit_code == 1


def test_rules_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "milliseconds", lambda _: 2.0)
    said = CliRunner().invoke(app, ["check", "rules", "--count", "6", "--json"])
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout)
    assert (result["texts"], result["failures"], result["milliseconds_max"]) == (6, [], 2.0)
    monkeypatch.setattr(rules, "milliseconds", lambda _: 60.0)
    failed = CliRunner().invoke(app, ["check", "rules", "--count", "1"])
    assert failed.exit_code == 1
    assert "FAILED 60.0 ms" in failed.stdout
