"""kill -9 in the middle of an import, and the same command again: as if it had never been killed."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.importing.importing import IN_FLIGHT_MAX
from engine.errors import StoreInvalid
from tests.api.importing.desk import HEADING, MAPPING, Desk
from tests.api.importing.test_labels import LABELS

ROWS = 3_000
KILLED_AFTER = (IN_FLIGHT_MAX, 4 * IN_FLIGHT_MAX)
COMMAND = [sys.executable, "-c", "from api.cli import main; main()", "import"]
SEED = 20_261_123


def history() -> list[str]:
    """Rows out of order: few shoppers, so that velocities matter, times that tie, labels a month later."""
    chance = random.Random(SEED)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(ROWS):
        at = start + timedelta(minutes=chance.randrange(ROWS * 2))
        status, known = ("cb", (at + timedelta(days=30)).isoformat()) if chance.random() < 0.1 else ("", "")
        email = f"user{chance.randrange(200)}@example.com"
        amount = f"{chance.randrange(100, 20_000) / 100:.2f}"
        rows.append(f"t{number},shop-{number % 3},{at.isoformat()},{amount},EUR,{email},{status},{known}")
    return rows


def recorded(desk: Desk) -> int:
    try:
        return len(desk.records())
    except StoreInvalid:
        return 0


def run_and_kill(desk: Desk, file: Path, mapping: Path, wanted: int) -> None:
    process = subprocess.Popen(
        [*COMMAND, str(file), "--mapping", str(mapping), "--data", str(desk.data)], stdout=subprocess.DEVNULL
    )
    try:
        while recorded(desk) < wanted:
            assert process.poll() is None, "the import ended before it could be killed"
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.timeout(240)
def test_killed_imports_end_as_one_that_was_not(desk: Desk) -> None:
    file = desk.payments(*history(), heading=f"{HEADING},status,known")
    mapping = desk.file("map.toml", MAPPING + LABELS)
    for wanted in KILLED_AFTER:
        run_and_kill(desk, file, mapping, wanted)
    assert KILLED_AFTER[-1] <= recorded(desk) < ROWS
    last = desk.run(file, mapping).summary
    assert last["already_there"] >= KILLED_AFTER[-1]
    assert (last["already_there"] + last["decided"], last["rejected"]) == (ROWS, 0)

    whole = Desk(folder=desk.folder / "whole")
    whole.folder.mkdir()
    assert whole.run(file, mapping).summary["decided"] == ROWS
    seen, expected = ([(each.key, each.at, each.decision) for each in at.records()] for at in (desk, whole))
    assert seen == expected, "order, times, velocities and decisions are those of the import that was not killed"
    assert sorted(map(str, desk.labels())) == sorted(map(str, whole.labels()))
    assert last["actions"] == whole.run(file, mapping).summary["actions"]
