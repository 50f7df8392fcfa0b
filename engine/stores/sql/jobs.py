"""Jobs on SQL: each change reads the job, locks it and writes it in one transaction.

SQLite has one writer, so its transactions follow one another; elsewhere the lock is the row's, and who looks for a job
passes over those that another is just taking.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, ScalarSelect, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError

from engine.errors import IdempotencyKeyReused, JobFinished, LeaseLost, TooManyJobs
from engine.jobs import (
    ARGUMENTS_BYTES_MAX,
    FAIR,
    KEPT_MAX,
    LEASE,
    OPEN_MAX,
    RESULT_BYTES_MAX,
    Job,
    JobFailure,
    JobState,
    Lease,
    Progress,
    Taken,
    ended,
    let_go,
    started,
)
from engine.payment import MICROSECOND
from engine.stores.sql.job_rows import KEPT, job_of, keep, values_of
from engine.stores.sql.sqlite import PointReader, reader_engine, unavailable
from engine.stores.sql.tables import JOBS, microseconds
from engine.stores.sql.writer import Writer

_LEASE_US: Final = LEASE // MICROSECOND
_OPEN: Final = tuple(state.value for state in JobState if state.is_open)
_IS_OPEN = JOBS.c.state.in_(_OPEN)
_DUE = """
SELECT 1 FROM jobs WHERE state = 'queued'
UNION ALL SELECT 1 FROM jobs WHERE state = 'running' AND lease_until_us <= ? LIMIT 1
"""
_COUNTS = "SELECT state, count(*) FROM jobs WHERE state IN ('queued', 'running') GROUP BY state"


class LeaseClock:
    """Microseconds that never jump nor go back while the process runs, whatever is done to the machine's clock.

    They begin at the machine's time, or where the kept leases stood if that is later, and go on by its monotonic clock.
    """

    def __init__(self, start_us: int, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Begin now."""
        self._start_us = start_us
        self._monotonic_ns = monotonic_ns
        self._began_ns = monotonic_ns()

    def now_us(self) -> int:
        """The reading."""
        return self._start_us + (self._monotonic_ns() - self._began_ns) // 1_000


class SqlJobs:
    """The jobs port on SQL."""

    def __init__(
        self,
        writer: Writer,
        reader: PointReader,
        file: Path,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Over the store's connections; the clocks are those of leases alone."""
        self._writer = writer
        self._reader = reader
        self._readers = reader_engine(file)
        with self._readers.connect() as connection:
            longest = connection.execute(select(func.max(JOBS.c.lease_until_us))).scalar()
        stood_us = 0 if longest is None else longest - _LEASE_US
        self._clock = LeaseClock(max(wall_ns() // 1_000, stood_us), monotonic_ns)

    def add(self, job: Job) -> tuple[Job, bool]:
        """Queue a job, or find the one of its idempotency key. Raises IdempotencyKeyReused, TooManyJobs."""
        assert len(job.arguments) <= ARGUMENTS_BYTES_MAX, "the edge bounds what it takes"
        of_merchant = and_(JOBS.c.merchant_id == job.merchant_id, JOBS.c.test_mode.is_(job.test_mode))
        of_kind = and_(of_merchant, JOBS.c.kind == job.kind)
        with self._writer.transaction() as connection:
            if job.idempotency_key is not None:
                same_key = and_(of_kind, JOBS.c.idempotency_key == job.idempotency_key)
                row = connection.execute(select(*KEPT).where(same_key)).one_or_none()
                if row is not None:
                    return _same(job_of(row), job), False
            count = select(func.count()).select_from(JOBS).where(of_merchant, _IS_OPEN)
            if connection.execute(count).scalar_one() >= OPEN_MAX:
                raise TooManyJobs(f"{OPEN_MAX} jobs of this merchant are queued or running: wait, or cancel one.")
            _make_room(connection, of_kind)
            connection.execute(insert(JOBS).values(values_of(job)))
        return job, True

    def get(self, job_id: str) -> Job | None:
        """The job of this id."""
        rows = self._read(select(*KEPT).where(JOBS.c.id == job_id))
        return job_of(rows[0]) if rows else None

    def result(self, job_id: str) -> bytes | None:
        """The result of a job that succeeded."""
        rows = self._read(select(JOBS.c.result).where(JOBS.c.id == job_id))
        return rows[0].result if rows else None

    def page(
        self, kind: str, merchants: Collection[str] | None, *, test_mode: bool, before: int | None, limit: int
    ) -> Sequence[tuple[int, Job]]:
        """At most `limit` jobs of these merchants with their positions, newest first."""
        asked = select(*KEPT).where(JOBS.c.kind == kind, JOBS.c.test_mode.is_(test_mode))
        if merchants is not None:
            asked = asked.where(JOBS.c.merchant_id.in_(sorted(merchants)))
        if before is not None:
            asked = asked.where(JOBS.c.position < before)
        return [(row.position, job_of(row)) for row in self._read(asked.order_by(JOBS.c.position.desc()).limit(limit))]

    def open_counts(self) -> Mapping[JobState, int]:
        """How many are queued and running."""
        rows = self._reader.rows(_COUNTS, ())
        return dict.fromkeys((JobState.QUEUED, JobState.RUNNING), 0) | {JobState(state): many for state, many in rows}

    def is_due(self) -> bool:
        """Whether one is queued, or a lease is over."""
        return self._reader.row(_DUE, (self._clock.now_us(),)) is not None

    def take(self, owner: str, at: datetime) -> Taken | None:
        """Take the job that is due, once those were ended that nobody shall take any more."""
        now_us = self._clock.now_us()
        is_due = or_(
            JOBS.c.state == JobState.QUEUED.value,
            and_(JOBS.c.state == JobState.RUNNING.value, JOBS.c.lease_until_us <= now_us),
        )
        first = select(*KEPT).where(is_due).order_by(_begun_lately(at), JOBS.c.position).limit(1)
        due = first.with_for_update(skip_locked=True)
        with self._writer.transaction() as connection:
            while (row := connection.execute(due).one_or_none()) is not None:
                read = job_of(row)
                job = let_go(read, at) if read.state.is_open else read
                if job.state.is_open:
                    return _taken(connection, job, Lease(job_id=job.id, owner=owner, fence=row.fence + 1), at, now_us)
                keep(connection, job)
        return None

    def beat(self, lease: Lease, progress: Progress) -> bool:
        """Note progress and hold the lease; False where the job is to be cancelled. Raises LeaseLost."""
        with self._held(lease) as (connection, job):
            keep(connection, replace(job, progress=progress), lease_until_us=self._clock.now_us() + _LEASE_US)
        return not job.is_cancel_wanted

    def succeed(self, lease: Lease, at: datetime, result: bytes) -> Job:
        """End it with its result, or as cancelled. Raises LeaseLost."""
        assert len(result) <= RESULT_BYTES_MAX, "who makes results bounds them"
        with self._held(lease) as (connection, job):
            end = ended(job, at, JobState.SUCCEEDED)
            keep(connection, end, result=result if end.state is JobState.SUCCEEDED else None)
        return end

    def fail(self, lease: Lease, at: datetime, failure: JobFailure) -> Job:
        """End it with a failure, or as cancelled. Raises LeaseLost."""
        with self._held(lease) as (connection, job):
            end = ended(job, at, JobState.FAILED, failure)
            keep(connection, end)
        return end

    def give_back(self, lease: Lease, at: datetime, *, is_attempt_spent: bool) -> Job:
        """Have it taken anew, or ended. Raises LeaseLost."""
        with self._held(lease) as (connection, job):
            left = job if is_attempt_spent else replace(job, attempts=job.attempts - 1)
            given = let_go(left, at)
            keep(connection, given)
        return given

    def cancel(self, job_id: str, at: datetime) -> Job:
        """Have it end without a result. Raises JobFinished."""
        with self._writer.transaction() as connection:
            row = connection.execute(_locked(JOBS.c.id == job_id)).one_or_none()
            if row is None:
                raise JobFinished("It has ended, and is not kept any more.")
            job = job_of(row)
            if job.state is JobState.CANCELLED:
                return job
            if not job.state.is_open:
                raise JobFinished(f"It has ended already: {job.state}.")
            wanted = replace(job, is_cancel_wanted=True)
            if job.state is JobState.RUNNING:
                connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(is_cancel_wanted=True))
                return wanted
            end = ended(wanted, at, JobState.CANCELLED)
            keep(connection, end)
        return end

    @contextmanager
    def _held(self, lease: Lease) -> Iterator[tuple[Connection, Job]]:
        """The lease's job, locked in a transaction. Raises LeaseLost where the lease is not the newest, or it ended."""
        is_held = and_(JOBS.c.id == lease.job_id, JOBS.c.fence == lease.fence, JOBS.c.state == JobState.RUNNING.value)
        with self._writer.transaction() as connection:
            row = connection.execute(_locked(is_held)).one_or_none()
            if row is None:
                raise LeaseLost(f"The job {lease.job_id} was taken by another worker, or has ended.")
            yield connection, job_of(row)

    def _read(self, asked: Select[Any]) -> Sequence[Any]:
        try:
            with self._readers.connect() as connection:
                return connection.execute(asked).all()
        except DBAPIError as error:
            raise unavailable(error) from error


def _begun_lately(at: datetime) -> ScalarSelect[int]:
    """How many other jobs of a job's merchant run, or began in the last FAIR."""
    other = JOBS.alias("other")
    is_begun = or_(
        other.c.state == JobState.RUNNING.value, other.c.started_at_us > microseconds(at) - FAIR // MICROSECOND
    )
    is_other = and_(other.c.merchant_id == JOBS.c.merchant_id, other.c.position != JOBS.c.position)
    return select(func.count()).select_from(other).where(is_other, is_begun).correlate(JOBS).scalar_subquery()


def _locked(where: Any) -> Select[Any]:  # noqa: ANN401 - a condition of SQLAlchemy's
    return select(*KEPT).where(where).with_for_update()


def _taken(connection: Connection, job: Job, lease: Lease, at: datetime, now_us: int) -> Taken:
    running = started(job, at)
    keep(connection, running, fence=lease.fence, lease_owner=lease.owner, lease_until_us=now_us + _LEASE_US)
    return Taken(job=running, lease=lease)


def _same(known: Job, asked: Job) -> Job:
    if known.fingerprint != asked.fingerprint:
        raise IdempotencyKeyReused("This Idempotency-Key came with another request before: send a new one.")
    return known


def _make_room(connection: Connection, of_kind: Any) -> None:  # noqa: ANN401 - a condition of SQLAlchemy's
    newest = select(JOBS.c.position).where(of_kind).order_by(JOBS.c.position.desc()).limit(KEPT_MAX - 1)
    connection.execute(delete(JOBS).where(of_kind, JOBS.c.state.not_in(_OPEN), JOBS.c.position.not_in(newest)))
