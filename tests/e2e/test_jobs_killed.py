"""kill -9 of a real server while a job runs, and a start anew: the job goes on, and ends once."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import create_engine, text

from api.bench.installation import child_environment
from engine.jobs import ATTEMPTS_MAX, Job
from engine.stores.sql import open_store

SERVER = """
import api.jobs
from tests.api.job_programs import PROGRAM
api.jobs.PROGRAM = PROGRAM
from api.cli import main
main()
"""
WAIT_SECONDS = 60.0

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@contextmanager
def server(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, "serve", "--data", str(folder), "--port", "0"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
    )
    yield process
    process.kill()
    process.wait()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came to it"
        time.sleep(0.05)


def lines(file: Path) -> list[int]:
    return [int(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def row(folder: Path) -> tuple[str, int, bytes | None]:
    engine = create_engine(f"sqlite:///{folder / 'assay.db'}")
    with engine.connect() as connection:
        found = connection.execute(text("SELECT state, attempts, result FROM jobs")).one()
    engine.dispose()
    return found.state, found.attempts, found.result


def test_a_job_survives_the_kill_of_its_server_and_ends_once(tmp_path: Path) -> None:
    folder, started, until = tmp_path / "data", tmp_path / "started", tmp_path / "until"
    store = open_store(folder)
    store.jobs.add(
        Job(
            id="job_1",
            kind="slow",
            merchant_id="shop-a",
            test_mode=False,
            arguments=orjson.dumps({"started": str(started), "until": str(until)}),
            fingerprint=b"",
            created_at=datetime.now(UTC),
            created_by="key",
        )
    )
    store.close()
    for kills in range(ATTEMPTS_MAX - 1):
        with server(folder):
            eventually(lambda: len(lines(started)) == kills + 1)  # noqa: B023 - called at once
        assert row(folder) == ("running", kills + 1, None)
        eventually(lambda: is_gone(lines(started)[-1]))
    with server(folder) as process:
        eventually(lambda: len(lines(started)) == ATTEMPTS_MAX)
        until.touch()
        eventually(lambda: row(folder)[0] == "succeeded")
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 0
    assert row(folder) == ("succeeded", ATTEMPTS_MAX, b'{"is_done":true}')
    with server(folder) as process:
        eventually((folder / "server.json").exists)
        time.sleep(1.5)
        process.terminate()
        process.wait(WAIT_SECONDS)
    assert len(lines(started)) == ATTEMPTS_MAX, "a job that had ended was done again"
