"""Segments are written by a process of their own, at an hour's sixth minute, and by hand."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from api import hourly
from api.cli import app
from api.hourly import segments_written_hourly, until_next
from api.settings import Settings
from api.wiring import assembled
from engine.stores.segments import SegmentKind, manifest_of, read_segment
from tests.docs.demo_traffic import play_demo


@pytest.fixture
def played(tmp_path: Path) -> Path:
    """A folder of a demonstration, whose payments are hours old."""
    with assembled(Settings(data=tmp_path / "data")) as assembly:
        play_demo(assembly)
    return tmp_path / "data"


def test_the_command_says_what_it_wrote(played: Path) -> None:
    first = CliRunner().invoke(app, ["segments", "--data", str(played), "--json"])
    assert first.exit_code == 0, first.output
    said, manifest = json.loads(first.output), manifest_of(played)
    held = sum(segment.rows for segment in manifest.segments)
    assert (said["rows"], said["segments"]) == (held, len(manifest.segments))
    assert held > 200
    again = CliRunner().invoke(app, ["segments", "--data", str(played)])
    assert (again.exit_code, again.output.split(";")[0]) == (0, "0 rows written")


def test_columns_are_read_by_name(played: Path) -> None:
    CliRunner().invoke(app, ["segments", "--data", str(played)])
    manifest = manifest_of(played)
    segment = next(manifest.of(SegmentKind.DECISIONS))
    table = read_segment(played, segment, ["at", "feature_card_payments_1h"])
    assert table.column_names == ["at", "feature_card_payments_1h"]


def test_a_folder_without_a_ledger_is_named(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["segments", "--data", str(tmp_path / "none")])
    assert refused.exit_code == 1
    assert "holds no ledger" in str(refused.exception)


def test_a_server_has_it_done_by_a_process_of_its_own(played: Path) -> None:
    turns = iter([None])

    async def wait() -> None:
        if next(turns, "over") == "over":
            raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(segments_written_hourly(played, wait))
    assert manifest_of(played).segments


def test_a_run_that_fails_is_logged_and_the_next_one_is_made(tmp_path: Path) -> None:
    turns = iter([None, None])

    async def wait() -> None:
        if next(turns, "over") == "over":
            raise TimeoutError

    with structlog.testing.capture_logs() as logged, pytest.raises(TimeoutError):
        asyncio.run(segments_written_hourly(tmp_path / "none", wait))
    assert logged == [{"event": "segments_failed", "log_level": "warning", "code": 1}] * 2


def test_a_run_is_ended_with_the_server(played: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly, "_ASSAY", "import time; time.sleep(60)")

    async def at_once() -> None:
        """Wait for nothing."""

    async def run() -> float:
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(segments_written_hourly(played, at_once))
        await asyncio.sleep(0.2)
        began = loop.time()
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
        return loop.time() - began

    assert asyncio.run(run()) < 30


@pytest.mark.parametrize(
    ("now", "minutes"), [("12:00", 6), ("12:05:59", 1 / 60), ("12:06", 60), ("12:30", 36), ("23:59", 7)]
)
def test_it_is_due_at_the_sixth_minute(now: str, minutes: float) -> None:
    at = datetime.fromisoformat(f"2026-11-23T{now}").replace(tzinfo=UTC)
    assert until_next(at) == timedelta(minutes=minutes)
