"""S13: what fifty rules cost on one payment."""

import time
from collections.abc import Mapping
from itertools import cycle, islice

import orjson

from api.bench.cores import pinned, two_cores
from api.bench.fifty_rules import fifty_rules
from api.bench.measure import BenchFailed, Benchmark, Measure, percentile
from api.bench.payments import payments, setup
from api.clock import utc_now
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from engine.access import Scope
from engine.catalog import CATALOG
from engine.enrichment import enrich
from engine.features import Features, Value
from engine.reference import load_reference
from engine.rules import Ruleset, parse_ruleset
from engine.velocity import VELOCITIES

PAYMENTS = 500
"""Different ones, again and again."""
_WARM_UP = 2_000
_NS_PER_US = 1_000


def run(seconds: float, seed: int) -> Mapping[str, float]:
    """Evaluate all rules on one payment after the other for about `seconds`; each is timed alone."""
    ruleset, rows = parse_ruleset(fifty_rules(), CATALOG, ()), _features(seed)
    with pinned(two_cores()[0]):
        times_ns = _timed(ruleset, rows, int(seconds * 1e9))
    if not any(ruleset.evaluate(row, {}).fired for row in rows):
        raise BenchFailed("No rule was true.")
    times_ns.sort()
    return {"latency_us_p50": percentile(times_ns, 0.50) / _NS_PER_US}


def _timed(ruleset: Ruleset, rows: list[Features], budget_ns: int) -> list[int]:
    evaluate, clock = ruleset.evaluate, time.perf_counter_ns
    for row in islice(cycle(rows), _WARM_UP):
        evaluate(row, {})
    times_ns: list[int] = []
    ends = clock() + budget_ns
    for row in cycle(rows):
        started = clock()
        evaluate(row, {})
        ended = clock()
        times_ns.append(ended - started)
        if ended > ends:
            return times_ns
    raise AssertionError("a cycle has no end")


def _features(seed: int) -> list[Features]:
    """Payments of the simulator as they are enriched; velocities and score are numbers of their kind."""
    key = new_key(name="bench", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
    reference, rows = load_reference(), list[Features]()
    for number, body in enumerate(islice(payments(seed, utc_now()), PAYMENTS)):
        payment = call_of(read_request(orjson.dumps(body)), key, utc_now()).payment
        values, causes = enrich(payment, reference)
        counted: dict[str, Value] = {each.name: (number * place) % 7 for place, each in enumerate(VELOCITIES)}
        known = {**values, **counted, "risk_score": number % 40 / 2, "risk_level": "normal"}
        rows.append(Features(CATALOG, tuple(known.get(feature.name) for feature in CATALOG), causes))
    return rows


def _setup() -> str:
    rules = parse_ruleset(fifty_rules(), CATALOG, ()).rules
    return (
        f"{len(rules)} rules (api/bench/fifty_rules.py) on {PAYMENTS} payments in turn, compiled to closures, one "
        f"core: the results of all rules and which fired. {setup()}"
    )


S13 = Benchmark(
    id="S13",
    title="Fifty rules on one payment",
    measures=(Measure(name="latency_us_p50", unit="us", reach="<= 25"),),
    setup=_setup,
    run=run,
)
