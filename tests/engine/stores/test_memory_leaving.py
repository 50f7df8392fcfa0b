"""What leaves the windows of its key is held no more, and what is left of it is right."""

import sys

import pytest

from engine.stores.memory import MemoryCounters
from engine.velocity import VELOCITIES
from engine.velocity.spec import Linked
from tests.engine.stores.test_memory_counters import HOUR, NOW, observation


@pytest.fixture
def counters() -> MemoryCounters:
    return MemoryCounters(VELOCITIES)


def keys_within(hours: int) -> int:
    """Of how many keys payments are held so long: as long as a window reaches back, and a day at least."""
    kept = [each for each in VELOCITIES if not isinstance(each.aggregate, Linked)]
    reach_us = {each.key: 24 * HOUR for each in kept}
    for each in kept:
        if each.status is None and each.window_us is not None:
            reach_us[each.key] = max(reach_us[each.key], each.window_us)
    return sum(reach >= hours * HOUR for reach in reach_us.values())


@pytest.mark.parametrize("hours", [24, 7 * 24, 30 * 24])
async def test_a_key_value_is_held_for_as_long_as_its_own_windows_reach(counters: MemoryCounters, hours: int) -> None:
    await counters.observe(observation("p1"))
    await counters.observe(observation("p2", {}, NOW + hours * HOUR - 1))
    assert counters.held() == (2, keys_within(hours))
    await counters.observe(observation("p3", {}, NOW + hours * HOUR))
    assert counters.held()[1] == keys_within(hours + 1) < keys_within(hours)


async def test_a_key_whose_last_payment_is_forgotten_is_not_held(counters: MemoryCounters) -> None:
    """Also where an older payment of it is dropped already, but not yet cut out of its columns."""
    await counters.observe(observation("p1"))
    await counters.observe(observation("p2", at_us=NOW + 20 * 24 * HOUR))
    await counters.observe(observation("p3", {"card": "c3"}, NOW + 31 * 24 * HOUR))
    assert counters.held() == (2, keys_within(30 * 24) + 1)
    await counters.forget("shop", test_mode=False, payment_id="p2")
    assert counters.held() == (1, 1)


async def test_a_country_is_held_once(counters: MemoryCounters) -> None:
    """It comes as a text of its own with each payment, and no key is made of it by which another is found."""
    countries = [b"GB".decode() for _ in range(20)]
    before = [sys.getrefcount(each) for each in countries]
    for number, country in enumerate(countries):
        await counters.observe(observation(f"p{number}", {"card": f"c{number}", "card_country": country}))
    del country
    after = [sys.getrefcount(each) for each in countries]
    assert [now > then for now, then in zip(after, before, strict=True)] == [True, *[False] * 19]
