"""Limits that hold before a request is one: the size of its head, and the time it may take to arrive (law 9)."""

import asyncio
import re
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.admission import DECISION_PATH, Load
from api.clock import monotonic_ns
from api.middleware import new_request_id
from api.one_write import ANSWER, OneWriteCycle
from api.problems import Problem

HEAD_BYTES_MAX = 32 * 1024
ARRIVAL_SECONDS_MAX = 10.0
_DECISION_PATH = DECISION_PATH.encode()
_HEAD_END = b"\r\n\r\n"
_UPGRADE = re.compile(rb"\r\nupgrade(?=[ \t]*:)", re.IGNORECASE)


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, which refuses a head over 32 KB and hangs up on a request that does not arrive.

    Whoever has no key can open connections; without these limits a head could grow for ever, and a thousand requests
    begun and never ended could stay. It turns decisions away for which there is no room.
    """

    def __init__(self, *arguments: Any, load: Load | None = None, **named: Any) -> None:  # noqa: ANN401 - uvicorn's
        """Begin with nothing read; without `load` nothing is turned away."""
        super().__init__(*arguments, **named)
        self._load = load
        self._is_shed = False
        self._head_bytes = 0
        self._is_head = True
        self._may_be_large = False
        self._is_refused = False
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
        if (self._is_head or self._begun_at is None) and (b"pgrade" in data or b"PGRADE" in data):
            data = _without_upgrade(data)
        self._may_be_large = self._head_bytes + len(data) > HEAD_BYTES_MAX
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
        """The head is whole; one that came in a single read, with its body perhaps, is measured here."""
        self._is_head = False
        if self._is_refused or (self._may_be_large and self._head_length() > HEAD_BYTES_MAX):
            if not self._is_refused:
                self._is_refused = True
                self._refuse()
            return
        self.scope["assay.received_ns"] = monotonic_ns()  # type: ignore[typeddict-unknown-key]
        if self._load is not None and self._is_next_decision():
            if self._load.is_full(self._load.decisions):
                self._is_shed = True
                return
            self._load.queued += 1
            self.scope["assay.queued"] = True  # type: ignore[typeddict-unknown-key]
        self.scope[ANSWER] = True  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()
        # Nothing of it has run yet, and Uvicorn has no other way in for a cycle of ours.
        self.cycle.__class__ = OneWriteCycle

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, or let it go."""
        if not self._is_shed and not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: from now on the caller waits for us, and its deadline runs."""
        self._begun_at = None
        if self._is_refused:
            return
        if self._is_shed:
            self._is_shed = False
            self._turn_away()
            return
        self.scope["assay.received_ns"] = monotonic_ns()  # type: ignore[typeddict-unknown-key]
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; what Uvicorn would say names nothing."""
        del msg
        detail = "The request is no HTTP/1.1: see its line, its headers and its Content-Length or chunks."
        response = Problem(status=400, code="http_malformed", detail=detail).response("")
        self._write([b"HTTP/1.1 400 Bad Request", b"connection: close"], response.raw_headers, bytes(response.body))
        self.transport.close()

    def _is_next_decision(self) -> bool:
        """Whether this asks for a decision, and is answered next: neither pipelined nor waiting for a 100."""
        return (
            self.url == _DECISION_PATH
            and self.parser.get_method() == b"POST"
            and not self.expect_100_continue
            and (self.cycle is None or self.cycle.response_complete)
        )

    def _turn_away(self) -> None:
        assert self._load is not None, "without it nothing is turned away"
        request_id = new_request_id()
        response = self._load.refusal(request_id, is_decision=True)
        keeps_alive = self.parser.should_keep_alive() and not self._load.is_stopping
        head = [b"HTTP/1.1 503 Service Unavailable", b"x-request-id: " + request_id.encode()]
        if not keeps_alive:
            head.append(b"connection: close")
        self._write(head, response.raw_headers, bytes(response.body))
        if keeps_alive:
            self.on_response_complete()
        else:
            self.transport.close()

    def _look(self) -> None:
        """Hang up where a request is late; else look again. One timer a connection costs a request nothing."""
        if self._begun_at is not None and self.loop.time() - self._begun_at >= ARRIVAL_SECONDS_MAX:
            self.transport.close()
            return
        self._watch = self.loop.call_later(ARRIVAL_SECONDS_MAX, self._look)

    def _head_length(self) -> int:
        """The bytes of the request's line and headers, about: each header has four more than its name and value."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _refuse(self) -> None:
        detail = f"A request's line and headers have at most {HEAD_BYTES_MAX} bytes."
        response = Problem(status=431, code="head_too_large", detail=detail).response("")
        head = [b"HTTP/1.1 431 Request Header Fields Too Large", b"connection: close"]
        self._write(head, response.raw_headers, bytes(response.body))
        self.transport.close()

    def _write(self, head: list[bytes], headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        lines = [*head, *(name + b": " + value for name, value in headers), b"", body]
        self.transport.write(b"\r\n".join(lines))


def _without_upgrade(data: bytes) -> bytes:
    """What came, without an offer to go on in another protocol, which a server may leave alone (RFC 9110, 7.8).

    Java's client offers HTTP/2 with each first call, and curl where it is told to. The parser would take what follows
    the head, which is the call's body, for that protocol's.
    """
    head, blank, rest = data.partition(_HEAD_END)
    return _UPGRADE.sub(b"\r\nignored", head) + blank + rest
