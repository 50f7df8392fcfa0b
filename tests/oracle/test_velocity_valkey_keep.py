"""Velocities that a merchant's counters in Valkey keep later are those that memory keeps from the start."""

import asyncio
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.stores.memory import MemoryCounters
from engine.velocity import Velocity
from tests.oracle.test_velocity_keep import OWN, STEPS, Step, World, play_amid
from tests.oracle.velocity_oracle import MIXED
from tests.valkey_server import ValkeyServer

pytest.importorskip("valkey")

from engine.stores.valkey import ValkeyCounters
from engine.stores.valkey_line import open_line

SERVER = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_prefixes = count()


async def kept_amid(
    server: ValkeyServer,
    before: tuple[Velocity, ...],
    after: tuple[Velocity, ...],
    steps: list[Step],
    start: int,
) -> None:
    async with open_line(server.url, call_seconds=10) as line:
        counters = ValkeyCounters(line, MIXED, prefix=f"k{next(_prefixes)}")
        world = World(counters, MemoryCounters(MIXED, {"shop": after}))

        async def settled() -> None:
            """What is under way is written, or lost and taken back, before the ledger is read."""
            under_way = list(world.under_way)
            while any(each in world.under_way for each in under_way):  # noqa: ASYNC110 - no part of the product
                await asyncio.sleep(0)

        await counters.rebuild([])
        await counters.keep("shop", before, world.history)
        counters.wait_for(settled)
        await play_amid(world, after, steps, start, then=6)
        await counters.close()


@given(STEPS, st.integers(min_value=0, max_value=60))
@SERVER
def test_kept_later_is_kept_from_the_start(valkey_server: ValkeyServer, steps: list[Step], start: int) -> None:
    asyncio.run(kept_amid(valkey_server, MIXED, (*MIXED, *OWN), steps, start))


@given(STEPS, st.integers(min_value=0, max_value=60))
@SERVER
def test_kept_no_more_is_as_never_kept(valkey_server: ValkeyServer, steps: list[Step], start: int) -> None:
    asyncio.run(kept_amid(valkey_server, (*MIXED, *OWN), MIXED, steps, start))


@given(STEPS, st.integers(min_value=0, max_value=60))
@SERVER
def test_other_ones_are_kept_instead(valkey_server: ValkeyServer, steps: list[Step], start: int) -> None:
    asyncio.run(kept_amid(valkey_server, (*MIXED, *OWN[:2]), (*MIXED, *OWN[1:]), steps, start))
