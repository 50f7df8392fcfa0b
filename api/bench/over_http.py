"""What the measures over HTTP share: a fresh server on one core, the client on the other, every answer checked."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
import uvloop

from api.bench.cores import pinned, two_cores
from api.bench.installation import Server, own_folder, shipped_settings, start_server
from api.bench.load import Reply, as_http
from api.bench.measure import BenchFailed
from api.bench.payments import requests
from api.bench.trained_model import with_model
from api.wiring import assembled
from engine.garbage import no_garbage_collection

WARM_UP_SECONDS_MAX: Final = 1.0
NS_PER_SECOND: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000

Sending = Callable[[Sequence[bytes], Server], Coroutine[Any, Any, tuple[int, Mapping[int, Reply]]]]
"""Sends complete HTTP requests to a server: how many were begun, and the answers by index."""


def answered(seed: int, count: int, send: Sending) -> list[Reply]:
    """Load a fresh server with `count` payments made beforehand.

    Raises BenchFailed unless every request that was begun got its own committed decision with status 200, and the
    ledger holds exactly these, byte for byte.
    """
    server_core, client_core = two_cores()
    with own_folder() as folder:
        folder.mkdir(mode=0o700)
        server = start_server(folder, server_core, model=with_model(shipped_settings(folder)).model)
        try:
            bodies = list(islice(requests(seed, datetime.now(UTC)), count))
            sendable = [as_http(body, server.key) for body in bodies]
            # The client keeps every answer: to walk over them would stop it for milliseconds that are not the server's.
            gc.collect()
            with (
                pinned(client_core),
                no_garbage_collection(),
                asyncio.Runner(loop_factory=uvloop.new_event_loop) as run,
            ):
                sent, replies = run.run(send(sendable, server))
        finally:
            server.stop()
        try:
            _check(sent, replies, bodies, folder)
        except BenchFailed as error:
            raise BenchFailed(f"{error} The server said:\n{server.said()}") from error
    return list(replies.values())


def _check(sent: int, replies: Mapping[int, Reply], bodies: Sequence[bytes], folder: Path) -> None:
    if not replies or sent != len(replies):
        raise BenchFailed(f"{sent - len(replies)} of {sent} requests were not answered.")
    answers: dict[str, bytes] = {}
    for index, reply in replies.items():
        if reply.status != HTTPStatus.OK:
            raise BenchFailed(f"A request was answered with {reply.status}: {reply.body.decode()}")
        answer = orjson.loads(reply.body)
        asked = orjson.loads(bodies[index])
        if answer["transaction_id"] != asked["event"]["transaction_id"] or answer["durability"] != "committed":
            raise BenchFailed(f"Not the committed answer to the request: {reply.body.decode()}")
        answers[answer["id"]] = reply.body
    with assembled(shipped_settings(folder)) as assembly:
        recorded = {record.id: record.answer for record in assembly.ledger.recent(timedelta(days=1))}
    if len(answers) != len(replies) or recorded != answers:
        raise BenchFailed(f"{len(replies)} answers, {len(answers)} ids, {len(recorded)} decisions in the ledger.")
