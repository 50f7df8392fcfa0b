"""Whether the process lives, and whether it can decide."""

from fastapi import APIRouter, Request, Response

from api.errors import request_id
from api.problems import Problem
from engine.errors import LedgerUnavailable
from engine.velocity.watch import CountersState

router = APIRouter(tags=["Health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="Is the process alive?")
async def is_alive() -> dict[str, str]:
    """Answers while the process runs; restart it when this does not answer."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    summary="Can it decide?",
    responses={503: {"description": "Not now: the ledger does not answer, or the service is stopping."}},
)
async def is_ready(request: Request) -> Response:
    """Answers 200 when a decision can be made and recorded; send no payments while it does not.

    `counters` says where their velocities are unknown meanwhile, for Valkey is `down`, or `warming` up.
    """
    if request.app.state.load.is_stopping:
        detail = "The service is stopping; what is under way is being finished."
        problem = Problem(status=503, code="stopping", detail=detail, headers={"Retry-After": "1"})
        return problem.response(request_id(request))
    try:
        await request.app.state.ledger.check()
    except LedgerUnavailable as error:
        problem = Problem(status=503, code=error.code, detail=str(error), headers={"Retry-After": "1"})
        return problem.response(request_id(request))
    state = request.app.state.assembly.watch.state
    lacking = b"" if state is CountersState.READY else f',"counters":"{state.value}"'.encode()
    return Response(b'{"status":"ready"' + lacking + b"}", media_type="application/json")
