"""A pipeline over the real store, and stores that fail or dawdle, for the tests of the Pipeline."""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from api.clock import new_decision_id
from engine.catalog import CATALOG
from engine.deadline import Clock
from engine.decide import Snapshot
from engine.decision import recorded_decision
from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord, VersionKind
from engine.payment import Card, Device, Email, Payment
from engine.pipeline import Answer, Call, Outline, Pipeline
from engine.rebuild import rebuild
from engine.receipt import ReceiptTimes
from engine.stores.memory import MemoryCounters
from engine.stores.sql import Store, open_store
from engine.velocity import VELOCITIES

PATIENT_MS = 60_000
"""The budget of a call in a test that is not about time: on two shared cores a deadline measures the neighbours."""

START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
Make = Callable[..., Payment]


class OneSnapshot:
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def of(self, merchant_id: str) -> Snapshot:
        assert merchant_id
        return self.snapshot


class House:
    """A store with a pipeline over it, which can be closed and opened again."""

    def __init__(self, folder: Path, snapshot: Snapshot) -> None:
        self.folder, self.snapshot = folder, snapshot
        self.now = START
        self.open()

    def open(self) -> None:
        self.store: Store = open_store(self.folder)
        versions = self.snapshot.versions
        self.store.ledger.keep_version(VersionKind.SNAPSHOT, versions.id, versions.content())
        self.store.ledger.keep_version(VersionKind.CATALOG, CATALOG.fingerprint, CATALOG.content())
        self.counters = MemoryCounters(VELOCITIES)
        self.times = ReceiptTimes()
        self.pipeline = self.pipeline_over(self.store.ledger)
        last_at: dict[tuple[str, bool], datetime] = {}
        self.counters.restore(rebuild(self.store.ledger, self.store.outcomes, VELOCITIES, last_at))
        self.times.restore(last_at)

    def pipeline_over(self, ledger: Any, counters: Any = None, clock: Clock = time.perf_counter_ns) -> Pipeline:
        return Pipeline(
            ledger=ledger,
            outcomes=self.store.outcomes,
            counters=counters or self.counters,
            snapshots=OneSnapshot(self.snapshot),
            times=self.times,
            monotonic_ns=clock,
            new_id=new_decision_id,
            doubt_seconds=0,
        )

    async def decide(self, payment: Payment, **asked: Any) -> Answer:
        return await self.pipeline.decide(call(payment.received(self.now), **asked))

    async def features(self, payment: Payment) -> dict[str, Any]:
        answer = await self.decide(payment)
        record = await self.store.ledger.get(answer.decision_id)
        assert record is not None
        values = recorded_decision(record.decision).values
        return dict(zip((each.name for each in CATALOG), values, strict=True))


def call(payment: Payment, **asked: Any) -> Call:
    body = f"{payment.transaction_id} {payment.order.amount_minor} {payment.stage}"
    given = {"budget_ms": PATIENT_MS, "render": render, **asked}
    return Call(payment=payment, fingerprint=hashlib.sha256(body.encode()).digest(), **given)


def render(outline: Outline) -> bytes:
    return orjson.dumps({"id": outline.id, "action": outline.decision.action, "timing_ms": dict(outline.timing_ms)})


def on_one_card(make_payment: Make, number: int, **fields: Any) -> Payment:
    return make_payment(
        transaction_id=f"tx-{number}",
        card=Card(token="tok_hot"),
        email=Email(address=f"shopper{number}@example.com"),
        device=Device(ip_address="73.15.20.30"),
        **fields,
    )


class FailingLedger:
    """The real ledger, whose appends fail for a while."""

    def __init__(self, ledger: Any, failures: int) -> None:
        self.ledger, self.failures = ledger, itertools.count(failures, -1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        if next(self.failures) > 0:
            raise LedgerUnavailable("no space")
        written: DecisionRecord = await self.ledger.append(record)
        return written


async def doubts_are_settled() -> None:
    """The tests' pipelines doubt for no time at all: the loop has but to go round."""
    for _ in range(20):
        await asyncio.sleep(0.001)


class SlowLedger:
    """The real ledger, whose appends wait for the word."""

    def __init__(self, ledger: Any) -> None:
        self.ledger, self.word = ledger, asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        await self.word.wait()
        written: DecisionRecord = await self.ledger.append(record)
        return written
