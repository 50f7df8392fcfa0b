"""Jobs: work beside the decisions, kept in a table, done by whoever holds its lease, in effect once.

Whoever takes a job gets a lease with a number, the fence, that rises each time the job is taken. Progress and result
are written under that number alone: a worker that lost its lease is refused, however late it comes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

LEASE: Final = timedelta(seconds=15)
"""A worker that said nothing for so long has lost the job; it says something each second."""
ATTEMPTS_MAX: Final = 3
"""So many workers may die of a job; then it failed."""
FAIR: Final = timedelta(hours=1)
"""Of a merchant's jobs those that began so lately have the jobs of others go before."""
OPEN_MAX: Final = 5
"""Jobs of one merchant that are queued or running, in each mode."""
KEPT_MAX: Final = 50
"""Jobs of one kind, merchant and mode that are kept; before another is added, the oldest that ended are removed."""
RESULT_BYTES_MAX: Final = 2_560 * 1024
ARGUMENTS_BYTES_MAX: Final = 2 * 1024 * 1024
WORDS_LENGTH_MAX: Final = 200
DETAIL_LENGTH_MAX: Final = 2_000


class JobState(StrEnum):
    """Queued, then running, then one of three ends; a lease that is lost or given back leads to queued again."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is: `done` of `total`, None where nobody can say, and what it does in words."""

    done: int = 0
    total: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailure:
    """Why a job failed: a stable code, what is wrong and how to mend it."""

    code: str
    detail: str


ABANDONED: Final = JobFailure(
    code="job_abandoned",
    detail=f"The process that ran it ended {ATTEMPTS_MAX} times without a result (out of memory?): see the server's "
    "log, then try a shorter period.",
)

UNREADABLE: Final = JobFailure(
    code="job_unreadable",
    detail="What was asked for cannot be read: another version of Assay wrote it, or it is damaged. Ask for it again.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it is kept, its result apart. Times are the edge's clock, UTC."""

    id: str
    kind: str
    merchant_id: str
    test_mode: bool
    arguments: bytes
    """JSON, which the kind reads."""
    fingerprint: bytes
    """Of what was asked: the same under one idempotency key is the same job."""
    created_at: datetime
    created_by: str
    """The id of the key that asked for it."""
    idempotency_key: str | None = None
    state: JobState = JobState.QUEUED
    is_cancel_wanted: bool = False
    """Whether it is to be cancelled: one that runs stops at its next check."""
    attempts: int = 0
    """How often it was taken and not given back."""
    progress: Progress = Progress()
    started_at: datetime | None = None
    """When it was first taken."""
    finished_at: datetime | None = None
    failure: JobFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write what becomes of a job, until another takes it."""

    job_id: str
    owner: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A job that was taken, and under which lease."""

    job: Job
    lease: Lease


def started(job: Job, at: datetime) -> Job:
    """The job once a worker took it."""
    return replace(
        job,
        state=JobState.RUNNING,
        attempts=job.attempts + 1,
        progress=Progress(),
        started_at=job.started_at or at,
    )


def let_go(job: Job, at: datetime) -> Job:
    """What becomes of a job whose worker is gone, and of one that waits: queued, or ended."""
    if job.is_cancel_wanted or job.attempts >= ATTEMPTS_MAX:
        return ended(job, at, JobState.FAILED, ABANDONED)
    return replace(job, state=JobState.QUEUED, progress=Progress())


def ended(job: Job, at: datetime, state: JobState, failure: JobFailure | None = None) -> Job:
    """The job as it ended; who asked to cancel it was told that it will be."""
    if job.is_cancel_wanted:
        state, failure = JobState.CANCELLED, None
    return replace(job, state=state, failure=failure, finished_at=at)


class Jobs(Protocol):
    """Where jobs are kept. Every change is one transaction, durable when the call returns.

    Each may raise LedgerUnavailable, and may wait for the disk: but for the two that say so, call it in a thread.
    """

    def add(self, job: Job) -> tuple[Job, bool]:
        """Queue a job; the job and True, or the one that came with the same idempotency key before, and False.

        Raises IdempotencyKeyReused where that one was asked otherwise, and TooManyJobs where OPEN_MAX of the merchant
        are open.
        """

    def get(self, job_id: str) -> Job | None:
        """The job of this id."""

    def result(self, job_id: str) -> bytes | None:
        """The result of a job that succeeded."""

    def page(
        self, kind: str, merchants: Collection[str] | None, *, test_mode: bool, before: int | None, limit: int
    ) -> Sequence[tuple[int, Job]]:
        """At most `limit` jobs of these merchants (None: all) with their positions, below `before`, newest first."""

    def open_counts(self) -> Mapping[JobState, int]:
        """How many are queued and running. It is quick: for the event loop's thread, and for that alone."""

    def is_due(self) -> bool:
        """Whether `take` would find something to do. It is quick: for the event loop's thread, and for that alone."""

    def take(self, owner: str, at: datetime) -> Taken | None:
        """Take a job that is due: queued, or of a worker whose lease is over; None where there is none.

        The one of whose merchant the fewest other jobs run or began in the last FAIR; of equal ones the oldest.
        Before it, it ends those whose lease is over and that are to be cancelled, as ABANDONED those that ATTEMPTS_MAX
        workers died of, and as UNREADABLE those that cannot be read.
        """

    def beat(self, lease: Lease, progress: Progress) -> bool:
        """Note progress and hold the lease for another LEASE; False where the job is to be cancelled.

        Raises LeaseLost.
        """

    def succeed(self, lease: Lease, at: datetime, result: bytes) -> Job:
        """End it with its result, at most RESULT_BYTES_MAX; one that is to be cancelled is cancelled instead.

        Raises LeaseLost, and then nothing was written.
        """

    def fail(self, lease: Lease, at: datetime, failure: JobFailure) -> Job:
        """End it with a failure; one that is to be cancelled is cancelled instead. Raises LeaseLost."""

    def give_back(self, lease: Lease, at: datetime, *, is_attempt_spent: bool) -> Job:
        """Have it taken anew, or ended as `take` would end it. Raises LeaseLost."""

    def cancel(self, job_id: str, at: datetime) -> Job:
        """Have it end without a result: a queued one at once, a running one at its next check; again is no fault.

        Raises JobFinished where it has ended otherwise.
        """
