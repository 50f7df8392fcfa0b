"""Ports of the ledger: the durable record of decisions, outcomes, labels and the schemes' reports.

All else can be rebuilt from it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from engine.outcome import Outcome
from engine.payment import PaymentKey
from engine.scheme_report import SchemeReport, SchemeReportKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One decision as recorded, in one transaction with its idempotency key; never changed afterwards.

    `sequence` is the order in which the counters observed the payment and `counted_at` the time that they counted it
    at: all stages of one payment carry those of the first, for it is counted once. `fingerprint` is the SHA-256 of
    the request's canonical body; `payment` and `decision` are canonical JSON, `answer` the bytes that were sent.

    `supersedes` is the earlier payment of this merchant and mode that this one replaces. It is None where the request
    named none, or one that the ledger did not hold (`Ledger.holds`) when this one was decided: so it says what was
    taken out of the counters, and a rebuild that leaves out `Ledger.superseded` counts what was counted then.
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
    supersedes: str | None = None


KEYS_A_DECISION_MAX: Final = 20
"""How many idempotency keys a decision has at most beside the one that it was first asked for with."""

PaymentName = tuple[str, bool, str]
"""A payment, all its stages: the merchant's id, whether it is test mode, and the transaction id."""

NoteDamaged = Callable[[str], None]
"""Told the id of each decision whose record cannot be read."""


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
        """The decision that the caller's idempotency key names at that merchant, else that of the payment's key."""

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        """Record durably; the first writer of a key wins, and the winner is returned.

        Raises LedgerUnavailable where it could not be made durable; then nothing was recorded.
        """

    async def remember_key(self, idempotency_key: str, record: DecisionRecord) -> DecisionRecord:
        """Keep durably that this key too names a recorded decision; what the key names then: the first one stands.

        Beyond KEYS_A_DECISION_MAX it is not kept, and the decision is returned all the same: a client that makes a
        key for each retry must not fill the disk. Raises LedgerUnavailable where it could not be made durable.
        """

    async def get(self, decision_id: str) -> DecisionRecord | None:
        """The decision of this id."""

    async def of_transaction(
        self, merchant_id: str, transaction_id: str, *, test_mode: bool
    ) -> Sequence[DecisionRecord]:
        """The decisions of all stages of a payment, oldest first."""

    async def holds(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> bool:
        """Whether any stage of a payment was decided."""

    async def holds_many(self, merchant_id: str | None, count: int, *, test_mode: bool) -> bool:
        """Whether at least so many decisions are kept, of one merchant or of all."""

    async def superseded_by(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> str | None:
        """The transaction id of the newest payment that replaces this one."""

    def superseded(self, merchant_id: str | None = None) -> Iterator[PaymentName]:
        """Every payment, of one merchant or all, that another replaced: neither it nor its events are counted."""

    def recent(self, window: timedelta) -> Iterator[DecisionRecord]:
        """Every decision received within `window` before its merchant's and mode's newest, in the order of observe.

        The superseded are among them, for their times are times that were taken.
        """

    def recent_of(self, merchant_id: str, window: timedelta) -> Iterator[DecisionRecord | None]:
        """As `recent`, one merchant's alone, in small steps: None is a step that found nothing, to pause at.

        Whoever reads on the event loop can so let others have their turn, however much the ledger holds of others.
        """

    def between(
        self, start: datetime, end: datetime, merchant_id: str | None = None, *, damaged: NoteDamaged | None = None
    ) -> Iterator[DecisionRecord]:
        """Every decision received from `start` until before `end`, of one merchant or all, in the order of observe.

        A record that cannot be read is told to `damaged` and left out; where nobody is to be told it ends the reading.
        """

    def keep_version(self, kind: VersionKind, version: str, content: bytes) -> None:
        """Keep durably what a version that decisions name consists of; once kept it never changes."""

    def version(self, kind: VersionKind, version: str) -> bytes | None:
        """What a version consists of."""

    async def check(self) -> None:
        """Raise LedgerUnavailable where a decision could not be recorded now; free where one just was."""


class Outcomes(Protocol):
    """Where outcomes are recorded. An outcome returned by `append` survives kill -9 and a power cut."""

    async def find(self, decision: DecisionRecord, fingerprint: bytes, idempotency_key: str | None) -> Outcome | None:
        """What was reported under the caller's idempotency key of that merchant, else of this decision in this body."""

    async def append(self, outcome: Outcome) -> Outcome:
        """Record durably; the first under a caller's key, or of a decision and body, wins and is returned.

        Raises LedgerUnavailable where it could not be made durable; then nothing was recorded.
        """

    async def of_decision(self, decision: DecisionRecord, *, after: str | None, limit: int) -> Sequence[Outcome]:
        """The outcomes of a decision as they were recorded, from behind the one of the id `after` on.

        Raises ValueError where `after` is none of them.
        """

    async def of_transaction(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> Sequence[Outcome]:
        """The outcomes of all decisions of a payment, by id."""

    def recent(self, window: timedelta) -> Iterator[tuple[Outcome, DecisionRecord]]:
        """Every outcome received within `window` before the newest of its merchant and mode, with its decision.

        The newest is of payments and outcomes alike. In the order of receipt; those of superseded payments are among
        them, for their times are times that were taken.
        """

    def recent_of(self, merchant_id: str, window: timedelta) -> Iterator[tuple[Outcome, DecisionRecord] | None]:
        """As `recent`, one merchant's alone, in small steps: None is a step that found nothing, to pause at."""


class LabelKind(StrEnum):
    """Where a label comes from."""

    CHARGEBACK = "chargeback"
    FRAUD_WARNING = "fraud_warning"
    CLEARED = "cleared"
    ANALYST_VERDICT = "analyst_verdict"
    FIRST_PARTY_MISUSE = "first_party_misuse"
    """The cardholder charged back, as fraud, a payment of her own; never third-party fraud."""
    SERVICE_DISPUTE = "service_dispute"
    """The cardholder paid, and complains of what was bought; never third-party fraud."""


NEVER_FRAUD: Final = frozenset({LabelKind.FIRST_PARTY_MISUSE, LabelKind.SERVICE_DISPUTE})
"""Kinds that say by themselves that it was not third-party fraud."""


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
    """Where labels are recorded. Each fact is kept once, and the first receipt is when it became known."""

    def record_labels(self, labels: Sequence[Label]) -> int:
        """Append the labels durably, each once; how many were new. It waits for the disk: for an import."""

    async def append_labels(self, labels: Sequence[Label]) -> int:
        """As `record_labels`, committed together with all that waits: for the event loop, which must not wait."""

    def labels_as_of(self, instant: datetime) -> Iterator[Label]:
        """Every label known at `instant`, oldest first: the only reader, so that no training sees the future."""

    async def labels_of(
        self, merchants: Collection[str] | None, instant: datetime, *, test_mode: bool, after: str | None, limit: int
    ) -> Sequence[tuple[str, Label]]:
        """As `labels_as_of`, a page of these merchants' (None: all), each with its cursor.

        The next page begins `after` the last one's. Raises ValueError where `after` is none of the cursors given.
        """


class SchemeReports(Protocol):
    """Where the reports of card schemes are recorded, each step of a case once.

    A report is matched once its case is an outcome of a decision (`SchemeReport.fingerprint`).
    """

    async def append_reports(self, reports: Sequence[SchemeReport], labels: Sequence[Label]) -> None:
        """Record durably, with the labels that follow: no report stands without its label. Raises LedgerUnavailable.

        A step that is recorded already stays as it is.
        """

    async def of_case(
        self, kind: SchemeReportKind, merchant_id: str, case_id: str, *, test_mode: bool
    ) -> Sequence[SchemeReport]:
        """The reports of a case, in the order of receipt."""

    async def unmatched_of(self, name: PaymentName) -> Sequence[SchemeReport]:
        """The reports of a payment that are not matched, in the order of receipt."""

    def unmatched(self) -> Iterator[PaymentName]:
        """Every payment that unmatched reports are of; one may come again."""

    async def are_matched(self, reports: Sequence[SchemeReport]) -> Sequence[bool]:
        """Whether each of these is matched."""

    async def page(
        self,
        kind: SchemeReportKind,
        merchants: Collection[str] | None,
        *,
        test_mode: bool,
        matched: bool | None,
        after: str | None,
        limit: int,
    ) -> Sequence[tuple[SchemeReport, bool]]:
        """At most `limit` reports of these merchants (None: all) behind the one of the id `after`, by receipt.

        Each with whether it is matched; `matched` asks for such alone. Raises ValueError where `after` is none of them.
        """
