"""Limits that hold before a request is one: the size of its head, and the time it may take to arrive (law 9)."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import Problem

HEAD_BYTES_MAX = 32 * 1024
ARRIVAL_SECONDS_MAX = 10.0


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, which refuses a head over 32 KB and hangs up on a request that does not arrive.

    Whoever has no key can open connections; without these limits a head could grow for ever, and a thousand requests
    begun and never ended could stay.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - what uvicorn hands in
        """Begin with nothing read."""
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._is_head = True
        self._begun_at: float | None = None
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a first request in time."""
        super().connection_made(transport)
        self._begun_at = self.loop.time()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no longer."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, unless the head grows too large."""
        super().data_received(data)
        if self._is_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
                self._refuse()

    def on_message_begin(self) -> None:
        """Another request begins: its head is counted from nothing."""
        super().on_message_begin()
        self._is_head, self._head_bytes = True, 0
        self._begun_at = self._begun_at or self.loop.time()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._is_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._begun_at = None
        super().on_message_complete()

    def _look(self) -> None:
        """Hang up where a request is late; else look again. One timer a connection costs a request nothing."""
        if self._begun_at is not None and self.loop.time() - self._begun_at >= ARRIVAL_SECONDS_MAX:
            self.transport.close()
            return
        self._watch = self.loop.call_later(ARRIVAL_SECONDS_MAX, self._look)

    def _refuse(self) -> None:
        detail = f"A request's line and headers have at most {HEAD_BYTES_MAX} bytes."
        response = Problem(status=431, code="head_too_large", detail=detail).response("")
        head = [b"HTTP/1.1 431 Request Header Fields Too Large", b"connection: close"]
        head += [name + b": " + value for name, value in response.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", bytes(response.body)]))
        self.transport.close()
