"""What deciding does to the counters, and how it is taken back where the decision does not become durable."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from engine.deadline import Deadline, OutOfTime, within
from engine.errors import CountersUnavailable, CountersWarming, LedgerUnavailable
from engine.ledger import DecisionRecord, Ledger
from engine.payment import EPOCH, MICROSECOND, PaymentKey, Stage
from engine.velocity import Counters, Observation, Reading, Status, StatusEvent

LOOK_UP_MS_MAX: Final = 20
VELOCITY_MS_MAX: Final = 25
"""The velocities' cap; a call with more than the usual time waits longer for them, as long a part of its budget."""
_VELOCITY_PART: Final = 6
DOUBT_SECONDS: Final = 60.0
"""How long a counted payment may be absent from the ledger before it is taken back."""

T = TypeVar("T")


class Lack(StrEnum):
    """Why the counters gave no reading: the cause of each velocity that is unknown for it."""

    UNKNOWN = "velocity"
    """They failed, or took too long."""
    WARMING = "velocity_warming"
    """They do not hold all of the past yet."""


class Counted(NamedTuple):
    """What one call did to the counters: all of it is taken back where its decision is recorded nowhere."""

    key: PaymentKey
    is_new: bool
    """Whether this call counted the payment, as far as is known: an answer that never came may have."""
    superseded: str | None = None
    """The payment that it replaces, which the counters forget once this one is durable."""
    blocked: StatusEvent | None = None
    """That this call blocked it."""


class Counting:
    """Counts payments for the Pipeline, each call within its time."""

    def __init__(
        self,
        *,
        counters: Counters,
        ledger: Ledger,
        is_deciding: Callable[[PaymentKey], bool],
        doubt_seconds: float,
    ) -> None:
        """`is_deciding` says whether a stage of a payment is being decided now: then nothing of it is taken back."""
        self._counters = counters
        self._ledger = ledger
        self._is_deciding = is_deciding
        self._doubt_seconds = doubt_seconds
        self._settling: set[asyncio.Future[None]] = set()
        self._sequence = 0
        self._doubts = 0

    async def observe(self, seen: Observation, superseded: str | None, deadline: Deadline) -> Reading | Lack:
        """Count a payment and read its velocities, without the one that it replaces; why, where they did not come.

        The superseded one stays counted until the decision is durable: then nothing is to be brought back.
        """
        reading = await _come(self._counters.observe(seen, superseded=superseded), deadline)
        if not isinstance(reading, Lack):
            self._sequence = max(self._sequence, reading.sequence)
        return reading

    async def read(self, seen: Observation, superseded: str | None, deadline: Deadline) -> Reading | Lack:
        """Read as `observe` and count nothing; why, where they did not come."""
        return await _come(self._counters.read(seen, superseded=superseded), deadline)

    async def is_superseded(self, key: PaymentKey, deadline: Deadline) -> bool:
        """Whether another payment replaced this one, which is not counted any more; no where that does not come."""
        named = self._ledger.superseded_by(key.merchant_id, key.transaction_id, test_mode=key.test_mode)
        try:
            return await within(named, lambda: deadline.seconds(LOOK_UP_MS_MAX)) is not None
        except OutOfTime:
            return False

    def go_on_from(self, sequence: int) -> None:
        """Know a newer sequence."""
        self._sequence = max(self._sequence, sequence)

    @property
    def sequence(self) -> int:
        """The newest sequence that is known: a payment whose own did not come is recorded with it."""
        return self._sequence

    async def block(self, seen: Observation, deadline: Deadline) -> StatusEvent:
        """Count that a payment is blocked: what is taken back where that is not recorded."""
        event = StatusEvent(
            payment_id=seen.payment_id,
            merchant_id=seen.merchant_id,
            test_mode=seen.test_mode,
            status=Status.BLOCKED,
            at_us=seen.at_us,
            values=seen.values,
        )
        await _come(self._counters.record(event), deadline)
        return event

    async def supersede(self, counted: Counted) -> None:
        """Forget what a payment replaces, and what became of it, now that its decision is durable."""
        try:
            await self._forget_superseded(counted)
        except CountersUnavailable:
            self.doubt(counted)

    async def undo(self, counted: Counted) -> None:
        """Undo what a call did whose decision is known to be recorded nowhere."""
        try:
            if counted.is_new:
                await self._forget(counted.key, counted.key.transaction_id)
            elif counted.blocked is not None:
                await self._counters.retract(counted.blocked)
        except CountersUnavailable:
            self.doubt(counted)

    def doubt(self, counted: Counted) -> None:
        """Look after a while whether the decision was recorded, and undo what was not (law 2)."""
        self._doubts += 1
        asyncio.get_running_loop().call_later(self._doubt_seconds, self._begin_settling, counted)

    def is_in_doubt(self) -> bool:
        """Whether something is counted of which it is not known yet whether it was recorded."""
        return self._doubts > 0

    def _begin_settling(self, counted: Counted) -> None:
        task = asyncio.ensure_future(self._settle(counted))
        self._settling.add(task)
        task.add_done_callback(self._settled)

    def _settled(self, task: asyncio.Future[None]) -> None:
        self._settling.discard(task)
        self._doubts -= 1

    async def _settle(self, counted: Counted) -> None:
        key = counted.key
        try:
            records = await self._ledger.of_transaction(key.merchant_id, key.transaction_id, test_mode=key.test_mode)
            if any(self._is_deciding(key._replace(stage=stage)) for stage in Stage):
                self.doubt(counted)
            elif not records:
                await self._forget(key, key.transaction_id)
            else:
                await self._settle_beside(counted, records)
        except (CountersUnavailable, LedgerUnavailable):
            # Only time in which they answer counts.
            self.doubt(counted)

    async def _settle_beside(self, counted: Counted, records: Sequence[DecisionRecord]) -> None:
        """The payment stands, by this decision or another: what this one did goes, unless it is among those."""
        event, stage = counted.blocked, counted.key.stage
        if event is not None and all((each.key.stage, _us(each.at)) != (stage, event.at_us) for each in records):
            await self._counters.retract(event)
        if any(each.supersedes is not None and each.supersedes == counted.superseded for each in records):
            await self._forget_superseded(counted)

    async def _forget_superseded(self, counted: Counted) -> None:
        if counted.superseded is not None:
            await self._forget(counted.key, counted.superseded)

    async def _forget(self, key: PaymentKey, payment_id: str) -> None:
        await self._counters.forget(key.merchant_id, test_mode=key.test_mode, payment_id=payment_id)


async def _come(asked: Coroutine[Any, Any, T], deadline: Deadline) -> T | Lack:
    """What the counters answer; why, where it does not come."""
    try:
        return await within(asked, lambda: deadline.seconds(max(VELOCITY_MS_MAX, deadline.budget_ms // _VELOCITY_PART)))
    except CountersWarming:
        return Lack.WARMING
    except (CountersUnavailable, OutOfTime):
        return Lack.UNKNOWN


def _us(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
