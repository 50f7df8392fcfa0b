"""S2: decisions over HTTP, each durable before it is answered; the server on one core, the client on another."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from pathlib import Path

import orjson
import uvloop

from api.bench.cores import pinned, two_cores
from api.bench.installation import own_folder, shipped_settings, start_server
from api.bench.load import Load, Reply, as_http
from api.bench.measure import BenchFailed, Benchmark, Measure, percentile
from api.bench.payments import requests, setup
from api.bench.s1_pipeline import parts
from api.wiring import assembled

CONNECTIONS = 32
WARM_UP_SECONDS_MAX = 1.0
REQUESTS_PER_SECOND_MAX = 5_000
"""Beyond this the run ends early: so many bodies are made beforehand."""
_NS_PER_SECOND, _NS_PER_MS = 1_000_000_000, 1_000_000


def run(seconds: float, seed: int) -> Mapping[str, float]:
    """Load a fresh server for `seconds` after a warm-up, then check every answer against its ledger."""
    warm_up = min(WARM_UP_SECONDS_MAX, seconds / 2)
    server_core, client_core = two_cores()
    with own_folder() as folder:
        folder.mkdir(mode=0o700)
        server = start_server(folder, server_core)
        try:
            count = int((warm_up + seconds) * REQUESTS_PER_SECOND_MAX) + CONNECTIONS
            bodies = list(islice(requests(seed, datetime.now(UTC)), count))
            load = Load([as_http(body, server.key) for body in bodies])
            with pinned(client_core), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(load.run(server, CONNECTIONS, warm_up + seconds))
        finally:
            server.stop()
        try:
            _check(load, bodies, folder)
        except BenchFailed as error:
            raise BenchFailed(f"{error} The server said:\n{server.said()}") from error
    return _figures(list(load.replies.values()), int(warm_up * _NS_PER_SECOND), int(seconds * _NS_PER_SECOND))


def _figures(replies: Sequence[Reply], warm_up_ns: int, window_ns: int) -> Mapping[str, float]:
    start = min(reply.sent_ns for reply in replies) + warm_up_ns
    end = min(start + window_ns, max(reply.received_ns for reply in replies))
    counted = [reply for reply in replies if start < reply.received_ns <= end]
    if not counted:
        raise BenchFailed("No answer came after the warm-up.")
    latencies = sorted(reply.received_ns - reply.sent_ns for reply in counted)
    return {
        "throughput_per_second": len(counted) / ((end - start) / _NS_PER_SECOND),
        "latency_ms_p50": percentile(latencies, 0.50) / _NS_PER_MS,
        "latency_ms_p99": percentile(latencies, 0.99) / _NS_PER_MS,
    }


def _check(load: Load, bodies: Sequence[bytes], folder: Path) -> None:
    """Raise BenchFailed unless every request got its own committed decision, and the ledger holds exactly these."""
    if not load.replies or load.sent != len(load.replies):
        raise BenchFailed(f"{load.sent - len(load.replies)} of {load.sent} requests were not answered.")
    answered: dict[str, bytes] = {}
    for index, reply in load.replies.items():
        if reply.status != HTTPStatus.OK:
            raise BenchFailed(f"A request was answered with {reply.status}: {reply.body.decode()}")
        answer = orjson.loads(reply.body)
        asked = orjson.loads(bodies[index])
        if answer["transaction_id"] != asked["event"]["transaction_id"] or answer["durability"] != "committed":
            raise BenchFailed(f"Not the committed answer to the request: {reply.body.decode()}")
        answered[answer["id"]] = reply.body
    with assembled(shipped_settings(folder)) as assembly:
        recorded = {record.id: record.answer for record in assembly.ledger.recent(timedelta(days=1))}
    if len(answered) != len(load.replies) or recorded != answered:
        raise BenchFailed(f"{len(load.replies)} answers, {len(answered)} ids, {len(recorded)} decisions in the ledger.")


def _setup() -> str:
    return (
        f"{parts()}; `assay serve` as a process of its own on one core, SQLite with synchronous=FULL and group commit "
        f"in a temporary folder, an empty ledger at the start of each run; the client on the other core, {CONNECTIONS} "
        "keep-alive connections, closed loop, distinct payments made beforehand; up to 1 s of warm-up; every answer "
        f"is checked, and the ledger holds exactly the answered decisions. {setup()}"
    )


S2 = Benchmark(
    id="S2",
    title="HTTP decision, durable",
    measures=(
        Measure(name="throughput_per_second", unit="1/s", reach=">= 1500"),
        Measure(name="latency_ms_p50", unit="ms"),
        Measure(name="latency_ms_p99", unit="ms", reach="<= 25"),
    ),
    setup=_setup,
    run=run,
)
