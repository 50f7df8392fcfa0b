"""Outcomes: what happened to a payment after its decision, reported and listed."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.auth import SCOPE_FIELD, BytesRoute, ScopedRoute, key_of
from api.calls import IDEMPOTENCY_KEY_LENGTH_MAX, MaybeText, decision_of, idempotency_key_of, require_query
from api.clock import monotonic_ns
from api.schemas import PROBLEM_RESPONSES
from api.schemas.body import RequestInvalid
from api.schemas.listing import list_bytes
from api.schemas.outcome import OUTCOME_EXAMPLES, OutcomeAnswer, OutcomeList, outcome_bytes, read_outcome
from api.watching import header_key
from engine.access import Scope
from engine.errors import Fault
from engine.feedback import Feedback, Report
from engine.ledger import Outcomes
from engine.outcome import Outcome

PAGE_MAX = 1_000
_MEDIA = "application/json"

router = APIRouter(tags=["Outcomes"], route_class=BytesRoute)
reading = APIRouter(tags=["Outcomes"], route_class=ScopedRoute)
DecisionId = Annotated[str, Path(max_length=64)]


@router.post(
    "/v1/decisions/{decision_id}/outcome",  # noqa: FAST003 - the front calls it with the request alone
    status_code=201,
    summary="Report what happened to a payment",
    response_model=OutcomeAnswer,
    responses=PROBLEM_RESPONSES,
    openapi_extra={
        SCOPE_FIELD: Scope.OUTCOMES_WRITE.value,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/OutcomeRequest"},
                    "examples": OUTCOME_EXAMPLES,
                }
            },
        },
        "parameters": [
            {
                "name": "decision_id",
                "in": "path",
                "required": True,
                "description": "The id of a decision of the payment, at any stage.",
                "schema": {"type": "string"},
            },
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Your key for this report; without it, the decision and the body are the key.",
                "schema": {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_LENGTH_MAX},
            },
        ],
    },
)
async def report_outcome(request: Request) -> Response:
    """Records an outcome of the decision's payment, in whatever order and however late, and counts it now.

    The same report again gets the same bytes and the header `Idempotent-Replayed: true`.
    """
    feedback: Feedback = request.app.state.assembly.feedback
    received_at: datetime = request.app.state.now()
    idempotency_key = idempotency_key_of(request)
    if idempotency_key is not None:
        request.app.state.watched_ids.check(key_of(request).id, [header_key(idempotency_key)], monotonic_ns())
    asked = read_outcome(request.scope["assay.body"], received_at)
    decision = await decision_of(request, request.path_params["decision_id"])
    read = asked.beside(decision.payment)

    def render(outcome: Outcome) -> bytes:
        return outcome_bytes(outcome, read)

    reported = await feedback.report(
        Report(
            decision=decision,
            kind=read.kind,
            occurred_at=read.occurred_at,
            received_at=received_at,
            fingerprint=read.fingerprint,
            details=read.details,
            render=render,
            idempotency_key=idempotency_key,
        )
    )
    if not reported.is_replayed:
        request.app.state.metrics.outcomes[read.kind.value] += 1
    headers = {"Idempotent-Replayed": "true"} if reported.is_replayed else None
    return Response(reported.body, status_code=201, headers=headers, media_type=_MEDIA)


@reading.get(
    "/v1/decisions/{decision_id}/outcomes",
    summary="List the outcomes of a decision",
    response_model=OutcomeList,
    responses=PROBLEM_RESPONSES,
    openapi_extra={SCOPE_FIELD: Scope.DECISIONS_READ.value},
)
async def list_outcomes(
    request: Request,
    decision_id: DecisionId,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")] = 100,
    cursor: Annotated[MaybeText, Query(max_length=64, description="`next_cursor` of the page before.")] = None,
) -> Response:
    """The outcomes reported under this decision, oldest first, as they were answered."""
    require_query(request, "limit", "cursor")
    outcomes: Outcomes = request.app.state.assembly.outcomes
    decision = await decision_of(request, decision_id)
    try:
        found = await outcomes.of_decision(decision, after=cursor, limit=limit + 1)
    except ValueError:
        detail = "Not a cursor of this list: send next_cursor as it was given, or none."
        raise RequestInvalid(Fault(pointer="/cursor", code="value_unknown", detail=detail)) from None
    page, has_more = found[:limit], len(found) > limit
    next_cursor = page[-1].id if has_more else None
    body = list_bytes([each.answer for each in page], has_more=has_more, next_cursor=next_cursor)
    return Response(body, media_type=_MEDIA)
