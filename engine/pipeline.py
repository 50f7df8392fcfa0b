"""The Pipeline: gather, decide, record. The one orchestrator; it knows ports alone.

A payment comes with its receipt time, `payment.at`: the edge's clock, or the event's own time in an import.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from engine.catalog import CATALOG, SCORE_FEATURES
from engine.decide import Snapshot, decide
from engine.decision import Decision
from engine.enrichment import enrich
from engine.errors import IdempotencyInProgress, IdempotencyKeyReused, LedgerUnavailable
from engine.features import Features, Value
from engine.ledger import DecisionRecord, Ledger
from engine.payment import EPOCH, MICROSECOND, Payment, PaymentKey, Stage
from engine.payment_record import payment_bytes
from engine.velocity import Counters, Observation, Reading

_NO_SCORE_YET: tuple[Value, ...] = (None,) * len(SCORE_FEATURES)
_NANOSECONDS_PER_MS = 1_000_000
DOUBT_SECONDS = 60.0
"""How long a counted payment may be absent from the ledger before it is taken back."""


class Snapshots(Protocol):
    """Where the bundle in force is found."""

    def of(self, merchant_id: str) -> Snapshot:
        """The merchant's snapshot; one call pins one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What the edge renders an answer from: the record's id, the payment and decision, and the stages' times."""

    id: str
    payment: Payment
    decision: Decision
    timing_ms: Mapping[str, float]
    is_recorded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call for a decision: the payment and how it was asked.

    `fingerprint` tells equal bodies from others; `budget_ms` bounds the wait for an equal call under way;
    `render` makes the answer's bytes, which are stored and sent again as they are.
    """

    payment: Payment
    fingerprint: bytes
    render: Callable[[Outline], bytes]
    idempotency_key: str | None = None
    is_dry_run: bool = False
    budget_ms: int = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back to the caller; `is_replayed` says that it was decided by an earlier call."""

    body: bytes
    decision_id: str
    is_replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """Everything known about one payment before it is decided."""

    payment: Payment
    snapshot: Snapshot
    features: Features
    reading: Reading
    moments_ns: tuple[int, int, int]


class Pipeline:
    """Decides calls. Every store, clock and snapshot is handed in."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        counters: Counters,
        snapshots: Snapshots,
        monotonic_ns: Callable[[], int],
        new_id: Callable[[datetime], str],
        doubt_seconds: float = DOUBT_SECONDS,
    ) -> None:
        """`new_id` makes a decision's id from its receipt time, and ids sort by time: the ledger's index grows flat.

        `monotonic_ns` is the clock of the timings: nanoseconds since some fixed moment, never going back.
        """
        self._ledger = ledger
        self._counters = counters
        self._snapshots = snapshots
        self._monotonic_ns = monotonic_ns
        self._new_id = new_id
        self._doubt_seconds = doubt_seconds
        self._settling: set[asyncio.Future[None]] = set()
        self._in_flight: dict[object, list[asyncio.Future[DecisionRecord]]] = {}
        self._last_at: dict[tuple[str, bool], datetime] = {}

    def restore_times(self, last_at: Mapping[tuple[str, bool], datetime]) -> None:
        """The newest receipt time of each merchant and mode, so that time does not go back over a restart."""
        self._last_at.update(last_at)

    async def decide(self, call: Call) -> Answer:
        """The answer to a call, recorded before it is returned; an equal call again gets the same bytes.

        Raises IdempotencyKeyReused, IdempotencyInProgress or LedgerUnavailable; then nothing new was recorded.
        """
        if call.is_dry_run:
            return await self._rehearse(call)
        payment_key = call.payment.key
        keys = _keys(payment_key, call.idempotency_key)
        for key in keys:
            if key in self._in_flight:
                waited = await self._wait(key, call)
                # The other key may be known for another payment.
                found = await self._ledger.find(payment_key, call.idempotency_key)
                return _replay(found or waited, call.fingerprint)
        for key in keys:
            self._in_flight[key] = []
        record: DecisionRecord | None = None
        try:
            record = await self._ledger.find(payment_key, call.idempotency_key)
            if record is not None:
                return _replay(record, call.fingerprint)
            written, is_counted = await self._make(call)
            # What it was made from goes while it is still at hand: tens of calls wait for one commit.
            del call
            record = await self._append(written, is_counted=is_counted)
        finally:
            self._release(keys, record)
        if record.id != written.id:
            return _replay(record, written.fingerprint)
        return Answer(body=record.answer, decision_id=record.id, is_replayed=False)

    async def _make(self, call: Call) -> tuple[DecisionRecord, bool]:
        """The record of a new decision, and whether its payment was counted for it."""
        # Nothing is awaited between this and `observe`, so observe sees non-decreasing times (law 2).
        payment = self._in_time(call.payment)
        self._last_at[payment.merchant_id, payment.test_mode] = payment.at
        gathered = await self._gather(payment, self._counters.observe)
        is_made = False
        try:
            record = self._record(gathered, call)
            is_made = True
        finally:
            if gathered.reading.is_counted and not is_made:
                await self._forget(payment.key)
        return record, gathered.reading.is_counted

    async def _append(self, written: DecisionRecord, *, is_counted: bool) -> DecisionRecord:
        """What stands after writing: another record, where another writer was first."""
        try:
            standing = await self._ledger.append(written)
        except (asyncio.CancelledError, LedgerUnavailable):
            # The caller hung up, or the ledger failed: whether the record is on disk is not known yet.
            self._doubt(written.key)
            raise
        if is_counted and standing.key.transaction_id != written.key.transaction_id:
            await self._forget(written.key)
        return standing

    async def _forget(self, key: PaymentKey) -> None:
        await self._counters.forget(key.merchant_id, test_mode=key.test_mode, payment_id=key.transaction_id)

    def _doubt(self, key: PaymentKey) -> None:
        """Look after a while whether the payment was recorded, and take it back where it was not (law 2)."""
        asyncio.get_running_loop().call_later(self._doubt_seconds, self._begin_settling, key)

    def _begin_settling(self, key: PaymentKey) -> None:
        task = asyncio.ensure_future(self._settle_doubt(key))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle_doubt(self, key: PaymentKey) -> None:
        keys = [replace(key, stage=stage) for stage in Stage]
        try:
            found = [await self._ledger.find(stage, None) for stage in keys]
        except LedgerUnavailable:
            # Only time in which the ledger answers counts.
            self._doubt(key)
            return
        if any(stage in self._in_flight for stage in keys):
            self._doubt(key)
        elif not any(found):
            await self._forget(key)

    async def _rehearse(self, call: Call) -> Answer:
        gathered = await self._gather(self._in_time(call.payment), self._counters.read)
        outline = self._outline(gathered, is_recorded=False)
        return Answer(body=call.render(outline), decision_id=outline.id, is_replayed=False)

    async def _gather(self, payment: Payment, count: Callable[[Observation], Awaitable[Reading]]) -> _Gathered:
        started = self._monotonic_ns()
        snapshot = self._snapshots.of(payment.merchant_id)
        enriched, causes = enrich(payment, snapshot.reference)
        seen = observation(payment, enriched)
        enriched_at = self._monotonic_ns()
        reading = await count(seen)
        return _Gathered(
            payment=payment,
            snapshot=snapshot,
            features=Features(CATALOG, (*enriched.values(), *reading.values, *_NO_SCORE_YET), causes),
            reading=reading,
            moments_ns=(started, enriched_at, self._monotonic_ns()),
        )

    def _outline(self, gathered: _Gathered, *, is_recorded: bool) -> Outline:
        decision = decide(gathered.payment, gathered.features, gathered.snapshot)
        moments = (*gathered.moments_ns, self._monotonic_ns())
        steps = zip(("enrich", "velocity", "decide"), pairwise(moments), strict=True)
        timing_ms = {step: _ms(end - begin) for step, (begin, end) in steps}
        return Outline(
            id=self._new_id(gathered.payment.at),
            payment=gathered.payment,
            decision=decision,
            timing_ms={**timing_ms, "total": _ms(moments[-1] - moments[0])},
            is_recorded=is_recorded,
        )

    def _record(self, gathered: _Gathered, call: Call) -> DecisionRecord:
        outline = self._outline(gathered, is_recorded=True)
        return DecisionRecord(
            id=outline.id,
            key=outline.payment.key,
            at=outline.payment.at,
            sequence=gathered.reading.sequence,
            counted_at=EPOCH + gathered.reading.counted_at_us * MICROSECOND,
            idempotency_key=call.idempotency_key,
            fingerprint=call.fingerprint,
            payment=payment_bytes(outline.payment),
            decision=outline.decision.canonical(),
            answer=call.render(outline),
        )

    def _in_time(self, payment: Payment) -> Payment:
        """The payment at its receipt time, or at the newest of its merchant and mode where a clock went back."""
        last = self._last_at.get((payment.merchant_id, payment.test_mode))
        return payment if last is None or last <= payment.at else payment.received(last)

    async def _wait(self, key: object, call: Call) -> DecisionRecord:
        waiter: asyncio.Future[DecisionRecord] = asyncio.get_running_loop().create_future()
        self._in_flight[key].append(waiter)
        try:
            done, _ = await asyncio.wait({waiter}, timeout=call.budget_ms / 1000)
        finally:
            if not waiter.done():
                waiter.cancel()
        if not done:
            message = "An equal call is being decided; retry after the time given."
            raise IdempotencyInProgress(message)
        return waiter.result()

    def _release(self, keys: tuple[object, ...], record: DecisionRecord | None) -> None:
        for key in keys:
            for waiter in self._in_flight.pop(key):
                if waiter.done():
                    continue
                if record is None:
                    waiter.set_exception(IdempotencyInProgress("The call that decided this ended without an answer."))
                else:
                    waiter.set_result(record)


def observation(payment: Payment, enriched: Mapping[str, Value]) -> Observation:
    """One payment as the counters see it."""
    return Observation(
        payment_id=payment.transaction_id,
        merchant_id=payment.merchant_id,
        test_mode=payment.test_mode,
        at_us=payment.at_us,
        values=enriched,
    )


def _keys(payment_key: PaymentKey, idempotency_key: str | None) -> tuple[object, ...]:
    if idempotency_key is None:
        return (payment_key,)
    return (payment_key, (payment_key.merchant_id, payment_key.test_mode, idempotency_key))


def _replay(record: DecisionRecord, fingerprint: bytes) -> Answer:
    if record.fingerprint != fingerprint:
        message = "This key was used with another body; send a new transaction_id or the body as it was."
        raise IdempotencyKeyReused(message)
    return Answer(body=record.answer, decision_id=record.id, is_replayed=True)


def _ms(nanoseconds: int) -> float:
    return round(nanoseconds / _NANOSECONDS_PER_MS, 3)
