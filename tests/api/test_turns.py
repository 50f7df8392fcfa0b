"""Turns: one at a time, one for each owner, few that wait."""

import asyncio

import pytest

from api.backtests import turns
from api.backtests.turns import WAITING_MAX, GuardBusy, Turns


async def test_one_at_a_time_and_few_wait() -> None:
    given, gate = Turns(), asyncio.Event()
    within, most, done = 0, 0, 0

    async def turn(owner: str | None) -> None:
        nonlocal within, most, done
        async with given.taken(owner):
            within += 1
            most = max(most, within)
            await gate.wait()
            within -= 1
            done += 1

    tasks = [asyncio.create_task(turn(f"shop-{number}")) for number in range(25)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    gate.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None)] * (1 + WAITING_MAX) + [GuardBusy] * (24 - WAITING_MAX)
    assert (most, done) == (1, 1 + WAITING_MAX)
    await turn(None)


async def test_an_owner_has_one() -> None:
    given = Turns()
    async with given.taken(None):
        with pytest.raises(GuardBusy):
            async with given.taken(None):
                raise AssertionError
    async with given.taken(None):
        pass


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS_MAX", 0.01)
    given = Turns()
    async with given.taken("a"):
        with pytest.raises(GuardBusy):
            async with given.taken("b"):
                raise AssertionError
    async with given.taken("b"):
        pass
