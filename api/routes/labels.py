"""Labels: what proved true of payments, sent by who learnt it, and read as known at a time."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.calls import MaybeText, merchant_of, require_query
from api.clock import monotonic_ns
from api.schemas import PROBLEM_RESPONSES
from api.schemas.body import RequestInvalid
from api.schemas.label import (
    LABEL_EXAMPLES,
    LabelList,
    LabelRead,
    LabelsAnswer,
    label_page_bytes,
    labels_bytes,
    read_labels,
)
from api.schemas.values import instant
from api.watching import SentId
from engine.access import ApiKey, Scope
from engine.deadline import REPORT_SECONDS, durable_within
from engine.errors import Fault
from engine.ledger import Label, Labels, Ledger
from engine.payment import ID_LENGTH_MAX
from engine.receipt import ReceiptTimes

PAGE_MAX = 1_000
CURSOR_LENGTH_MAX = 8_192
"""It names a label, with all of its ids."""
_LOOK_UPS_PER_TURN = 50
_MEDIA = "application/json"

router = APIRouter(tags=["Labels"], route_class=ScopedRoute)


@router.post(
    "/v1/labels",
    status_code=201,
    summary="Tell what proved true of payments",
    response_model=LabelsAnswer,
    responses=PROBLEM_RESPONSES,
    openapi_extra={
        SCOPE_FIELD: Scope.LABELS_WRITE.value,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/LabelRequest"},
                            {"$ref": "#/components/schemas/LabelsRequest"},
                        ]
                    },
                    "examples": LABEL_EXAMPLES,
                }
            },
        },
    },
)
async def record_labels(request: Request) -> Response:
    """Records one label or many, each fact once: all of them, or, where one is wrong, none."""
    labels: Labels = request.app.state.assembly.labels
    received_at: datetime = request.app.state.now()
    read, warnings = read_labels(request.scope["assay.body"], received_at)
    key = key_of(request)
    ids = (SentId("transaction_id", f"{each.pointer}/transaction_id", each.transaction_id) for each in read)
    request.app.state.watched_ids.check(key.id, ids, monotonic_ns())
    known = _labels(read, key, received_at, request.app.state.pipeline.times)
    are_matched = await _are_matched(request.app.state.ledger, known)
    new = await durable_within(labels.append_labels(known), lambda: REPORT_SECONDS)
    body = labels_bytes(known, new=new, are_matched=are_matched, warnings=warnings)
    return Response(body, status_code=201, media_type=_MEDIA)


@router.get(
    "/v1/labels",
    summary="List labels as known at a time",
    response_model=LabelList,
    responses=PROBLEM_RESPONSES,
    openapi_extra={SCOPE_FIELD: Scope.DECISIONS_READ.value},
)
async def list_labels(
    request: Request,
    as_of: Annotated[
        MaybeText,
        Query(max_length=64, description="RFC 3339: what was known then. Left out: what is known now."),
    ] = None,
    merchant_id: Annotated[
        MaybeText,
        Query(max_length=ID_LENGTH_MAX, description="This merchant's alone; left out: all of the key's."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")] = 100,
    cursor: Annotated[
        MaybeText, Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before.")
    ] = None,
) -> Response:
    """The labels of the key's merchants and mode that were received by then, oldest first."""
    require_query(request, "as_of", "merchant_id", "limit", "cursor")
    labels: Labels = request.app.state.assembly.labels
    key = key_of(request)
    named = merchant_of(merchant_id, key, "merchant_id")
    merchants = key.merchants if named is None else (named,)
    at = _now(request, merchants, test_mode=key.test_mode) if as_of is None else _instant(as_of)
    try:
        found = await labels.labels_of(merchants, at, test_mode=key.test_mode, after=cursor, limit=limit + 1)
    except ValueError:
        detail = "Not a cursor: send next_cursor as it was given, or none."
        raise RequestInvalid(Fault(pointer="/cursor", code="value_unknown", detail=detail)) from None
    page = found[:limit]
    next_cursor = page[-1][0] if len(found) > limit else None
    return Response(label_page_bytes([label for _, label in page], next_cursor), media_type=_MEDIA)


def _labels(read: Sequence[LabelRead], key: ApiKey, received_at: datetime, times: ReceiptTimes) -> list[Label]:
    """The labels, each of a merchant that the key acts for, at one receipt time: none is before one already listed.

    Raises RequestInvalid, or a 404 problem.
    """
    faults: list[Fault] = []
    labels: list[Label] = []
    for each in read:
        merchant_id = merchant_of(each.merchant_id, key, f"{each.pointer}/merchant_id")
        if merchant_id is None:
            detail = "Required: this key acts for more than one merchant."
            faults.append(Fault(pointer=f"{each.pointer}/merchant_id", code="missing", detail=detail))
            continue
        labels.append(
            Label(
                merchant_id=merchant_id,
                test_mode=key.test_mode,
                transaction_id=each.transaction_id,
                kind=each.kind,
                is_fraud=each.is_fraud,
                occurred_at=each.occurred_at,
                received_at=received_at,
                source=each.source,
            )
        )
    if faults:
        raise RequestInvalid(*faults)
    merchants = {label.merchant_id for label in labels}
    at = max((times.peek(each, received_at, test_mode=key.test_mode) for each in merchants), default=received_at)
    for merchant_id in merchants:
        times.take(merchant_id, at, test_mode=key.test_mode)
    return [replace(label, received_at=at) for label in labels]


def _now(request: Request, merchants: Collection[str] | None, *, test_mode: bool) -> datetime:
    """Now, by the merchants' receipt times: where a clock went back they are ahead of it."""
    now: datetime = request.app.state.now()
    times: ReceiptTimes = request.app.state.pipeline.times
    return max((times.peek(each, now, test_mode=test_mode) for each in merchants or ()), default=now)


async def _are_matched(ledger: Ledger, labels: Sequence[Label]) -> list[bool]:
    """Whether the payment of each label was decided."""
    are_matched: list[bool] = []
    for label in labels:
        are_matched.append(await ledger.holds(label.merchant_id, label.transaction_id, test_mode=label.test_mode))
        if len(are_matched) % _LOOK_UPS_PER_TURN == 0:
            # A look-up takes 20 us of the event loop: other calls have their turn between.
            await asyncio.sleep(0)
    return are_matched


def _instant(text: str) -> datetime:
    found = instant(text)
    if not isinstance(found, datetime):
        detail = "Not a time. Send RFC 3339, such as 2026-11-23T17:00:00Z; in a URL, + is written %2B."
        raise RequestInvalid(Fault(pointer="/as_of", code="time_invalid", detail=detail))
    return found
