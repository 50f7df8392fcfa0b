"""Cases of card schemes: the same step again, and what cannot be true beside what was reported before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.scheme_report import (
    STAGES,
    CaseResult,
    CaseStage,
    Claim,
    SchemeReport,
    SchemeReportKind,
    contradictions,
    same_step,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
WON, LOST = CaseResult.WON, CaseResult.LOST


def report(**changes: Any) -> SchemeReport:
    fields: dict[str, Any] = {
        "id": "chb_1",
        "kind": SchemeReportKind.CHARGEBACK,
        "merchant_id": "m-1",
        "test_mode": False,
        "transaction_id": "tx-1",
        "case_id": "case-1",
        "stage": CaseStage.CHARGEBACK,
        "result": None,
        "network": "visa",
        "reason_code": "10.4",
        "claim": Claim.THIRD_PARTY_FRAUD,
        "amount_minor": 4990,
        "currency": "USD",
        "occurred_at": NOON,
        "received_at": NOON + timedelta(days=1),
    }
    return SchemeReport(**(fields | changes))


def wrong(case: list[SchemeReport], new: SchemeReport) -> list[str]:
    return [each.field for each in contradictions(case, new)]


def test_the_same_step_again_is_the_one_that_stands() -> None:
    first = report()
    again = report(id="chb_2", received_at=NOON + timedelta(days=9))
    assert same_step([first], again) is first
    assert wrong([first], again) == []


def test_a_stage_is_told_open_and_with_its_result() -> None:
    opened, won = report(), report(result=WON, occurred_at=NOON + timedelta(days=3))
    assert same_step([opened], won) is None
    assert wrong([opened], won) == []
    assert wrong([won], opened) == [], "they may come the other way round"
    assert same_step([opened, won], replace(won, id="chb_9")) is won


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount_minor", 4991),
        ("currency", "EUR"),
        ("reason_code", "13.1"),
        ("occurred_at", NOON - timedelta(days=1)),
        ("transaction_id", "tx-2"),
        ("network", "mastercard"),
    ],
)
def test_a_step_told_otherwise_is_a_contradiction_that_names_the_field(name: str, value: object) -> None:
    assert wrong([report()], report(**{name: value})) == [name]


@pytest.mark.parametrize("stage", STAGES[SchemeReportKind.CHARGEBACK])
def test_a_stage_is_not_won_and_lost(stage: CaseStage) -> None:
    case = [report(), report(stage=stage, result=LOST)]
    assert wrong(case, report(stage=stage, result=WON)) == ["result"]
    assert wrong(case, report(stage=stage, result=LOST)) == []


def test_a_later_stage_may_end_otherwise_for_another_amount() -> None:
    case = [report(), report(stage=CaseStage.REPRESENTMENT, result=LOST)]
    later = report(stage=CaseStage.ARBITRATION, result=WON, amount_minor=100, currency="EUR", reason_code=None)
    assert wrong(case, later) == []


def test_all_stages_are_of_one_payment_and_network() -> None:
    later = report(stage=CaseStage.ARBITRATION, transaction_id="tx-2", network="amex")
    assert wrong([report()], later) == ["transaction_id", "network"]


def test_a_case_has_one_fingerprint_and_a_warning_of_the_same_number_another() -> None:
    assert report().fingerprint == report(stage=CaseStage.REVERSAL, amount_minor=1).fingerprint
    assert report().fingerprint != report(kind=SchemeReportKind.FRAUD_WARNING).fingerprint
    assert report().fingerprint != report(case_id="case-2").fingerprint
