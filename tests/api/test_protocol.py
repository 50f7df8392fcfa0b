"""Limits before a request is one, against the real server."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api import protocol
from api.clock import monotonic_ns
from api.protocol import HEAD_BYTES_MAX, BoundedProtocol
from tests.api.servers import running


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(answer, http=BoundedProtocol, ws="none", lifespan="off", port=0, log_config=None)
    async with running(config) as port:
        yield port


async def exchange(port: int, *parts: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    writer.write_eof()
    said = await reader.read()
    writer.close()
    return said


async def test_an_ordinary_head_is_read(port: int) -> None:
    said = await exchange(port, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("protocol_name", [b"h2c", b"websocket", b"TLS/1.0"])
@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade", b"UPGRADE"])
async def test_an_offer_to_go_on_in_another_protocol_is_left_alone(name: bytes, protocol_name: bytes) -> None:
    config = uvicorn.Config(echo, http=BoundedProtocol, ws="none", lifespan="off", port=0, log_config=None)
    # As Java's client and curl --http2 send it.
    body = b'{"note": "\r\nUpgrade: seat"}'
    offer = b"Connection: Upgrade, HTTP2-Settings\r\n%s: %s\r\nHTTP2-Settings: AAMAAABk\r\n" % (name, protocol_name)
    first = b"POST / HTTP/1.1\r\nhost: x\r\n%scontent-length: %d\r\n\r\n" % (offer, len(body))
    second = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi"
    async with running(config) as port:
        for parts in ((first + body, second), (first, body, second)):
            said = await exchange(port, *parts)
            assert (said.count(b"HTTP/1.1 200"), body in said, said.endswith(b"hi")) == (2, True, True)


@pytest.mark.parametrize(
    "sent",
    [
        b"FOO / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"hello\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_problem_too(port: int, sent: bytes) -> None:
    head, _, body = (await exchange(port, sent)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert orjson.loads(body)["code"] == "http_malformed"


async def test_a_head_without_end_is_refused(port: int) -> None:
    begun = b"GET / HTTP/1.1\r\nhost: x\r\nx-long: "
    said = await exchange(port, begun, *([b"y" * 8192] * (HEAD_BYTES_MAX // 8192 + 1)))
    assert said.startswith(b"HTTP/1.1 431")
    assert b'"code":"head_too_large"' in said


async def test_a_large_head_in_one_piece_is_refused_too(port: int) -> None:
    said = await exchange(port, b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"y" * (2 * HEAD_BYTES_MAX) + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 431")
    said = await exchange(port, b"GET /?" + b"y" * (2 * HEAD_BYTES_MAX) + b" HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b"HTTP/1.1 200" not in said


async def test_a_body_is_not_counted_as_head(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 60000\r\n\r\n"
    assert (await exchange(port, head, b"x" * 60000)).startswith(b"HTTP/1.1 200")


async def test_a_request_that_does_not_arrive_is_hung_up_on(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "ARRIVAL_SECONDS_MAX", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n")
    assert await reader.read() == b""
    writer.close()


async def test_several_requests_on_one_connection_are_each_in_time(port: int) -> None:
    one = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(4):
        writer.write(one)
        said = await reader.readuntil(b"ok")
        assert said.startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_request_is_received_when_it_is_whole() -> None:
    """A caller's deadline runs from then: what it takes to send slowly is its own time."""
    received: list[tuple[int, int]] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        begun = scope["assay.received_ns"]
        while (await receive()).get("more_body"):
            pass
        received.append((begun, scope["assay.received_ns"]))
        await answer(scope, receive, send)

    config = uvicorn.Config(note, http=BoundedProtocol, ws="none", lifespan="off", port=0, log_config=None)
    async with running(config) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{")
        await asyncio.sleep(0.02)
        sent_ns = monotonic_ns()
        writer.write(b"}")
        await reader.readuntil(b"ok")
        writer.close()
    ((begun, whole),) = received
    assert begun < sent_ns < whole
