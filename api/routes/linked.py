"""The payments that are linked with a decision's: by a card, a mailbox, an address, a device that they share."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute
from api.calls import MaybeText, decision_of, require_query
from api.problems import Problem, ProblemRaised
from api.schemas import PROBLEM_RESPONSES
from api.schemas.body import RequestInvalid
from api.schemas.linked import LINKED_EXAMPLE, LinkedList
from engine.access import Scope
from engine.errors import Fault
from engine.features import Value
from engine.ledger import DecisionRecord, Ledger
from engine.payment import ID_LENGTH_MAX
from engine.recorded import RecordedFeatures
from engine.velocity.sharing import LINKED_BY, Sharing, Sharings

PAGE_MAX: Final = 100
PAGE: Final = 20
_BY: Final[list[Any]] = [*LINKED_BY]
_NAMES: Final[Mapping[str, str]] = {feature: name for name, feature in LINKED_BY.items()}

router = APIRouter(tags=["Decisions"], route_class=ScopedRoute)


@router.get(
    "/v1/decisions/{decision_id}/linked",
    summary="List the payments that are linked with a decision's",
    response_model=LinkedList,
    responses={**PROBLEM_RESPONSES, 200: {"content": {"application/json": {"example": LINKED_EXAMPLE}}}},
    openapi_extra={SCOPE_FIELD: Scope.DECISIONS_READ.value},
)
async def list_linked(
    request: Request,
    decision_id: Annotated[str, Path(max_length=64)],
    by: Annotated[
        MaybeText, Query(description="What is to be shared; left out: anything.", json_schema_extra={"enum": _BY})
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
    cursor: Annotated[
        MaybeText, Query(max_length=ID_LENGTH_MAX, description="`next_cursor` of the page before.")
    ] = None,
) -> Response:
    """The same merchant's payments that share something with the decision's, the latest first, and what they share.

    Found are those that velocities are counted of: of the last 30 days, by a shipping or billing address of the last 7.
    """
    require_query(request, "by", "limit", "cursor")
    record = await decision_of(request, decision_id)
    ledger: Ledger = request.app.state.ledger
    ids = _ids(RecordedFeatures(ledger).of(record), by)
    # One more tells of a next page, and one may be the payment itself.
    found = await _found(request, record, ids, cursor, limit + 2)
    others = [each for each in found if each.payment_id != record.key.transaction_id][: limit + 1]
    data = [linked for each in others if (linked := await _linked(ledger, record, each)) is not None]
    page = LinkedList.of(data, [each["transaction_id"] for each in data], limit)
    return Response(page.model_dump_json(), media_type="application/json")


def _ids(features: Mapping[str, Value], by: str | None) -> dict[str, Value]:
    """What of the payment is looked for, by the feature's name. Raises RequestInvalid."""
    if by is not None and by not in LINKED_BY:
        detail = f"Payments are linked by {', '.join(LINKED_BY)}."
        raise RequestInvalid(Fault(pointer="/by", code="value_unknown", detail=detail))
    return {feature: features.get(feature) for name, feature in LINKED_BY.items() if by in (None, name)}


async def _found(
    request: Request, record: DecisionRecord, ids: Mapping[str, Value], cursor: str | None, limit: int
) -> Sequence[Sharing]:
    """What shares one of these, behind the cursor. Raises RequestInvalid where that is none, or a 503 problem."""
    counters, key = request.app.state.assembly.counters, record.key
    if not isinstance(counters, Sharings):
        detail = "Payments are linked where counters are in memory; these are in Valkey, which knows no payment's id."
        raise ProblemRaised(Problem(status=503, code="links_unavailable", detail=detail))
    try:
        return counters.sharing(key.merchant_id, ids, test_mode=key.test_mode, before=cursor, limit=limit)
    except LookupError:
        detail = "Not a cursor, or one of a payment that is not found any more: begin again without one."
        raise RequestInvalid(Fault(pointer="/cursor", code="value_unknown", detail=detail)) from None


async def _linked(ledger: Ledger, record: DecisionRecord, each: Sharing) -> dict[str, Any] | None:
    """A payment as it is listed, by its newest decision; None where it is counted and not recorded yet."""
    key = record.key
    records = await ledger.of_transaction(key.merchant_id, each.payment_id, test_mode=key.test_mode)
    if not records:
        return None
    answer = orjson.loads(records[-1].answer)
    said = {name: answer[name] for name in ("transaction_id", "created_at", "action", "risk_score")}
    return {"decision_id": records[-1].id, **said, "linked_by": sorted(_NAMES[name] for name in each.names)}
