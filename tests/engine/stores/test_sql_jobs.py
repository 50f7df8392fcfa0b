"""The jobs port on SQLite: each job is somebody's, for a time, and ends once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ClauseElement, Engine, create_mock_engine, event

from engine.errors import IdempotencyKeyReused, JobFinished, LeaseLost, LedgerUnavailable, TooManyJobs
from engine.jobs import (
    ABANDONED,
    ATTEMPTS_MAX,
    DETAIL_LENGTH_MAX,
    KEPT_MAX,
    LEASE,
    OPEN_MAX,
    UNREADABLE,
    WORDS_LENGTH_MAX,
    JobFailure,
    JobState,
    Lease,
    Progress,
    Taken,
)
from engine.stores.sql import Store
from engine.stores.sql.jobs import SqlJobs
from tests.engine.stores.job_builders import NOON, Clocks, new_job, opened_jobs

LATER = NOON + timedelta(minutes=1)
FAILURE = JobFailure(code="period_empty", detail="No payment was decided then.")


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def jobs(tmp_path: Path, clocks: Clocks) -> Iterator[SqlJobs]:
    with opened_jobs(tmp_path / "data", clocks) as opened:
        yield opened


def taken(jobs: SqlJobs, owner: str = "a") -> Taken:
    found = jobs.take(owner, NOON)
    assert found is not None
    return found


def lose(jobs: SqlJobs, clocks: Clocks) -> Lease:
    """Take a job, and let the lease go by."""
    lost = taken(jobs)
    clocks.pass_by(LEASE.total_seconds())
    return lost.lease


def test_a_job_is_taken_and_ends_with_its_result(jobs: SqlJobs) -> None:
    assert jobs.add(new_job(1)) == (new_job(1), True)
    assert (jobs.get("job_00000001"), jobs.is_due()) == (new_job(1), True)
    first = taken(jobs)
    assert (first.job.state, first.job.attempts, first.job.started_at) == (JobState.RUNNING, 1, NOON)
    assert (jobs.get(first.job.id), jobs.take("b", NOON), jobs.is_due()) == (first.job, None, False)
    assert jobs.beat(first.lease, Progress(done=3, total=9, words="reading"))
    running = jobs.get(first.job.id)
    assert running is not None
    assert running.progress == Progress(done=3, total=9, words="reading")
    ended = jobs.succeed(first.lease, LATER, b'{"a":1}')
    assert (ended.state, ended.finished_at, ended.progress.done) == (JobState.SUCCEEDED, LATER, 3)
    assert (jobs.get(first.job.id), jobs.result(first.job.id)) == (ended, b'{"a":1}')
    assert (jobs.take("b", NOON), jobs.is_due()) == (None, False)


def test_the_oldest_is_taken_first_whoevers_it_is(jobs: SqlJobs) -> None:
    for number in (3, 1, 2):
        jobs.add(new_job(number, merchant_id=f"m-{number}"))
    assert [taken(jobs).job.merchant_id for _ in range(3)] == ["m-3", "m-1", "m-2"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE jobs SET created_at_us = 9223372036854775807 WHERE id = 'job_00000001'",
        "UPDATE jobs SET started_at_us = 'x' WHERE id = 'job_00000001'",
    ],
)
def test_a_row_that_cannot_be_read_is_listed_and_ends_alone(store: Store, damage: str) -> None:
    jobs = store.jobs
    for number in (1, 2):
        jobs.add(new_job(number))
    with store.writer.transaction() as connection:
        connection.exec_driver_sql(damage)
    listed = jobs.page("test", None, test_mode=False, before=None, limit=9)
    assert [job.id for _, job in listed] == ["job_00000002", "job_00000001"]
    assert taken(jobs).job.id == "job_00000002"
    broken = jobs.get("job_00000001")
    assert broken is not None
    assert (broken.state, broken.failure) == (JobState.FAILED, UNREADABLE)
    assert jobs.take("a", NOON) is None
    assert not jobs.is_due()


def test_a_job_that_fails_says_why(jobs: SqlJobs) -> None:
    jobs.add(new_job(1))
    ended = jobs.fail(taken(jobs).lease, LATER, FAILURE)
    assert (ended.state, ended.failure, jobs.result(ended.id)) == (JobState.FAILED, FAILURE, None)
    assert jobs.get(ended.id) == ended


def test_a_worker_that_is_silent_loses_the_job_and_its_result_is_refused(jobs: SqlJobs, clocks: Clocks) -> None:
    jobs.add(new_job(1))
    lost = lose(jobs, clocks)
    assert jobs.is_due()
    second = taken(jobs, "b")
    assert (second.job.attempts, second.job.progress, second.lease.fence) == (2, Progress(), lost.fence + 1)
    for late in (
        lambda: jobs.succeed(lost, LATER, b"late"),
        lambda: jobs.fail(lost, LATER, FAILURE),
        lambda: jobs.beat(lost, Progress()),
        lambda: jobs.give_back(lost, LATER, is_attempt_spent=False),
    ):
        with pytest.raises(LeaseLost):
            late()
    jobs.succeed(second.lease, LATER, b"in time")
    with pytest.raises(LeaseLost):
        jobs.succeed(lost, LATER, b"late")
    with pytest.raises(LeaseLost):
        jobs.succeed(second.lease, LATER, b"again")
    assert jobs.result(second.job.id) == b"in time"


def test_who_took_it_again_is_no_different_from_another(jobs: SqlJobs, clocks: Clocks) -> None:
    jobs.add(new_job(1))
    lost = lose(jobs, clocks)
    taken(jobs, lost.owner)
    with pytest.raises(LeaseLost):
        jobs.beat(lost, Progress())


def test_a_beat_holds_the_lease(jobs: SqlJobs, clocks: Clocks) -> None:
    jobs.add(new_job(1))
    held = taken(jobs)
    for _ in range(4):
        clocks.pass_by(LEASE.total_seconds() - 1)
        assert jobs.beat(held.lease, Progress())
        assert jobs.take("b", NOON) is None


def test_a_lease_that_is_over_and_not_taken_still_ends_its_job(jobs: SqlJobs, clocks: Clocks) -> None:
    jobs.add(new_job(1))
    lost = lose(jobs, clocks)
    assert jobs.succeed(lost, LATER, b"{}").state is JobState.SUCCEEDED
    assert jobs.take("b", NOON) is None


def test_after_so_many_workers_it_is_given_up(jobs: SqlJobs, clocks: Clocks) -> None:
    jobs.add(new_job(1))
    jobs.add(new_job(2))
    for _ in range(ATTEMPTS_MAX):
        assert lose(jobs, clocks).job_id == "job_00000001"
    assert taken(jobs).job.id == "job_00000002"
    ended = jobs.get("job_00000001")
    assert ended is not None
    assert (ended.state, ended.failure, ended.finished_at) == (JobState.FAILED, ABANDONED, NOON)


def test_a_job_given_back_is_taken_anew_and_costs_no_attempt_unless_it_does(jobs: SqlJobs) -> None:
    jobs.add(new_job(1))
    for _ in range(ATTEMPTS_MAX + 2):
        held = taken(jobs)
        jobs.beat(held.lease, Progress(done=7))
        back = jobs.give_back(held.lease, NOON, is_attempt_spent=False)
        assert (back.state, back.attempts, back.progress) == (JobState.QUEUED, 0, Progress())
        with pytest.raises(LeaseLost):
            jobs.succeed(held.lease, NOON, b"{}")
    spent = [jobs.give_back(taken(jobs).lease, NOON, is_attempt_spent=True) for _ in range(ATTEMPTS_MAX)]
    assert [each.state for each in spent] == [JobState.QUEUED] * (ATTEMPTS_MAX - 1) + [JobState.FAILED]
    assert spent[-1].failure == ABANDONED


def test_a_queued_job_is_cancelled_at_once_and_again_is_no_fault(jobs: SqlJobs) -> None:
    jobs.add(new_job(1))
    ended = jobs.cancel("job_00000001", LATER)
    assert (ended.state, ended.finished_at) == (JobState.CANCELLED, LATER)
    assert jobs.cancel("job_00000001", LATER + timedelta(hours=1)) == ended
    assert jobs.take("a", NOON) is None


@pytest.mark.parametrize("end", ["succeed", "fail", "give_back", "lose"])
def test_a_running_job_that_is_cancelled_ends_so_whatever_its_worker_does(
    jobs: SqlJobs, clocks: Clocks, end: str
) -> None:
    jobs.add(new_job(1))
    held = taken(jobs)
    asked = jobs.cancel(held.job.id, NOON)
    assert (asked.state, asked.is_cancel_wanted) == (JobState.RUNNING, True)
    assert jobs.beat(held.lease, Progress()) is False
    if end == "succeed":
        jobs.succeed(held.lease, LATER, b"{}")
    elif end == "fail":
        jobs.fail(held.lease, LATER, FAILURE)
    elif end == "give_back":
        jobs.give_back(held.lease, LATER, is_attempt_spent=True)
    else:
        clocks.pass_by(LEASE.total_seconds())
        assert jobs.take("b", LATER) is None
    ended = jobs.get(held.job.id)
    assert ended is not None
    assert (ended.state, ended.failure, ended.finished_at) == (JobState.CANCELLED, None, LATER)
    assert jobs.result(held.job.id) is None


def test_what_has_ended_is_not_cancelled(jobs: SqlJobs) -> None:
    jobs.add(new_job(1))
    jobs.succeed(taken(jobs).lease, LATER, b"{}")
    with pytest.raises(JobFinished, match="succeeded"):
        jobs.cancel("job_00000001", LATER)


def test_one_idempotency_key_is_one_job(jobs: SqlJobs) -> None:
    jobs.add(new_job(1, idempotency_key="k"))
    again = new_job(2, idempotency_key="k", fingerprint=new_job(1).fingerprint)
    assert jobs.add(again) == (new_job(1, idempotency_key="k"), False)
    with pytest.raises(IdempotencyKeyReused):
        jobs.add(new_job(3, idempotency_key="k"))
    others: list[dict[str, Any]] = [{"merchant_id": "m-2"}, {"test_mode": True}, {"kind": "other"}]
    for number, other in enumerate(others, start=4):
        assert jobs.add(new_job(number, idempotency_key="k", **other))[1]
    jobs.succeed(taken(jobs).lease, LATER, b"{}")
    known, is_new = jobs.add(again)
    assert (known.id, known.state, is_new) == ("job_00000001", JobState.SUCCEEDED, False)


def test_a_merchant_has_so_many_open_ones(jobs: SqlJobs) -> None:
    for number in range(OPEN_MAX):
        jobs.add(new_job(number, idempotency_key=f"k-{number}"))
    running = taken(jobs)
    with pytest.raises(TooManyJobs):
        jobs.add(new_job(8))
    assert jobs.add(new_job(9, idempotency_key="k-0", fingerprint=new_job(0).fingerprint))[1] is False
    others: list[dict[str, Any]] = [{"merchant_id": "m-2"}, {"test_mode": True}]
    for number, other in enumerate(others, start=10):
        assert jobs.add(new_job(number, **other))[1]
    jobs.succeed(running.lease, LATER, b"{}")
    assert jobs.add(new_job(8))[1]


def test_so_many_are_kept_and_open_ones_always(jobs: SqlJobs) -> None:
    jobs.add(new_job(0))
    held = taken(jobs)
    jobs.add(new_job(1, merchant_id="m-2"))
    for number in range(2, KEPT_MAX + 5):
        jobs.add(new_job(number))
        jobs.cancel(f"job_{number:08}", LATER)
    found = [job.id for _, job in jobs.page("test", ["m-1"], test_mode=False, before=None, limit=1000)]
    assert found == [f"job_{number:08}" for number in range(KEPT_MAX + 4, 4, -1)] + [held.job.id]
    assert jobs.get("job_00000001") is not None


def test_a_page_holds_what_may_be_seen_newest_first(jobs: SqlJobs) -> None:
    for number in range(6):
        jobs.add(new_job(number, merchant_id=f"m-{number % 3}"))
    jobs.add(new_job(7, test_mode=True))
    jobs.add(new_job(8, kind="other"))
    every = jobs.page("test", None, test_mode=False, before=None, limit=4)
    assert [job.id for _, job in every] == [f"job_{number:08}" for number in (5, 4, 3, 2)]
    rest = jobs.page("test", None, test_mode=False, before=every[-1][0], limit=4)
    assert [job.id for _, job in rest] == ["job_00000001", "job_00000000"]
    some = jobs.page("test", {"m-1", "m-2"}, test_mode=False, before=None, limit=9)
    assert [job.merchant_id for _, job in some] == ["m-2", "m-1", "m-2", "m-1"]
    assert jobs.page("test", set(), test_mode=False, before=None, limit=9) == []


def test_open_ones_are_counted(jobs: SqlJobs) -> None:
    assert jobs.open_counts() == {JobState.QUEUED: 0, JobState.RUNNING: 0}
    for number in range(3):
        jobs.add(new_job(number))
    taken(jobs)
    jobs.cancel("job_00000002", LATER)
    assert jobs.open_counts() == {JobState.QUEUED: 1, JobState.RUNNING: 1}


def test_words_are_bounded(jobs: SqlJobs) -> None:
    jobs.add(new_job(1))
    held = taken(jobs)
    jobs.beat(held.lease, Progress(words="w" * 9_999))
    jobs.fail(held.lease, LATER, JobFailure(code="x", detail="d" * 9_999))
    ended = jobs.get(held.job.id)
    assert ended is not None
    assert ended.failure is not None
    assert (len(ended.progress.words), len(ended.failure.detail)) == (WORDS_LENGTH_MAX, DETAIL_LENGTH_MAX)


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_clock_that_is_set_while_the_process_runs_moves_no_lease(jobs: SqlJobs, clocks: Clocks, jump: float) -> None:
    jobs.add(new_job(1))
    taken(jobs)
    clocks.wall += jump
    assert jobs.take("b", NOON) is None
    clocks.pass_by(LEASE.total_seconds() - 0.1)
    assert jobs.take("b", NOON) is None
    clocks.pass_by(0.2)
    assert jobs.take("b", NOON) is not None


@pytest.mark.parametrize("jump", [-86_400.0, 0.0, 86_400.0])
def test_after_a_restart_a_lost_job_waits_no_longer_than_a_lease(tmp_path: Path, clocks: Clocks, jump: float) -> None:
    with opened_jobs(tmp_path, clocks) as before:
        before.add(new_job(1))
        lost = taken(before)
    # The machine was started anew: its monotonic clock too.
    clocks.monotonic = 3.0
    clocks.wall += jump
    with opened_jobs(tmp_path, clocks) as after:
        if jump <= 0:
            assert after.take("b", NOON) is None
        clocks.pass_by(LEASE.total_seconds())
        second = taken(after, "b")
        with pytest.raises(LeaseLost):
            after.succeed(lost.lease, LATER, b"late")
        after.succeed(second.lease, LATER, b"{}")


def test_what_is_not_durable_is_not_said(store: Store) -> None:
    jobs, driver = store.jobs, store.writer.driver
    jobs.add(new_job(1))
    held = taken(jobs)
    driver.execute("PRAGMA query_only = on")
    for change in (lambda: jobs.add(new_job(2)), lambda: jobs.succeed(held.lease, LATER, b"{}")):
        with pytest.raises(LedgerUnavailable):
            change()
    driver.execute("PRAGMA query_only = off")
    assert jobs.succeed(held.lease, LATER, b"{}").state is JobState.SUCCEEDED


def test_a_store_has_jobs(store: Store) -> None:
    store.jobs.add(new_job(1))
    assert taken(store.jobs).job.id == "job_00000001"


def test_every_change_can_be_said_to_postgres_which_passes_over_a_job_that_is_just_taken(
    jobs: SqlJobs, clocks: Clocks
) -> None:
    said: list[str] = []

    def note(_: object, statement: ClauseElement, *__: object) -> None:
        said.append(str(statement.compile(dialect=create_mock_engine("postgresql+psycopg://", print).dialect)))

    event.listen(Engine, "before_execute", note)
    try:
        jobs.add(new_job(1, idempotency_key="k"))
        jobs.add(new_job(2))
        lost = lose(jobs, clocks)
        jobs.beat(lost, Progress())
        jobs.give_back(lost, NOON, is_attempt_spent=True)
        jobs.succeed(taken(jobs).lease, LATER, b"{}")
        jobs.cancel("job_00000002", LATER)
    finally:
        event.remove(Engine, "before_execute", note)
    verbs = {each.split()[0] for each in said}
    assert verbs == {"INSERT", "SELECT", "UPDATE", "DELETE"}
    looked_for = [each for each in said if "ORDER BY" in each and each.startswith("SELECT")]
    assert looked_for
    assert all(each.endswith("FOR UPDATE SKIP LOCKED") for each in looked_for)
    held = [each for each in said if "jobs.fence =" in each.partition("WHERE")[2]]
    assert held
    assert all(each.endswith("FOR UPDATE") for each in held)
