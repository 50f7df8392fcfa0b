"""`assay policy` through a running server: what it shows and sets, and why it does not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.bench.installation import start_server
from api.cli import app
from api.client import CallFailed
from api.commands.policies import NoServer, PolicyUnreadable
from engine.policy import Policy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("policy") / "data"
    folder.mkdir(mode=0o700)
    server = start_server(folder)
    yield folder
    server.stop()


def policy(folder: Path, *words: str, sent: str | None = None) -> Result:
    return CliRunner().invoke(app, ["policy", *words, "--data", str(folder)], input=sent)


def test_what_is_shown_can_be_edited_and_set(folder: Path, tmp_path: Path) -> None:
    shown = policy(folder, "show", "shop/1")
    assert json.loads(shown.stdout) == json.loads(Policy().content())
    assert f"Version {Policy().version}, the default" in shown.stderr
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({**json.loads(shown.stdout), "review_hours": 5}), encoding="utf-8")
    dry = policy(folder, "set", "shop/1", str(file), "--dry-run")
    assert (dry.stdout, "would be in force" in dry.stderr) == ("review_hours: 24 -> 5\n", True)
    assert "None was published" in policy(folder, "history", "shop/1").stderr
    done = policy(folder, "set", "shop/1", str(file), "--replaces", Policy().version)
    assert (done.exit_code, done.stdout) == (0, "review_hours: 24 -> 5\n")
    assert "Nothing changes" in policy(folder, "set", "shop/1", str(file)).stderr
    (version,) = json.loads(policy(folder, "history", "shop/1", "--json").stdout)["data"]
    assert json.loads(policy(folder, "show", "shop/1", "--json").stdout) == version
    assert version["version"] in policy(folder, "history", "shop/1").stdout


def test_standard_input_is_read(folder: Path) -> None:
    assert policy(folder, "set", "shop-2", "-", sent='{"review_hours": 7}').exit_code == 0
    assert json.loads(policy(folder, "show", "shop-2").stdout)["review_hours"] == 7


def test_a_refusal_says_why(folder: Path) -> None:
    refused = policy(folder, "set", "shop-3", "-", sent='{"review_at_percent": 50}')
    assert isinstance(refused.exception, CallFailed)
    assert "/review_at_percent: It is above block_at_percent" in str(refused.exception)
    refused = policy(folder, "set", "shop-3", "-", "--replaces", "other", sent="{}")
    assert isinstance(refused.exception, CallFailed)
    assert refused.exception.problem_code == "policy_changed"


def test_a_file_that_is_not_there_and_a_server_that_does_not_run_are_said(folder: Path, tmp_path: Path) -> None:
    refused = policy(folder, "set", "shop-4", str(tmp_path / "missing.json"))
    assert isinstance(refused.exception, PolicyUnreadable)
    refused = policy(tmp_path / "nowhere", "show", "shop-4")
    assert isinstance(refused.exception, NoServer)
    assert "assay serve" in str(refused.exception)
    assert not (tmp_path / "nowhere").exists()
