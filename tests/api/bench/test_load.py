"""The load client against a server of four lines: answers in pieces, lost connections, the end of the time."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import Mock

from api.bench.installation import Server
from api.bench.load import Load, OpenLoad, as_http

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


async def test_an_open_loop_sends_at_its_times_and_counts_the_wait() -> None:
    """The server holds its first answer back for a second: what was due meanwhile is late by what it waited."""
    held = asyncio.Event()

    async def held_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_one(reader)
            await held.wait()
            writer.write(ANSWER)

    load = OpenLoad([as_http(b"{}", "key")] * 40, per_second=200)
    async with serving(held_first) as server:
        running = asyncio.create_task(load.run(server, connections=2))
        while load.sent < 40:  # noqa: ASYNC110 - the load sets no event
            await asyncio.sleep(0.01)
        assert not load.replies
        held.set()
        await running
    assert load.waited == 38
    assert sorted(load.replies) == [*range(40)]
    due = [load.replies[index].sent_ns for index in range(40)]
    assert [one - due[0] for one in due] == [index * 5_000_000 for index in range(40)]
    # The first was due 0.195 s before the last was sent, and none was answered before.
    assert load.replies[0].received_ns - load.replies[0].sent_ns >= 0.195e9


async def test_a_slow_answer_holds_no_other_up() -> None:
    slow = asyncio.Event()
    connections = 0

    async def one_slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        is_slow = connections == 1
        while True:
            await read_one(reader)
            if is_slow:
                await slow.wait()
            writer.write(ANSWER)

    load = OpenLoad([as_http(b"{}", "key")] * 20, per_second=200)
    async with serving(one_slow) as server:
        running = asyncio.create_task(load.run(server, connections=8))
        while len(load.replies) < 19:  # noqa: ASYNC110 - the load sets no event
            await asyncio.sleep(0.01)
        assert not running.done()
        slow.set()
        await running
    assert (load.waited, len(load.replies)) == (0, 20)


async def test_an_open_loop_ends_where_the_server_goes_away() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_one(reader)
        writer.close()

    load = OpenLoad([as_http(b"{}", "key")] * 100_000, per_second=1_000)
    async with serving(never) as server:
        await load.run(server, connections=3)
    assert not load.replies
    assert load.sent < 100_000
