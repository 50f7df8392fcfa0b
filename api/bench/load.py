"""A load client that costs little beside the server: an asyncio protocol that reads status, length and body alone."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from api.bench.installation import HOST, Server

REPLAYED = b"idempotent-replayed: true"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_STRAGGLERS_SECONDS = 10.0


class Reply(NamedTuple):
    """A complete answer; times are of this process's monotonic clock."""

    status: int
    is_replayed: bool
    body: bytes
    sent_ns: int
    received_ns: int


def as_http(body: bytes, key: str) -> bytes:
    """The whole HTTP/1.1 request for a decision."""
    head = (
        f"POST /v1/decisions HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """One closed loop: each connection sends the next request as soon as its last one is answered.

    `replies` holds what was answered, by the request's index; `sent` is how many were begun. What was sent and has no
    reply is unacknowledged: the server died or closed the connection over it.
    """

    def __init__(self, requests: Sequence[bytes]) -> None:
        """`requests` are complete HTTP requests."""
        self.requests = requests
        self.replies: dict[int, Reply] = {}
        self.sent = 0
        self.is_over = False

    async def run(
        self, server: Server, connections: int, seconds: float, begun: Callable[[], object] | None = None
    ) -> None:
        """Send until the requests or the seconds are used up, or all connections are lost; then wait for answers.

        `begun` is called when all connections stand and the first requests are sent.
        """
        loop = asyncio.get_running_loop()
        opened = [
            (await loop.create_connection(lambda: _Connection(self), HOST, server.port))[1] for _ in range(connections)
        ]
        for connection in opened:
            connection.send_next()
        if begun is not None:
            begun()
        ended = asyncio.gather(*(connection.ended for connection in opened))
        done, _ = await asyncio.wait({ended}, timeout=seconds)
        if not done:
            self.is_over = True
            await asyncio.wait({ended}, timeout=_STRAGGLERS_SECONDS)
        for connection in opened:
            connection.close()
        await ended


class _Connection(asyncio.Protocol):
    """A keep-alive connection with one request under way."""

    def __init__(self, load: Load) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._index = -1
        self._sent_ns = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are transports by what they do, not by descent.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # what was lost with it shows as a missing reply
        self._transport = None
        if not self.ended.done():
            self.ended.set_result(None)

    def send_next(self) -> None:
        """Send the next request, or end where there is none."""
        load = self._load
        if self._transport is None or load.is_over or load.sent == len(load.requests):
            self.close()
            return
        self._index = load.sent
        load.sent += 1
        self._sent_ns = time.perf_counter_ns()
        self._transport.write(load.requests[self._index])

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
        self.send_next()

    def close(self) -> None:
        """Close the connection; `ended` tells when."""
        if self._transport is not None:
            self._transport.abort()
        elif not self.ended.done():
            self.ended.set_result(None)
