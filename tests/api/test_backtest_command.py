"""`assay rules backtest`: by the server where one runs, here where none does; figures that a merchant reads."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.backtests.table import money
from api.bench.installation import start_server
from api.cli import app
from api.client import CallFailed
from api.commands import following
from api.commands.rules.trying import BacktestFailed
from api.local import caller_of
from api.settings import Settings
from api.wiring import assembled, opened_for_reading
from engine.errors import StoreInvalid
from engine.ledger import Label, LabelKind
from tests.docs.demo_traffic import play_demo

SHOP = "voltwerk"
RULE = "Review if amount_in_usd > 300"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration's folder in which a card holder reported the largest payment of a shop."""
    folder = tmp_path_factory.mktemp("backtest") / "data"
    with assembled(Settings(data=folder)) as assembly:
        play_demo(assembly)
    with opened_for_reading(folder) as (ledger, _):
        records = [each for each in ledger.recent(timedelta(days=30)) if each.key.merchant_id == SHOP]
    payments = [json.loads(each.payment) for each in records]
    largest = max(payments, key=lambda payment: payment["order"]["amount_minor"])
    with assembled(Settings(data=folder)) as assembly:
        asyncio.run(assembly.labels.append_labels([reported(largest["transaction_id"])]))
    return folder


def reported(transaction_id: str) -> Label:
    now = datetime.now(UTC)
    return Label(
        merchant_id=SHOP,
        test_mode=False,
        transaction_id=transaction_id,
        kind=LabelKind.FRAUD_WARNING,
        is_fraud=True,
        occurred_at=now,
        received_at=now,
        source="test",
    )


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Path]:
    server = start_server(folder)
    yield folder
    server.stop()


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["rules", "backtest", "--merchant", SHOP, *words, "--data", str(folder)])


def test_a_rule_is_tried_where_no_server_runs(folder: Path) -> None:
    done = run(folder, "--rule", RULE, "--days", "30")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{RULE}\n{SHOP}, ")
    said = " ".join(done.stdout.split())
    for words in (
        "known fraud: 1 of $",
        "What the rule is true of",
        "(precision)",
        "(recall)",
        "worth, by your own costs",
        "Fraud to open: dec_",
        "Reviews a day: ",
    ):
        assert words in said


def test_figures_come_as_json_too(folder: Path) -> None:
    done = run(folder, "--block-at", "10", "--review-at", "5", "--challenge-at", "none", "--json")
    assert done.exit_code == 0, done.output
    shown: dict[str, Any] = json.loads(done.stdout)
    thresholds = {"block_at_percent": 10.0, "review_at_percent": 5.0, "challenge_at_percent": None}
    assert (shown["state"], shown["asked"]) == ("succeeded", {"thresholds": thresholds})
    assert shown["figures"]["population"]["frauds"]["payments"] == 1
    assert {move["after"] for move in shown["figures"]["moves"]} <= {"block", "review", "allow"}


def test_a_file_is_tried_as_the_merchants_ruleset(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(f'[[rule]]\nid = "big"\nname = "Big"\ntext = "{RULE}"\nreason = "big"\n', encoding="utf-8")
    done = run(folder, str(file), "--from", "2026-01-01", "--to", "2026-01-02")
    assert isinstance(done.exception, BacktestFailed)
    assert str(done.exception).startswith(f"No payment of {SHOP} was decided from 2026-01-01 00:00 until 2026-01-02")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", "Review if amout_in_usd > 1"], "Did you mean `amount_in_usd`?"),
        (["--rule-id", "none"], "There is no such rule"),
        (["draft:none"], "no draft of this name"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, words: list[str], said: str) -> None:
    refused = run(folder, *words)
    assert isinstance(refused.exception, CallFailed)
    assert said in str(refused.exception)


def test_what_can_be_tried_is_named(folder: Path) -> None:
    refused = run(folder)
    assert refused.exit_code == 2
    assert "--rule-id" in refused.stderr


def test_a_threshold_that_is_no_number_is_said(folder: Path) -> None:
    refused = run(folder, "--block-at", "high")
    assert refused.exit_code == 2
    assert "'high' is no percentage" in refused.stderr


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    refused = run(tmp_path / "none", "--rule", RULE)
    assert isinstance(refused.exception, StoreInvalid)


def test_the_server_does_it_where_one_runs(served: Path) -> None:
    done = run(served, "--rule", RULE, "--json")
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert shown["figures"]["matched"]["group"]["fraud_not_matured"]["payments"] == 1
    with caller_of(Settings(data=served), ()) as client:
        listed = json.loads(client.checked("GET", "/v1/backtests"))["data"]
        metrics = client.checked("GET", "/metrics").decode()
    assert listed[0]["id"] == shown["id"]
    assert 'assay_jobs_ended_total{state="succeeded"} 1.0' in metrics
    assert 'assay_jobs{state="running"} 0.0' in metrics


def test_ctrl_c_cancels_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    def followed(*_: object) -> None:
        raise KeyboardInterrupt

    # Whether a server does it or this process: another test's server may be up.
    monkeypatch.setattr(following, "_here", interrupted)
    monkeypatch.setattr(following, "_followed", followed)
    stopped = run(folder, "--rule", RULE)
    assert isinstance(stopped.exception, BacktestFailed)
    assert (str(stopped.exception), "Cancelling ..." in stopped.stderr) == ("It was cancelled.", True)
    with caller_of(Settings(data=folder), ("backtests",)) as client:
        (newest, *_) = json.loads(client.checked("GET", "/v1/backtests"))["data"]
    assert newest["state"] == "cancelled"


def test_the_health_of_rules_is_told_with_what_to_look_at(folder: Path) -> None:
    words = ["rules", "health", "--merchant", SHOP, "--days", "30", "--data", str(folder)]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "160"})
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "known fraud: 1 of $" in said
    assert "ip-many-cards block " in said
    assert "silent: " in said
    assert "ip-many-cards. It was true of no payment in all that time." in said or "ip-many-cards, " in said
    as_json = CliRunner().invoke(app, [*words, "--json"])
    shown = json.loads(as_json.stdout)
    assert shown["figures"] is None
    assert {rule["rule_id"] for rule in shown["health"]["rules"]} > {"ip-many-cards", "foreign-ip-3ds"}


@pytest.mark.parametrize(("cents", "said"), [(0, "$0.00"), (-1234567, "-$12,345.67"), (5, "$0.05")])
def test_money_is_said_in_dollars(cents: int, said: str) -> None:
    assert money(cents) == said
