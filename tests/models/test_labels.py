"""What schemes' reports say of a payment, in whatever order they come, and which label stands."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import Label, LabelKind
from engine.scheme_report import CaseResult, CaseStage, Claim, SchemeReport, SchemeReportKind, contradictions, same_step
from models.labels import Verdict, label_after, strongest, verdict_of
from tests.engine.test_scheme_report import NOON, report

WON, LOST = CaseResult.WON, CaseResult.LOST
FRAUD, CLEARED = Verdict(LabelKind.CHARGEBACK, is_fraud=True), Verdict(LabelKind.CHARGEBACK, is_fraud=False)
MISUSE = Verdict(LabelKind.FIRST_PARTY_MISUSE, is_fraud=False)
SERVICE = Verdict(LabelKind.SERVICE_DISPUTE, is_fraud=False)
WARNED, WITHDRAWN = Verdict(LabelKind.FRAUD_WARNING, is_fraud=True), Verdict(LabelKind.FRAUD_WARNING, is_fraud=False)


def step(stage: str, result: CaseResult | None = None, claim: Claim = Claim.THIRD_PARTY_FRAUD) -> SchemeReport:
    return report(stage=CaseStage(stage), result=result, claim=claim)


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ([step("chargeback")], FRAUD),
        ([step("chargeback"), step("representment")], FRAUD),
        ([step("chargeback"), step("representment", LOST)], FRAUD),
        ([step("chargeback"), step("representment", WON)], MISUSE),
        ([step("chargeback"), step("chargeback", WON)], MISUSE),
        ([step("chargeback"), step("representment", WON), step("pre_arbitration")], FRAUD),
        ([step("chargeback"), step("representment", WON), step("arbitration", LOST)], FRAUD),
        ([step("chargeback"), step("reversal")], CLEARED),
        ([step("reversal")], CLEARED),
        ([step("chargeback", claim=Claim.SERVICE_DISPUTE)], SERVICE),
        ([step("chargeback", claim=Claim.SERVICE_DISPUTE), step("representment", WON, Claim.UNKNOWN)], SERVICE),
        ([step("chargeback"), step("pre_arbitration", claim=Claim.SERVICE_DISPUTE)], CLEARED),
        ([step("chargeback"), step("reversal", claim=Claim.UNKNOWN)], CLEARED),
        ([step("chargeback", claim=Claim.OTHER)], None),
        ([step("chargeback", claim=Claim.UNKNOWN)], None),
        ([step("reversal", claim=Claim.UNKNOWN)], None),
    ],
)
def test_the_stage_that_a_case_came_to_decides(case: list[SchemeReport], verdict: Verdict | None) -> None:
    assert verdict_of(case) == verdict
    assert verdict_of(case[::-1]) == verdict


def test_a_warning_says_fraud_until_it_is_withdrawn() -> None:
    warning = report(kind=SchemeReportKind.FRAUD_WARNING, stage=CaseStage.WARNING)
    withdrawn = report(kind=SchemeReportKind.FRAUD_WARNING, stage=CaseStage.WITHDRAWAL)
    assert (verdict_of([warning]), verdict_of([withdrawn, warning])) == (WARNED, WITHDRAWN)


def test_a_report_that_says_nothing_new_makes_no_label() -> None:
    first = step("chargeback")
    label = label_after([], first)
    assert label is not None
    assert (label.kind, label.is_fraud, label.received_at) == (*FRAUD, first.received_at)
    assert label_after([first], step("representment")) is None
    assert label_after([first], step("representment", LOST)) is None
    won = label_after([first], step("representment", WON))
    assert won is not None
    assert (won.kind, won.is_fraud) == MISUSE


STEPS = st.builds(
    lambda stage, result, claim: step(stage, None if stage == "reversal" else result, claim),
    st.sampled_from(["chargeback", "representment", "pre_arbitration", "arbitration", "reversal"]),
    st.sampled_from([None, WON, LOST]),
    st.sampled_from([Claim.THIRD_PARTY_FRAUD, Claim.THIRD_PARTY_FRAUD, Claim.SERVICE_DISPUTE, Claim.UNKNOWN]),
)


@given(st.lists(STEPS, max_size=8))
def test_the_label_that_stands_is_what_the_case_says_in_whatever_order_it_came(steps: list[SchemeReport]) -> None:
    """As the store does it: a step once, a contradiction never; then the newest label is the verdict of all."""
    case: list[SchemeReport] = []
    labels: list[Label] = []
    for each in steps:
        if same_step(case, each) is not None or list(contradictions(case, each)):
            continue
        label = label_after(case, each)
        case.append(each)
        labels += [] if label is None else [label]
        verdict = verdict_of(case)
        known = [label for label in strongest(labels).values() if label is not None]
        if verdict is not None:
            assert [(label.kind, label.is_fraud) for label in known] == [verdict]


def label(kind: LabelKind, day: int, *, is_fraud: bool) -> Label:
    return Label(
        merchant_id="m-1",
        test_mode=False,
        transaction_id="tx-1",
        kind=kind,
        is_fraud=is_fraud,
        occurred_at=NOON,
        received_at=NOON + timedelta(days=day),
        source="test",
    )


@pytest.mark.parametrize(
    ("kinds", "stands"),
    [
        (["fraud_warning:1", "service_dispute:0"], WARNED),
        (["service_dispute:0", "fraud_warning:1"], WARNED),
        (["analyst_verdict:1", "service_dispute:0"], SERVICE),
        (["fraud_warning:1", "chargeback:1", "first_party_misuse:0"], MISUSE),
        (["first_party_misuse:0", "chargeback:1"], FRAUD),
        (["chargeback:0", "fraud_warning:1"], CLEARED),
    ],
)
def test_the_schemes_strongest_word_stands(kinds: list[str], stands: Verdict) -> None:
    labels = [
        label(LabelKind(kind), day, is_fraud=bool(int(said)))
        for day, (kind, _, said) in enumerate(each.partition(":") for each in kinds)
    ]
    (found,) = strongest(labels).values()
    assert (found.kind, found.is_fraud) == stands
