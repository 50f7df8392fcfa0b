"""Limits before a request is one, against the real server."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api import protocol
from api.protocol import HEAD_BYTES_MAX, BoundedProtocol


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_listening.set()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(answer, http=BoundedProtocol, ws="none", lifespan="off", port=0, log_level="critical")
    server = Server(config)
    serving = asyncio.ensure_future(server.serve())
    await server.is_listening.wait()
    yield int(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    await serving


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


async def test_a_head_without_end_is_refused(port: int) -> None:
    begun = b"GET / HTTP/1.1\r\nhost: x\r\nx-long: "
    said = await exchange(port, begun, *([b"y" * 8192] * (HEAD_BYTES_MAX // 8192 + 1)))
    assert said.startswith(b"HTTP/1.1 431")
    assert b'"code":"head_too_large"' in said


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
