"""Filling lets others have their turn, also while it reads what it does not count."""

import asyncio
from collections.abc import Iterator

import pytest

from engine.stores import memory_fill
from engine.stores.memory import MemoryCounters
from engine.velocity import VELOCITIES, Count, Recorded
from tests.oracle.velocity_oracle import velocity


async def test_steps_that_count_nothing_are_turns_of_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_fill, "SLICE_SECONDS", 0.0)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def history() -> Iterator[Recorded | None]:
        last = turns
        for step in range(500):
            yield None
            assert turns > last, f"nobody had a turn at step {step}"
            last = turns

    other = asyncio.create_task(others())
    await asyncio.sleep(0)
    own = velocity("tier_count", ("tier",), Count(), "5s")
    await MemoryCounters(VELOCITIES).keep("shop", (*VELOCITIES, own), history)
    other.cancel()
    assert turns >= 500
