"""What a worker could not count when it came, to be counted once Valkey answers again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from engine.errors import CountersUnavailable
from engine.velocity import Observation, Status, StatusEvent

OWED: Final = 10_000
"""So many are held; with more, all is to be counted anew from the ledger."""

_Seen = Observation | StatusEvent
_Name = tuple[str, bool, str, Status | None, int | None]


class Owed:
    """Payments and events whose counting failed, or whose answer never came: counted late, at their own times.

    Counting late is idempotent, so what was counted in spite of all is not counted twice. What the caller takes back
    meanwhile is not owed any more.
    """

    def __init__(self, pay: Callable[[_Seen], Awaitable[object]], give_up: Callable[[], Awaitable[object]]) -> None:
        """`pay` counts one late, `give_up` makes all be counted anew; both raise CountersUnavailable."""
        self._pay = pay
        self._give_up = give_up
        self._seen: dict[_Name, _Seen] = {}
        self._has_lost = False
        self._paying: asyncio.Future[None] | None = None
        self._in_flight: tuple[_Name, asyncio.Future[object]] | None = None

    def __len__(self) -> int:
        return len(self._seen)

    def owe(self, seen: _Seen) -> None:
        """Note one that could not be counted."""
        if len(self._seen) < OWED:
            self._seen[_name(seen)] = seen
        else:
            self._has_lost = True

    async def take_back(self, is_meant: Callable[[_Seen], bool]) -> None:
        """Owe these no more; what is being counted right now is counted when this returns."""
        for name in [name for name, seen in self._seen.items() if is_meant(seen)]:
            del self._seen[name]
            if self._in_flight is not None and self._in_flight[0] == name:
                with suppress(CountersUnavailable):
                    await asyncio.shield(self._in_flight[1])

    def forget(self) -> None:
        """Owe nothing more: all is being counted anew."""
        self._seen.clear()
        self._has_lost = False

    def settle(self) -> None:
        """Begin to count what is owed, now that Valkey answers; nobody waits for it."""
        if (self._seen or self._has_lost) and (self._paying is None or self._paying.done()):
            self._paying = asyncio.ensure_future(self._settle())

    async def _settle(self) -> None:
        with suppress(CountersUnavailable):
            if self._has_lost:
                await self._give_up()
                self._has_lost = False
            while self._seen:
                name, seen = next(iter(self._seen.items()))
                self._in_flight = name, asyncio.ensure_future(self._pay(seen))
                try:
                    await self._in_flight[1]
                finally:
                    self._in_flight = None
                if self._seen.get(name) is seen:
                    del self._seen[name]


def _name(seen: _Seen) -> _Name:
    status, at_us = (seen.status, seen.at_us) if isinstance(seen, StatusEvent) else (None, None)
    return seen.merchant_id, seen.test_mode, seen.payment_id, status, at_us
