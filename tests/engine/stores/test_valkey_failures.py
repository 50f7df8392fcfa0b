"""Valkey killed, flushed, out of memory, slow: its counters refuse, and are right again afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from engine.errors import CountersUnavailable, CountersWarming
from engine.velocity import VELOCITIES, Recorded, Status
from tests.engine.stores.valkey_builders import (
    DECLINED,
    DECLINED_1H,
    HISTORY,
    NOW,
    PAYMENTS_10M,
    event,
    observation,
)
from tests.valkey_server import ValkeyServer

pytest.importorskip("valkey")


from engine.stores import valkey_owed
from engine.stores.valkey import ValkeyCounters
from engine.stores.valkey_line import open_line


@pytest.fixture
async def impatient(own_valkey: ValkeyServer) -> AsyncIterator[ValkeyCounters]:
    """Counters on the server to spoil, with two payments on the card, that wait for no more than 0.1 s."""
    async with open_line(own_valkey.url, call_seconds=0.1) as line:
        counters = ValkeyCounters(line, VELOCITIES)
        await counters.rebuild(HISTORY)
        yield counters


async def test_killed_and_started_again_it_warms_up(own_valkey: ValkeyServer, impatient: ValkeyCounters) -> None:
    own_valkey.kill()
    began = time.monotonic()
    for act in (impatient.observe(observation("p3")), impatient.record(event("p2", Status.DECLINED))):
        with pytest.raises(CountersUnavailable) as refused:
            await act
        assert refused.type is CountersUnavailable
    assert time.monotonic() - began < 1
    own_valkey.start()
    await assert_warms_up(impatient)


async def test_killed_with_its_data_kept_it_still_warms_up(own_valkey: ValkeyServer, impatient: ValkeyCounters) -> None:
    """What is on disk may lack the last second."""
    own_valkey.ask("SAVE")
    own_valkey.kill()
    own_valkey.start()
    assert own_valkey.ask("DBSIZE") > 0
    await assert_warms_up(impatient)


async def test_flushed_it_warms_up(own_valkey: ValkeyServer, impatient: ValkeyCounters) -> None:
    own_valkey.ask("FLUSHALL")
    await assert_warms_up(impatient)


async def test_flushed_while_it_is_filled_it_is_not_ready(own_valkey: ValkeyServer, impatient: ValkeyCounters) -> None:
    def history() -> Iterator[Recorded]:
        yield from HISTORY
        own_valkey.ask("FLUSHALL")

    with pytest.raises(CountersWarming):
        await impatient.rebuild(history())
    await assert_warms_up(impatient)


async def assert_warms_up(counters: ValkeyCounters) -> None:
    # A connection that was cut answers once more that it is.
    for _ in range(3):
        with pytest.raises(CountersUnavailable):
            await counters.observe(observation("p3"))
    with pytest.raises(CountersWarming):
        await counters.read(observation("p3"))
    assert await counters.rebuild(HISTORY) == 2
    reading = await counters.observe(observation("p3"))
    assert (reading.sequence, reading.values[PAYMENTS_10M], reading.is_counted) == (3, 2, True)


async def test_without_memory_nothing_is_counted_by_half(own_valkey: ValkeyServer, impatient: ValkeyCounters) -> None:
    before = await impatient.read(observation("p3"))
    digest = own_valkey.ask("DEBUG", "DIGEST")
    own_valkey.ask("CONFIG", "SET", "maxmemory", "1")
    for act in (
        impatient.observe(observation("p3")),
        impatient.record(event("p2", Status.DECLINED)),
        impatient.forget("shop", test_mode=False, payment_id="p1"),
        impatient.retract(event("p1", Status.DECLINED)),
    ):
        with pytest.raises(CountersUnavailable, match="maxmemory"):
            await act
    assert await impatient.read(observation("p3")) == before
    assert own_valkey.ask("DEBUG", "DIGEST") == digest
    own_valkey.ask("CONFIG", "SET", "maxmemory", "0")
    assert await impatient.observe(observation("p3")) == replace(before, is_counted=True)


async def test_one_that_may_drop_keys_is_not_filled(own_valkey: ValkeyServer, impatient: ValkeyCounters) -> None:
    own_valkey.ask("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
    with pytest.raises(CountersUnavailable, match="noeviction"):
        await impatient.rebuild(HISTORY)


async def test_one_that_is_slow_is_not_waited_for(own_valkey: ValkeyServer, impatient: ValkeyCounters) -> None:
    own_valkey.ask("CLIENT", "PAUSE", 600, "ALL")
    began = time.monotonic()
    with pytest.raises(CountersUnavailable):
        await impatient.observe(observation("p3"))
    assert time.monotonic() - began < 0.4
    await asyncio.sleep(0.8)
    # Whether the first call counted it nobody knows; that it is there once is what counts.
    assert (await impatient.observe(observation("p3"))).sequence == 3
    assert (await impatient.read(observation("p4"))).values[PAYMENTS_10M] == 3


async def test_what_could_not_be_counted_is_counted_late(own_valkey: ValkeyServer, impatient: ValkeyCounters) -> None:
    own_valkey.ask("CONFIG", "SET", "maxmemory", "1")
    for number in range(3, 8):
        with pytest.raises(CountersUnavailable):
            await impatient.observe(observation(f"p{number}", NOW + number))
    with pytest.raises(CountersUnavailable):
        await impatient.record(event("p2", DECLINED, NOW + 8))
    # A repeat, one that is forgotten, and an event that is retracted are not owed in the end.
    with pytest.raises(CountersUnavailable):
        await impatient.observe(observation("p3", NOW + 8))
    with pytest.raises(CountersUnavailable):
        await impatient.forget("shop", test_mode=False, payment_id="p4")
    lost = event("p1", DECLINED, NOW + 9)
    for act in (impatient.record(lost), impatient.retract(lost)):
        with pytest.raises(CountersUnavailable):
            await act
    own_valkey.ask("CONFIG", "SET", "maxmemory", "0")
    await impatient.read(observation("q", NOW + 10))
    await settled(impatient)
    reading = await impatient.read(observation("q", NOW + 10))
    assert reading.values[PAYMENTS_10M] == 6
    assert reading.values[DECLINED_1H] == 2


async def test_what_was_counted_unanswered_is_not_counted_again(
    own_valkey: ValkeyServer, impatient: ValkeyCounters
) -> None:
    """What it was sent in its sleep it does when it wakes up, though nobody waits for the answer."""
    # Two connections, both greeted.
    await asyncio.gather(*(impatient.observe(observation("p1")) for _ in range(2)))
    asleep = asyncio.ensure_future(asyncio.to_thread(own_valkey.ask, "DEBUG", "SLEEP", "0.4"))
    await asyncio.sleep(0.05)
    again = event("p2", DECLINED, NOW + 1)
    both = (impatient.observe(observation("p3")), impatient.record(again))
    failed = await asyncio.gather(*both, return_exceptions=True)
    assert [type(each) for each in failed] == [CountersUnavailable] * 2
    await asleep
    before = await impatient.read(observation("q", NOW + 1))
    assert (before.sequence, before.values[PAYMENTS_10M], before.values[DECLINED_1H]) == (4, 3, 2)
    await settled(impatient)
    after = await impatient.read(observation("q", NOW + 1))
    assert (after.values[PAYMENTS_10M], after.values[DECLINED_1H]) == (3, 2)
    await impatient.retract(again)
    assert (await impatient.read(observation("q", NOW + 1))).values[DECLINED_1H] == 1


async def test_with_too_much_owed_all_is_counted_anew(
    own_valkey: ValkeyServer, impatient: ValkeyCounters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey_owed, "OWED", 2)
    own_valkey.ask("CONFIG", "SET", "maxmemory", "1")
    for number in range(3, 6):
        with pytest.raises(CountersUnavailable):
            await impatient.observe(observation(f"p{number}"))
    own_valkey.ask("CONFIG", "SET", "maxmemory", "0")
    assert await impatient.is_ready()
    await impatient.read(observation("q"))
    await asyncio.sleep(0.1)
    assert not await impatient.is_ready()
    with pytest.raises(CountersWarming):
        await impatient.read(observation("q"))
    await impatient.rebuild([*HISTORY[:2], *((n, observation(f"p{n}")) for n in range(3, 6))])
    assert await impatient.is_ready()
    await impatient.read(observation("q"))
    await settled(impatient)
    assert (await impatient.read(observation("q"))).values[PAYMENTS_10M] == 5


async def settled(counters: ValkeyCounters) -> None:
    until = time.monotonic() + 5
    while counters.owed():
        assert time.monotonic() < until, "what is owed was not counted"
        await asyncio.sleep(0.01)
