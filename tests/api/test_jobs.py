"""The runner of jobs: each in a process of its own, told of, cancelled, given back, ended once."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog

from api import jobs as api_jobs
from api.job_process import Task, line_of
from api.jobs import CRASHED, TOO_LONG, Runner
from engine.errors import LedgerUnavailable
from engine.jobs import ABANDONED, ATTEMPTS_MAX, RESULT_BYTES_MAX, UNREADABLE, Job, JobState, Lease, Progress
from engine.stores.sql import Store, open_store
from tests.api.job_programs import PROGRAM, saying

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_jobs, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(api_jobs, "BEAT_SECONDS", 0.05)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "data")
    yield opened
    opened.close()


def queued(store: Store, kind: str, number: int = 1, /, **arguments: Any) -> str:
    job = Job(
        id=f"job_{number}",
        kind=kind,
        merchant_id="shop-a",
        test_mode=True,
        arguments=orjson.dumps(arguments),
        fingerprint=b"",
        created_at=NOON,
        created_by="key",
    )
    store.jobs.add(job)
    return job.id


@asynccontextmanager
async def running(store: Store, tmp_path: Path, **options: Any) -> AsyncIterator[Counter[str]]:
    ended = Counter[str]()
    runner = Runner(store.jobs, tmp_path / "data", ended, **{"program": PROGRAM, **options})
    task = asyncio.create_task(runner.run())
    try:
        yield ended
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def until(store: Store, job_id: str, holds: Callable[[Job], bool]) -> Job:
    """The job once this holds of it."""
    while True:
        job = store.jobs.get(job_id)
        assert job is not None
        if holds(job):
            return job
        await asyncio.sleep(0.01)


async def ended(store: Store, job_id: str) -> Job:
    return await until(store, job_id, lambda job: not job.state.is_open)


def has_ended(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True


async def test_a_job_is_done_by_a_process_that_goes_last(store: Store, tmp_path: Path) -> None:
    job_id = queued(store, "echo", days=7)
    async with running(store, tmp_path) as counted:
        job = await ended(store, job_id)
    assert (job.state, job.attempts, job.failure) == (JobState.SUCCEEDED, 1, None)
    assert job.progress == Progress(done=1, total=2, words="half way")
    result = orjson.loads(store.jobs.result(job_id) or b"")
    assert result.pop("niceness") >= 10
    assert result == {
        "arguments": {"days": 7},
        "merchant_id": "shop-a",
        "test_mode": True,
        "at": "2026-05-04T12:00:00+00:00",
        "folder": "data",
    }
    assert counted == {"succeeded": 1}


async def test_progress_is_told_while_it_runs_and_others_wait(store: Store, tmp_path: Path) -> None:
    stop, started = tmp_path / "stop", tmp_path / "started"
    first = queued(store, "slow", 1, until=str(stop), started=str(started))
    second = queued(store, "echo", 2)
    async with running(store, tmp_path):
        told = await until(store, first, lambda job: job.progress.done > 2)
        assert (told.progress.total, told.progress.words) == (1_000, "going on")
        waiting = store.jobs.get(second)
        assert waiting is not None
        assert waiting.state is JobState.QUEUED
        stop.touch()
        assert (await ended(store, second)).state is JobState.SUCCEEDED
    assert store.jobs.result(first) == b'{"is_done":true}'


async def test_a_cancelled_job_stops_and_its_process_with_it(store: Store, tmp_path: Path) -> None:
    started = tmp_path / "started"
    job_id = queued(store, "slow", until=str(tmp_path / "never"), started=str(started))
    async with running(store, tmp_path) as counted:
        await until(store, job_id, lambda job: job.progress.done > 0)
        store.jobs.cancel(job_id, NOON)
        assert (await ended(store, job_id)).state is JobState.CANCELLED
        again = queued(store, "echo", 2)
        await ended(store, again)
        assert has_ended(int(started.read_text(encoding="utf-8")))
    assert counted == {"cancelled": 1, "succeeded": 1}


async def test_a_server_that_stops_gives_the_job_back(store: Store, tmp_path: Path) -> None:
    stop, started = tmp_path / "stop", tmp_path / "started"
    job_id = queued(store, "slow", until=str(stop), started=str(started))
    for _ in range(ATTEMPTS_MAX + 1):
        async with running(store, tmp_path):
            await until(store, job_id, lambda job: job.progress.done > 0)
        back = store.jobs.get(job_id)
        assert back is not None
        assert (back.state, back.attempts) == (JobState.QUEUED, 0)
    pids = [int(line) for line in started.read_text(encoding="utf-8").splitlines()]
    assert all(map(has_ended, pids))
    stop.touch()
    async with running(store, tmp_path):
        assert (await ended(store, job_id)).state is JobState.SUCCEEDED


async def test_a_refusal_is_the_jobs_failure(store: Store, tmp_path: Path) -> None:
    job_id = queued(store, "refuse")
    async with running(store, tmp_path):
        job = await ended(store, job_id)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (JobState.FAILED, "store_invalid")
    assert job.failure.detail == "There is no ledger: give another folder."


async def test_a_fault_of_ours_is_logged_by_its_place_and_quotes_nothing(store: Store, tmp_path: Path) -> None:
    job_id = queued(store, "crash")
    with structlog.testing.capture_logs() as logged:
        async with running(store, tmp_path):
            job = await ended(store, job_id)
    assert (job.failure, job.attempts) == (CRASHED, 1)
    (said,) = logged
    assert (said["event"], said["job_id"], said["error"]) == ("job_crashed", job_id, "ValueError")
    assert said["where"].startswith("job_programs.py:")
    assert "shopper" not in str(logged)


async def test_a_process_that_dies_is_started_again_and_given_up_in_the_end(store: Store, tmp_path: Path) -> None:
    started = tmp_path / "started"
    job_id = queued(store, "die", started=str(started))
    with structlog.testing.capture_logs() as logged:
        async with running(store, tmp_path):
            job = await ended(store, job_id)
    assert (job.failure, started.read_text(encoding="utf-8")) == (ABANDONED, "died\n" * ATTEMPTS_MAX)
    assert [(each["event"], each["code"]) for each in logged] == [("job_process_ended", 137)] * ATTEMPTS_MAX


@pytest.mark.parametrize(
    ("more", "program"),
    [
        (-1, PROGRAM),
        (1_000_000, PROGRAM),
        (0, saying("x", 4 * RESULT_BYTES_MAX)),
    ],
)
async def test_a_result_is_bounded(store: Store, tmp_path: Path, more: int, program: tuple[str, ...]) -> None:
    job_id = queued(store, "large", more=more)
    async with running(store, tmp_path, program=program):
        job = await ended(store, job_id)
    assert job.failure is not None
    assert job.failure.code == "result_too_large"
    assert store.jobs.result(job_id) is None


async def test_the_largest_result_is_kept(store: Store, tmp_path: Path) -> None:
    job_id = queued(store, "large", more=-2)
    async with running(store, tmp_path):
        assert (await ended(store, job_id)).state is JobState.SUCCEEDED
    assert len(store.jobs.result(job_id) or b"") == RESULT_BYTES_MAX


async def test_a_job_has_so_much_time(store: Store, tmp_path: Path) -> None:
    job_id = queued(store, "slow", until=str(tmp_path / "never"), started=str(tmp_path / "started"))
    async with running(store, tmp_path, time_max_seconds=0.1):
        assert (await ended(store, job_id)).failure == TOO_LONG


async def test_a_program_that_cannot_be_started_is_said(store: Store, tmp_path: Path) -> None:
    job_id = queued(store, "echo")
    runner = Runner(store.jobs, tmp_path, program=(str(tmp_path / "none"),))
    with structlog.testing.capture_logs() as logged:
        task = asyncio.create_task(runner.run())
        assert (await ended(store, job_id)).failure == ABANDONED
        task.cancel()
        await asyncio.wait([task])
    assert {each["event"] for each in logged} == {"job_not_started"}


async def test_a_disk_that_fails_is_waited_for(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = queued(store, "echo")
    succeed, turns = store.jobs.succeed, iter(range(3))

    def failing(lease: Lease, at: datetime, result: bytes) -> Job:
        if next(turns, None) is not None:
            raise LedgerUnavailable("The disk is full: free some space.")
        return succeed(lease, at, result)

    monkeypatch.setattr(store.jobs, "succeed", failing)
    with structlog.testing.capture_logs() as logged:
        async with running(store, tmp_path):
            assert (await ended(store, job_id)).state is JobState.SUCCEEDED
    assert [each["event"] for each in logged] == ["jobs_wait"]


async def test_a_worker_that_lost_the_job_says_so_and_takes_the_next(store: Store, tmp_path: Path) -> None:
    job_id = queued(store, "slow", until=str(tmp_path / "never"), started=str(tmp_path / "started"))
    with structlog.testing.capture_logs() as logged:
        async with running(store, tmp_path):
            await until(store, job_id, lambda job: job.progress.done > 0)
            # As another worker would that took it once the lease was over.
            with store.writer.transaction() as connection:
                connection.exec_driver_sql("UPDATE jobs SET fence = fence + 1")
            again = queued(store, "echo", 2)
            assert (await ended(store, again)).state is JobState.SUCCEEDED
    assert [each["event"] for each in logged] == ["job_lost"]


@pytest.mark.parametrize("arguments", [b'{"broken', '{"a text', b"", b"[" * 300 + b"]" * 300])
async def test_a_job_that_cannot_be_read_fails_alone(store: Store, tmp_path: Path, arguments: bytes | str) -> None:
    job_id, next_id = queued(store, "echo", 1), queued(store, "echo", 2)
    with store.writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE jobs SET arguments = ? WHERE id = ?", (arguments, job_id))
    with structlog.testing.capture_logs() as logged:
        async with running(store, tmp_path) as counted:
            assert (await ended(store, job_id)).failure == UNREADABLE
            assert (await ended(store, next_id)).state is JobState.SUCCEEDED
    assert counted == {"failed": 1, "succeeded": 1}
    assert [(each["event"], each["job_id"]) for each in logged] == [("job_unreadable", job_id)]


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "5",
        "{}",
        '{"done": 1}',
        '{"done": "x", "total": null, "words": ""}',
        '{"done": 1, "total": 2, "words": 3}',
        '{"failure": {"code": 1, "detail": 2}}',
        '{"crash": {"event": "x"}}',
    ],
)
async def test_a_line_that_is_none_of_ours_fails_its_job_alone(store: Store, tmp_path: Path, line: str) -> None:
    job_id = queued(store, "echo")
    with structlog.testing.capture_logs() as logged:
        async with running(store, tmp_path, program=saying(f'{line}\n{{"result": 1}}\n')):
            assert (await ended(store, job_id)).failure == CRASHED
            again = queued(store, "echo", 2)
            assert (await ended(store, again)).failure == CRASHED
    assert [each["event"] for each in logged] == ["job_crashed"] * 2


async def test_what_a_job_writes_to_standard_output_is_not_taken_for_what_it_tells(
    store: Store, tmp_path: Path
) -> None:
    job_id = queued(store, "chatter")
    async with running(store, tmp_path):
        assert (await ended(store, job_id)).state is JobState.SUCCEEDED
    assert store.jobs.result(job_id) == b'"told"'


async def test_without_a_server_the_process_ends(tmp_path: Path) -> None:
    task = Task(
        folder=tmp_path,
        merchant_id="m",
        test_mode=False,
        arguments={"until": str(tmp_path / "never"), "started": str(tmp_path / "started")},
        at=NOON,
    )
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(line_of("slow", task))
    assert process.stdout is not None
    assert b"going on" in await process.stdout.readline()
    process.stdin.close()
    await process.communicate()
    assert process.returncode == 1
