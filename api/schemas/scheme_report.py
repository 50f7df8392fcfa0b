"""The answers to chargebacks and fraud warnings: what stands, and what was odd beside the payment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from api.schemas.answer import WarningAnswer
from api.schemas.findings import Findings, Odd
from engine.ledger import DecisionRecord
from engine.payment_record import payment_of
from engine.scheme_feedback import Told
from engine.scheme_report import CaseResult, CaseStage, Claim, SchemeReport, SchemeReportKind

LIST_NAMES = {SchemeReportKind.CHARGEBACK: "chargebacks", SchemeReportKind.FRAUD_WARNING: "fraud_warnings"}
_A_DAY = timedelta(days=1)
_CURRENCY_DIFFERS = Odd(
    "currency_differs", "Not the payment's currency. It is kept; amounts are not compared across currencies."
)
_ABOVE_PAYMENT = Odd("amount_above_payment", "More than was paid. It is kept: check the amount and its minor units.")
_BEFORE_PAYMENT = Odd(
    "before_payment", "Before the day of the payment. It is kept: check the date and the transaction id."
)

CHARGEBACK_EXAMPLES: dict[str, dict[str, Any]] = {
    "one": {
        "summary": "A first chargeback for fraud",
        "value": {
            "merchant_id": "shop-1",
            "transaction_id": "order-100017",
            "case_id": "5812330017",
            "network": "visa",
            "reason_code": "10.4",
            "amount_minor": 12500,
            "currency": "GBP",
            "occurred_at": "2025-11-20T00:00:00Z",
        },
    },
    "won": {
        "summary": "The same case, won by evidence",
        "value": {
            "merchant_id": "shop-1",
            "transaction_id": "order-100017",
            "case_id": "5812330017",
            "network": "visa",
            "stage": "representment",
            "result": "won",
            "amount_minor": 12500,
            "currency": "GBP",
            "occurred_at": "2025-11-21T00:00:00Z",
        },
    },
    "many": {
        "summary": "Several at once",
        "value": {
            "chargebacks": [
                {
                    "merchant_id": "shop-1",
                    "transaction_id": "order-100018",
                    "case_id": "MC-77001",
                    "network": "mastercard",
                    "reason_code": "4853",
                    "amount_minor": 4990,
                    "currency": "EUR",
                    "occurred_at": "2025-11-19T00:00:00Z",
                },
                {
                    "merchant_id": "shop-1",
                    "transaction_id": "order-100019",
                    "case_id": "MC-77002",
                    "network": "mastercard",
                    "stage": "reversal",
                    "amount_minor": 990,
                    "currency": "EUR",
                    "occurred_at": "2025-11-20T00:00:00Z",
                },
            ]
        },
    },
}
FRAUD_WARNING_EXAMPLES: dict[str, dict[str, Any]] = {
    "one": {
        "summary": "A TC40",
        "value": {
            "merchant_id": "shop-1",
            "transaction_id": "order-100017",
            "case_id": "24692165321",
            "network": "visa",
            "fraud_type": "unauthorized_use_of_card",
            "amount_minor": 12500,
            "currency": "GBP",
            "occurred_at": "2025-11-18T00:00:00Z",
        },
    }
}
"""Named examples of the requests, as OpenAPI 3.1 has them."""


def note_beside_payment(told: Told, pointer: str, findings: Findings) -> None:
    """Note what of a report is odd beside its payment, where that is known."""
    if told.decision is None:
        return
    payment, report = payment_of(told.decision.payment), told.report
    if report.currency != payment.order.currency:
        findings.note(f"{pointer}/currency", _CURRENCY_DIFFERS)
    elif report.amount_minor > payment.order.amount_minor:
        findings.note(f"{pointer}/amount_minor", _ABOVE_PAYMENT)
    if report.occurred_at + _A_DAY < payment.at:
        findings.note(f"{pointer}/occurred_at", _BEFORE_PAYMENT)


def reports_bytes(kind: SchemeReportKind, told: Sequence[Told], findings: Findings) -> bytes:
    """The answer to reports as it is sent (JSON)."""
    return orjson.dumps(
        {
            "new": sum(each.is_new for each in told),
            "repeated": sum(not each.is_new for each in told),
            "unmatched": sum(each.decision is None for each in told),
            LIST_NAMES[kind]: [{**_facts(each.report), **_of_decision(each.decision)} for each in told],
            "warnings": [
                {"code": each.code, "input_pointer": each.input_pointer, "warning": each.warning}
                for each in findings.warnings()
            ],
        }
    )


def report_page_bytes(reports: Sequence[tuple[SchemeReport, bool]], next_cursor: str | None) -> bytes:
    """A page of reports (JSON)."""
    return orjson.dumps(
        {
            "data": [
                {**_facts(report), "test_mode": report.test_mode, "is_matched": is_matched}
                for report, is_matched in reports
            ],
            "has_more": next_cursor is not None,
            "next_cursor": next_cursor,
        }
    )


def _facts(report: SchemeReport) -> dict[str, object]:
    facts: dict[str, object] = {
        "id": report.id,
        "merchant_id": report.merchant_id,
        "transaction_id": report.transaction_id,
        "case_id": report.case_id,
        "network": report.network,
        "amount_minor": report.amount_minor,
        "currency": report.currency,
        "occurred_at": report.occurred_at,
        "received_at": report.received_at,
    }
    if report.kind is SchemeReportKind.FRAUD_WARNING:
        return {**facts, "fraud_type": report.reason_code, "is_withdrawn": report.stage is CaseStage.WITHDRAWAL}
    return {
        **facts,
        "stage": report.stage,
        "result": report.result,
        "reason_code": report.reason_code,
        "claim": report.claim,
    }


def _of_decision(decision: DecisionRecord | None) -> dict[str, object]:
    return {"is_matched": decision is not None, "decision_id": None if decision is None else decision.id}


class _ReportKnown(BaseModel):
    id: str = Field(description="The report's id.")
    merchant_id: str
    transaction_id: str
    case_id: str
    network: str
    amount_minor: int
    currency: str
    occurred_at: datetime
    received_at: datetime = Field(description="When it was first received, UTC: what labels and velocities count.")
    is_matched: bool = Field(
        description="Whether a payment of this transaction id was decided. If not, the report waits for it."
    )


class _ChargebackKnown(_ReportKnown):
    stage: CaseStage
    result: CaseResult | None
    reason_code: str | None
    claim: Claim = Field(description="What the reason code claims; unknown makes no label.")


class _FraudWarningKnown(_ReportKnown):
    fraud_type: str | None
    is_withdrawn: bool


class ChargebackAnswer(_ChargebackKnown):
    """A chargeback as it stands."""

    decision_id: str | None = Field(description="The payment's first decision; null where there is none yet.")


class FraudWarningAnswer(_FraudWarningKnown):
    """A fraud warning as it stands."""

    decision_id: str | None = Field(description="The payment's first decision; null where there is none yet.")


class _Counted(BaseModel):
    new: int = Field(description="How many were new.")
    repeated: int = Field(description="How many were told before: each stands as it was told first.")
    unmatched: int = Field(description="How many name a payment that was not decided here yet.")
    warnings: list[WarningAnswer]


class ChargebacksAnswer(_Counted):
    """What became of the chargebacks that were sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "new": 1,
                    "repeated": 0,
                    "unmatched": 0,
                    "chargebacks": [
                        {
                            **CHARGEBACK_EXAMPLES["one"]["value"],
                            "id": "chb_06439d1a2b3c4d9f2e8a7b1c0d3e5f60",
                            "received_at": "2025-11-23T17:00:00.123456Z",
                            "stage": "chargeback",
                            "result": None,
                            "claim": "third_party_fraud",
                            "is_matched": True,
                            "decision_id": "dec_019ab3f0b2a177f0c3d29e5b8a64",
                        }
                    ],
                    "warnings": [],
                }
            ]
        }
    )

    chargebacks: list[ChargebackAnswer] = Field(description="All, in the order sent.")


class FraudWarningsAnswer(_Counted):
    """What became of the fraud warnings that were sent."""

    fraud_warnings: list[FraudWarningAnswer] = Field(description="All, in the order sent.")


class ChargebackListed(_ChargebackKnown):
    """A chargeback in a list."""

    test_mode: bool


class FraudWarningListed(_FraudWarningKnown):
    """A fraud warning in a list."""

    test_mode: bool


class ChargebackList(BaseModel):
    """Chargebacks in the order of receipt."""

    data: list[ChargebackListed]
    has_more: bool
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null at the end.")


class FraudWarningList(BaseModel):
    """Fraud warnings in the order of receipt."""

    data: list[FraudWarningListed]
    has_more: bool
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null at the end.")
