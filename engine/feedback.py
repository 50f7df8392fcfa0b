"""Feedback: what happened to a payment is counted when we learn it, and recorded durably before it is confirmed."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from engine.counting import DOUBT_SECONDS
from engine.deadline import REPORT_SECONDS, durable_within
from engine.errors import CountersUnavailable, IdempotencyKeyReused, LedgerUnavailable
from engine.features import Value
from engine.ledger import DecisionRecord, Ledger, Outcomes
from engine.outcome import Outcome, OutcomeKind
from engine.payment import EPOCH, MICROSECOND
from engine.receipt import ReceiptTimes
from engine.recorded import RecordedFeatures
from engine.velocity import Counters, StatusEvent
from engine.velocity.statuses import STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report of an outcome of a decision's payment, received at `received_at` by the edge's clock (UTC).

    `fingerprint` tells equal bodies from others, `details` is canonical JSON of what else was said, and `render` makes
    the answer's bytes, which are stored and sent again as they are; its outcome has no answer yet.
    """

    decision: DecisionRecord
    kind: OutcomeKind
    occurred_at: datetime | None
    received_at: datetime
    fingerprint: bytes
    details: bytes
    render: Callable[[Outcome], bytes]
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What goes back to the caller; `is_replayed` says that an earlier report made it."""

    body: bytes
    outcome_id: str
    is_replayed: bool


class Feedback:
    """Takes outcomes, in whatever order and however late they come. Every store and clock is handed in."""

    def __init__(
        self,
        *,
        outcomes: Outcomes,
        ledger: Ledger,
        counters: Counters,
        times: ReceiptTimes,
        new_id: Callable[[datetime], str],
        doubt_seconds: float = DOUBT_SECONDS,
        budget_seconds: float = REPORT_SECONDS,
    ) -> None:
        """`times` is the Pipeline's own; `new_id` makes an outcome's id from its receipt time, and ids sort by time."""
        self._outcomes = outcomes
        self._ledger = ledger
        self._counters = counters
        self._times = times
        self._new_id = new_id
        self._doubt_seconds = doubt_seconds
        self._budget_seconds = budget_seconds
        self._features = RecordedFeatures(ledger)
        self._settling: set[asyncio.Future[None]] = set()
        self._taking: set[asyncio.Future[None]] = set()
        self._doubts = 0

    async def settled(self) -> None:
        """Wait until all reports that are counted now are recorded, or known not to be."""
        if self._taking:
            await asyncio.wait(tuple(self._taking))

    def is_in_doubt(self) -> bool:
        """Whether something is counted of which it is not known yet whether it was recorded."""
        return self._doubts > 0

    async def report(self, report: Report) -> Reported:
        """Record an outcome before it is confirmed; an equal report again gets the same bytes.

        Raises IdempotencyKeyReused, or LedgerUnavailable where nothing is known to be recorded. Raises
        DeadlineExceeded: it may yet be recorded, and an equal report then gets it.
        """
        found = await self._outcomes.find(report.decision, report.fingerprint, report.idempotency_key)
        if found is not None:
            return _replay(found, report)
        values = await self._values_counted(report)
        # From here to the counters nothing is awaited: they see times in order (law 2).
        outcome = self._outcome(report)
        event = None if values is None else _event(outcome, values)
        standing = await durable_within(self._take(outcome, event), lambda: self._budget_seconds)
        if standing.id == outcome.id:
            return Reported(body=outcome.answer, outcome_id=outcome.id, is_replayed=False)
        return _replay(standing, report)

    async def _values_counted(self, report: Report) -> Mapping[str, Value] | None:
        """What the payment is counted by; None where this outcome is not counted."""
        key = report.decision.key
        if report.kind not in STATUSES:
            return None
        by = await self._ledger.superseded_by(key.merchant_id, key.transaction_id, test_mode=key.test_mode)
        # A payment that another one replaced never happened, as far as velocities go, and so did nothing of it. One
        # whose correction is not durable yet is counted, and what became of it is forgotten with it then.
        return None if by is not None else self._features.of(report.decision)

    def _outcome(self, report: Report) -> Outcome:
        key = report.decision.key
        at = self._times.take(key.merchant_id, report.received_at, test_mode=key.test_mode)
        outcome = Outcome(
            id=self._new_id(at),
            decision_id=report.decision.id,
            merchant_id=key.merchant_id,
            test_mode=key.test_mode,
            transaction_id=key.transaction_id,
            kind=report.kind,
            occurred_at=report.occurred_at,
            received_at=at,
            idempotency_key=report.idempotency_key,
            fingerprint=report.fingerprint,
            details=report.details,
            answer=b"",
        )
        return replace(outcome, answer=report.render(outcome))

    async def _take(self, outcome: Outcome, event: StatusEvent | None) -> Outcome:
        """Count an outcome and record it; what stands then. It goes on where its caller is out of time or hangs up."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._taking.add(ended)
        try:
            if event is not None:
                await self._count(event)
            return await self._append(outcome, event)
        finally:
            self._taking.discard(ended)
            ended.set_result(None)

    async def _count(self, event: StatusEvent) -> None:
        # The outcome stands without the counters: they are rebuilt from the ledger.
        with suppress(CountersUnavailable):
            await self._counters.record(event)

    async def _append(self, outcome: Outcome, event: StatusEvent | None) -> Outcome:
        """What stands after writing. What was counted for an outcome that does not stand is taken back."""
        try:
            standing = await self._outcomes.append(outcome)
        except (asyncio.CancelledError, LedgerUnavailable):
            # The service stops, or the ledger failed: whether the outcome is on disk is not known yet.
            if event is not None:
                self._doubt(outcome.id, event)
            raise
        if event is not None and standing.id != outcome.id:
            await self._take_back(outcome.id, event)
        return standing

    async def _take_back(self, outcome_id: str, event: StatusEvent) -> None:
        try:
            await self._counters.retract(event)
        except CountersUnavailable:
            self._doubt(outcome_id, event)

    def _doubt(self, outcome_id: str, event: StatusEvent) -> None:
        """Look after a while whether the outcome was recorded, and take its event back where it was not (law 2)."""
        self._doubts += 1
        asyncio.get_running_loop().call_later(self._doubt_seconds, self._begin_settling, outcome_id, event)

    def _begin_settling(self, outcome_id: str, event: StatusEvent) -> None:
        task = asyncio.ensure_future(self._settle(outcome_id, event))
        self._settling.add(task)
        task.add_done_callback(self._settled)

    def _settled(self, task: asyncio.Future[None]) -> None:
        self._settling.discard(task)
        self._doubts -= 1

    async def _settle(self, outcome_id: str, event: StatusEvent) -> None:
        """Take an event back where its own outcome was not recorded: another that says the same has its own event."""
        named = (event.merchant_id, event.payment_id)
        try:
            outcomes = await self._outcomes.of_transaction(*named, test_mode=event.test_mode)
        except LedgerUnavailable:
            # Only time in which it answers counts.
            self._doubt(outcome_id, event)
            return
        if all(outcome.id != outcome_id for outcome in outcomes):
            await self._take_back(outcome_id, event)


def _event(outcome: Outcome, values: Mapping[str, Value]) -> StatusEvent:
    return StatusEvent(
        payment_id=outcome.transaction_id,
        merchant_id=outcome.merchant_id,
        test_mode=outcome.test_mode,
        status=STATUSES[outcome.kind],
        at_us=(outcome.received_at - EPOCH) // MICROSECOND,
        values=values,
    )


def _replay(standing: Outcome, report: Report) -> Reported:
    if (standing.decision_id, standing.fingerprint) != (report.decision.id, report.fingerprint):
        raise IdempotencyKeyReused("This Idempotency-Key was used for another report; send a new key for this one.")
    return Reported(body=standing.answer, outcome_id=standing.id, is_replayed=True)
