"""The server walks young objects alone: so what lives longer must be freed without the collector."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.types import Receive, Send
from starlette.types import Scope as Called
from uvicorn.server import ServerState

from api.admission import Load, UnderWay
from api.app import create_app
from api.bench.load import as_http
from api.metrics import Metrics
from api.protocol import BoundedProtocol
from api.wiring import Assembly
from engine.access import Scope
from engine.decide import Snapshot
from engine.garbage import CALM_OBJECTS, YOUNG_WALKS, young_garbage_alone


@contextmanager
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_what_outlived_two_young_walks_is_set_apart() -> None:
    before, callbacks = gc.get_threshold(), len(gc.callbacks)
    with young_garbage_alone():
        kept = [[number] for number in range(10 * YOUNG_WALKS[0])]
        assert not any(each is kept[0] for each in gc.get_objects()), "it is walked no more"
    assert (gc.get_threshold(), len(gc.callbacks)) == (before, callbacks)
    gc.unfreeze()


@pytest.mark.parametrize(("others", "queued", "walks"), [(0, 0, 1), (1, 0, 0), (0, 1, 0)])
async def test_the_young_are_walked_once_nobody_waits(*, others: int, queued: int, walks: int) -> None:
    kept: list[list[int]] = []
    walked: list[int] = []

    async def answer(scope: Called, receive: Receive, send: Send) -> None:
        del scope, receive, send
        assert not walked, "this call waits"
        kept.extend([number] for number in range(CALM_OBJECTS))

    async def unused(*_: object) -> Any:
        pytest.fail("nothing is read and nothing answered")

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            walked.append(info["generation"])

    load = Load(metrics=Metrics(), under_way=others, queued=queued)
    with young_garbage_alone():
        gc.callbacks.append(note)
        try:
            await UnderWay(answer, load)({"type": "http", "path": "/v1/decisions", "method": "POST"}, unused, unused)
        finally:
            gc.callbacks.remove(note)
    gc.unfreeze()
    assert len(walked) == walks
    assert len(kept) == CALM_OBJECTS


def test_connections_and_refused_calls_leave_nothing_to_collect(
    assembly: Assembly, make_client: Callable[..., TestClient], body: Callable[..., dict[str, Any]]
) -> None:
    key = str(make_client(scopes=frozenset(Scope)).headers["authorization"]).removeprefix("Bearer ")
    good = as_http(orjson.dumps(body("garbage-1")), key)
    sent = [
        good,
        good[:-20],
        as_http(b"{}", key),
        as_http(b"{", key),
        as_http(b"{}", "no-key"),
        b"GET /x HTTP/1.1\r\n\r\n",
    ]

    async def run() -> int:
        load = Load(metrics=Metrics())

        def protocol(*arguments: Any, **named: Any) -> BoundedProtocol:
            made = BoundedProtocol(*arguments, load=load, **named)
            protocols.add(made)
            return made

        config = uvicorn.Config(create_app(assembly, load=load), lifespan="off", log_config=None, ws="none")
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1"
        )
        port = server.sockets[0].getsockname()[1]
        await visit(port, [good])
        with uncollected():
            await visit(port, sent * 5)
            left = len(protocols)
        server.close()
        return left

    protocols = weakref.WeakSet[BoundedProtocol]()
    # Those of the last visit may not have heard yet that their caller hung up.
    assert asyncio.run(run()) <= 1


async def visit(port: int, requests: list[bytes]) -> None:
    for request in requests:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        if request.endswith(b"}") or request.startswith(b"GET"):
            await reader.readuntil(b"\r\n\r\n")
        writer.close()
    await asyncio.sleep(0.1)


def test_replaced_snapshots_leave_nothing_to_collect(make_client: Callable[..., TestClient]) -> None:
    client = make_client(scopes=frozenset(Scope))

    def change(hours: int) -> None:
        assert client.put("/v1/policies/shop-replaced", json={"review_hours": hours}).status_code in (200, 201)
        assert client.post("/v1/installation/reload").status_code == 200

    change(1)
    with uncollected():
        before = snapshots_held()
        for hours in range(2, 6):
            change(hours)
        assert snapshots_held() == before


def snapshots_held() -> int:
    return sum(isinstance(each, Snapshot) for each in gc.get_objects())
