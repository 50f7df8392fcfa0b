"""S1: what deciding costs in process, on one core, with no disk and no network."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice

from api.bench.cores import pinned, two_cores
from api.bench.held_shares import HELD_MEASURES, HELD_SETUP, HeldShares
from api.bench.installation import own_folder, shipped_settings
from api.bench.measure import BenchFailed, Benchmark, Measure, percentile
from api.bench.payments import requests, setup
from api.bench.trained_model import setup as model_setup
from api.bench.trained_model import with_model
from api.clock import utc_now
from api.keys import new_key
from api.parts import first_parts
from api.routes.decisions import call_of
from api.schemas import read_request
from api.wiring import load_snapshot, pipeline_in_memory
from engine.access import ApiKey, Scope
from engine.catalog import CATALOG
from engine.garbage import young_garbage_alone
from engine.pipeline import Call, Pipeline
from engine.rules.ruleset import default_source
from engine.velocity import VELOCITIES

WARM_UP_PAYMENTS = 2_000
_NS_PER_US = 1_000


def run(seconds: float, seed: int) -> Mapping[str, float]:
    """Decide made-up payments one after the other for about `seconds` of deciding; each decision is timed alone."""
    with own_folder() as folder:
        settings = with_model(shipped_settings(folder))
        parts = first_parts(settings).parts
        # Garbage as in the server.
        with pinned(two_cores()[0]), young_garbage_alone():
            pipeline = pipeline_in_memory(settings, parts)
            held = HeldShares(parts.reference)
            times_ns = asyncio.run(_timed(pipeline, int(seconds * 1e9), seed, held))
    times_ns.sort()
    return {
        "latency_us_p50": percentile(times_ns, 0.50) / _NS_PER_US,
        "latency_us_p99": percentile(times_ns, 0.99) / _NS_PER_US,
        **held.percents(len(times_ns)),
    }


async def _timed(pipeline: Pipeline, budget_ns: int, seed: int, held: HeldShares) -> list[int]:
    key = new_key(name="bench", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
    bodies = requests(seed, datetime.now(UTC))
    warm_up = min(WARM_UP_PAYMENTS, budget_ns // 1_000_000)
    for body in islice(bodies, warm_up):
        await pipeline.decide(_call(body, key))
    held.begin()
    times_ns: list[int] = []
    spent_ns = 0
    while spent_ns < budget_ns:
        # Reading the request is the edge's work: S2 has it, S1 has not. It was read just before, as in the server.
        call = _call(next(bodies), key)
        started = time.perf_counter_ns()
        answer = await pipeline.decide(call)
        times_ns.append(time.perf_counter_ns() - started)
        spent_ns += times_ns[-1]
        if answer.is_replayed:
            raise BenchFailed("A payment was taken for an earlier one.")
    return times_ns


def _call(body: bytes, key: ApiKey) -> Call:
    return call_of(read_request(body), key, utc_now())


def parts() -> str:
    """Today's numbers of parts, in words."""
    with own_folder() as folder:
        snapshot = load_snapshot(shipped_settings(folder), default_source())
    keys = {velocity.key for velocity in VELOCITIES}
    return (
        f"{len(CATALOG)} features, {len(VELOCITIES)} velocities over {len(keys)} keys, {len(snapshot.ruleset.rules)} "
        f"rules, {model_setup()}"
    )


def _setup() -> str:
    return (
        f"{parts()}; counters and ledger in memory, one core, no I/O. The answer's bytes are made, the request is read "
        f"just before. {WARM_UP_PAYMENTS:,} payments before timing; {HELD_SETUP}. {setup()}"
    )


S1 = Benchmark(
    id="S1",
    title="Pipeline.decide in process",
    measures=(
        Measure(name="latency_us_p50", unit="us", reach="<= 300"),
        Measure(name="latency_us_p99", unit="us"),
        *HELD_MEASURES,
    ),
    setup=_setup,
    run=run,
)
