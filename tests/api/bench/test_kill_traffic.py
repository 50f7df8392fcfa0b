"""The load of the crash test: what is turned away is asked again, and payments that were decided get outcomes."""

import asyncio
from random import Random

import orjson

from api.bench.kill import Ask, Traffic
from api.bench.load import DECISIONS
from tests.api.bench.test_load import serving

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"id":"dec_1"}'
CREATED = b'HTTP/1.1 201 Created\r\nContent-Length: 14\r\n\r\n{"id":"out_1"}'
LATE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"
ASKS = [Ask(DECISIONS, orjson.dumps({"number": number})) for number in range(20)]


async def answered(traffic: Traffic, turned_away: int) -> list[tuple[bytes, bytes]]:
    """Path and body of all that a server got which turns the first requests away."""
    got: list[tuple[bytes, bytes]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            path = head.split(b" ")[1]
            got.append((path, await reader.readexactly(length)))
            writer.write(LATE if len(got) <= turned_away else OK if path == DECISIONS.encode() else CREATED)

    async with serving(answer) as server:
        await traffic.run(server, 2, 30.0)
    return got


async def test_what_is_turned_away_is_asked_again_until_it_is_answered() -> None:
    traffic = Traffic(ASKS, "key")
    got = await answered(traffic, 5)
    assert {reply.status for reply in traffic.answers.values()} == {200}
    assert set(traffic.answers) == set(ASKS)
    assert len(got) == len(ASKS) + 5
    assert 1 <= len(traffic.turned_away) <= 5
    assert traffic.left_open == []


async def test_payments_that_were_decided_get_outcomes() -> None:
    traffic = Traffic(ASKS, "key", Random(3))
    got = await answered(traffic, 0)
    told = [body for path, body in got if path == b"/v1/decisions/dec_1/outcome"]
    assert {orjson.loads(body)["type"] for body in told} == {"declined", "authorized", "refunded"}
    assert {reply.status for ask, reply in traffic.answers.items() if ask.is_outcome} == {201}
    assert sum(not ask.is_outcome for ask in traffic.answers) == len(ASKS)


async def test_what_the_server_did_not_answer_is_left_open() -> None:
    async def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    traffic = Traffic(ASKS, "key")
    async with serving(dies) as server:
        await traffic.run(server, 2, 30.0)
    assert traffic.left_open == ASKS[:2]
