"""What is read in a short way, where one item is held or features are unknown, is what the general way reads."""

from random import Random

import pytest

from engine.features import Value
from engine.stores import memory_plan, memory_windowed
from engine.stores.memory import MemoryCounters
from engine.velocity import VELOCITIES, Observation

MINUTE_US = 60_000_000
NAMES = sorted({name for velocity in VELOCITIES for name in velocity.inputs} - {"amount_in_usd"})


def observations(seed: int) -> list[Observation]:
    """Payments over weeks of whose features some are new, some are known and some are unknown."""
    random, at_us, made = Random(seed), 1_800_000_000_000_000, list[Observation]()
    for number in range(400):
        at_us += random.randrange(300 * MINUTE_US)
        values: dict[str, Value] = {
            name: None if random.random() < 0.1 else f"{name}{random.randrange(random.choice((3, 10, 2_000)))}"
            for name in NAMES
        }
        values["amount_in_usd"] = random.choice((None, 0, 1_250, 2**70))
        made.append(
            Observation(payment_id=f"p{number}", merchant_id="shop", test_mode=False, at_us=at_us, values=values)
        )
    return made


async def readings(stream: list[Observation]) -> list[tuple[Value, ...]]:
    counters = MemoryCounters(VELOCITIES)
    return [(await counters.observe(each)).values for each in stream]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_only_item_is_read_as_a_few_are(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = observations(seed)
    short = await readings(stream)
    monkeypatch.setattr(memory_windowed.Windowed, "_read_one", lambda *_: None)
    assert await readings(stream) == short


async def test_what_is_unknown_is_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = observations(4)
    remembered = await readings(stream)
    monkeypatch.setattr(memory_plan, "MISSING_MAX", 0)
    assert await readings(stream) == remembered
