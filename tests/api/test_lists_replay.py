"""`assay replay` where lists decided: byte-equal after they changed, and unequal where their past was tampered with."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.keys import new_key
from api.settings import Settings
from api.wiring import assembled
from engine.access import Scope

RULES = '[[rule]]\nid = "vip"\nname = "V"\ntext = "Allow if email in @vip and ::tier:: in @tiers"\nreason = "V"\n'
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose lists changed before, between and after its payments."""
    at = tmp_path_factory.mktemp("lists")
    folder, rules = at / "data", at / "rules.toml"
    folder.mkdir(mode=0o700)
    rules.write_text(RULES, encoding="utf-8")
    for name, kind in (("vip", "email"), ("tiers", "case_sensitive_string")):
        assert CliRunner().invoke(app, ["lists", "create", name, "--type", kind, "--data", str(folder)]).exit_code == 0
    minutes = [0]
    with assembled(Settings(data=folder, ruleset=rules)) as assembly:
        key, text = new_key(name="test", test_mode=False, scopes=frozenset(Scope), merchants=None)
        assembly.keys.add_key(key)
        application = create_app(assembly, now=lambda: NOON + timedelta(minutes=minutes[0]))
        client = TestClient(application, headers={"Authorization": f"Bearer {text}"})

        def pay(minute: int) -> str:
            minutes[0] = minute
            asked = {
                "event": {"transaction_id": f"order-{minute}", "merchant_id": "shop-a"},
                "order": {"amount_minor": 4990, "currency": "USD"},
                "email": {"address": "j.doe+1@gmail.com"},
                "custom": {"tier": "Gold"},
                "options": {"deadline_ms": 2000},
            }
            return str(client.post("/v1/decisions", json=asked).json()["action"])

        def put(list_id: str, value: str, **said: str) -> str:
            answer = client.post(f"/v1/lists/{list_id}/entries", json={"entries": [{"value": value, **said}]})
            assert answer.status_code == 201, answer.text
            return f"/v1/lists/{list_id}/entries/{answer.json()['data'][0]['id']}"

        actions = [pay(1)]
        blocked = put("shop-a:block", "jdoe@gmail.com", type="email")
        actions.append(pay(2))
        put("tiers", "Gold")
        put("vip", "jdoe@gmail.com", expires_at=(NOON + timedelta(minutes=10)).isoformat())
        actions += [pay(minute) for minute in (3, 9, 10, 11)]
        client.delete(blocked)
        actions.append(pay(12))
    assert actions == ["allow", "block", "allow", "allow", "block", "block", "allow"]
    return folder


@pytest.fixture
def folder(played: Path, tmp_path: Path) -> Path:
    return copytree(played, tmp_path / "data")


def replayed(folder: Path, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["replay", "--json", "--data", str(folder)])
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_every_decision_is_made_again_from_the_lists_that_it_saw(folder: Path) -> None:
    assert replayed(folder)["same"] == 7


@pytest.mark.parametrize(
    ("sql", "fields"),
    [
        ("UPDATE list_entries SET value = 'x@gmail.com' WHERE name = 'block'", {"action": 3, "reasons": 2}),
        ("UPDATE list_entries SET expires_at_us = NULL WHERE name = 'vip'", {"action": 2, "reasons": 1}),
        ("UPDATE list_entries SET removed_sequence = NULL", {"action": 1}),
        ("UPDATE named_lists SET type = 'domain' WHERE name = 'vip'", {"action": 2}),
        ("DELETE FROM list_changes WHERE sequence = 6", {"action": 1}),
    ],
)
def test_a_past_of_lists_that_was_tampered_with_is_found(folder: Path, sql: str, fields: dict[str, int]) -> None:
    connection = sqlite3.connect(folder / "assay.db")
    with connection:
        assert connection.execute(sql).rowcount > 0
    connection.close()
    assert replayed(folder, code=1)["by_field"] == fields
