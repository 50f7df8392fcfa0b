"""The decisions of a payment, found by its transaction id."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.calls import MaybeText, merchant_of, require_query
from api.schemas import PROBLEM_RESPONSES, less_full
from api.schemas.body import RequestInvalid
from api.schemas.listing import DecisionList, list_bytes
from engine.access import Scope
from engine.errors import Fault
from engine.ledger import Ledger
from engine.payment import ID_LENGTH_MAX

router = APIRouter(tags=["Decisions"], route_class=ScopedRoute)


@router.get(
    "/v1/decisions",
    summary="Find the decisions of a payment",
    response_model=DecisionList,
    responses=PROBLEM_RESPONSES,
    openapi_extra={SCOPE_FIELD: Scope.DECISIONS_READ.value},
)
async def find_decisions(
    request: Request,
    transaction_id: Annotated[str, Query(min_length=1, max_length=ID_LENGTH_MAX, description="Yours.")],
    merchant_id: Annotated[
        MaybeText,
        Query(max_length=ID_LENGTH_MAX, description="May be left out where the key acts for one merchant."),
    ] = None,
) -> Response:
    """The answers of all stages as they were given, oldest first; an empty list where there is no such payment."""
    require_query(request, "transaction_id", "merchant_id")
    key = key_of(request)
    ledger: Ledger = request.app.state.ledger
    merchant = merchant_id or merchant_of(None, key, "merchant_id")
    if merchant is None:
        detail = "Required as a query parameter: this key acts for more than one merchant."
        raise RequestInvalid(Fault(pointer="/merchant_id", code="missing", detail=detail))
    if not key.acts_for(merchant):
        # Another merchant's payment is to this key as if it were not there (law 12).
        return Response(list_bytes((), superseded_by=None, has_more=False), media_type="application/json")
    named = (merchant, transaction_id)
    records = await ledger.of_transaction(*named, test_mode=key.test_mode)
    superseded_by = await ledger.superseded_by(*named, test_mode=key.test_mode)
    is_full = Scope.DECISIONS_EXPLAIN in key.scopes
    answers = [record.answer if is_full else less_full(record.answer) for record in records]
    body = list_bytes(answers, superseded_by=superseded_by, has_more=False)
    return Response(body, media_type="application/json")
