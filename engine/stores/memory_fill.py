"""Filling a merchant's streams anew from the ledger, for other velocities, while payments go on being counted."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Final

from engine.stores.memory_merchant import Merchant
from engine.stores.memory_plan import Plans
from engine.velocity import Observation, Recorded, Status, StatusEvent

SLICE_SECONDS: Final = 0.002
"""For so long at a time the event loop waits."""
IN_DOUBT_US: Final = 120 * 1_000_000
"""What was counted so long before the beginning may not be in the ledger yet: law 2 gives it a minute."""
PAUSES_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Before each reading of the ledger, for what is under way to be written."""

_Name = tuple[bool, Status | None, str]
"""Whether it is test mode, the status (None: the payment itself) and the payment's id."""


class Filling:
    """One merchant's new streams by mode, and what happened to the old ones meanwhile, which is applied at the end.

    What is counted after the beginning is taken from there alone, what was counted before from the ledger alone: as
    soon as the ledger has all that was counted shortly before the beginning.
    """

    def __init__(self, merchant_id: str, plans: Plans, current: dict[bool, Merchant], sequence: int) -> None:
        """`current` are the merchant's streams in force, `sequence` the newest one given."""
        self.merchant_id = merchant_id
        self._plans = plans
        self._sequence = sequence
        self._streams: dict[bool, Merchant] = {}
        self._awaited: set[_Name] = {
            (mode, *name) for mode, held in current.items() for name in held.since(IN_DOUBT_US)
        }
        self._meanwhile: list[tuple[bool, Callable[[Merchant], object]]] = []
        self._recorded: set[tuple[_Name, int]] = set()

    async def streams(self, history: Callable[[], Iterator[Recorded | None]]) -> dict[bool, Merchant]:
        """The new streams with all that happened until now; the caller puts them in force before it awaits again.

        What the ledger still has not after some seconds is in doubt: it is left out, and a restart counts it if it did
        become durable. Raises what `history` does.
        """
        for pause in PAUSES_SECONDS:
            if self._awaited:
                await asyncio.sleep(pause)
            missing = await self._read(history)
            # What was taken back since was awaited in vain.
            if not missing & self._awaited:
                break
        await self._catch_up()
        return self._streams

    def observed(self, observation: Observation, sequence: int) -> None:
        """A payment was observed, or one of its later stages."""
        self._meanwhile.append((observation.test_mode, lambda streams: streams.restore(observation, sequence)))

    def recorded(self, event: StatusEvent) -> None:
        """An event was recorded."""
        self._recorded.add(((event.test_mode, event.status, event.payment_id), event.at_us))
        self._meanwhile.append((event.test_mode, lambda streams: streams.record(event)))

    def retracted(self, event: StatusEvent) -> None:
        """An event was taken back."""
        self._awaited.discard((event.test_mode, event.status, event.payment_id))
        self._meanwhile.append((event.test_mode, lambda streams: streams.retract(event)))

    def forgotten(self, payment_id: str, *, test_mode: bool) -> None:
        """A payment was taken back."""
        for status in (None, *Status):
            self._awaited.discard((test_mode, status, payment_id))
        self._meanwhile.append((test_mode, lambda streams: streams.forget(self.merchant_id, payment_id)))

    async def _read(self, history: Callable[[], Iterator[Recorded | None]]) -> set[_Name]:
        """Count what the ledger has from before the beginning; what it lacks of what is awaited."""
        self._streams = {}
        missing = set(self._awaited)
        until = time.monotonic() + SLICE_SECONDS
        for recorded in history():
            if recorded is not None:
                self._count(recorded, missing)
            if time.monotonic() >= until:
                await asyncio.sleep(0)
                until = time.monotonic() + SLICE_SECONDS
        return missing

    def _count(self, recorded: Recorded, missing: set[_Name]) -> None:
        if isinstance(recorded, StatusEvent):
            name = (recorded.test_mode, recorded.status, recorded.payment_id)
            if (name, recorded.at_us) not in self._recorded:
                missing.discard(name)
                self._of(recorded.test_mode).record(recorded)
            return
        sequence, observation = recorded
        if sequence <= self._sequence:
            missing.discard((observation.test_mode, None, observation.payment_id))
            self._of(observation.test_mode).restore(observation, sequence)

    async def _catch_up(self) -> None:
        """Apply what happened meanwhile, and what happens while it is applied."""
        done = 0
        until = time.monotonic() + SLICE_SECONDS
        while done < len(self._meanwhile):
            test_mode, apply = self._meanwhile[done]
            apply(self._of(test_mode))
            done += 1
            if time.monotonic() >= until:
                await asyncio.sleep(0)
                until = time.monotonic() + SLICE_SECONDS

    def _of(self, test_mode: bool) -> Merchant:  # noqa: FBT001 - a key
        if test_mode not in self._streams:
            self._streams[test_mode] = Merchant(self._plans, None)
        return self._streams[test_mode]
