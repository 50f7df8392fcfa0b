"""`assay keys` through a running server: what it did, and why it did not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.bench.installation import Server, start_server
from api.cli import app
from api.client import CallFailed, Client
from api.commands.keys import KeyRefused
from engine.errors import StoreInvalid


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    started = start_server(folder)
    yield started
    started.stop()


def keys(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["keys", *words, "--data", str(folder)])


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    return {key["id"]: key for key in json.loads(keys(folder, "list", "--json").stdout)}


@pytest.mark.usefixtures("server")
def test_keys_are_made_listed_and_revoked(folder: Path) -> None:
    made = json.loads(keys(folder, "create", "--name", "shop", "--merchant", "shop-a", "--json").stdout)
    assert listed(folder)[made["id"]]["revoked_at"] is None
    revoked = keys(folder, "revoke", made["id"])
    assert (revoked.exit_code, revoked.stdout) == (0, f"Key {made['id']} is revoked.\n")
    assert listed(folder)[made["id"]]["revoked_at"] is not None


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("key_id", ["aaaaaaaaaaaa", "é b"])
def test_an_absent_key_is_said(folder: Path, key_id: str) -> None:
    refused = keys(folder, "revoke", key_id)
    assert isinstance(refused.exception, KeyRefused)
    assert f"no key '{key_id}' in force" in str(refused.exception)


@pytest.mark.usefixtures("server")
def test_a_refusal_says_why(folder: Path) -> None:
    refused = keys(folder, "create", "--name", "x" * 101, "--all-merchants")
    assert isinstance(refused.exception, KeyRefused)
    assert "--name" in str(refused.exception)


def test_a_mistyped_folder_is_said_and_not_made(tmp_path: Path) -> None:
    for words in (("list",), ("revoke", "x")):
        refused = keys(tmp_path / "nowhere", *words)
        assert isinstance(refused.exception, StoreInvalid)
        assert "nowhere" in str(refused.exception)
    assert not (tmp_path / "nowhere").exists()


def test_a_revoked_operators_key_is_said_and_made_anew_at_the_next_start(folder: Path, server: Server) -> None:
    own_id = server.key.split("_")[2]
    Client(url=f"http://127.0.0.1:{server.port}", key=server.key).checked("DELETE", f"/v1/keys/{own_id}")
    for words in (("list",), ("revoke", own_id), ("create", "--name", "n", "--all-merchants")):
        refused = keys(folder, *words)
        assert isinstance(refused.exception, CallFailed), refused.exception
        assert "unknown, expired or revoked" in str(refused.exception)
        assert "Restart the server" in str(refused.exception)
    server.stop()
    again = start_server(folder)
    assert again.key != server.key
    assert keys(folder, "list").exit_code == 0
    again.stop()
