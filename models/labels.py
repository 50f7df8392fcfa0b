"""What labels mean: which one a scheme's report makes, and which of a payment's labels stands.

The score is the probability of reported third-party fraud. So a chargeback coded as fraud, and a fraud warning, say
that it was; what ends otherwise clears it, from when this became known. Errors of processing and unknown codes say
nothing of who paid, and make no label.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from engine.ledger import Label, LabelKind, Labels, PaymentName
from engine.scheme_report import STAGES, CaseResult, CaseStage, Claim, SchemeReport, SchemeReportKind

_RANKS: Final[Mapping[LabelKind, int]] = {
    LabelKind.CHARGEBACK: 3,
    LabelKind.FIRST_PARTY_MISUSE: 3,
    LabelKind.FRAUD_WARNING: 2,
    LabelKind.SERVICE_DISPUTE: 1,
}


class Verdict(NamedTuple):
    """What a case says of its payment, as far as it went."""

    kind: LabelKind
    is_fraud: bool


def verdict_of(case: Sequence[SchemeReport]) -> Verdict | None:
    """What all reports of a case say together, in whatever order they came; None where it is nothing of fraud.

    The stage that the case came to decides. A chargeback for fraud that the merchant won by evidence was the
    cardholder's own payment; one that the issuer took back is cleared.
    """
    ordered = sorted(case, key=_progress)
    claims = [report.claim for report in ordered if report.claim is not Claim.UNKNOWN]
    if not claims:
        return None
    last = ordered[-1]
    if last.kind is SchemeReportKind.FRAUD_WARNING:
        return Verdict(LabelKind.FRAUD_WARNING, last.stage is not CaseStage.WITHDRAWAL)
    if claims[-1] is Claim.THIRD_PARTY_FRAUD:
        return _of_fraud(last)
    if Claim.THIRD_PARTY_FRAUD in claims:
        # It went on for another reason: what was said of fraud is taken back.
        return Verdict(LabelKind.CHARGEBACK, is_fraud=False)
    return Verdict(LabelKind.SERVICE_DISPUTE, is_fraud=False) if claims[-1] is Claim.SERVICE_DISPUTE else None


def label_after(case: Sequence[SchemeReport], report: SchemeReport) -> Label | None:
    """The label that a report adds to what was reported of its case before; None where it says nothing new."""
    before, after = verdict_of(case), verdict_of([*case, report])
    if after is None or after == before:
        return None
    return Label(
        merchant_id=report.merchant_id,
        test_mode=report.test_mode,
        transaction_id=report.transaction_id,
        kind=after.kind,
        is_fraud=after.is_fraud,
        occurred_at=report.occurred_at,
        received_at=report.received_at,
        # Each step has its own: what a later one says again is a label of its own.
        source=f"{report.network}:{report.case_id}:{report.stage}",
    )


def strongest(labels: Iterable[Label]) -> dict[PaymentName, Label]:
    """Of each payment the label that stands; `labels` come in the order in which they became known.

    The scheme's word beats a person's: a chargeback's newest (so one that was won clears the payment), else a fraud
    warning's, else that the cardholder complains of what was bought, else the newest of verdict and clearing.
    """
    found: dict[PaymentName, Label] = {}
    for label in labels:
        name = (label.merchant_id, label.test_mode, label.transaction_id)
        if name not in found or rank_of(label.kind) >= rank_of(found[name].kind):
            found[name] = label
    return found


def standing(labels: Labels, as_of: datetime) -> dict[PaymentName, Label]:
    """The label that stands for each payment, by what was known at `as_of`. Raises LedgerUnavailable."""
    return strongest(labels.labels_as_of(as_of))


def rank_of(kind: LabelKind) -> int:
    """How much a label of this kind weighs against another one of the same payment."""
    return _RANKS.get(kind, 0)


def _of_fraud(last: SchemeReport) -> Verdict:
    if last.stage is CaseStage.REVERSAL:
        return Verdict(LabelKind.CHARGEBACK, is_fraud=False)
    if last.result is CaseResult.WON:
        return Verdict(LabelKind.FIRST_PARTY_MISUSE, is_fraud=False)
    return Verdict(LabelKind.CHARGEBACK, is_fraud=True)


def _progress(report: SchemeReport) -> tuple[int, bool]:
    return STAGES[report.kind].index(report.stage), report.is_settled
