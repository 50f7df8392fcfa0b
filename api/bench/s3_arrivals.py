"""S3: the latency of decisions that arrive at a constant rate, whether the server keeps up or not (open loop)."""

import time
from collections.abc import Mapping, Sequence

from api.bench.installation import Server
from api.bench.load import Load, OpenLoad, Reply
from api.bench.measure import Benchmark, Measure, percentile
from api.bench.over_http import NS_PER_MS, WARM_UP_SECONDS_MAX, answered
from api.bench.payments import setup
from api.bench.s2_http import server_setup

ARRIVALS_PER_SECOND = 1_000
SECONDS = 60.0
"""What the reach is promised for."""
CONNECTIONS = 256
"""So many requests under way would be a quarter of a second behind: a slow answer holds none of the others up."""

WARM_UP_CONNECTIONS = 2
WARM_UP_SECONDS_LONGEST = 30.0


def run(seconds: float, seed: int) -> Mapping[str, float]:
    """Send a payment every millisecond for `seconds` after a warm-up, then check every answer against the ledger."""
    warm_up = int(min(WARM_UP_SECONDS_MAX, seconds / 2) * ARRIVALS_PER_SECOND)
    begun_ns = 0

    async def send(requests: Sequence[bytes], server: Server) -> tuple[int, Mapping[int, Reply]]:
        nonlocal begun_ns
        # A server that has just started takes its first payments one by one: it is not to be measured, nor overrun.
        warming = Load(requests[:warm_up])
        await warming.run(server, WARM_UP_CONNECTIONS, WARM_UP_SECONDS_LONGEST)
        begun_ns = time.perf_counter_ns()
        load = OpenLoad(requests[warming.sent :], ARRIVALS_PER_SECOND)
        await load.run(server, CONNECTIONS)
        arrived = {warming.sent + index: reply for index, reply in load.replies.items()}
        return warming.sent + load.sent, {**warming.replies, **arrived}

    replies = answered(seed, warm_up + int(seconds * ARRIVALS_PER_SECOND), send)
    latencies = sorted(reply.received_ns - reply.sent_ns for reply in replies if reply.sent_ns >= begun_ns)
    return {
        "latency_ms_p50": percentile(latencies, 0.50) / NS_PER_MS,
        "latency_ms_p99": percentile(latencies, 0.99) / NS_PER_MS,
        "latency_ms_p999": percentile(latencies, 0.999) / NS_PER_MS,
    }


def _setup() -> str:
    return (
        f"{server_setup()}. Open loop: after a warm-up over {WARM_UP_CONNECTIONS} connections one payment every "
        f"{1000 / ARRIVALS_PER_SECOND:g} ms for {SECONDS:g} s "
        f"({ARRIVALS_PER_SECOND:,}/s), {CONNECTIONS} keep-alive connections in turn; the latency counts from when the "
        f"payment was to be sent, so that what waits is in it. {setup()}"
    )


S3 = Benchmark(
    id="S3",
    title="HTTP decision, durable, constant arrival",
    measures=(
        Measure(name="latency_ms_p50", unit="ms", reach="<= 4"),
        Measure(name="latency_ms_p99", unit="ms", reach="<= 15"),
        Measure(name="latency_ms_p999", unit="ms", reach="<= 50"),
    ),
    setup=_setup,
    run=run,
    seconds=SECONDS,
)
