"""The walk of docs/rules.md through the commands, run as it is written."""

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.wiring import opened_keys
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
    with opened_keys(tmp_path / "data", is_made=True):
        monkeypatch.setenv("ASSAY_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    Path("shop-9.toml").write_text(file, encoding="utf-8")
    walked = steps(console)
    assert [command[2] for command, _ in walked] == ["diff", "publish", "publish", "rollback"]
    for command, said in walked:
        assert command[0] == "assay"
        result = CliRunner().invoke(app, command[1:])
        assert (result.exit_code, result.stdout) == (0, said), (command, result.exception)
