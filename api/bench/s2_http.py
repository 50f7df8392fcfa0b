"""S2: decisions over HTTP, each durable before it is answered; the server on one core, the client on another."""

from collections.abc import Mapping, Sequence

from api.bench.installation import Server
from api.bench.load import Load, Reply
from api.bench.measure import BenchFailed, Benchmark, Measure, percentile
from api.bench.over_http import NS_PER_MS, NS_PER_SECOND, WARM_UP_SECONDS_MAX, answered
from api.bench.payments import setup
from api.bench.s1_pipeline import parts

CONNECTIONS = 32
REQUESTS_PER_SECOND_MAX = 5_000
"""Beyond this the run ends early: so many bodies are made beforehand."""


def run(seconds: float, seed: int) -> Mapping[str, float]:
    """Load a fresh server for `seconds` after a warm-up, then check every answer against its ledger."""
    warm_up = min(WARM_UP_SECONDS_MAX, seconds / 2)

    async def send(requests: Sequence[bytes], server: Server) -> tuple[int, Mapping[int, Reply]]:
        load = Load(requests)
        await load.run(server, CONNECTIONS, warm_up + seconds)
        return load.sent, load.replies

    replies = answered(seed, int((warm_up + seconds) * REQUESTS_PER_SECOND_MAX) + CONNECTIONS, send)
    return _figures(replies, int(warm_up * NS_PER_SECOND), int(seconds * NS_PER_SECOND))


def _figures(replies: Sequence[Reply], warm_up_ns: int, window_ns: int) -> Mapping[str, float]:
    start = min(reply.sent_ns for reply in replies) + warm_up_ns
    end = min(start + window_ns, max(reply.received_ns for reply in replies))
    counted = [reply for reply in replies if start < reply.received_ns <= end]
    if not counted:
        raise BenchFailed("No answer came after the warm-up.")
    latencies = sorted(reply.received_ns - reply.sent_ns for reply in counted)
    return {
        "throughput_per_second": len(counted) / ((end - start) / NS_PER_SECOND),
        "latency_ms_p50": percentile(latencies, 0.50) / NS_PER_MS,
        "latency_ms_p99": percentile(latencies, 0.99) / NS_PER_MS,
    }


def server_setup() -> str:
    """The server and what is checked, in words."""
    return (
        f"{parts()}; `assay serve` as a process of its own on one core, SQLite with synchronous=FULL and group commit "
        "in a temporary folder, an empty ledger at the start of each run; the client on the other core, distinct "
        f"payments made beforehand; up to {WARM_UP_SECONDS_MAX:g} s of warm-up; every answer is checked, and the "
        "ledger holds exactly the answered decisions"
    )


def _setup() -> str:
    return f"{server_setup()}. {CONNECTIONS} keep-alive connections, closed loop. {setup()}"


S2 = Benchmark(
    id="S2",
    title="HTTP decision, durable",
    measures=(
        Measure(name="throughput_per_second", unit="1/s", reach=">= 2000"),
        Measure(name="latency_ms_p50", unit="ms"),
        Measure(name="latency_ms_p99", unit="ms", reach="<= 25"),
    ),
    setup=_setup,
    run=run,
)
