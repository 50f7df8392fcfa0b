"""What the enrichments cost: by topic and together, as traffic comes and with every value new; start and memory."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import _lru_cache_wrapper
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import orjson

from api.bench.cores import pinned, two_cores
from api.bench.held_shares import HELD_MEASURES, HELD_SETUP, HeldShares
from api.bench.installation import child_environment
from api.bench.measure import BenchFailed, Benchmark, Measure, percentile
from api.bench.new_values import renewed
from api.bench.payments import evaluations, payments, setup
from api.clock import utc_now
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from engine.access import Scope
from engine.enrichment import ENRICHMENTS, enrich, enriched_row
from engine.features import Unknown, Value
from engine.garbage import young_garbage_alone
from engine.payment import Payment
from engine.payment_record import payment_bytes
from engine.reference import Reference, load_reference

WARM_UP_PAYMENTS: Final = 60_000
"""As many as fill what is held about as it stays."""
NEW_PAYMENTS: Final = 1_000
AGAIN_AFTER: Final = 500
STARTED_WITH: Final = 200
"""Payments that the process enriches whose memory is told: what a table makes when it is first asked is in it."""
SLOWEST_LEFT_OUT: Final = 100
"""One of so many: a topic's cost is the mean without what the machine did in between."""
_NS_PER_US: Final = 1_000
_LOADED: Final = Path(__file__).parent / "loaded_tables.py"

_Clock = Callable[[], int]


def run(seconds: float, seed: int) -> Mapping[str, float]:
    """Enrich traffic for about `seconds`, then payments of new values; load the tables in a process of its own."""
    found: dict[str, float] = {}
    reference = load_reference()
    caches = _caches(reference)
    with pinned(two_cores()[0]), young_garbage_alone():
        traffic = _read(evaluations(seed, utc_now()))
        for payment in islice(traffic, WARM_UP_PAYMENTS):
            enrich(payment, reference)
        before, held = _counts(caches), HeldShares(reference)
        numbers = count()
        # Each is made between two timings, so that these find the processor's caches as amid other work.
        found |= _together((each for each, _ in zip(traffic, numbers, strict=False)), reference, seconds / 2, "")
        found["cache_hits_percent"] = _percent(_counts(caches), before)
        found |= held.percents(next(numbers))
        # A payment comes again, at a later stage or after a decline, within some hundred others.
        recent = list(islice(traffic, AGAIN_AFTER))
        for payment in recent:
            enrich(payment, reference)
        found |= _together(recent, reference, seconds, "_again")
        found |= _by_topic(islice(traffic, _at_least(seconds)), reference, "")
        new = renewed(_payments(seed + 1_000), seed)
        found |= _together(new, reference, seconds / 4, "_new")
        found |= _by_topic(islice(new, _at_least(seconds)), reference, "_new")
    return found | _loaded(seed)


def _at_least(seconds: float) -> int:
    return min(NEW_PAYMENTS, max(20, int(seconds * NEW_PAYMENTS)))


def _payments(seed: int) -> Iterator[Payment]:
    """Payments that are asked about once each."""
    return _read(payments(seed, utc_now()))


def _read(bodies: Iterable[Mapping[str, Any]]) -> Iterator[Payment]:
    """The payments as the edge reads them; receipt and reading are not in the figures."""
    key = new_key(name="bench", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
    for body in bodies:
        yield call_of(read_request(orjson.dumps(body)), key, utc_now()).payment


def _together(traffic: Iterable[Payment], reference: Reference, seconds: float, name: str) -> dict[str, float]:
    """All topics together, each payment timed alone: p50 and p99."""
    clock, times_ns, budget_ns = time.perf_counter_ns, list[int](), int(seconds * 1e9)
    spent_ns = 0
    for payment in traffic:
        started = clock()
        enriched_row(payment, reference)
        times_ns.append(clock() - started)
        # Counted with what making a payment takes, some hundred times as much: else a run would never end.
        spent_ns += times_ns[-1] + 1_000_000
        if spent_ns >= budget_ns and len(times_ns) >= SLOWEST_LEFT_OUT:
            break
    times_ns.sort()
    return {
        f"us{name}_p50": percentile(times_ns, 0.5) / _NS_PER_US,
        f"us{name}_p99": percentile(times_ns, 0.99) / _NS_PER_US,
    }


def _by_topic(traffic: Iterable[Payment], reference: Reference, name: str) -> dict[str, float]:
    """Each topic alone, as `enrich` goes through them: the mean without the slowest hundredth."""
    times_ns = defaultdict[str, list[int]](list)
    for payment in traffic:
        for topic, took_ns in _steps(payment, reference, time.perf_counter_ns):
            times_ns[topic].append(took_ns)
    return {f"us{name}_{topic}": _trimmed(times) / _NS_PER_US for topic, times in times_ns.items()}


def _steps(payment: Payment, reference: Reference, clock: _Clock) -> Iterator[tuple[str, int]]:
    known: dict[str, Value] = {}
    for enrichment in ENRICHMENTS:
        started = clock()
        values = enrichment.compute(payment, reference, known)
        yield enrichment.topic, clock() - started
        for feature, value in zip(enrichment.features, values, strict=True):
            known[feature.name] = None if isinstance(value, Unknown) else value


def _trimmed(times_ns: list[int]) -> float:
    times_ns.sort()
    kept = times_ns[: len(times_ns) - len(times_ns) // SLOWEST_LEFT_OUT]
    return sum(kept) / len(kept)


def _caches(reference: Reference) -> list["_lru_cache_wrapper[Any]"]:
    """The caches of enrichments and tables."""
    modules = [each for name, each in sys.modules.items() if name.startswith(("engine.enrichment", "engine.reference"))]
    holders = [*modules, *reference.tables().values()]
    found = (getattr(holder, name, None) for holder in holders for name in dir(holder))
    return [*{id(each): each for each in found if type(each) is _lru_cache_wrapper}.values()]


def _counts(caches: list["_lru_cache_wrapper[Any]"]) -> tuple[int, int]:
    """How often they had the answer, and how often they were asked."""
    counts = [each.cache_info() for each in caches]
    return sum(each.hits for each in counts), sum(each.hits + each.misses for each in counts)


def _percent(after: tuple[int, int], before: tuple[int, int]) -> float:
    return 100 * (after[0] - before[0]) / max(after[1] - before[1], 1)


def _loaded(seed: int) -> dict[str, float]:
    """What a fresh process takes for the enrichments and their tables: seconds, and megabytes that it grows by."""
    given = b"\n".join(payment_bytes(payment) for payment in islice(_payments(seed), STARTED_WITH))
    command = [sys.executable, "-P", str(_LOADED)]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, input=given, capture_output=True, check=True, env=child_environment()
        )
    except subprocess.CalledProcessError as error:
        raise BenchFailed(f"The tables were not loaded: {error.stderr.decode(errors='replace')[-300:]}") from error
    found: dict[str, float] = orjson.loads(done.stdout)
    return found


def _measures() -> tuple[Measure, ...]:
    topics = [each.topic for each in ENRICHMENTS]
    return (
        Measure(name="us_p50", unit="us", reach="<= 60"),
        Measure(name="us_p99", unit="us"),
        Measure(name="us_again_p50", unit="us"),
        Measure(name="us_again_p99", unit="us"),
        Measure(name="us_new_p50", unit="us", reach="<= 400"),
        Measure(name="us_new_p99", unit="us"),
        *HELD_MEASURES,
        Measure(name="cache_hits_percent", unit="%"),
        Measure(name="start_seconds", unit="s", reach="<= 2", digits=2),
        Measure(name="memory_mb", unit="MB", reach="<= 300"),
        *(Measure(name=f"us_{topic}", unit="us", digits=2) for topic in topics),
        *(Measure(name=f"us_new_{topic}", unit="us", digits=2) for topic in topics),
    )


def _setup() -> str:
    features = sum(len(each.features) for each in ENRICHMENTS)
    return (
        f"{len(ENRICHMENTS)} topics with {features} features, the embedded tables, one core. `us_*`: traffic, each "
        "payment at every stage it comes to (3-D Secure, after authorization) and attempts after a decline, after "
        f"{WARM_UP_PAYMENTS:,} such evaluations ({HELD_SETUP}, `cache_hits_percent`: how often a cache "
        "of one value had the answer). `us_again_*`: the payment was evaluated some hundred payments before, as at a "
        "later stage. `us_new_*`: every e-mail address, name, street, postal "
        "code, phone number, BIN, card, IP address and user agent is a new one. A topic's cost is "
        f"the mean without the slowest of {SLOWEST_LEFT_OUT}, computed anew. "
        f"`start_seconds` and `memory_mb`: a fresh process imports the enrichments, loads every table and enriches "
        f"{STARTED_WITH} payments (the first of them in the time). {setup()}"
    )


ENRICHMENT = Benchmark(
    id="enrichment", title="What enrichments cost", measures=_measures(), setup=_setup, run=run, seconds=8.0
)
