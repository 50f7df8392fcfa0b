"""Admission: what waits is bounded, by number and by time, and what is over is turned away before work is done for it.

A decision that finds no room is turned away by the protocol, as soon as its head has come: it costs a twentieth of what
a decision costs, so that those which are let in are still decided in time. Everything else has half the room, so
decisions are turned away last. Health and metrics always pass.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

import structlog
from fastapi import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.clock import monotonic_ns
from api.metrics import Metrics
from api.middleware import new_request_id
from api.one_write import ANSWER
from api.problems import Problem, ProblemRaised
from engine.errors import Overloaded
from engine.garbage import walk_in_calm

DECISION_PATH: Final = "/v1/decisions"
ALWAYS_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})

RETRY_AFTER_SECONDS: Final = (1, 2, 3)
"""In turn, so that those turned away together do not come back together."""
LOG_EVERY_SECONDS: Final = 60
"""One line says that calls are turned away; one a call would be more work than the calls."""

log = structlog.get_logger()

_DETAIL = "More calls wait than can be answered in time. Retry after the time given, with the same key and body."
_NANOSECONDS_PER_MS: Final = 1_000_000
_NANOSECONDS_PER_SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much may wait: how many calls before anything is done for them, and how long; and how many for the disk."""

    queued_max: int
    wait_ms_max: int
    under_way_max: int


DECISIONS: Final = Room(queued_max=64, wait_ms_max=100, under_way_max=256)
"""Decided one after the other, 64 take some 40 ms, of the 150 ms that a call has by default. As many as wait for the
disk are committed together."""
OTHERS: Final = Room(queued_max=32, wait_ms_max=50, under_way_max=128)


@dataclass(slots=True, kw_only=True)
class Load:
    """What this process is doing now, and how many calls it turned away; read by health and metrics."""

    metrics: Metrics
    decisions: Room = DECISIONS
    others: Room = OTHERS
    is_stopping: bool = False
    """Whether it was told to stop: what is under way is finished, and each answer closes its connection."""
    queued: int = 0
    """Decisions let in by the protocol for which nothing was done yet, or that were read alone."""
    under_way: int = 0
    """Calls whose request has arrived whole and whose answer has not been sent."""
    shed_decisions: int = 0
    shed_others: int = 0
    """Calls turned away since the start."""
    _said_ns: int | None = None
    _retry_after: Iterator[str] = field(default_factory=lambda: cycle(map(str, RETRY_AFTER_SECONDS)))

    def is_full(self, room: Room) -> bool:
        """Whether there is no room for another call."""
        return self.queued >= room.queued_max or self.queued + self.under_way >= room.under_way_max

    async def turn(self, received_ns: int) -> None:
        """Let every call that has arrived be read before the first of them is decided; alone, a call goes on at once.

        What is done for many calls in a row finds its code and tables in the processor's caches: reading takes half as
        long as between two decisions. Meanwhile the call is queued again, for nothing of its decision was done yet.

        Raises a 503 problem where it waited too long since it was received.
        """
        if not self.queued:
            return
        self.queued += 1
        self.under_way -= 1
        try:
            await asyncio.sleep(0)
        finally:
            self.queued -= 1
            self.under_way += 1
        if monotonic_ns() - received_ns > self.decisions.wait_ms_max * _NANOSECONDS_PER_MS:
            raise ProblemRaised(self._turned_away(is_decision=True))

    def refusal(self, request_id: str, *, is_decision: bool) -> Response:
        """The answer to a call that is turned away before anything looks at what leaves: its problem is counted too."""
        self.metrics.problems[Overloaded.code, 503] += 1
        return self._turned_away(is_decision=is_decision).response(request_id)

    def _turned_away(self, *, is_decision: bool) -> Problem:
        """What a call that is turned away is told; it is counted, and the first in a while is logged."""
        if is_decision:
            self.shed_decisions += 1
        else:
            self.shed_others += 1
        now_ns = monotonic_ns()
        if self._said_ns is None or now_ns - self._said_ns >= LOG_EVERY_SECONDS * _NANOSECONDS_PER_SECOND:
            self._said_ns = now_ns
            log.warning("overloaded", under_way=self.under_way, shed=self.shed_decisions + self.shed_others)
        headers = {"Retry-After": next(self._retry_after)}
        return Problem(status=503, code=Overloaded.code, detail=_DETAIL, headers=headers)


class Admission:
    """Turns calls away for which there is no room or that waited too long; nothing of their body is read."""

    def __init__(self, app: ASGIApp, load: Load) -> None:
        """Wrap the application; UnderWay, within it, counts what is let in."""
        self._app = app
        self._load = load

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or turn it away."""
        load = self._load
        if scope["type"] == "http" and load.is_stopping:
            scope.pop(ANSWER, None)
            send = _closing(send)
        if scope["type"] != "http" or scope["path"] in ALWAYS_PATHS:
            await self._app(scope, receive, send)
            return
        is_decision = scope["path"] == DECISION_PATH and scope["method"] == "POST"
        room = load.decisions if is_decision else load.others
        now_ns = monotonic_ns()
        waited_ns = now_ns - scope.setdefault("assay.received_ns", now_ns)
        if scope.pop("assay.queued", False):
            # The protocol found room for it.
            load.queued -= 1
            has_room = True
        else:
            has_room = not load.is_full(room)
        if has_room and waited_ns <= room.wait_ms_max * _NANOSECONDS_PER_MS:
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        refusal = load.refusal(request_id, is_decision=is_decision)
        refusal.raw_headers.append((b"x-request-id", request_id.encode()))
        await refusal(scope, receive, send)


def _closing(send: Send) -> Send:
    """Have the answer close its connection, so that the caller's next request goes to another server."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    return closing


class UnderWay:
    """Counts the calls under way. It stands behind what reads the body: who sends slowly takes up no room."""

    def __init__(self, app: ASGIApp, load: Load) -> None:
        """Wrap the application."""
        self._app = app
        self._load = load

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and count it meanwhile."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_PATHS:
            await self._app(scope, receive, send)
            return
        load = self._load
        load.under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            load.under_way -= 1
            if not load.under_way and not load.queued:
                walk_in_calm()


class KeyRates:
    """A token bucket for each key: so many calls a second, and as many at once."""

    def __init__(self, per_second: float | None) -> None:
        """None limits nothing. A rate below one a second lets one call through at a time."""
        self._per_second = per_second
        self._room = 1.0 if per_second is None else max(1.0, per_second)
        self._buckets: dict[str, tuple[float, int]] = {}
        self.refused = 0
        """How many calls were refused; for the metrics."""

    def seconds_to_wait(self, key_id: str, now_ns: int) -> float:
        """Take a token of the key's: 0 where there was one, else how long until there is."""
        if self._per_second is None:
            return 0.0
        tokens, at_ns = self._buckets.get(key_id, (self._room, now_ns))
        tokens = min(self._room, tokens + (now_ns - at_ns) / _NANOSECONDS_PER_SECOND * self._per_second)
        if tokens >= 1.0:
            self._buckets[key_id] = (tokens - 1.0, now_ns)
            return 0.0
        self._buckets[key_id] = (tokens, now_ns)
        self.refused += 1
        return (1.0 - tokens) / self._per_second
