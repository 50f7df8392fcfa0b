"""An answer that leaves in one write is, byte for byte, what Uvicorn writes of it in two."""

import asyncio
import logging
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api.one_write import ANSWER, OneWriteCycle

Headers = list[tuple[bytes, bytes]]


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True


def cycle_of(kind: type[RequestResponseCycle], **said: Any) -> tuple[RequestResponseCycle, Wire, list[str]]:
    """A cycle whose answer goes to the wire, and what was called when it was complete."""
    wire, ended = Wire(), list[str]()
    logger = logging.getLogger("tests")
    cycle = kind(
        scope={"type": "http", "method": "POST"},  # type: ignore[typeddict-item]
        transport=wire,  # type: ignore[arg-type]
        flow=SimpleNamespace(write_paused=False),  # type: ignore[arg-type]
        logger=logger,
        access_logger=logger,
        access_log=False,
        default_headers=[(b"date", b"Tue, 01 Dec 2026 02:00:00 GMT")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=said.pop("keep_alive", True),
        on_response=lambda: ended.append("ended"),
    )
    for name, value in said.items():
        setattr(cycle, name, value)
    return cycle, wire, ended


async def sent_whole(cycle: RequestResponseCycle, headers: Headers, body: bytes) -> None:
    message: Any = {"type": ANSWER, "headers": headers, "body": body}
    await cycle.send(message)


async def sent_apart(cycle: RequestResponseCycle, headers: Headers, body: bytes) -> None:
    await cycle.send({"type": "http.response.start", "status": 200, "headers": headers})
    await cycle.send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize("said", [{}, {"keep_alive": False}, {"disconnected": True}], ids=str)
async def test_the_bytes_are_those_that_uvicorn_writes(said: dict[str, Any]) -> None:
    random = Random(7)
    for _ in range(200):
        body = random.randbytes(random.choice((0, 1, 20, 2000, 70_000)))
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        headers += [(b"x-%d" % index, b"y" * random.randrange(9)) for index in range(random.randrange(3))]
        random.shuffle(headers)
        ours, our_wire, our_end = cycle_of(OneWriteCycle, **said)
        theirs, their_wire, their_end = cycle_of(RequestResponseCycle, **said)
        await sent_whole(ours, headers, body)
        await sent_apart(theirs, headers, body)
        assert b"".join(our_wire.writes) == b"".join(their_wire.writes)
        assert our_wire.is_closed == their_wire.is_closed
        assert our_end == their_end
        for name in ("response_started", "response_complete", "keep_alive"):
            assert getattr(ours, name) == getattr(theirs, name), name
        assert ours.message_event.is_set() == theirs.message_event.is_set()


async def test_an_answer_is_one_write() -> None:
    cycle, wire, _ = cycle_of(OneWriteCycle)
    await sent_whole(cycle, [(b"content-length", b"2")], b"ok")
    assert len(wire.writes) == 1


async def test_parts_of_an_answer_go_as_they_did() -> None:
    cycle, wire, ended = cycle_of(OneWriteCycle)
    await sent_apart(cycle, [(b"content-length", b"2")], b"ok")
    assert wire.writes[-1] == b"ok"
    assert ended == ["ended"]
