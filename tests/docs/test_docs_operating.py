"""What docs/operating.md tells an operator to do, done."""

import asyncio
import re
import shlex
import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.settings import Settings
from api.wiring import assembled, opened_for_reading
from tests.docs.demo_traffic import play_demo
from tests.docs.documents import ROOT, blocks, read


def test_the_key_commands_run_as_written(tmp_path: Path) -> None:
    consoles = [block.text for block in blocks(read("docs/operating.md")) if block.language == "console"]
    lines = [line.removeprefix("$ assay ") for text in consoles for line in text.splitlines() if "assay keys" in line]
    assert len(lines) == 4
    runner, key_id = CliRunner(), ""
    for line in lines:
        words = shlex.split(line.replace("<id>", key_id))
        result = runner.invoke(app, [*words, "--data", str(tmp_path / "data")])
        assert result.exit_code == 0, result.output
        key_id = result.stdout.split("_")[2] if "create" in words else key_id
    assert "revoked" in result.output


def test_every_metric_is_listed_once(tmp_path: Path) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly:
        exposed = TestClient(create_app(assembly)).get("/metrics").text
    ours = {line.split()[2] for line in exposed.splitlines() if line.startswith("# TYPE assay_")}
    listed = re.findall(r"^\| `(assay_\w+)` \|", read("docs/operating.md"), re.MULTILINE)
    assert sorted(listed) == sorted(ours)


def test_every_event_that_is_logged_is_listed() -> None:
    events = set()
    for path in (*ROOT.glob("api/**/*.py"), *ROOT.glob("engine/**/*.py")):
        events |= set(
            re.findall(r'\blog\.(?:debug|info|warning|error)\(\s*(?:#.*\s*)?"(\w+)"', path.read_text(encoding="utf-8"))
        )
    section = read("docs/operating.md").partition("## Logs")[2].partition("\n## ")[0]
    assert events
    assert not {event for event in events if f"`{event}`" not in section}


def test_the_replay_and_doctor_commands_run_as_written(tmp_path: Path) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly:
        play_demo(assembly)
    consoles = [block.text for block in blocks(read("docs/operating.md")) if block.language == "console"]
    lines = [line.removeprefix("$ assay ") for text in consoles for line in text.splitlines()]
    for line in lines:
        if line.startswith(("replay", "doctor")):
            result = CliRunner().invoke(app, [*shlex.split(line), "--data", str(tmp_path / "data")])
            assert result.exit_code == 0, result.output


def test_the_folder_holds_what_is_said_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with assembled(Settings(data=folder)):
        names = {path.name for path in folder.iterdir()}
        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes == {0o600}
    assert all(f"`{name}`" in read("docs/operating.md") for name in names)


def test_a_backup_taken_while_it_runs_is_whole(tmp_path: Path) -> None:
    with assembled(Settings(data=tmp_path / "data")) as assembly:
        play_demo(assembly)
        source, copy = sqlite3.connect(tmp_path / "data" / "assay.db"), sqlite3.connect(tmp_path / "assay.db")
        source.backup(copy)
        copy.close()
        source.close()
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    (tmp_path / "assay.db").rename(restored / "assay.db")
    with assembled(Settings(data=restored)) as assembly:
        assert assembly.payments_restored == 337
    with opened_for_reading(restored) as (ledger, _):
        (*_, last) = ledger.recent(timedelta(days=1))
        assert asyncio.run(ledger.get(last.id)) is not None
