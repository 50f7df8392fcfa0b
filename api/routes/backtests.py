"""Backtests: asked for, looked at while they wait and run, cancelled."""

import asyncio
from collections.abc import Collection
from hashlib import sha256
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import ValidationError

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.backtests.plan import KIND, Plan, PlanUnreadable, plan_of
from api.backtests.planning import planned
from api.calls import MaybeText, idempotency_key_of, merchant_of, require_query
from api.clock import new_job_id
from api.problems import Problem, ProblemRaised
from api.rule_owners import rules_of
from api.schemas import PROBLEM_RESPONSES
from api.schemas.backtest import BacktestBody, BacktestList, BacktestListed, BacktestShown, shown_job, shown_result
from api.schemas.body import RequestInvalid
from api.schemas.jobs import FINISHED, JobId, asked_answers
from engine.access import Scope
from engine.errors import Fault
from engine.jobs import Job, JobFailure, Jobs

PAGE_MAX: Final = 100
OUTDATED: Final = JobFailure(
    code="result_outdated", detail="Its figures are those of another version of Assay: ask for it again."
)

router = APIRouter(tags=["Backtests"], route_class=ScopedRoute)

_READ = {SCOPE_FIELD: Scope.RULES_READ.value}
_WRITE = {SCOPE_FIELD: Scope.BACKTESTS_WRITE.value}
_LOCATION = asked_answers("The merchant has {} jobs that wait or run: see Retry-After.")


@router.post(
    "/v1/backtests",
    status_code=202,
    summary="Ask for a backtest",
    openapi_extra=_WRITE,
    responses={**PROBLEM_RESPONSES, **_LOCATION},
)
async def ask_backtest(
    request: Request,
    response: Response,
    wanted: BacktestBody,
    idempotency_key: Annotated[  # noqa: ARG001 - for the document; `idempotency_key_of` reads it
        str | None, Header(description="With a key of yours, a retry finds the job that there is.")
    ] = None,
) -> BacktestShown:
    """Checks what is asked and queues it; nothing that decides is changed by a backtest."""
    require_query(request)
    rules, key = rules_of(request), key_of(request)
    named, asked_under = _merchant(request, wanted), idempotency_key_of(request)
    now = request.app.state.now()
    plan = await asyncio.to_thread(planned, wanted, named, rules.snapshots, rules.rulesets, now)
    job = Job(
        id=new_job_id(now),
        kind=KIND,
        merchant_id=named,
        test_mode=key.test_mode,
        arguments=plan.content(),
        fingerprint=sha256(orjson.dumps(plan.asked, option=orjson.OPT_SORT_KEYS)).digest(),
        created_at=now,
        created_by=key.id,
        idempotency_key=asked_under,
    )
    kept, is_new = await asyncio.to_thread(_jobs(request).add, job)
    response.headers["Location"] = f"/v1/backtests/{kept.id}"
    if not is_new:
        response.headers["Idempotent-Replayed"] = "true"
    return await _shown(request, kept)


@router.get("/v1/backtests", summary="List backtests", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def list_backtests(
    request: Request,
    merchant_id: Annotated[
        MaybeText, Query(max_length=255, description="This merchant's alone; left out: all of the key's.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 20,
    cursor: Annotated[MaybeText, Query(pattern=r"^[1-9][0-9]{0,17}$", description="Of the page before.")] = None,
) -> BacktestList:
    """The backtests of the key's merchants and mode, newest first, without their figures."""
    require_query(request, "merchant_id", "limit", "cursor")
    key, jobs = key_of(request), _jobs(request)
    named = merchant_of(merchant_id, key, "merchant_id")
    merchants: Collection[str] | None = key.merchants if named is None else (named,)
    before = None if cursor is None else int(cursor)
    # One more than is shown tells whether there are more.
    found = await asyncio.to_thread(jobs.page, KIND, merchants, test_mode=key.test_mode, before=before, limit=limit + 1)
    return BacktestList.of([_listed(job) for _, job in found], [place for place, _ in found], limit)


@router.get("/v1/backtests/{job_id}", summary="Read a backtest", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def read_backtest(request: Request, job_id: JobId) -> BacktestShown:
    """Its state and progress, and its figures once it succeeded."""
    require_query(request)
    return await _shown(request, await _job(request, job_id))


@router.post(
    "/v1/backtests/{job_id}/cancel",
    summary="Cancel a backtest",
    openapi_extra=_WRITE,
    responses={**PROBLEM_RESPONSES, **FINISHED},
)
async def cancel_backtest(request: Request, job_id: JobId) -> BacktestShown:
    """Ends one that waits at once, and one that runs within seconds; again is no fault."""
    require_query(request)
    job = await _job(request, job_id)
    cancelled = await asyncio.to_thread(_jobs(request).cancel, job.id, request.app.state.now())
    return await _shown(request, cancelled)


async def _job(request: Request, job_id: str) -> Job:
    job, key = await asyncio.to_thread(_jobs(request).get, job_id), key_of(request)
    if job is None or job.kind != KIND or not key.acts_for(job.merchant_id) or job.test_mode != key.test_mode:
        # Another merchant's backtest answers exactly as an absent one (law 12).
        raise ProblemRaised(Problem(status=404, code="backtest_not_found", detail="There is no such backtest."))
    return job


async def _shown(request: Request, job: Job) -> BacktestShown:
    result, plan = await asyncio.to_thread(_jobs(request).result, job.id), _plan(job)
    listed = _listed(job)
    shown = listed.model_dump()
    if plan is None or listed.since is None:
        return BacktestShown.model_validate({**shown, "figures": None, "health": None})
    try:
        return BacktestShown.model_validate({**shown, **shown_result(plan, result)})
    except ValidationError:
        # Figures of another version, which has others.
        return BacktestShown.model_validate({**shown, **shown_result(plan, None), "failure": OUTDATED})


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.assembly.jobs
    return jobs


def _listed(job: Job) -> BacktestListed:
    """A job without its figures; of what cannot be read in it nothing is said, so that others are listed beside it."""
    try:
        return BacktestListed.model_validate(shown_job(job, _plan(job)))
    except ValidationError:
        return BacktestListed.model_validate(shown_job(job, None))


def _plan(job: Job) -> Plan | None:
    """What it compares; None where that cannot be read."""
    try:
        return plan_of(orjson.loads(job.arguments))
    except (ValueError, PlanUnreadable):
        return None


def _merchant(request: Request, wanted: BacktestBody) -> str:
    named = merchant_of(wanted.merchant_id, key_of(request), "merchant_id")
    if named is None:
        detail = "Required: this key acts for more than one merchant."
        raise RequestInvalid(Fault(pointer="/merchant_id", code="missing", detail=detail))
    return named
