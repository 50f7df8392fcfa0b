"""The Pipeline: gather, decide, record. The one orchestrator; it knows ports alone.

A payment comes with its receipt time, `payment.at`: the edge's clock, or the event's own time in an import. Each call
has a deadline, and each stage of it a cap: what does not come in time is unknown, with its cause, and the decision says
so in `degraded`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from engine.catalog import SCORE_FEATURES, related
from engine.correction import Correction, NotReplaced, correction
from engine.counting import DOUBT_SECONDS, LOOK_UP_MS_MAX, Counted, Counting, Lack
from engine.deadline import Clock, Deadline, OutOfTime, durable_within, within
from engine.decide import Snapshot, decide
from engine.decision import Action, Decision
from engine.enrichment import Named
from engine.enrichment.enriching import enriched
from engine.enrichment.mail_exchange import MailExchanges, Told, told
from engine.errors import IdempotencyKeyReused, LedgerUnavailable
from engine.features import Features, Value
from engine.in_flight import InFlight
from engine.ledger import DecisionRecord, Ledger, Outcomes
from engine.payment import EPOCH, MICROSECOND, Payment, PaymentKey
from engine.payment_record import payment_bytes
from engine.receipt import ReceiptTimes
from engine.velocity import VELOCITIES, Counters, Observation, Reading

COMMIT_RESERVE_MS: Final = 5
"""What a commit takes at least: with no more than this left, a decision is made without a score, as a late one."""
LATE_COMMIT_SECONDS: Final = 0.06
"""How long a decision that is late already, and says so, may take to become durable."""

_NO_SCORE_YET: Final[tuple[Value, ...]] = (None,) * len(SCORE_FEATURES)
_TIMED: Final = ("enrich", "velocity", "decide", "total")
_THOUSAND: Final = 1_000


class Snapshots(Protocol):
    """Where the bundle in force is found."""

    def of(self, merchant_id: str) -> Snapshot:
        """The merchant's snapshot; one call pins one."""


class Outline(NamedTuple):
    """What the edge renders an answer from: the record's id, the payment and decision, and the stages' times.

    `not_replaced` says why the payment that this one names to be replaced is counted on.
    """

    id: str
    payment: Payment
    decision: Decision
    timing_ms: Mapping[str, float]
    is_recorded: bool
    not_replaced: NotReplaced | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call for a decision: the payment and how it was asked; `fingerprint` tells equal bodies from others.

    The answer is due `budget_ms` after the request was received. `render` makes its bytes, which are stored and sent
    again as they are. `groups` are the payment's as `payment_bytes` takes them, where the edge has them at hand.
    """

    payment: Payment
    fingerprint: bytes
    render: Callable[[Outline], bytes]
    idempotency_key: str | None = None
    is_dry_run: bool = False
    budget_ms: int = 150
    groups: Mapping[str, Any] | None = None


class Answer(NamedTuple):
    """What goes back to the caller; `is_replayed` says that it was decided by an earlier call.

    `is_late` says that the call's deadline had passed by then: the bytes are those stored, and do not tell.
    """

    body: bytes
    decision_id: str
    is_replayed: bool
    is_late: bool


class _Gathered(NamedTuple):
    """Everything known about one payment before it is decided."""

    payment: Payment
    snapshot: Snapshot
    features: Features
    seen: Observation
    reading: Reading
    is_new: bool
    is_late: bool
    correction: Correction
    moments_ns: tuple[int, int, int]


class _Made(NamedTuple):
    """A decision that is yet to become durable, and what was counted for it."""

    record: DecisionRecord
    counted: Counted
    is_late: bool


class Pipeline:
    """Decides calls. Every store, clock and snapshot is handed in."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        outcomes: Outcomes,
        counters: Counters,
        snapshots: Snapshots,
        times: ReceiptTimes,
        monotonic_ns: Clock,
        new_id: Callable[[datetime], str],
        doubt_seconds: float = DOUBT_SECONDS,
    ) -> None:
        """`new_id` makes a decision's id from its receipt time, and ids sort by time: the ledger's index grows flat.

        `times` is shared with whatever else counts; `monotonic_ns` is the clock of deadlines and timings.
        """
        self._ledger = ledger
        self._outcomes = outcomes
        self._snapshots = snapshots
        self.times = times
        self._clock = monotonic_ns
        self._new_id = new_id
        self.mail_exchanges: MailExchanges | None = None
        self._on_recorded: Callable[[DecisionRecord], None] | None = None
        self._in_flight = InFlight()
        self._counting = Counting(
            counters=counters,
            ledger=ledger,
            is_deciding=self._in_flight.__contains__,
            doubt_seconds=doubt_seconds,
        )

    def go_on_from(self, sequence: int) -> None:
        """Take the newest sequence that the ledger holds: payments that counters do not answer for come behind it."""
        self._counting.go_on_from(sequence)

    def tell(self, on_recorded: Callable[[DecisionRecord], None]) -> None:
        """Have it told of each decision from now on, once it is durable."""
        self._on_recorded = on_recorded

    async def settled(self) -> None:
        """Wait until all calls that are under way now have ended, their commits too."""
        await self._in_flight.ended()

    def is_in_doubt(self) -> bool:
        """Whether something is counted of which it is not known yet whether it was recorded."""
        return self._counting.is_in_doubt()

    async def decide(self, call: Call, received_ns: int | None = None) -> Answer:
        """The answer to a call, recorded before it is returned; an equal call again gets the same bytes.

        `received_ns` is when the request was received, by the Pipeline's clock; None is now.

        Raises IdempotencyKeyReused, IdempotencyInProgress or LedgerUnavailable: no decision was recorded. Raises
        DeadlineExceeded: it may yet be recorded, and the same call then gets it.
        """
        deadline = Deadline.after(self._clock, call.budget_ms, received_ns)
        if call.is_dry_run:
            return await self._rehearse(call, deadline)
        key = call.payment.key
        keys = _keys(key, call.idempotency_key)
        if not self._in_flight.take_free(keys):
            await self._in_flight.take(keys, deadline)
        known: DecisionRecord | None = None
        made: _Made | None = None
        try:
            known = await self._find(key, call.idempotency_key, deadline)
            if known is None:
                made = await self._make(key, call, deadline)
        finally:
            if known is None and made is None:
                self._in_flight.release(keys, is_answered=False)
        if made is None:
            assert known is not None, "what was not made was known"
            return await self._recalled(known, call, keys, deadline)
        # What it was made from goes while it is still at hand: tens of calls wait for one commit.
        del call
        return await self._committed(made, keys, deadline)

    async def _find(self, key: PaymentKey, idempotency_key: str | None, deadline: Deadline) -> DecisionRecord | None:
        """What is recorded under the call's keys; where that does not come in time, its own record will meet it."""
        looked_up = self._ledger.find(key, idempotency_key)
        try:
            return await within(looked_up, lambda: deadline.seconds(LOOK_UP_MS_MAX))
        except OutOfTime:
            return None

    async def _recalled(
        self, known: DecisionRecord, call: Call, keys: tuple[object, ...], deadline: Deadline
    ) -> Answer:
        """The stored answer, once the caller's own key is sure to name it for ever."""

        async def named() -> DecisionRecord:
            try:
                return await self._named(known, call.fingerprint, call.idempotency_key)
            finally:
                self._in_flight.release(keys, is_answered=True)

        standing = await durable_within(named(), deadline.seconds)
        return _replay(standing, call.fingerprint, deadline)

    async def _named(self, known: DecisionRecord, fingerprint: bytes, idempotency_key: str | None) -> DecisionRecord:
        """What the caller's key names from now on, where this decision was found by the payment alone."""
        if idempotency_key in (None, known.idempotency_key) or known.fingerprint != fingerprint:
            return known
        return await self._ledger.remember_key(idempotency_key, known)

    async def _make(self, key: PaymentKey, call: Call, deadline: Deadline) -> _Made:
        """The record of a new decision, and what was counted for it."""
        payment = call.payment
        corrects = await correction(payment, self._ledger, self._outcomes)
        # What another payment superseded is decided and never counted again, as in a rebuild.
        is_counted = not await self._counting.is_superseded(key, deadline)
        exchange = await told(self.mail_exchanges, payment.email, deadline)
        # Nothing is awaited between this and the counters, so they see non-decreasing times (law 2).
        taken = self.times.take(payment.merchant_id, payment.at, test_mode=payment.test_mode)
        if taken != payment.at:
            payment = payment.received(taken)
        gathered = await self._gather(payment, corrects, exchange, deadline, is_counted=is_counted)
        counted = Counted(key=key, is_new=gathered.is_new, superseded=corrects.superseded)
        record: DecisionRecord | None = None
        try:
            outline = self._outline(gathered, is_recorded=True)
            if outline.decision.action is Action.BLOCK and is_counted:
                counted = counted._replace(blocked=await self._counting.block(gathered.seen, deadline))
            record = _record(key, gathered, outline, call)
        finally:
            if record is None:
                await self._counting.undo(counted)
        return _Made(record=record, counted=counted, is_late=gathered.is_late)

    async def _committed(self, made: _Made, keys: tuple[object, ...], deadline: Deadline) -> Answer:
        """The answer, once it is durable. A late one may take longer: it says that it is late."""
        least = LATE_COMMIT_SECONDS if made.is_late else 0.0
        standing = await durable_within(self._commit(made, keys), lambda: max(deadline.seconds(), least))
        if standing.id != made.record.id:
            return _replay(standing, made.record.fingerprint, deadline)
        return _answer(standing, deadline, is_replayed=False)

    async def _commit(self, made: _Made, keys: tuple[object, ...]) -> DecisionRecord:
        """What stands after writing: another record, where another writer was first.

        It goes on where its caller is out of time or has hung up: equal calls wait for it meanwhile.
        """
        standing: DecisionRecord | None = None
        try:
            standing = await self._ledger.append(made.record)
            if standing.key.transaction_id != made.record.key.transaction_id:
                await self._counting.undo(made.counted)
            elif standing.supersedes is not None:
                await self._counting.supersede(made.counted)
            if self._on_recorded is not None:
                self._on_recorded(standing)
            standing = await self._named(standing, made.record.fingerprint, made.record.idempotency_key)
        except (asyncio.CancelledError, LedgerUnavailable):
            # The service stops, or the ledger failed: whether the record is on disk is not known yet.
            self._counting.doubt(made.counted)
            raise
        finally:
            self._in_flight.release(keys, is_answered=standing is not None)
        return standing

    async def _rehearse(self, call: Call, deadline: Deadline) -> Answer:
        payment = call.payment
        corrects = await correction(payment, self._ledger, self._outcomes)
        exchange = await told(self.mail_exchanges, payment.email, deadline)
        payment = payment.received(self.times.peek(payment.merchant_id, payment.at, test_mode=payment.test_mode))
        gathered = await self._gather(payment, corrects, exchange, deadline, is_counted=False)
        outline = self._outline(gathered, is_recorded=False)
        body = call.render(outline)
        return Answer(body=body, decision_id=outline.id, is_replayed=False, is_late=deadline.is_over())

    async def _gather(
        self, payment: Payment, corrects: Correction, exchange: Told, deadline: Deadline, *, is_counted: bool
    ) -> _Gathered:
        started = self._clock()
        snapshot = self._snapshots.of(payment.merchant_id)
        row, causes = enriched(payment, snapshot.reference, exchange)
        custom = {field.feature_name: field.value(payment.custom) for field in snapshot.custom_fields}
        named = Named(row)
        seen = observation(payment, {**named, **custom} if custom else named)
        enriched_at = self._clock()
        counting = self._counting
        count_or_read = counting.observe if is_counted else counting.read
        found = await count_or_read(seen, corrects.superseded, deadline)
        velocities, lacking = _velocities(snapshot, found)
        if isinstance(found, Lack):
            at_us = payment.at_us
            found = Reading(values=(), velocities=(), sequence=counting.sequence, counted_at_us=at_us, is_counted=True)
        counted_at = self._clock()
        base, own = velocities[: len(VELOCITIES)], velocities[len(VELOCITIES) :]
        causes = {**causes, **lacking} if lacking else causes
        counted = (*row, *base)
        relations, unrelated = related(counted, causes)
        values = counted + (*relations, *_NO_SCORE_YET, *custom.values(), *own)  # noqa: RUF005 - a copy less
        return _Gathered(
            payment=payment,
            snapshot=snapshot,
            features=Features(snapshot.catalog, values, {**causes, **unrelated} if unrelated else causes),
            seen=seen,
            reading=found,
            # One whose reading did not come may have been counted.
            is_new=is_counted and found.is_counted,
            is_late=deadline.is_near(counted_at, COMMIT_RESERVE_MS),
            correction=corrects,
            moments_ns=(started, enriched_at, counted_at),
        )

    def _outline(self, gathered: _Gathered, *, is_recorded: bool) -> Outline:
        started, enriched, counted = gathered.moments_ns
        decision = decide(gathered.payment, gathered.features, gathered.snapshot, is_late=gathered.is_late)
        decided = self._clock()
        taken_ns = (enriched - started, counted - enriched, decided - counted, decided - started)
        return Outline(
            id=self._new_id(gathered.payment.at),
            payment=gathered.payment,
            decision=decision,
            timing_ms=dict(zip(_TIMED, map(_ms, taken_ns), strict=True)),
            is_recorded=is_recorded,
            not_replaced=gathered.correction.not_replaced,
        )


def observation(payment: Payment, values: Mapping[str, Value]) -> Observation:
    """One payment as the counters see it."""
    return Observation(
        payment_id=payment.transaction_id,
        merchant_id=payment.merchant_id,
        test_mode=payment.test_mode,
        at_us=payment.at_us,
        values=values,
    )


def _velocities(snapshot: Snapshot, reading: Reading | Lack) -> tuple[tuple[Value, ...], Mapping[str, str]]:
    """The snapshot's velocities and the causes of those that did not come."""
    if isinstance(reading, Lack):
        names = [velocity.name for velocity in snapshot.velocities]
        return (None,) * len(names), dict.fromkeys(names, reading.value)
    # Nearly all are the same objects, so that this costs less than a microsecond; as many others are not these.
    if reading.velocities == snapshot.velocities:
        return reading.values, reading.causes
    # The merchant's own are not filled yet, or the counters count by its newer policy already, or by the older one.
    own = snapshot.velocities[len(VELOCITIES) :]
    values = (*reading.values[: len(VELOCITIES)], *(None for _ in own))
    return values, {**reading.causes, **{velocity.name: Lack.WARMING.value for velocity in own}}


def _record(key: PaymentKey, gathered: _Gathered, outline: Outline, call: Call) -> DecisionRecord:
    return DecisionRecord(
        id=outline.id,
        key=key,
        at=outline.payment.at,
        sequence=gathered.reading.sequence,
        counted_at=EPOCH + gathered.reading.counted_at_us * MICROSECOND,
        idempotency_key=call.idempotency_key,
        fingerprint=call.fingerprint,
        payment=payment_bytes(outline.payment, call.groups),
        decision=outline.decision.canonical(),
        answer=call.render(outline),
        supersedes=gathered.correction.superseded,
    )


def _keys(payment_key: PaymentKey, idempotency_key: str | None) -> tuple[object, ...]:
    if idempotency_key is None:
        return (payment_key,)
    return (payment_key, (payment_key.merchant_id, payment_key.test_mode, idempotency_key))


def _replay(record: DecisionRecord, fingerprint: bytes, deadline: Deadline) -> Answer:
    if record.fingerprint != fingerprint:
        message = "This key was used with another body; send a new transaction_id or the body as it was."
        raise IdempotencyKeyReused(message)
    return _answer(record, deadline, is_replayed=True)


def _answer(record: DecisionRecord, deadline: Deadline, *, is_replayed: bool) -> Answer:
    return Answer(record.answer, record.id, is_replayed, is_late=deadline.is_over())


def _ms(nanoseconds: int) -> float:
    """Milliseconds with three decimals, halves up: whole numbers round in an eighth of the time that floats take."""
    return (nanoseconds + _THOUSAND // 2) // _THOUSAND / _THOUSAND
