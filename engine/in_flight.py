"""Calls under way: one that shares a key with an earlier one waits for it, within its own time."""

import asyncio

from engine.deadline import Deadline
from engine.errors import IdempotencyInProgress


class InFlight:
    """The keys that are being decided by, and who waits for each."""

    def __init__(self) -> None:
        """Begin with no call under way."""
        # None where nobody waits, as for nearly all.
        self._waiters: dict[object, list[asyncio.Future[None]] | None] = {}

    def __contains__(self, key: object) -> bool:
        """Whether a call has this key."""
        return key in self._waiters

    def take_free(self, keys: tuple[object, ...]) -> bool:
        """Have these keys alone until `release`, where no other call has one of them: whether that is so."""
        waiters = self._waiters
        for key in keys:
            if key in waiters:
                return False
        for key in keys:
            waiters[key] = None
        return True

    async def take(self, keys: tuple[object, ...], deadline: Deadline) -> None:
        """As `take_free`, once that is so.

        Raises IdempotencyInProgress where they do not come free in time, or the call waited for had no answer.
        """
        while not self.take_free(keys):
            await self._wait(next(key for key in keys if key in self._waiters), deadline)

    def release(self, keys: tuple[object, ...], *, is_answered: bool) -> None:
        """Give the keys back; who waits goes on, or, where there was no answer, gets IdempotencyInProgress."""
        for key in keys:
            for waiter in self._waiters.pop(key) or ():
                if waiter.done():
                    continue
                if is_answered:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(IdempotencyInProgress("The call that decided this ended without an answer."))

    async def ended(self) -> None:
        """Wait until every key that is held now was given back."""
        waiters = [self._waiter(key) for key in self._waiters]
        if waiters:
            await asyncio.wait(waiters)
        for waiter in waiters:
            # Asked for, so that a call without an answer is not reported as forgotten.
            waiter.exception()

    def _waiter(self, key: object) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiters = self._waiters[key]
        if waiters is None:
            self._waiters[key] = [waiter]
        else:
            waiters.append(waiter)
        return waiter

    async def _wait(self, key: object, deadline: Deadline) -> None:
        waiter = self._waiter(key)
        try:
            done, _ = await asyncio.wait({waiter}, timeout=deadline.seconds())
        finally:
            if not waiter.done():
                waiter.cancel()
        if not done:
            message = "An equal call is being decided; retry after the time given."
            raise IdempotencyInProgress(message)
        waiter.result()
