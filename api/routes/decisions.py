"""The decision call: bytes in, bytes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.admission import Load
from api.auth import SCOPE_FIELD, BytesRoute, ScopedRoute, key_of
from api.calls import IDEMPOTENCY_KEY_LENGTH_MAX, JsonBytes, decision_of, idempotency_key_of, merchant_of, require_query
from api.clock import monotonic_ns
from api.metrics import Metrics
from api.problems import Problem, ProblemRaised
from api.schemas import (
    DECISION_EXAMPLES,
    PROBLEM_RESPONSES,
    AskedRequest,
    DecisionAnswer,
    Explain,
    InputWarning,
    Review,
    answer_bytes,
    less_full,
    read_request,
)
from api.watching import ClockWatch, WatchedIds
from engine.access import ApiKey, Scope
from engine.correction import NotReplaced
from engine.errors import Fault, PaymentInvalid
from engine.pipeline import Answer, Call, Outline, Pipeline
from engine.test_values import refuse_if_forced

_NOT_REPLACED: Mapping[NotReplaced, InputWarning] = {
    NotReplaced.UNKNOWN: InputWarning(
        code="supersedes_unknown",
        input_pointer="/event/supersedes",
        warning="No payment of this merchant has this transaction id, so none was replaced. "
        "Send the corrected one's id.",
    ),
    NotReplaced.HAPPENED: InputWarning(
        code="supersedes_refused",
        input_pointer="/event/supersedes",
        warning="That payment happened (it was blocked, has an outcome, was on another card or corrects this one) or "
        "has a correction already, so both count. Name an earlier attempt of the same order in payment.attempt_of.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a call for a decision meets, in one place: the framework's state asks for each name by a call."""

    pipeline: Pipeline
    load: Load
    metrics: Metrics
    watched_ids: WatchedIds
    clock_watch: ClockWatch
    now: Callable[[], datetime]
    note: Callable[[Outline], None]
    """Told of each decision when its answer is made."""


_TRUE = {"type": "string", "enum": ["true"]}
_ANSWER_HEADERS = {
    "Idempotent-Replayed": {
        "description": "Sent where the answer is the stored one of an earlier call.",
        "schema": _TRUE,
    },
    "Assay-Late": {"description": "Sent where the answer comes after the call's deadline.", "schema": _TRUE},
}
router = APIRouter(tags=["Decisions"], route_class=BytesRoute)
reading = APIRouter(tags=["Decisions"], route_class=ScopedRoute)


@router.post(
    "/v1/decisions",
    summary="Decide a payment",
    response_model=DecisionAnswer,
    responses={**PROBLEM_RESPONSES, 200: {"headers": _ANSWER_HEADERS}},
    openapi_extra={
        SCOPE_FIELD: Scope.DECISIONS_WRITE.value,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/DecisionRequest"},
                    "examples": DECISION_EXAMPLES,
                }
            },
        },
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Your key for this call; without it, stage and transaction id are the key.",
                "schema": {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_LENGTH_MAX},
            }
        ],
    },
)
async def create_decision(request: Request) -> Response:
    """Decides one payment and records the decision before it answers.

    The same key with the same body gets the same bytes again and the header `Idempotent-Replayed: true`. An answer that
    comes after the call's deadline all the same has the header `Assay-Late: true`.
    """
    desk: Desk = request.app.state.desk
    key, pipeline = key_of(request), desk.pipeline
    if request.scope["query_string"]:
        # Who asks for ?dry_run=true would have a payment recorded.
        require_query(request)
    started = perf_counter()
    # The call is named nowhere here: while tens of calls wait for one commit, what they were made from can go.
    answer = await pipeline.decide(await _call_in(request, key, desk), request.scope["assay.received_ns"])
    desk.clock_watch.check(pipeline.times.behind, monotonic_ns())
    desk.metrics.note_answer((perf_counter() - started) * 1000, is_replayed=answer.is_replayed)
    headers = _headers(answer) if answer.is_replayed or answer.is_late else ()
    return JsonBytes(_readable(answer.body, key), headers)


@reading.get(
    "/v1/decisions/{decision_id}",
    summary="Fetch a decision",
    response_model=DecisionAnswer,
    responses=PROBLEM_RESPONSES,
    openapi_extra={SCOPE_FIELD: Scope.DECISIONS_READ.value},
)
async def get_decision(request: Request, decision_id: Annotated[str, Path(max_length=64)]) -> Response:
    """The answer as it was given."""
    record = await decision_of(request, decision_id)
    return JsonBytes(_readable(record.answer, key_of(request)))


async def _call_in(request: Request, key: ApiKey, desk: Desk) -> Call:
    """The call that a request makes, checked, once all that came with it are; what forces a refusal is refused."""
    asked = read_request(request.scope["assay.body"])
    call = call_of(asked, key, desk.now(), idempotency_key_of(request), desk.note)
    desk.watched_ids.check_payment(key.id, call.payment, call.idempotency_key, monotonic_ns())
    refuse_if_forced(call.payment)
    await desk.load.turn(request.scope["assay.received_ns"])
    return call


def _headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    said = ((b"idempotent-replayed", answer.is_replayed), (b"assay-late", answer.is_late))
    return [(name, b"true") for name, is_so in said if is_so]


def _readable(answer: bytes, key: ApiKey) -> bytes:
    """The stored answer as this key may read it: another key may have asked for all of it."""
    return answer if Scope.DECISIONS_EXPLAIN in key.scopes else less_full(answer)


def call_of(
    asked: AskedRequest,
    key: ApiKey,
    received_at: datetime,
    idempotency_key: str | None = None,
    note: Callable[[Outline], None] | None = None,
) -> Call:
    """The pipeline's call for a request that a key makes; `note` is told of the decision when its answer is made.

    Raises PaymentInvalid, or a 404 problem where the key does not act for the merchant.
    """
    merchant_id = _merchant(asked, key)
    if asked.options.explain is Explain.FULL and Scope.DECISIONS_EXPLAIN not in key.scopes:
        detail = f"options.explain 'full' needs the scope '{Scope.DECISIONS_EXPLAIN}'."
        raise ProblemRaised(Problem(status=403, code="scope_missing", detail=detail))
    payment, warnings = asked.to_payment(merchant_id, key.test_mode, received_at)
    explain = asked.options.explain

    def render(outline: Outline) -> bytes:
        if note is not None:
            note(outline)
        said = warnings if outline.not_replaced is None else (*warnings, _NOT_REPLACED[outline.not_replaced])
        return answer_bytes(outline, warnings=said, explain=explain, review=_review(outline))

    return Call(
        payment=payment,
        fingerprint=asked.fingerprint,
        render=render,
        idempotency_key=idempotency_key,
        is_dry_run=asked.options.dry_run,
        budget_ms=asked.options.deadline_ms,
        groups=asked.groups,
    )


def _review(outline: Outline) -> Review | None:
    terms = outline.decision.review
    if terms is None:
        return None
    return Review(
        id=outline.id.replace("dec_", "rev_", 1),
        expires_at=outline.payment.at + timedelta(hours=terms.hours),
        action_at_expiry=terms.action_at_expiry,
    )


def _merchant(asked: AskedRequest, key: ApiKey) -> str:
    merchant_id = merchant_of(asked.merchant_id, key, "event.merchant_id")
    if merchant_id is None:
        detail = "Required: this key acts for more than one merchant."
        raise PaymentInvalid(Fault(pointer="/event/merchant_id", code="missing", detail=detail))
    return merchant_id
