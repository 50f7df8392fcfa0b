"""What the routes of all kinds of jobs say alike: their answers in the document, and what is shown of a job."""

from typing import Annotated, Any, Final

from fastapi import Path

from engine.jobs import OPEN_MAX, Job

JobId = Annotated[str, Path(max_length=64, examples=["job_019a2b3c4d5e00112233445566778899"])]
FINISHED: Final[dict[int | str, dict[str, Any]]] = {
    409: {
        "description": "It has ended already.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def asked_answers(too_many: str) -> dict[int | str, dict[str, Any]]:
    """The answers to asking for a job; `too_many` is what 429 says of OPEN_MAX."""
    return {
        202: {
            "description": "It waits or runs: ask for it under its id until `state` is succeeded, failed or cancelled.",
            "headers": {
                "Location": {"description": "Where it is.", "schema": {"type": "string"}},
                "Idempotent-Replayed": {
                    "description": "true: it was asked for under this Idempotency-Key before.",
                    "schema": {"type": "string"},
                },
            },
        },
        429: {
            "description": too_many.format(OPEN_MAX),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    }


def shown_state(job: Job) -> dict[str, Any]:
    """How far a job is, whatever its kind."""
    return {
        "state": job.state,
        "is_cancel_wanted": job.is_cancel_wanted and job.state.is_open,
        "attempts": job.attempts,
        "progress": job.progress,
        "created_at": job.created_at,
        "created_by": job.created_by,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "failure": job.failure,
    }
