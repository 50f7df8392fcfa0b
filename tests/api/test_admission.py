"""Overload: what is over is turned away at once, decisions last, health never; a key has its rate."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.admission import Admission, KeyRates, Load, Room, UnderWay
from api.app import create_app
from api.clock import monotonic_ns
from api.metrics import Metrics
from api.problems import ProblemRaised
from api.protocol import BoundedProtocol
from api.wiring import Assembly
from tests.api.servers import running

Body = Callable[..., dict[str, Any]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
SECOND_NS = 1_000_000_000
ROOM = Room(queued_max=8, wait_ms_max=60_000, under_way_max=8)


async def ok(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def unread() -> Any:
    pytest.fail("the body was read")


async def status_of(app: App, method: str, path: str, **more: Any) -> tuple[int, dict[bytes, bytes]]:
    starts: list[Any] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)

    await app({"type": "http", "method": method, "path": path, "headers": [], **more}, unread, send)
    return starts[0]["status"], dict(starts[0]["headers"])


async def test_with_room_everything_passes() -> None:
    app = Admission(ok, Load(metrics=Metrics()))
    for method, path in (("POST", "/v1/decisions"), ("GET", "/v1/decisions/dec_1"), ("GET", "/healthz")):
        assert (await status_of(app, method, path))[0] == 200


async def test_decisions_are_turned_away_last_and_health_never() -> None:
    load = Load(metrics=Metrics())
    app = Admission(ok, load)
    statuses = []
    for under_way in (0, load.others.under_way_max, load.decisions.under_way_max):
        load.under_way = under_way
        calls = (("GET", "/v1/keys"), ("POST", "/v1/decisions"), ("GET", "/readyz"), ("GET", "/metrics"))
        statuses.append([(await status_of(app, *call))[0] for call in calls])
    assert statuses == [[200, 200, 200, 200], [503, 200, 200, 200], [503, 503, 200, 200]]
    assert (load.shed_decisions, load.shed_others) == (1, 2)
    assert load.metrics.problems["overloaded", 503] == 3


async def test_a_call_that_waited_too_long_is_turned_away() -> None:
    load = Load(metrics=Metrics())
    app = Admission(ok, load)
    waited = {"assay.received_ns": monotonic_ns() - SECOND_NS}
    status, headers = await status_of(app, "POST", "/v1/decisions", **waited)
    assert status == 503
    assert headers[b"retry-after"] in {b"1", b"2", b"3"}
    assert (await status_of(app, "GET", "/healthz", **waited))[0] == 200


async def test_those_turned_away_do_not_all_come_back_at_once() -> None:
    load = Load(metrics=Metrics(), under_way=10_000)
    app = Admission(ok, load)
    found = {(await status_of(app, "POST", "/v1/decisions"))[1][b"retry-after"] for _ in range(9)}
    assert found == {b"1", b"2", b"3"}


async def test_who_is_told_to_stop_closes_its_connections() -> None:
    load = Load(metrics=Metrics(), is_stopping=True)
    status, headers = await status_of(Admission(ok, load), "POST", "/v1/decisions")
    assert (status, headers[b"connection"]) == (200, b"close")


async def test_a_call_is_under_way_from_its_body_to_its_answer() -> None:
    load = Load(metrics=Metrics())
    seen = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(load.under_way)
        await ok(scope, receive, send)

    async def fail(scope: Scope, *_: object) -> None:
        raise ZeroDivisionError(scope["path"])

    await status_of(UnderWay(look, load), "POST", "/v1/decisions")
    with pytest.raises(ZeroDivisionError):
        await status_of(UnderWay(fail, load), "POST", "/v1/decisions")
    assert (seen, load.under_way) == ([1], 0)


async def test_calls_that_came_together_are_all_read_before_the_first_is_decided() -> None:
    load = Load(metrics=Metrics(), queued=3)
    done: list[str] = []

    async def call(name: str) -> None:
        load.queued -= 1
        load.under_way += 1
        done.append(f"read {name}")
        await load.turn(monotonic_ns())
        done.append(f"decided {name}")
        load.under_way -= 1

    await asyncio.gather(*(call(name) for name in "abc"))
    assert done == [*(f"read {name}" for name in "abc"), *(f"decided {name}" for name in "abc")], "in their order"
    assert (load.queued, load.under_way) == (0, 0)


async def test_a_call_that_waits_for_its_turn_is_queued_and_alone_it_does_not_wait() -> None:
    load = Load(metrics=Metrics(), under_way=1)
    with pytest.raises(StopIteration):
        load.turn(monotonic_ns()).send(None)
    load.queued = 1
    waiting = asyncio.ensure_future(load.turn(monotonic_ns()))
    asyncio.get_running_loop().call_soon(waiting.cancel)
    seen = []
    asyncio.get_running_loop().call_soon(lambda: seen.append((load.queued, load.under_way)))
    await asyncio.wait([waiting])
    assert seen == [(2, 0)], "it has its place among those that nothing was done for"
    assert waiting.cancelled()
    assert (load.queued, load.under_way) == (1, 1)


async def test_a_call_that_was_read_and_waited_too_long_for_its_turn_is_turned_away() -> None:
    load = Load(metrics=Metrics(), queued=1, under_way=1)
    with pytest.raises(ProblemRaised) as raised:
        await load.turn(monotonic_ns() - SECOND_NS)
    problem = raised.value.problem
    assert (problem.status, problem.code) == (503, "overloaded")
    assert problem.headers["Retry-After"] in {"1", "2", "3"}
    assert (load.shed_decisions, load.queued, load.under_way) == (1, 1, 1)


class Kitchen:
    """An application behind the real protocol, which answers when it gets the word."""

    def __init__(self) -> None:
        self.load = Load(metrics=Metrics(), decisions=ROOM)
        self.word = asyncio.Event()
        self.served = 0
        self.app = Admission(UnderWay(self.serve, self.load), self.load)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await self.word.wait()
        self.served += 1
        await ok(scope, receive, send)


@pytest.fixture
async def kitchen() -> AsyncIterator[tuple[Kitchen, int]]:
    kitchen = Kitchen()
    http: Any = partial(BoundedProtocol, load=kitchen.load)
    config = uvicorn.Config(kitchen.app, http=http, ws="none", lifespan="off", port=0, log_config=None)
    async with running(config) as port:
        yield kitchen, port


async def test_at_three_times_the_room_the_room_is_used_and_the_rest_is_told_when(
    kitchen: tuple[Kitchen, int],
) -> None:
    house, port = kitchen
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:

        async def decide() -> httpx2.Response:
            answer = await client.post("/v1/decisions", content=b"x" * 2000)
            if house.load.shed_decisions >= 2 * ROOM.under_way_max:
                house.word.set()
            return answer

        answers = await asyncio.gather(*(decide() for _ in range(3 * ROOM.under_way_max)))
        accepted = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 503]
        assert (len(accepted), len(refused)) == (ROOM.under_way_max, 2 * ROOM.under_way_max)
        assert house.served == ROOM.under_way_max, "what was turned away was not worked on"
        for answer in refused:
            assert answer.json()["code"] == "overloaded"
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-request-id"] == answer.json()["request_id"]
            assert int(answer.headers["retry-after"]) in {1, 2, 3}
        assert (house.load.queued, house.load.under_way) == (0, 0)
        again = await client.post("/v1/decisions", content=b"x")
        assert again.status_code == 200, "it recovers at once, on the connections that it had"


async def test_a_call_that_is_turned_away_may_ask_to_close(kitchen: tuple[Kitchen, int]) -> None:
    house, port = kitchen
    house.load.under_way = ROOM.under_way_max
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/decisions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")
    said = await reader.read()
    writer.close()
    assert said.startswith(b"HTTP/1.1 503")
    assert b"connection: close" in said.lower()


async def test_who_waits_for_a_100_is_answered_too(kitchen: tuple[Kitchen, int]) -> None:
    house, port = kitchen
    house.load.under_way = ROOM.under_way_max
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/decisions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 503")
    writer.close()


def test_a_key_may_ask_so_often_and_no_more() -> None:
    rates = KeyRates(2.0)
    now = 10 * SECOND_NS
    assert [rates.seconds_to_wait("a", now) for _ in range(3)] == [0, 0, 0.5]
    assert rates.seconds_to_wait("b", now) == 0, "another key has its own"
    assert rates.seconds_to_wait("a", now + SECOND_NS // 2) == 0
    assert rates.seconds_to_wait("a", now + SECOND_NS // 2) == 0.5
    assert [rates.seconds_to_wait("a", now + 100 * SECOND_NS) for _ in range(3)] == [0, 0, 0.5], "it saves up no more"
    assert rates.refused == 3


def test_a_slow_rate_lets_one_through_at_a_time() -> None:
    rates = KeyRates(0.5)
    assert [rates.seconds_to_wait("a", 0), rates.seconds_to_wait("a", 0)] == [0, 2]


def test_without_a_rate_nothing_is_limited() -> None:
    rates = KeyRates(None)
    assert {rates.seconds_to_wait("a", 0) for _ in range(1000)} == {0}


def test_over_its_rate_a_key_gets_429_and_other_calls_pass(assembly: Assembly, gateway: TestClient, body: Body) -> None:
    limited = TestClient(create_app(assembly, key_rate=0.001), headers=dict(gateway.headers))
    first, second = (limited.post("/v1/decisions", json=body()) for _ in range(2))
    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (429, "rate_limited")
    assert 0 < int(second.headers["retry-after"]) <= 1000
    assert limited.get(f"/v1/decisions/{first.json()['id']}").status_code == 200
