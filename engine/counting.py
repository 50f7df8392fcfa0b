"""What deciding does to the counters, and how it is taken back where the decision does not become durable."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from engine.deadline import Deadline, OutOfTime, within
from engine.errors import CountersUnavailable, LedgerUnavailable
from engine.ledger import Ledger
from engine.payment import EPOCH, MICROSECOND, PaymentKey, Stage
from engine.receipt import ReceiptTimes
from engine.recorded import RecordedFeatures
from engine.velocity import VELOCITIES, Counters, Observation, Reading, StatusEvent

VELOCITY_MS_MAX: Final = 25
DOUBT_SECONDS: Final = 60.0
"""How long a counted payment may be absent from the ledger before it is taken back."""
_LONGEST_US: Final = max(velocity.window_us for velocity in VELOCITIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What one call did to the counters: all of it is taken back where its decision is recorded nowhere."""

    key: PaymentKey
    is_new: bool
    """Whether this call counted the payment, as far as is known: an answer that never came may have."""
    superseded: str | None = None
    """The payment that it replaces, which the counters forgot for it."""
    blocked: StatusEvent | None = None
    """That it was blocked, where this call counted that."""


class Counting:
    """Counts payments for the Pipeline, each call within its time."""

    def __init__(
        self,
        *,
        counters: Counters,
        ledger: Ledger,
        times: ReceiptTimes,
        is_deciding: Callable[[PaymentKey], bool],
        doubt_seconds: float,
    ) -> None:
        """`is_deciding` says whether a stage of a payment is being decided now: then nothing of it is taken back."""
        self._counters = counters
        self._ledger = ledger
        self._times = times
        self._is_deciding = is_deciding
        self._doubt_seconds = doubt_seconds
        self._recorded = RecordedFeatures(ledger)
        self._settling: set[asyncio.Future[None]] = set()
        self._sequence = 0

    async def observe(self, seen: Observation, superseded: str | None, deadline: Deadline) -> Reading | None:
        """Count a payment and read its velocities, without the one that it replaces; None where they did not come."""
        try:
            if superseded is not None:
                forgotten = self._counters.forget(seen.merchant_id, test_mode=seen.test_mode, payment_id=superseded)
                await within(forgotten, lambda: deadline.seconds(VELOCITY_MS_MAX))
            reading = await within(self._counters.observe(seen), lambda: deadline.seconds(VELOCITY_MS_MAX))
        except (CountersUnavailable, OutOfTime):
            return None
        self._sequence = max(self._sequence, reading.sequence)
        return reading

    async def read(self, seen: Observation, deadline: Deadline) -> Reading | None:
        """Read a payment's velocities and count nothing; None where they did not come."""
        try:
            return await within(self._counters.read(seen), lambda: deadline.seconds(VELOCITY_MS_MAX))
        except (CountersUnavailable, OutOfTime):
            return None

    @property
    def sequence(self) -> int:
        """The newest sequence that is known: a payment whose own did not come is recorded with it."""
        return self._sequence

    async def block(self, event: StatusEvent, deadline: Deadline) -> bool:
        """Count that a payment was blocked: whether this call did, as far as is known."""
        try:
            return await within(self._counters.record(event), lambda: deadline.seconds(VELOCITY_MS_MAX))
        except (CountersUnavailable, OutOfTime):
            return True

    async def undo(self, counted: Counted) -> None:
        """Undo what a call did whose decision is known to be recorded nowhere."""
        try:
            if counted.is_new:
                await self._take_back(counted)
            elif counted.blocked is not None:
                await self._counters.retract(counted.blocked)
        except (CountersUnavailable, LedgerUnavailable):
            self.doubt(counted)

    def doubt(self, counted: Counted) -> None:
        """Look after a while whether the decision was recorded, and undo what was not (law 2)."""
        asyncio.get_running_loop().call_later(self._doubt_seconds, self._begin_settling, counted)

    def _begin_settling(self, counted: Counted) -> None:
        task = asyncio.ensure_future(self._settle(counted))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle(self, counted: Counted) -> None:
        key = counted.key
        try:
            records = await self._ledger.of_transaction(key.merchant_id, key.transaction_id, test_mode=key.test_mode)
            if any(self._is_deciding(replace(key, stage=stage)) for stage in Stage):
                self.doubt(counted)
            elif not records:
                await self._take_back(counted)
            elif counted.blocked is not None and all(record.key.stage is not key.stage for record in records):
                # The payment stands by another stage, and what this one did goes.
                await self._counters.retract(counted.blocked)
        except (CountersUnavailable, LedgerUnavailable):
            # Only time in which they answer counts.
            self.doubt(counted)

    async def _take_back(self, counted: Counted) -> None:
        key = counted.key
        await self._counters.forget(key.merchant_id, test_mode=key.test_mode, payment_id=key.transaction_id)
        if counted.superseded is not None:
            await self._bring_back(replace(key, transaction_id=counted.superseded))

    async def _bring_back(self, key: PaymentKey) -> None:
        """Count a payment again that was forgotten for one that was lost: now, and from the next start at its time.

        Unless another one replaces it that was not lost, or no window reaches it any more.
        """
        named = (key.merchant_id, key.transaction_id)
        if await self._ledger.superseded_by(*named, test_mode=key.test_mode) is not None:
            return
        records = await self._ledger.of_transaction(*named, test_mode=key.test_mode)
        if not records:
            return
        first = records[0]
        values = self._recorded.of(first)
        # From here to the counters nothing is awaited: they see times in order.
        at = self._times.take(key.merchant_id, first.at, test_mode=key.test_mode)
        if at - first.counted_at >= _LONGEST_US * MICROSECOND:
            return
        await self._counters.observe(
            Observation(
                payment_id=key.transaction_id,
                merchant_id=key.merchant_id,
                test_mode=key.test_mode,
                at_us=(at - EPOCH) // MICROSECOND,
                values=values,
            )
        )
