"""The load client against a server of four lines: answers in pieces, lost connections, the end of the time."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import Mock

from api.bench.installation import Server
from api.bench.load import Load, as_http

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nIdempotent-Replayed: true\r\n\r\nbody"


@asynccontextmanager
async def serving(answer: Answering) -> AsyncIterator[Server]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Server(process=Mock(subprocess.Popen), port=port, key="key", log=Path("unused"))


async def read_one(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def test_answers_that_come_in_pieces_are_put_together() -> None:
    async def in_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_one(reader)
            for byte in ANSWER:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)

    load = Load([as_http(b"{}", "key")] * 6)
    async with serving(in_pieces) as server:
        await load.run(server, connections=2, seconds=10)
    assert load.sent == 6
    assert {(reply.status, reply.is_replayed, reply.body) for reply in load.replies.values()} == {(200, True, b"body")}
    assert sorted(load.replies) == [*range(6)]


async def test_what_a_lost_connection_took_along_has_no_reply() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_one(reader)
        writer.write(ANSWER)
        await read_one(reader)
        writer.write(ANSWER[:-1])
        await writer.drain()

    load = Load([as_http(b"{}", "key")] * 6)
    async with serving(once) as server:
        await load.run(server, connections=1, seconds=10)
    assert load.sent == 2
    assert list(load.replies) == [0]


async def test_it_ends_with_the_time_and_waits_for_what_is_under_way() -> None:
    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_one(reader)
            await asyncio.sleep(0.05)
            writer.write(ANSWER)

    load = Load([as_http(b"{}", "key")] * 10_000)
    async with serving(slowly) as server:
        await load.run(server, connections=2, seconds=0.12)
    assert 0 < load.sent < 10_000
    assert len(load.replies) == load.sent
