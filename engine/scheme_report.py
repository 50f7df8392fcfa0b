"""What card schemes report against payments: chargebacks, step by step, and fraud warnings (TC40, SAFE).

A case is one dispute, or one warning, under the scheme's own id; each report tells one step of it. Append-only.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SchemeReportKind(StrEnum):
    """What is reported."""

    CHARGEBACK = "chargeback"
    FRAUD_WARNING = "fraud_warning"
    """The issuer's notice of fraud, which moves no money: Visa's TC40, Mastercard's SAFE."""


class CaseStage(StrEnum):
    """How far a case is: those of a chargeback in their order, then those of a fraud warning."""

    CHARGEBACK = "chargeback"
    """The issuer charges the payment back for the first time."""
    REPRESENTMENT = "representment"
    """The merchant presents the payment again, with evidence."""
    PRE_ARBITRATION = "pre_arbitration"
    ARBITRATION = "arbitration"
    REVERSAL = "reversal"
    """The issuer takes the chargeback back."""
    WARNING = "warning"
    WITHDRAWAL = "withdrawal"
    """The issuer takes the warning back."""


STAGES = {
    SchemeReportKind.CHARGEBACK: (
        CaseStage.CHARGEBACK,
        CaseStage.REPRESENTMENT,
        CaseStage.PRE_ARBITRATION,
        CaseStage.ARBITRATION,
        CaseStage.REVERSAL,
    ),
    SchemeReportKind.FRAUD_WARNING: (CaseStage.WARNING, CaseStage.WITHDRAWAL),
}
"""The stages of each kind, first to last."""


class CaseResult(StrEnum):
    """How a stage ended, for the merchant."""

    WON = "won"
    LOST = "lost"


class Claim(StrEnum):
    """What a report claims of the payment, by its reason code."""

    THIRD_PARTY_FRAUD = "third_party_fraud"
    """The cardholder had no part in it."""
    SERVICE_DISPUTE = "service_dispute"
    """The cardholder paid, and complains of what was bought."""
    OTHER = "other"
    """An error of processing or authorization: it says nothing of who paid."""
    UNKNOWN = "unknown"
    """The code is not known, or says fraud of a kind that a person has to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeReport:
    """One step of a case, as it was reported. `received_at` is when it became known: what velocities and labels count.

    `result` is how the stage ended; None: it is open, or ends at once. `reason_code` is the network's, of a warning the
    type of fraud; None: not said. `claim` is what the code meant when it was received. `amount_minor` are minor units
    of `currency`, which may be the cardholder's and not the payment's. `case_id` is the scheme's or the acquirer's.
    """

    id: str
    kind: SchemeReportKind
    merchant_id: str
    test_mode: bool
    transaction_id: str
    case_id: str
    stage: CaseStage
    result: CaseResult | None
    network: str
    reason_code: str | None
    claim: Claim
    amount_minor: int
    currency: str
    occurred_at: datetime
    received_at: datetime

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of what names the case: all its reports are one outcome of the payment."""
        return hashlib.sha256(f"{self.kind}\0{self.case_id}".encode()).digest()

    @property
    def is_settled(self) -> bool:
        """Whether the stage's result is said."""
        return self.result is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """What a report says otherwise than an earlier one of its case: in which field, and how to mend it."""

    field: str
    detail: str


_OF_THE_CASE = ("transaction_id", "network")
_OF_THE_STEP = ("reason_code", "amount_minor", "currency", "occurred_at")


def same_step(case: Sequence[SchemeReport], report: SchemeReport) -> SchemeReport | None:
    """The report of the case that told this step already: the stage, open or with its result."""
    return next((each for each in case if (each.stage, each.is_settled) == (report.stage, report.is_settled)), None)


def contradictions(case: Sequence[SchemeReport], report: SchemeReport) -> Iterator[Contradiction]:
    """What of a report cannot be true beside what was reported of its case before; nothing where it can."""
    for name in _OF_THE_CASE:
        if any(getattr(each, name) != getattr(report, name) for each in case):
            detail = "This case was reported with another one. Send what it was reported with, or the case's own id."
            yield Contradiction(field=name, detail=detail)
    results = {each.result for each in case if each.stage is report.stage and each.is_settled}
    if report.is_settled and results - {report.result}:
        detail = "This stage was reported with the other result. What a later stage decided is sent as that stage."
        yield Contradiction(field="result", detail=detail)
    standing = same_step(case, report)
    if standing is not None:
        for name in _OF_THE_STEP:
            if getattr(standing, name) != getattr(report, name):
                detail = "This stage of the case was reported with another one, and no report is changed."
                is_type = name == "reason_code" and report.kind is SchemeReportKind.FRAUD_WARNING
                yield Contradiction(field="fraud_type" if is_type else name, detail=detail)
