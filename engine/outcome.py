"""Outcomes: what happened to a payment after its decision; each an event of its own at its receipt time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OutcomeKind(StrEnum):
    """What happened."""

    AUTHORIZED = "authorized"
    DECLINED = "declined"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    CHECKED = "checked"
    """No change of state: results of AVS, CVV or 3-D Secure that came after the decision."""
    DISPUTED = "disputed"
    """Its cardholder's bank began a chargeback; made of the first report of each case, never reported as an outcome."""
    FRAUD_WARNING = "fraud_warning"
    """Its cardholder's bank warned of fraud; as of a chargeback."""


OF_SCHEMES = frozenset({OutcomeKind.DISPUTED, OutcomeKind.FRAUD_WARNING})
"""Kinds that are made of what a card scheme reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One outcome of the payment behind a decision, as reported. Append-only; never changed afterwards.

    `occurred_at` is when it happened by the caller's clock (None: not said), `received_at` when we learnt it: the time
    that velocities count it at. `fingerprint` is the SHA-256 of the report's canonical body: the same report again is
    the same outcome. `details` is canonical JSON of what else was said (decline code, amounts, AVS, CVV, 3-D Secure).
    """

    id: str
    decision_id: str
    merchant_id: str
    test_mode: bool
    transaction_id: str
    kind: OutcomeKind
    occurred_at: datetime | None
    received_at: datetime
    idempotency_key: str | None
    fingerprint: bytes
    details: bytes
    answer: bytes
