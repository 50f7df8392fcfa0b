"""Training, judging and comparing models: asked for, looked at while they wait and run, cancelled."""

import asyncio
from hashlib import sha256
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Header, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute
from api.calls import MaybeText, idempotency_key_of, require_query
from api.clock import new_job_id
from api.learning.plan import (
    COMPARE,
    EVALUATE,
    KINDS,
    TRAIN,
    WHOLE,
    LearningPlan,
    LearningPlanUnreadable,
    plan_of,
)
from api.problems import Problem, ProblemRaised
from api.routes.models import ModelId, found_models, models_of
from api.schemas import PROBLEM_RESPONSES
from api.schemas.jobs import FINISHED, JobId, asked_answers
from api.schemas.learning import (
    CompareBody,
    EvaluateBody,
    LearningJobList,
    LearningJobListed,
    LearningJobShown,
    PeriodBody,
    TrainBody,
    shown_job,
    shown_listed_job,
)
from api.whole import operator_key_of, whole_key_of
from engine.access import Scope
from engine.jobs import Job, Jobs

PAGE_MAX: Final = 100

router = APIRouter(tags=["Models"], route_class=ScopedRoute)

_READ = {SCOPE_FIELD: Scope.MODELS_READ.value}
_WRITE = {SCOPE_FIELD: Scope.MODELS_WRITE.value}
_ASKED = asked_answers("{} jobs of models wait or run: see Retry-After.")
IdempotencyKey = Annotated[str | None, Header(description="With a key of yours, a retry finds the job that there is.")]
Kind = Annotated[
    str, Query(pattern=f"^(?:{'|'.join(KINDS)})$", description="train_model, evaluate_model or compare_models.")
]


@router.post(
    "/v1/models/train",
    status_code=202,
    summary="Ask for a training",
    openapi_extra=_WRITE,
    responses={**PROBLEM_RESPONSES, **_ASKED},
)
async def train(
    request: Request,
    response: Response,
    wanted: TrainBody,
    idempotency_key: IdempotencyKey = None,  # noqa: ARG001 - for the document; `idempotency_key_of` reads it
) -> LearningJobShown:
    """Queues a training on recorded payments and imported histories; its model decides nothing until it is promoted."""
    require_query(request)
    plan = _plan(
        request,
        wanted,
        learner=wanted.learner,
        parameters=wanted.checked(),
        gap_days=float(wanted.gap_days),
        seed=wanted.seed,
        search=wanted.search,
        trusted=tuple(wanted.trusted),
    )
    return await _queued(request, response, TRAIN, plan)


@router.post(
    "/v1/models/{model_id}/evaluate",
    status_code=202,
    summary="Ask for a judgement of a model",
    openapi_extra=_WRITE,
    responses={**PROBLEM_RESPONSES, **_ASKED},
)
async def evaluate(
    request: Request,
    response: Response,
    model_id: ModelId,
    wanted: EvaluateBody,
    idempotency_key: IdempotencyKey = None,  # noqa: ARG001 - as above
) -> LearningJobShown:
    """Queues a judgement beside the champion of now, with the labels of now; it replaces the one before."""
    require_query(request)
    found_models(request, model_id)
    return await _queued(request, response, EVALUATE, _plan(request, wanted, model=model_id))


@router.post(
    "/v1/models/{model_id}/compare",
    status_code=202,
    summary="Ask for a comparison of two models",
    openapi_extra=_WRITE,
    responses={**PROBLEM_RESPONSES, **_ASKED},
)
async def compare(
    request: Request,
    response: Response,
    model_id: ModelId,
    wanted: CompareBody,
    idempotency_key: IdempotencyKey = None,  # noqa: ARG001 - as above
) -> LearningJobShown:
    """Queues a comparison with another model, or the champion, on the same payments, by their recorded features."""
    require_query(request)
    found_models(request, model_id)
    other = models_of(request).standing().champion if wanted.other is None else wanted.other
    if wanted.other is not None:
        found_models(request, wanted.other)
    return await _queued(request, response, COMPARE, _plan(request, wanted, model=model_id, other=other))


@router.get("/v1/models/jobs", summary="List jobs of models", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def list_jobs(
    request: Request,
    kind: Kind = TRAIN,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 20,
    cursor: Annotated[MaybeText, Query(pattern=r"^[1-9][0-9]{0,17}$", description="Of the page before.")] = None,
) -> LearningJobList:
    """Trainings, judgements or comparisons, newest first, without what came of them."""
    require_query(request, "kind", "limit", "cursor")
    whole_key_of(request)
    before = None if cursor is None else int(cursor)
    page_of = _jobs(request).page
    found = await asyncio.to_thread(page_of, kind, (WHOLE,), test_mode=False, before=before, limit=limit + 1)
    shown = [LearningJobListed.model_validate(shown_listed_job(job, _read(job))) for _, job in found]
    return LearningJobList.of(shown, [position for position, _ in found], limit)


@router.get(
    "/v1/models/jobs/{job_id}", summary="Read a job of models", openapi_extra=_READ, responses=PROBLEM_RESPONSES
)
async def read_job(request: Request, job_id: JobId) -> LearningJobShown:
    """Its state and progress, and what came of it once it succeeded."""
    require_query(request)
    whole_key_of(request)
    return await _shown(request, await _job(request, job_id))


@router.post(
    "/v1/models/jobs/{job_id}/cancel",
    summary="Cancel a job of models",
    openapi_extra=_WRITE,
    responses={**PROBLEM_RESPONSES, **FINISHED},
)
async def cancel_job(request: Request, job_id: JobId) -> LearningJobShown:
    """Ends one that waits at once, and one that runs within seconds; nothing half made is left."""
    require_query(request)
    operator_key_of(request)
    job = await _job(request, job_id)
    cancelled = await asyncio.to_thread(_jobs(request).cancel, job.id, request.app.state.now())
    return await _shown(request, cancelled)


def _plan(request: Request, wanted: PeriodBody, **given: Any) -> LearningPlan:  # noqa: ANN401 - the plan's own fields
    now = request.app.state.now()
    start, end = wanted.period(now)
    return LearningPlan(
        asked=wanted.asked(),
        start=start,
        end=end,
        as_of=now,
        champion=models_of(request).standing().champion,
        test_days=float(wanted.test_days),
        **given,
    )


async def _queued(request: Request, response: Response, kind: str, plan: LearningPlan) -> LearningJobShown:
    key, now = operator_key_of(request), request.app.state.now()
    sent = orjson.dumps([plan.asked, plan.model, plan.other], option=orjson.OPT_SORT_KEYS)
    job = Job(
        id=new_job_id(now),
        kind=kind,
        merchant_id=WHOLE,
        test_mode=False,
        arguments=plan.content(),
        fingerprint=sha256(sent).digest(),
        created_at=now,
        created_by=key.id,
        idempotency_key=idempotency_key_of(request),
    )
    kept, is_new = await asyncio.to_thread(_jobs(request).add, job)
    response.headers["Location"] = f"/v1/models/jobs/{kept.id}"
    if not is_new:
        response.headers["Idempotent-Replayed"] = "true"
    return await _shown(request, kept)


async def _job(request: Request, job_id: str) -> Job:
    job = await asyncio.to_thread(_jobs(request).get, job_id)
    if job is None or job.kind not in KINDS:
        raise ProblemRaised(Problem(status=404, code="job_not_found", detail="There is no such job of models."))
    return job


async def _shown(request: Request, job: Job) -> LearningJobShown:
    result = await asyncio.to_thread(_jobs(request).result, job.id)
    return LearningJobShown.model_validate(shown_job(job, _read(job), result))


def _read(job: Job) -> LearningPlan | None:
    """What it was asked; None where that cannot be read."""
    try:
        return plan_of(orjson.loads(job.arguments))
    except (ValueError, LearningPlanUnreadable):
        return None


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.assembly.jobs
    return jobs
