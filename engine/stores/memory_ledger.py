"""A ledger in this process's memory: for measuring what deciding costs without a disk, and for tests."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.ledger import DecisionRecord, VersionKind
from engine.payment import PaymentKey

_CallerKey = tuple[str, bool, str]


class MemoryLedger:
    """Keeps decisions as the ledger's port says, durability apart: they end with the process.

    No method awaits, so each is one step to all others of the event loop; threads must not share it.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, DecisionRecord] = {}
        self._by_key: dict[PaymentKey, DecisionRecord] = {}
        self._by_caller_key: dict[_CallerKey, DecisionRecord] = {}
        self._versions: dict[tuple[VersionKind, str], bytes] = {}

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
        return record

    async def get(self, decision_id: str) -> DecisionRecord | None:
        """The decision of this id."""
        return self._by_id.get(decision_id)

    def recent(self, window: timedelta) -> Iterator[DecisionRecord]:
        """Every decision received within `window` before the newest of its merchant and mode, in the order of observe.

        The window is open at its far end, as a velocity's is.
        """
        newest: dict[tuple[str, bool], datetime] = {}
        for record in self._by_id.values():
            scope = _scope(record)
            newest[scope] = max(record.at, newest.get(scope, record.at))
        for record in sorted(self._by_id.values(), key=lambda each: each.sequence):
            if record.at > newest[_scope(record)] - window:
                yield record

    def keep_version(self, kind: VersionKind, version: str, content: bytes) -> None:
        """Keep what a version that decisions name consists of; once kept it never changes."""
        self._versions.setdefault((kind, version), content)

    def version(self, kind: VersionKind, version: str) -> bytes | None:
        """What a version consists of."""
        return self._versions.get((kind, version))

    async def check(self) -> None:
        """Memory is always there."""

    def _find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        if idempotency_key is not None:
            found = self._by_caller_key.get(_caller_key(key, idempotency_key))
            if found is not None:
                return found
        return self._by_key.get(key)


def _caller_key(key: PaymentKey, idempotency_key: str) -> _CallerKey:
    return (key.merchant_id, key.test_mode, idempotency_key)


def _scope(record: DecisionRecord) -> tuple[str, bool]:
    return (record.key.merchant_id, record.key.test_mode)
