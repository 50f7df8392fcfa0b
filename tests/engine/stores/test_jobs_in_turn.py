"""Whose job is next: those whose merchant had none begun lately go first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.jobs import FAIR
from engine.stores.sql.jobs import SqlJobs
from tests.engine.stores.job_builders import NOON, Clocks, new_job, opened_jobs
from tests.engine.stores.test_sql_jobs import LATER, taken


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[SqlJobs]:
    with opened_jobs(tmp_path / "data", Clocks()) as opened:
        yield opened


def test_a_merchant_whose_jobs_began_lately_lets_others_go_before(jobs: SqlJobs) -> None:
    for number, merchant in enumerate(("m-1", "m-1", "m-1", "m-2", "m-3", "m-2")):
        jobs.add(new_job(number, merchant_id=merchant))
    order = []
    for _ in range(6):
        each = taken(jobs)
        order.append((each.job.merchant_id, each.job.id[-1]))
        jobs.succeed(each.lease, LATER, b"{}")
    assert order == [("m-1", "0"), ("m-2", "3"), ("m-3", "4"), ("m-1", "1"), ("m-2", "5"), ("m-1", "2")]


def test_what_began_long_ago_counts_no_more_and_what_runs_does(jobs: SqlJobs) -> None:
    for number, merchant in enumerate(("m-1", "m-1", "m-2")):
        jobs.add(new_job(number, merchant_id=merchant))
    first = taken(jobs)
    later = NOON + FAIR
    assert first.job.merchant_id == "m-1"
    second = jobs.take("a", later)
    assert second is not None
    assert second.job.merchant_id == "m-2"
    jobs.succeed(first.lease, later, b"{}")
    jobs.add(new_job(3, merchant_id="m-4"))
    third = jobs.take("a", later)
    assert third is not None
    assert third.job.id == "job_00000001"


def test_a_job_given_back_does_not_stand_in_its_own_way(jobs: SqlJobs) -> None:
    jobs.add(new_job(1, merchant_id="m-1"))
    jobs.add(new_job(2, merchant_id="m-2"))
    jobs.give_back(taken(jobs).lease, NOON, is_attempt_spent=False)
    assert taken(jobs).job.id == "job_00000001"
