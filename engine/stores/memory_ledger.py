"""A ledger and outcomes in this process's memory: for measuring what deciding costs without a disk, and for tests."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from engine.ledger import KEYS_A_DECISION_MAX, DecisionRecord, NoteDamaged, PaymentName, VersionKind
from engine.outcome import Outcome
from engine.payment import PaymentKey, Stage

_CallerKey = tuple[str, bool, str]


class MemoryLedger:
    """Keeps decisions as the ledger's port says, durability apart: they end with the process.

    No method awaits, so each is one step to all others of the event loop; threads must not share it.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, DecisionRecord] = {}
        self._by_key: dict[PaymentKey, DecisionRecord] = {}
        self._by_caller_key: dict[_CallerKey, DecisionRecord] = {}
        self._more_keys: Counter[str] = Counter()
        self._versions: dict[tuple[VersionKind, str], bytes] = {}
        self._superseded: dict[PaymentName, str] = {}

    def __len__(self) -> int:
        """How many decisions are kept."""
        return len(self._by_id)

    async def find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        """The decision under the caller's idempotency key, else under the payment's key."""
        return self._find(key, idempotency_key)

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        """Record; the first writer of a key wins, and the winner is returned."""
        winner = self._find(record.key, record.idempotency_key)
        if winner is not None:
            return winner
        self._by_id[record.id] = record
        self._by_key[record.key] = record
        if record.idempotency_key is not None:
            self._by_caller_key[_caller_key(record.key, record.idempotency_key)] = record
        if record.supersedes is not None:
            self._superseded[(*_scope(record), record.supersedes)] = record.key.transaction_id
        return record

    async def remember_key(self, idempotency_key: str, record: DecisionRecord) -> DecisionRecord:
        """Keep that this key names the decision too, unless it has too many; what the key names then."""
        key = _caller_key(record.key, idempotency_key)
        named = self._by_caller_key.get(key)
        if named is None and self._more_keys[record.id] < KEYS_A_DECISION_MAX:
            self._more_keys[record.id] += 1
            self._by_caller_key[key] = record
        return named or record

    async def get(self, decision_id: str) -> DecisionRecord | None:
        """The decision of this id."""
        return self._by_id.get(decision_id)

    async def of_transaction(
        self, merchant_id: str, transaction_id: str, *, test_mode: bool
    ) -> Sequence[DecisionRecord]:
        """The decisions of all stages of a payment, oldest first."""
        keys = [
            PaymentKey(merchant_id=merchant_id, test_mode=test_mode, transaction_id=transaction_id, stage=stage)
            for stage in Stage
        ]
        found = [self._by_key[key] for key in keys if key in self._by_key]
        return sorted(found, key=lambda record: record.at)

    async def holds(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> bool:
        """Whether any stage of a payment was decided."""
        return bool(await self.of_transaction(merchant_id, transaction_id, test_mode=test_mode))

    async def holds_many(self, merchant_id: str | None, count: int, *, test_mode: bool) -> bool:
        """Whether at least so many decisions are kept, of one merchant or of all."""
        found = [key for key in self._by_key if key.test_mode == test_mode and merchant_id in (None, key.merchant_id)]
        return len(found) >= count

    async def superseded_by(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> str | None:
        """The transaction id of the newest payment that replaces this one."""
        return self._superseded.get((merchant_id, test_mode, transaction_id))

    def superseded(self, merchant_id: str | None = None) -> Iterator[PaymentName]:
        """Every payment, of one merchant or all, that another one replaced."""
        return iter([name for name in self._superseded if merchant_id in (None, name[0])])

    def decision(self, decision_id: str) -> DecisionRecord:
        """The decision of this id, which is there."""
        return self._by_id[decision_id]

    def recent(self, window: timedelta) -> Iterator[DecisionRecord]:
        """Every decision received within `window` before the newest of its merchant and mode, in the order of observe.

        The window is open at its far end, as a velocity's is.
        """
        newest = self.newest()
        for record in sorted(self._by_id.values(), key=lambda each: each.sequence):
            if record.at > newest[_scope(record)] - window:
                yield record

    def recent_of(self, merchant_id: str, window: timedelta) -> Iterator[DecisionRecord | None]:
        """As `recent`, one merchant's alone; None where it looked at another's."""
        return (each if each.key.merchant_id == merchant_id else None for each in self.recent(window))

    def newest(self) -> dict[tuple[str, bool], datetime]:
        """The newest receipt time of a decision, by merchant and mode."""
        newest: dict[tuple[str, bool], datetime] = {}
        for record in self._by_id.values():
            scope = _scope(record)
            newest[scope] = max(record.at, newest.get(scope, record.at))
        return newest

    def between(
        self,
        start: datetime,
        end: datetime,
        merchant_id: str | None = None,
        *,
        damaged: NoteDamaged | None = None,  # noqa: ARG002 - nothing is packed here, so nothing is damaged
    ) -> Iterator[DecisionRecord]:
        """Every decision received from `start` until before `end`, in the order of observe."""
        for record in sorted(self._by_id.values(), key=lambda each: (each.sequence, each.at)):
            if start <= record.at < end and merchant_id in (None, record.key.merchant_id):
                yield record

    def keep_version(self, kind: VersionKind, version: str, content: bytes) -> None:
        """Keep what a version that decisions name consists of; once kept it never changes."""
        self._versions.setdefault((kind, version), content)

    def version(self, kind: VersionKind, version: str) -> bytes | None:
        """What a version consists of."""
        return self._versions.get((kind, version))

    def versions(self) -> Iterator[tuple[VersionKind, str, bytes]]:
        """Every version that is kept, with what it consists of."""
        return ((kind, version, content) for (kind, version), content in self._versions.items())

    def records(self) -> Iterator[DecisionRecord]:
        """Every decision, in the order of appending."""
        return iter(self._by_id.values())

    async def check(self) -> None:
        """Memory is always there."""

    def _find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        if idempotency_key is not None:
            found = self._by_caller_key.get(_caller_key(key, idempotency_key))
            if found is not None:
                return found
        return self._by_key.get(key)


class MemoryOutcomes:
    """Keeps outcomes of a ledger in memory as their port says, durability apart."""

    def __init__(self, ledger: MemoryLedger) -> None:
        """`ledger` holds the decisions that the outcomes are of."""
        self._ledger = ledger
        self._by_report: dict[tuple[str, bytes], Outcome] = {}
        self._by_caller_key: dict[_CallerKey, Outcome] = {}
        self._reports: set[tuple[PaymentName, bytes]] = set()

    def __len__(self) -> int:
        """How many outcomes are kept."""
        return len(self._by_report)

    def records(self) -> Iterator[Outcome]:
        """Every outcome, in the order of appending."""
        return iter(self._by_report.values())

    def holds(self, name: PaymentName, fingerprint: bytes) -> bool:
        """Whether any decision of the payment has an outcome of this fingerprint."""
        return (name, fingerprint) in self._reports

    async def find(self, decision: DecisionRecord, fingerprint: bytes, idempotency_key: str | None) -> Outcome | None:
        """The outcome under the caller's idempotency key, else of this decision in this body."""
        return self._find((decision.id, fingerprint), (*_scope(decision), idempotency_key or ""))

    async def append(self, outcome: Outcome) -> Outcome:
        """Record; the first writer of a key wins, and the winner is returned."""
        report = (outcome.decision_id, outcome.fingerprint)
        caller_key = (outcome.merchant_id, outcome.test_mode, outcome.idempotency_key or "")
        winner = self._find(report, caller_key)
        if winner is not None:
            return winner
        self._by_report[report] = outcome
        self._reports.add(((outcome.merchant_id, outcome.test_mode, outcome.transaction_id), outcome.fingerprint))
        if outcome.idempotency_key is not None:
            self._by_caller_key[caller_key] = outcome
        return outcome

    async def of_decision(self, decision: DecisionRecord, *, after: str | None, limit: int) -> Sequence[Outcome]:
        """The outcomes of a decision as they were recorded, from behind the one of the id `after` on.

        Raises ValueError where `after` is none of them.
        """
        found = [each for each in self._by_report.values() if each.decision_id == decision.id]
        start = 0 if after is None else [each.id for each in found].index(after) + 1
        return found[start : start + limit]

    async def of_transaction(self, merchant_id: str, transaction_id: str, *, test_mode: bool) -> Sequence[Outcome]:
        """The outcomes of all decisions of a payment, by id."""
        payment = (merchant_id, test_mode, transaction_id)
        outcomes = self._by_report.values()
        return _by_id([each for each in outcomes if (each.merchant_id, each.test_mode, each.transaction_id) == payment])

    def recent(self, window: timedelta) -> Iterator[tuple[Outcome, DecisionRecord]]:
        """Every outcome received within `window` before its merchant's and mode's newest, in the order of receipt."""
        newest = self._ledger.newest()
        outcomes = sorted(self._by_report.values(), key=lambda outcome: outcome.received_at)
        for outcome in outcomes:
            scope = (outcome.merchant_id, outcome.test_mode)
            newest[scope] = max(outcome.received_at, newest.get(scope, outcome.received_at))
        for outcome in outcomes:
            if outcome.received_at > newest[outcome.merchant_id, outcome.test_mode] - window:
                yield outcome, self._ledger.decision(outcome.decision_id)

    def recent_of(self, merchant_id: str, window: timedelta) -> Iterator[tuple[Outcome, DecisionRecord] | None]:
        """As `recent`, one merchant's alone; None where it looked at another's."""
        return (each if each[0].merchant_id == merchant_id else None for each in self.recent(window))

    def _find(self, report: tuple[str, bytes], caller_key: _CallerKey) -> Outcome | None:
        return self._by_caller_key.get(caller_key) or self._by_report.get(report)


def _by_id(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    return sorted(outcomes, key=lambda outcome: outcome.id)


def _caller_key(key: PaymentKey, idempotency_key: str) -> _CallerKey:
    return (key.merchant_id, key.test_mode, idempotency_key)


def _scope(record: DecisionRecord) -> tuple[str, bool]:
    return (record.key.merchant_id, record.key.test_mode)
