"""Jobs as rows: what is read of one, and what may be written of it."""

from typing import Any, Final

from sqlalchemy import Connection, update

from engine.jobs import DETAIL_LENGTH_MAX, UNREADABLE, WORDS_LENGTH_MAX, Job, JobFailure, JobState, Progress
from engine.payment import EPOCH
from engine.stores.sql.tables import JOBS, instant, microseconds

KEPT: Final = tuple(column for column in JOBS.c if column.name != "result")
"""What a job is read from: its result is read apart."""


def keep(connection: Connection, job: Job, **beside: object) -> None:
    """Write what may change of a job; without a word of it no lease is left."""
    failure = job.failure
    changed = {
        "state": job.state.value,
        "is_cancel_wanted": job.is_cancel_wanted,
        "attempts": job.attempts,
        "done": job.progress.done,
        "total": job.progress.total,
        "words": job.progress.words[:WORDS_LENGTH_MAX],
        "started_at_us": None if job.started_at is None else microseconds(job.started_at),
        "finished_at_us": None if job.finished_at is None else microseconds(job.finished_at),
        "failure_code": None if failure is None else failure.code,
        "failure_detail": None if failure is None else failure.detail[:DETAIL_LENGTH_MAX],
        "lease_until_us": None,
    }
    connection.execute(update(JOBS).where(JOBS.c.id == job.id).values({**changed, **beside}))


def values_of(job: Job) -> dict[str, object]:
    """A new job, queued."""
    return {
        "id": job.id,
        "kind": job.kind,
        "merchant_id": job.merchant_id,
        "test_mode": job.test_mode,
        "arguments": job.arguments,
        "fingerprint": job.fingerprint,
        "idempotency_key": job.idempotency_key,
        "created_at_us": microseconds(job.created_at),
        "created_by": job.created_by,
        "state": job.state.value,
        "is_cancel_wanted": False,
        "attempts": 0,
        "fence": 0,
        "done": 0,
        "words": "",
    }


def job_of(row: Any) -> Job:  # noqa: ANN401 - a row's columns have no type
    """The job of a row of KEPT; one that cannot be read has failed, so that it is listed and ends, alone."""
    try:
        return _read(row)
    except (ValueError, TypeError, OverflowError):
        return Job(
            id=row.id,
            kind=row.kind,
            merchant_id=row.merchant_id,
            test_mode=row.test_mode,
            arguments=b"",
            fingerprint=b"",
            created_at=EPOCH,
            created_by=row.created_by,
            state=JobState.FAILED,
            finished_at=EPOCH,
            failure=UNREADABLE,
        )


def _read(row: Any) -> Job:  # noqa: ANN401 - as above
    return Job(
        id=row.id,
        kind=row.kind,
        merchant_id=row.merchant_id,
        test_mode=row.test_mode,
        arguments=row.arguments,
        fingerprint=row.fingerprint,
        created_at=instant(row.created_at_us),
        created_by=row.created_by,
        idempotency_key=row.idempotency_key,
        state=JobState(row.state),
        is_cancel_wanted=row.is_cancel_wanted,
        attempts=row.attempts,
        progress=Progress(done=row.done, total=row.total, words=row.words),
        started_at=None if row.started_at_us is None else instant(row.started_at_us),
        finished_at=None if row.finished_at_us is None else instant(row.finished_at_us),
        failure=None if row.failure_code is None else JobFailure(code=row.failure_code, detail=row.failure_detail),
    )
