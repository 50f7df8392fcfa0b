"""Deadlines: how much time a call has left, and waiting for a store no longer than that.

No store's call is ever cancelled: what runs out of time is left to end behind, for a driver that is cut off amid a
round trip leaks or spoils its connection. The caller goes on without it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from engine.errors import DeadlineExceeded

REPORT_SECONDS: Final = 2.0
"""How long a report, of an outcome or of labels, may take to become durable: no shopper waits for it."""

LOOK_SECONDS: Final = 0.002
"""So long after a wait is over the event loop has looked at what came meanwhile."""

_NANOSECONDS_PER_MS: Final = 1_000_000
_NANOSECONDS_PER_SECOND: Final = 1_000_000_000

T = TypeVar("T")


class OutOfTime(Exception):
    """A wait ended before what it waited for; that goes on behind."""


class Clock(Protocol):
    """A clock for deadlines and timings: nanoseconds since some fixed moment, never going back."""

    def __call__(self) -> int:
        """Read it."""
        ...


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment by which a call is to be answered, on one clock."""

    clock: Clock
    at_ns: int
    budget_ms: int

    @staticmethod
    def after(clock: Clock, budget_ms: int, received_ns: int | None) -> "Deadline":
        """`budget_ms` after the request was received; from now on where nobody noted when."""
        received = clock() if received_ns is None else received_ns
        return Deadline(clock, received + budget_ms * _NANOSECONDS_PER_MS, budget_ms)

    def is_near(self, now_ns: int, reserve_ms: int) -> bool:
        """Whether no more than `reserve_ms` are left."""
        return now_ns + reserve_ms * _NANOSECONDS_PER_MS >= self.at_ns

    def is_over(self) -> bool:
        """Whether the moment has come."""
        return self.clock() >= self.at_ns

    def seconds(self, cap_ms: int | None = None) -> float:
        """What is left, at most the cap; 0 where nothing is."""
        left = max(0.0, (self.at_ns - self.clock()) / _NANOSECONDS_PER_SECOND)
        return left if cap_ms is None else min(left, cap_ms / 1000)


_behind: Final[set[asyncio.Future[Any]]] = set()
"""What was left to end behind, held so that it is not collected meanwhile."""


async def within(work: Coroutine[Any, Any, T], seconds: Callable[[], float]) -> T:
    """The result of `work`, if it comes in so many seconds. Raises OutOfTime; then the work goes on behind.

    What never suspends, as stores in memory and SQLite's reads, costs no more than an await. Each step of what suspends
    is taken in the caller's task too, and only what is left to end behind gets one of its own: out of time, or where
    the caller is cancelled. So `work` must not tie itself to the current task (asyncio.timeout does): an adapter hands
    its driver's call to a task.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    return await _waited(work, waits_for, seconds())


async def _waited(work: Coroutine[Any, Any, T], waits_for: asyncio.Future[Any] | None, seconds: float) -> T:
    """The result of work that waits for a future, or with None for the loop's next turn."""
    loop = asyncio.get_running_loop()
    gate: asyncio.Future[None] = loop.create_future()
    is_over = False

    def come(_: object = None) -> None:
        if not gate.done():
            gate.set_result(None)

    def over() -> None:
        nonlocal is_over
        is_over = True
        come()

    # Where the loop was busy, what came in time is here when the time is over, and was only not looked at yet.
    timer = loop.call_later(seconds, loop.call_later, LOOK_SECONDS, over)
    is_waiting = True
    try:
        while True:
            if waits_for is None:
                loop.call_soon(come)
            else:
                # As a task does, so that others may await the same future meanwhile.
                waits_for._asyncio_future_blocking = False  # noqa: SLF001 - asyncio's own protocol
                waits_for.add_done_callback(come)
            await gate
            if waits_for is not None and not waits_for.done():
                raise OutOfTime
            is_waiting = False
            waits_for = work.send(None)
            is_waiting = True
            if is_over:
                raise OutOfTime
            gate = loop.create_future()
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        timer.cancel()
        if is_waiting:
            _leave_behind(loop, work, waits_for)


def _leave_behind(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], waits_for: object) -> None:
    """Have a task take the steps that are left of what waits already."""
    task = loop.create_task(_Begun(work, waits_for))
    _behind.add(task)
    task.add_done_callback(_ended)


def _ended(task: asyncio.Future[Any]) -> None:
    _behind.discard(task)
    # Asked for, so that a fault nobody waits for any more is not reported as forgotten.
    if not task.cancelled():
        task.exception()


async def durable_within(work: Coroutine[Any, Any, T], seconds: Callable[[], float]) -> T:
    """What is durable in so many seconds. Raises DeadlineExceeded; then the work goes on behind."""
    try:
        return await within(work, seconds)
    except OutOfTime as error:
        message = "Not recorded in time; retry with the same key and body: it may be recorded yet, and counts once."
        raise DeadlineExceeded(message) from error


class _Begun(Coroutine[Any, Any, T]):
    """A coroutine that took its first steps outside of its task, for that to go on with."""

    __slots__ = ("_first", "_work")

    def __init__(self, work: Coroutine[Any, Any, T], first: object) -> None:
        """`first` is what the last step gave: the future that the work waits for."""
        self._work = work
        self._first: tuple[object, ...] = (first,)

    def send(self, value: Any) -> Any:  # noqa: ANN401 - as a coroutine's is
        """Take the next step; the first one that is asked for is taken already."""
        if self._first:
            (first,), self._first = self._first, ()
            if asyncio.isfuture(first):
                # The mark that `await` set, which a task looks for and takes off.
                first._asyncio_future_blocking = True  # noqa: SLF001 - asyncio's own protocol
            return first
        return self._work.send(value)

    def throw(self, *thrown: Any) -> Any:  # noqa: ANN401 - as a coroutine's is
        """Have the work meet what the task met: its cancellation."""
        self._first = ()
        return self._work.throw(*thrown)

    def close(self) -> None:
        """End the work."""
        self._work.close()

    def __await__(self) -> Generator[Any, Any, T]:
        """Not asked for: a task takes the steps."""
        return self._work.__await__()
