"""A load client that costs little beside the server: an asyncio protocol that reads status, length and body alone."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from api.bench.installation import HOST, Server
from engine.garbage import no_garbage_collection

DECISIONS = "/v1/decisions"
REPLAYED = b"idempotent-replayed: true"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_STRAGGLERS_SECONDS = 10.0
_LEAD_NS = 50_000_000
"""From the moment when all connections stand to the first request."""


class Reply(NamedTuple):
    """A complete answer; times are of this process's monotonic clock. `sent_ns`: when it left, or was to leave."""

    status: int
    is_replayed: bool
    body: bytes
    sent_ns: int
    received_ns: int


def as_http(body: bytes, key: str, path: str = DECISIONS) -> bytes:
    """The whole HTTP/1.1 request for a decision, or for what is posted to another path."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Loop(ABC):
    """Requests that are sent over keep-alive connections, each with one under way, and what was answered.

    `replies` holds the answers by the request's index; `sent` is how many were begun. What was sent and has no reply is
    unacknowledged: the server died or closed the connection over it.
    """

    def __init__(self, requests: Sequence[bytes]) -> None:
        """`requests` are complete HTTP requests."""
        self.requests = requests
        self.replies: dict[int, Reply] = {}
        self.sent = 0
        self._opened: list[_Connection] = []

    async def _open(self, server: Server, connections: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            self._opened.append((await loop.create_connection(lambda: _Connection(self), HOST, server.port))[1])

    async def _ended(self, seconds: float, is_done: Sequence["asyncio.Future[Any]"] = ()) -> bool:
        """Whether all connections ended within so many seconds; `is_done` ends the wait as well."""
        ended: asyncio.Future[Any] = asyncio.gather(*(connection.ended for connection in self._opened))
        done, _ = await asyncio.wait({ended, *is_done}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return ended in done

    async def _close(self) -> None:
        for connection in self._opened:
            connection.close()
        await asyncio.gather(*(connection.ended for connection in self._opened))

    @abstractmethod
    def free(self, connection: "_Connection") -> None:
        """The connection's request was answered: it may take another."""


class Load(_Loop):
    """A closed loop: each connection sends the next request as soon as its last one is answered."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        """`requests` are complete HTTP requests."""
        super().__init__(requests)
        self.is_over = False

    async def run(
        self, server: Server, connections: int, seconds: float, begun: Callable[[], object] | None = None
    ) -> None:
        """Send until the requests or the seconds are used up, or all connections are lost; then wait for answers.

        `begun` is called when all connections stand and the first requests are sent.
        """
        await self._open(server, connections)
        # Walking tens of thousands of replies would count as the server's latency.
        with no_garbage_collection():
            for connection in self._opened:
                self.free(connection)
            if begun is not None:
                begun()
            if not await self._ended(seconds):
                self.is_over = True
                await self._ended(_STRAGGLERS_SECONDS)
        await self._close()

    def free(self, connection: "_Connection") -> None:
        """Send the next request, or end the connection where there is none."""
        if self.is_over or not connection.is_open or self.sent == len(self.requests):
            connection.close()
            return
        self.sent += 1
        connection.send(self.sent - 1, time.perf_counter_ns())


class OpenLoad(_Loop):
    """An open loop: each request leaves at its own time, however long the earlier ones take.

    A reply's `sent_ns` is when the request was to leave: where all connections wait, or this client is late, that wait
    is part of the latency (no coordinated omission). `waited` counts requests that found no free connection.
    """

    def __init__(self, requests: Sequence[bytes], per_second: float) -> None:
        """`requests` are complete HTTP requests, one every 1/`per_second` s."""
        super().__init__(requests)
        self.waited = 0
        self._gap_ns = 1e9 / per_second
        self._start_ns = 0
        self._idle: deque[_Connection] = deque()
        self._waiting: deque[int] = deque()
        self._done: asyncio.Future[None] | None = None

    async def run(self, server: Server, connections: int) -> None:
        """Send every request at its time, and wait for the answers, 10 s for the last."""
        await self._open(server, connections)
        self._idle.extend(self._opened)
        done = self._done = asyncio.get_running_loop().create_future()
        with no_garbage_collection():
            self._start_ns = time.perf_counter_ns() + _LEAD_NS
            self._send_due()
            await self._ended(len(self.requests) * self._gap_ns / 1e9 + _STRAGGLERS_SECONDS, [done])
        done.cancel()
        await self._close()

    def free(self, connection: "_Connection") -> None:
        """Take what waits for a connection; else the connection waits, behind those that wait longer."""
        if self._waiting:
            self._send(connection, self._waiting.popleft())
        else:
            self._idle.append(connection)
        if len(self.replies) == len(self.requests) and self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _send_due(self) -> None:
        """Send what is due, and look again at once: a timer of the loop is a millisecond late, which is too much."""
        due = (time.perf_counter_ns() - self._start_ns) / self._gap_ns
        while self.sent <= due and self.sent < len(self.requests):
            index = self.sent
            self.sent += 1
            if self._idle:
                self._send(self._idle.popleft(), index)
            else:
                self.waited += 1
                self._waiting.append(index)
        if self.sent < len(self.requests) and self._done is not None and not self._done.done():
            asyncio.get_running_loop().call_soon(self._send_due)

    def _send(self, connection: "_Connection", index: int) -> None:
        connection.send(index, self._start_ns + int(index * self._gap_ns))


class _Connection(asyncio.Protocol):
    """A keep-alive connection with one request under way."""

    def __init__(self, load: _Loop) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._index = -1
        self._sent_ns = 0

    @property
    def is_open(self) -> bool:
        """Whether it can send."""
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are transports by what they do, not by descent.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # what was lost with it shows as a missing reply
        self._transport = None
        if not self.ended.done():
            self.ended.set_result(None)

    def send(self, index: int, sent_ns: int) -> None:
        """Send the request of this index; over a lost connection it stays without a reply."""
        self._index, self._sent_ns = index, sent_ns
        if self._transport is not None:
            self._transport.write(self._load.requests[index])

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is complete: nothing is pipelined, so what came is of one answer."""
        self._received = received = self._received + data if self._received else data
        head_length = received.find(_HEAD_END)
        if head_length < 0:
            return
        head = received[:head_length].lower()
        at = head.find(_LENGTH) + len(_LENGTH)
        body_start = head_length + len(_HEAD_END)
        if len(received) < body_start + int(head[at:].split(b"\r\n", 1)[0]):
            return
        self._received = b""
        self._load.replies[self._index] = Reply(
            status=int(head[9:12]),
            is_replayed=REPLAYED in head,
            body=received[body_start:],
            sent_ns=self._sent_ns,
            received_ns=time.perf_counter_ns(),
        )
        self._load.free(self)

    def close(self) -> None:
        """Close the connection; `ended` tells when."""
        if self._transport is not None:
            self._transport.abort()
        elif not self.ended.done():
            self.ended.set_result(None)
