"""Chargebacks and fraud warnings: what card schemes report of payments, sent and listed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.calls import MaybeText, merchant_of, require_query
from api.clock import monotonic_ns, new_report_id
from api.schemas import PROBLEM_RESPONSES
from api.schemas.body import RequestInvalid
from api.schemas.chargeback import ReportRead, read_reports
from api.schemas.scheme_report import (
    CHARGEBACK_EXAMPLES,
    FRAUD_WARNING_EXAMPLES,
    ChargebackList,
    ChargebacksAnswer,
    FraudWarningList,
    FraudWarningsAnswer,
    note_beside_payment,
    report_page_bytes,
    reports_bytes,
)
from api.watching import SentId
from api.wiring import Assembly
from engine.access import ApiKey, Scope
from engine.errors import Fault
from engine.payment import ID_LENGTH_MAX
from engine.scheme_report import SchemeReport, SchemeReportKind

PAGE_MAX = 1_000
_MEDIA = "application/json"
_CHARGEBACK, _FRAUD_WARNING = SchemeReportKind.CHARGEBACK, SchemeReportKind.FRAUD_WARNING

router = APIRouter(tags=["Chargebacks"], route_class=ScopedRoute)

MerchantId = Annotated[
    MaybeText, Query(max_length=ID_LENGTH_MAX, description="This merchant's alone; left out: all of the key's.")
]
Matched = Annotated[bool | None, Query(description="Whether their payment is known; left out: all.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
Cursor = Annotated[MaybeText, Query(max_length=64, description="`next_cursor` of the page before.")]


def _body(one: str, many: str, examples: dict[str, Any]) -> dict[str, Any]:
    schemas = [{"$ref": f"#/components/schemas/{name}"} for name in (one, many)]
    return {
        SCOPE_FIELD: Scope.LABELS_WRITE.value,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"anyOf": schemas}, "examples": examples}},
        },
    }


@router.post(
    "/v1/chargebacks",
    status_code=201,
    summary="Report chargebacks",
    response_model=ChargebacksAnswer,
    responses=PROBLEM_RESPONSES,
    openapi_extra=_body("ChargebackRequest", "ChargebacksRequest", CHARGEBACK_EXAMPLES),
)
async def report_chargebacks(request: Request) -> Response:
    """Records one step of a chargeback or many: all of them, or, where one is wrong, none.

    The same stage of the same case again gets what stands, and counts nothing. One whose payment is not known waits.
    """
    return await _report(request, _CHARGEBACK)


@router.post(
    "/v1/fraud-warnings",
    status_code=201,
    summary="Report fraud warnings (TC40, SAFE)",
    response_model=FraudWarningsAnswer,
    responses=PROBLEM_RESPONSES,
    openapi_extra=_body("FraudWarningRequest", "FraudWarningsRequest", FRAUD_WARNING_EXAMPLES),
)
async def report_fraud_warnings(request: Request) -> Response:
    """Records one warning or many: all of them, or, where one is wrong, none. One whose payment is not known waits."""
    return await _report(request, _FRAUD_WARNING)


@router.get(
    "/v1/chargebacks",
    summary="List chargebacks",
    response_model=ChargebackList,
    responses=PROBLEM_RESPONSES,
    openapi_extra={SCOPE_FIELD: Scope.DECISIONS_READ.value},
)
async def list_chargebacks(
    request: Request,
    merchant_id: MerchantId = None,
    matched: Matched = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """The chargebacks of the key's merchants and mode, each step by itself, in the order of receipt."""
    return await _list(request, _CHARGEBACK, merchant_id, cursor, matched=matched, limit=limit)


@router.get(
    "/v1/fraud-warnings",
    summary="List fraud warnings",
    response_model=FraudWarningList,
    responses=PROBLEM_RESPONSES,
    openapi_extra={SCOPE_FIELD: Scope.DECISIONS_READ.value},
)
async def list_fraud_warnings(
    request: Request,
    merchant_id: MerchantId = None,
    matched: Matched = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """The fraud warnings of the key's merchants and mode, in the order of receipt."""
    return await _list(request, _FRAUD_WARNING, merchant_id, cursor, matched=matched, limit=limit)


async def _report(request: Request, kind: SchemeReportKind) -> Response:
    assembly: Assembly = request.app.state.assembly
    received_at: datetime = request.app.state.now()
    read, findings = read_reports(kind, request.scope["assay.body"], received_at, assembly.reason_codes)
    key = key_of(request)
    ids = (
        SentId(name, f"{each.pointer}/{name}", getattr(each, name))
        for each in read
        for name in ("transaction_id", "case_id")
    )
    request.app.state.watched_ids.check(key.id, ids, monotonic_ns())
    told = await assembly.scheme_feedback.report(_reports(kind, read, key, received_at))
    for each, sent in zip(told, read, strict=True):
        if each.is_new:
            note_beside_payment(each, sent.pointer, findings)
            request.app.state.metrics.scheme_reports[kind.value] += 1
    headers = None if any(each.is_new for each in told) else {"Idempotent-Replayed": "true"}
    return Response(reports_bytes(kind, told, findings), 201, headers, _MEDIA)


def _reports(
    kind: SchemeReportKind, read: Sequence[ReportRead], key: ApiKey, received_at: datetime
) -> list[tuple[str, SchemeReport]]:
    """The reports, each of a merchant that the key acts for. Raises RequestInvalid, or a 404 problem."""
    faults: list[Fault] = []
    reports: list[tuple[str, SchemeReport]] = []
    for each in read:
        merchant_id = merchant_of(each.merchant_id, key, f"{each.pointer}/merchant_id")
        if merchant_id is None:
            detail = "Required: this key acts for more than one merchant."
            faults.append(Fault(pointer=f"{each.pointer}/merchant_id", code="missing", detail=detail))
            continue
        report = each.build(
            id=new_report_id(kind, received_at),
            merchant_id=merchant_id,
            test_mode=key.test_mode,
            received_at=received_at,
        )
        reports.append((each.pointer, report))
    if faults:
        raise RequestInvalid(*faults)
    return reports


async def _list(
    request: Request,
    kind: SchemeReportKind,
    merchant_id: str | None,
    cursor: str | None,
    *,
    matched: bool | None,
    limit: int,
) -> Response:
    require_query(request, "merchant_id", "matched", "limit", "cursor")
    assembly: Assembly = request.app.state.assembly
    key = key_of(request)
    named = merchant_of(merchant_id, key, "merchant_id")
    merchants = key.merchants if named is None else (named,)
    try:
        found = await assembly.scheme_reports.page(
            kind, merchants, test_mode=key.test_mode, matched=matched, after=cursor, limit=limit + 1
        )
    except ValueError:
        detail = "Not a cursor of this list: send next_cursor as it was given, or none."
        raise RequestInvalid(Fault(pointer="/cursor", code="value_unknown", detail=detail)) from None
    page = found[:limit]
    next_cursor = page[-1][0].id if len(found) > limit else None
    return Response(report_page_bytes(page, next_cursor), media_type=_MEDIA)
