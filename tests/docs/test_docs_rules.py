"""The walk of docs/rules.md through the commands, run as it is written."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.keys import new_key
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from tests.docs.documents import blocks, read


def steps(console: str) -> list[tuple[list[str], str]]:
    """Each command of a console block, and what it prints."""
    found: list[tuple[list[str], str]] = []
    for line in console.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((shlex.split(line[2:]), ""))
        else:
            command, said = found[-1]
            found[-1] = (command, said + line)
    return found


def test_the_walk_from_shadow_to_live_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = read("docs/rules.md")
    (file,) = [block.text for block in blocks(text) if block.language == "toml"]
    (console,) = [block.text for block in blocks(text) if block.language == "console" and "rollback" in block.text]
    with assembled(Settings(data=tmp_path / "data")) as assembly:
        decide(assembly, "shop-9", amounts_minor=[50_000, 50_000, 1_000])
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    Path("shop-9.toml").write_text(file, encoding="utf-8")
    walked = steps(console)
    assert [command[2] for command, _ in walked] == ["diff", "backtest", "publish", "publish", "rollback"]
    for command, said in walked:
        assert command[0] == "assay"
        result = CliRunner().invoke(app, command[1:])
        assert result.exit_code == 0, (command, result.exception)
        if command[2] == "backtest":
            # Of its tables a part is shown.
            printed = [line.split() for line in result.stdout.splitlines()]
            assert all(line.split() in printed for line in said.splitlines()), result.stdout
        else:
            assert result.stdout == said, command


def decide(assembly: Assembly, shop: str, amounts_minor: list[int]) -> None:
    """Payments of new customers."""
    key, text = new_key(name="test", test_mode=False, scopes=frozenset(Scope), merchants=None)
    assembly.keys.add_key(key)
    client = TestClient(create_app(assembly), headers={"Authorization": f"Bearer {text}"})
    for number, amount_minor in enumerate(amounts_minor):
        payment = {
            "event": {"transaction_id": f"order-{number}", "merchant_id": shop},
            "account": {"user_id": f"user-{number}", "created_at": datetime.now(UTC).isoformat()},
            "order": {"amount_minor": amount_minor, "currency": "USD"},
        }
        assert client.post("/v1/decisions", json=payment).json()["action"] == "allow"
