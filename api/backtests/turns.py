"""Turns: who asks for a process is let in one after the other, and few wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from engine.errors import AssayError

WAITING_MAX: Final = 4
"""So many wait behind the one whose turn it is."""
TURN_SECONDS_MAX: Final = 10.0
"""So long one waits for its turn."""


class GuardBusy(AssayError):
    """Too many publications are looked at already, or one of the same owner is."""

    code = "publishing_busy"


class Turns:
    """One turn at a time, one for each owner. It belongs to the event loop's thread."""

    def __init__(self) -> None:
        """Nobody is in."""
        self._turn = asyncio.Lock()
        self._owners: set[str | None] = set()

    @asynccontextmanager
    async def taken(self, owner: str | None) -> AsyncIterator[None]:
        """Wait for a turn and have it. Raises GuardBusy."""
        if owner in self._owners:
            raise GuardBusy("A publication of these rules is being looked at: wait for it, then try again.")
        if len(self._owners) > WAITING_MAX:
            raise GuardBusy("Many publications are being looked at: try again soon.")
        self._owners.add(owner)
        try:
            try:
                await asyncio.wait_for(self._turn.acquire(), TURN_SECONDS_MAX)
            except TimeoutError:
                raise GuardBusy("Other publications are being looked at: try again soon.") from None
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._owners.remove(owner)
