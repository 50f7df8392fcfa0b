"""Ports of the ledger: the durable record of decisions and labels, from which everything else can be rebuilt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from engine.payment import PaymentKey


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One decision as recorded, in one transaction with its idempotency key; never changed afterwards.

    `sequence` is the order in which the counters observed the payment and `counted_at` the time that they counted it
    at: all stages of one payment carry those of the first, for it is counted once. `fingerprint` is the SHA-256 of
    the request's canonical body; `payment` and `decision` are canonical JSON, `answer` the bytes that were sent.
    """

    id: str
    key: PaymentKey
    at: datetime
    sequence: int
    counted_at: datetime
    idempotency_key: str | None
    fingerprint: bytes
    payment: bytes
    decision: bytes
    answer: bytes


class VersionKind(StrEnum):
    """What decisions name by version and the ledger keeps, so that each can be explained and replayed (law 7)."""

    SNAPSHOT = "snapshot"
    """All the versions that a decision was made by; the record names this one."""
    CATALOG = "catalog"
    RULESET = "ruleset"
    POLICY = "policy"
    MODEL = "model"


class Ledger(Protocol):
    """Where decisions are recorded. A record returned by `append` survives kill -9 and a power cut."""

    async def find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        """The decision recorded under the payment's key or under the caller's idempotency key of that merchant."""

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        """Record durably; the first writer of a key wins, and the winner is returned.

        Raises LedgerUnavailable where it could not be made durable; then nothing was recorded.
        """

    async def get(self, decision_id: str) -> DecisionRecord | None:
        """The decision of this id."""

    def recent(self, window: timedelta) -> Iterator[DecisionRecord]:
        """Every decision received within `window` before its merchant's and mode's newest, in the order of observe."""

    def keep_version(self, kind: VersionKind, version: str, content: bytes) -> None:
        """Keep durably what a version that decisions name consists of; once kept it never changes."""

    def version(self, kind: VersionKind, version: str) -> bytes | None:
        """What a version consists of."""

    async def check(self) -> None:
        """Raise LedgerUnavailable where a decision could not be recorded now; free where one just was."""


class LabelKind(StrEnum):
    """Where a label comes from."""

    CHARGEBACK = "chargeback"
    FRAUD_WARNING = "fraud_warning"
    CLEARED = "cleared"
    ANALYST_VERDICT = "analyst_verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What proved true of a payment, when it happened, and when it became known. Append-only."""

    merchant_id: str
    test_mode: bool
    transaction_id: str
    kind: LabelKind
    is_fraud: bool
    occurred_at: datetime
    received_at: datetime
    source: str


class Labels(Protocol):
    """Where labels are recorded."""

    def record_labels(self, labels: Sequence[Label]) -> int:
        """Append the labels durably, each once; how many were new."""

    def labels_as_of(self, instant: datetime) -> Iterator[Label]:
        """Every label known at `instant`, oldest first: the only reader, so that no training sees the future."""
