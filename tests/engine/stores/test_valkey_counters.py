"""What Valkey's counters do beyond the numbers: bursts, several workers, lost scripts, being filled, bounds."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from engine.deadline import within
from engine.errors import CountersUnavailable, CountersWarming, LedgerUnavailable
from engine.velocity import VELOCITIES, Recorded, Status, Total, Velocity
from engine.velocity.spec import VelocityScope
from tests.conftest import ROOT
from tests.engine.stores.valkey_builders import (
    CARDS,
    DECLINED,
    FULL,
    HISTORY,
    HOUR,
    NOW,
    PAYMENTS_10M,
    SECOND,
    WINDOWS,
    event,
    observation,
    velocity,
)
from tests.valkey_server import ValkeyServer

pytest.importorskip("valkey")

from engine.stores import valkey_batches
from engine.stores.valkey import ValkeyCounters
from engine.stores.valkey_line import Line, open_line

_prefixes = count()


@pytest.fixture
async def line(valkey_server: ValkeyServer) -> AsyncIterator[Line]:
    async with open_line(valkey_server.url, call_seconds=5) as opened:
        yield opened


@pytest.fixture
def prefix() -> str:
    return f"own{next(_prefixes)}"


@pytest.fixture
async def counters(line: Line, prefix: str) -> ValkeyCounters:
    counters = ValkeyCounters(line, VELOCITIES, prefix=prefix)
    await counters.rebuild([])
    return counters


async def test_a_burst_through_several_workers_is_seen_as_0_to_49(valkey_server: ValkeyServer, prefix: str) -> None:
    lines = [open_line(valkey_server.url, call_seconds=10) for _ in range(3)]
    workers = [ValkeyCounters(line, VELOCITIES, prefix=prefix) for line in lines]
    await workers[0].rebuild([])
    readings = await asyncio.gather(*(workers[n % 3].observe(observation(f"p{n}")) for n in range(50)))
    assert {reading.values[PAYMENTS_10M] for reading in readings} == set(range(50))
    assert {reading.sequence for reading in readings} == set(range(1, 51))
    assert all(reading.is_counted for reading in readings)
    for line in lines:
        await line.close()


async def test_one_payment_sent_at_once_by_all_is_counted_once(counters: ValkeyCounters) -> None:
    readings = await asyncio.gather(*(counters.observe(observation("p1")) for _ in range(20)))
    assert sum(reading.is_counted for reading in readings) == 1
    assert {reading.values for reading in readings} == {readings[0].values}


async def test_a_payment_is_one_round_trip(counters: ValkeyCounters, valkey_server: ValkeyServer) -> None:
    await counters.observe(observation("p1"))

    def calls() -> tuple[int, int]:
        fcalls: int = valkey_server.ask("INFO", "commandstats")["cmdstat_fcall"]["calls"]
        return fcalls, valkey_server.ask("INFO", "stats")["total_reads_processed"]

    counted, before = calls(), calls()
    await counters.observe(observation("p2"))
    after = calls()
    assert after[0] == before[0] + 1
    # One read of our line, and as many as it takes to ask for these numbers.
    assert after[1] - before[1] == before[1] - counted[1] + 1


async def test_a_worker_whose_clock_is_behind_counts_at_the_streams_time(counters: ValkeyCounters) -> None:
    await counters.observe(observation("p1", NOW + 5))
    behind = await counters.observe(observation("p2", NOW))
    assert (behind.counted_at_us, behind.values[PAYMENTS_10M]) == (NOW + 5, 1)
    elsewhere = await counters.observe(observation("p1", NOW, "other"))
    assert elsewhere.counted_at_us == NOW


async def test_sums_beyond_a_double_are_exact_and_such_an_amount_is_our_bug(line: Line, prefix: str) -> None:
    total = Velocity(name="t", key=("card",), aggregate=Total("amount_in_usd"), window="1h", doc="A sum.")
    counters = ValkeyCounters(line, (total,), prefix=prefix)
    await counters.rebuild([])
    amounts = [2**53, 2**53 - 1, 3, -(2**53), 10**12, -1, 2**53]
    for number, amount in enumerate(amounts):
        reading = await counters.observe(observation(f"p{number}", values=FULL | {"amount_in_usd": amount}))
        assert reading.values == (sum(amounts[:number]),)
    with pytest.raises(AssertionError, match="more than any payment"):
        await counters.observe(observation("p", values=FULL | {"amount_in_usd": 2**53 + 1}))


async def test_values_that_are_equal_are_one_and_others_are_not(line: Line, prefix: str) -> None:
    counters = ValkeyCounters(line, (velocity("payments", "1h"),), prefix=prefix)
    await counters.rebuild([])
    seen = [
        (await counters.observe(observation(f"p{n}", values={"card": card}))).values[0] for n, card in enumerate(CARDS)
    ]
    assert seen == [0, 1, 2, 0, 0, 0, 0, 0, 1]


async def test_with_its_functions_lost_all_is_counted_anew(
    counters: ValkeyCounters, valkey_server: ValkeyServer
) -> None:
    await counters.observe(observation("p1"))
    valkey_server.ask("FUNCTION", "FLUSH")
    with pytest.raises(CountersWarming):
        await counters.observe(observation("p2"))
    await counters.rebuild([(1, observation("p1")), (2, observation("p2"))])
    assert (await counters.observe(observation("p3"))).values[PAYMENTS_10M] == 2


async def test_keys_expire_once_no_window_reaches_them(
    counters: ValkeyCounters, valkey_server: ValkeyServer, prefix: str
) -> None:
    await counters.observe(observation("p1"))
    await counters.record(event("p1", Status.DECLINED))
    await counters.forget("shop", test_mode=False, payment_id="p1")
    await counters.observe(observation("p2"))
    lasting = []
    for key in valkey_server.ask("KEYS", f"{prefix}:*"):
        left_ms = valkey_server.ask("PTTL", key)
        assert left_ms <= 30 * 24 * 3_600_000 + 3_600_000
        if left_ms < 0:
            lasting.append(key.rpartition(b":")[2])
    # The state, its numbers, and the time of the one merchant and mode.
    assert len(lasting) == 3
    assert b"clock" in lasting


async def test_a_key_that_is_always_busy_holds_its_windows_alone(
    line: Line, valkey_server: ValkeyServer, prefix: str
) -> None:
    total = Velocity(name="t", key=("card",), aggregate=Total("amount_in_usd"), window="10s", doc="A sum.")
    counters = ValkeyCounters(line, (velocity("payments", "10s"), total), prefix=prefix)
    await counters.rebuild([(n + 1, observation(f"p{n}", NOW + n * SECOND)) for n in range(1_000)])
    reading = await counters.observe(observation("p", NOW + 1_000 * SECOND))
    assert reading.values == (9, 9 * 1_250)
    keys = valkey_server.ask("KEYS", f"{prefix}:*")
    held = [valkey_server.ask("ZCARD", key) for key in keys if valkey_server.ask("TYPE", key) == b"zset"]
    assert len(held) == 2
    # One addition in eight trims.
    assert max(held) <= 10 + 8


async def test_a_caller_that_goes_away_leaves_the_call_to_end(counters: ValkeyCounters) -> None:
    asked = asyncio.ensure_future(counters.observe(observation("p1")))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    reading = await within(counters.observe(observation("p2")), lambda: 5.0)
    assert reading.values[PAYMENTS_10M] == 1


async def test_an_empty_valkey_is_filled_first(line: Line, prefix: str) -> None:
    counters = ValkeyCounters(line, VELOCITIES, prefix=prefix)
    with pytest.raises(CountersWarming):
        await counters.observe(observation("p3"))
    assert await counters.rebuild(HISTORY) == 2
    reading = await counters.observe(observation("p3"))
    assert (reading.sequence, reading.values[PAYMENTS_10M]) == (3, 2)


async def test_other_velocities_are_filled_anew(line: Line, prefix: str) -> None:
    await ValkeyCounters(line, (velocity("payments", "1h"),), prefix=prefix).rebuild(HISTORY)
    others = ValkeyCounters(line, (velocity("payments", "2h"),), prefix=prefix)
    with pytest.raises(CountersWarming):
        await others.read(observation("p3"))
    await others.rebuild(HISTORY)
    assert (await others.read(observation("p3"))).values == (2,)


async def test_what_was_counted_before_a_rebuild_is_dropped(
    line: Line, valkey_server: ValkeyServer, prefix: str
) -> None:
    counters = ValkeyCounters(line, VELOCITIES, prefix=prefix)
    await counters.rebuild(HISTORY)
    held = len(valkey_server.ask("KEYS", f"{prefix}:*"))
    await counters.rebuild(HISTORY, newest=7)
    assert len(valkey_server.ask("KEYS", f"{prefix}:*")) == held
    reading = await counters.observe(observation("p3"))
    assert (reading.sequence, reading.values[PAYMENTS_10M]) == (8, 2)


async def test_filling_takes_its_time(valkey_server: ValkeyServer, line: Line, prefix: str) -> None:
    async with open_line(valkey_server.url) as hurried:
        counters = ValkeyCounters(hurried, VELOCITIES, filler=line, prefix=prefix)
        assert await counters.rebuild((n + 1, observation(f"p{n}")) for n in range(1_000)) == 1_000


async def test_one_worker_alone_fills(counters: ValkeyCounters, line: Line, prefix: str) -> None:
    def history() -> Iterator[Recorded]:
        for number in range(2_000):
            yield number + 1, observation(f"p{number}")

    filling = asyncio.ensure_future(counters.rebuild(history()))
    await asyncio.sleep(0.02)
    with pytest.raises(CountersWarming):
        await ValkeyCounters(line, VELOCITIES, prefix=prefix).rebuild([])
    with pytest.raises(CountersWarming):
        await counters.read(observation("p"))
    assert await filling == 2_000


async def test_what_comes_again_meanwhile_is_counted_at_its_first(
    line: Line, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first time comes from the ledger only after the next stage came."""
    monkeypatch.setattr(valkey_batches, "BATCH", 1)
    velocities = [
        velocity(f"{status}_{window}", window, status=status) for status in (None, DECLINED) for window in WINDOWS
    ]
    counters = ValkeyCounters(line, velocities, prefix=prefix)

    async def go_on() -> None:
        with pytest.raises(CountersWarming):
            await counters.observe(observation("p1"))
        assert await counters.record(event("p1", DECLINED))
        with pytest.raises(CountersWarming):
            await counters.observe(observation("p3"))
        await counters.forget("shop", test_mode=False, payment_id="p3")

    loop = asyncio.get_running_loop()

    def history() -> Iterator[Recorded | None]:
        # It is read in a thread of its own.
        going = asyncio.run_coroutine_threadsafe(go_on(), loop)
        while not going.done():
            yield None
        going.result()
        yield 5, observation("p1", NOW - 10 * SECOND)
        yield 6, observation("p3", NOW - 10 * SECOND)
        yield event("p1", DECLINED, NOW - 10 * SECOND)

    assert await counters.rebuild(history()) == 1
    assert (await counters.read(observation("p2"))).values == (0, 1, 0, 1)
    again = await counters.observe(observation("p1"))
    assert (again.sequence, again.counted_at_us, again.values) == (5, NOW - 10 * SECOND, (0, 0, 0, 0))


async def test_a_ledger_that_ends_amid_leaves_nothing_half_filled(counters: ValkeyCounters) -> None:
    def history() -> Iterator[Recorded]:
        yield HISTORY[0]
        raise LedgerUnavailable

    with pytest.raises(LedgerUnavailable):
        await counters.rebuild(history())
    with pytest.raises(CountersWarming):
        await counters.read(observation("p3"))
    await counters.rebuild(HISTORY)
    assert (await counters.read(observation("p3"))).values[PAYMENTS_10M] == 2


async def test_a_merchant_far_behind_the_network_is_refused_rather_than_told_less(line: Line, prefix: str) -> None:
    counters = ValkeyCounters(line, (velocity("n", "10s", scope=VelocityScope.NETWORK),), prefix=prefix)
    await counters.rebuild([])
    for number in range(20):
        await counters.observe(observation(f"p{number}", NOW + 2 * HOUR * number))
    with pytest.raises(CountersUnavailable):
        await counters.observe(observation("q", NOW + 1, "late"))
    assert (await counters.observe(observation("q", NOW + 38 * HOUR, "other"))).values == (1,)


async def test_the_documented_rights_are_enough(valkey_server: ValkeyServer, prefix: str) -> None:
    (rights,) = re.findall(r"`(\+fcall [^`]*)`", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8"))
    valkey_server.ask("ACL", "SETUSER", prefix, "on", ">secret", "~*", *rights.split())
    try:
        async with open_line(f"{valkey_server.url}?username={prefix}&password=secret", call_seconds=5) as narrow:
            counters = ValkeyCounters(narrow, VELOCITIES, prefix=prefix)
            await counters.rebuild(HISTORY)
            assert (await counters.observe(observation("p3"))).values[PAYMENTS_10M] == 2
            assert (await counters.read(observation("p3"))).values[PAYMENTS_10M] == 2
            assert await counters.record(event("p3", DECLINED))
            await counters.retract(event("p3", DECLINED))
            await counters.forget("shop", test_mode=False, payment_id="p3")
        assert not [each for each in valkey_server.ask("ACL", "LOG") if prefix in str(each)]
    finally:
        valkey_server.ask("ACL", "DELUSER", prefix)


async def test_a_wrong_password_is_a_refusal(valkey_server: ValkeyServer) -> None:
    async with open_line(f"{valkey_server.url}?username=nobody&password=wrong") as line:
        with pytest.raises(CountersUnavailable, match="Valkey refuses"):
            await line.ask("PING")
