"""Challengers score beside the champion: after the answer, as far as there is time, and nothing waits for them."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from api import shadow as shadows
from api.shadow import BANDS, Shadow
from engine.errors import ScoreInvalid
from engine.score import Score


@dataclass
class Fake:
    """Scores every payment alike, or none."""

    probability: float
    id: str = "fake"
    role: str = "challenger"
    asked: int = 0

    def content(self) -> bytes:
        return b""

    def score(self, _: object) -> Score:
        self.asked += 1
        if self.probability < 0:
            raise ScoreInvalid("none")
        return Score(probability=self.probability, base=0.0, contributions=())


def outline(probability: float | None = 0.3, *, is_recorded: bool = True) -> Any:
    score = None if probability is None else Score(probability=probability, base=0.0, contributions=())
    return SimpleNamespace(decision=SimpleNamespace(score=score, features=object()), is_recorded=is_recorded)


def clock() -> Any:
    """A millisecond a reading."""
    readings = iter(range(0, 10**12, 1_000_000))
    return lambda: next(readings)


async def ran(shadow: Shadow) -> None:
    task = asyncio.create_task(shadow.run())
    for _ in range(100):
        await asyncio.sleep(0)
    assert not shadow.waiting
    task.cancel()
    await asyncio.wait([task])


async def test_every_challenger_scores_what_the_champion_scored_and_is_counted() -> None:
    shadow, near, far, silent = Shadow(clock()), Fake(0.25), Fake(0.9), Fake(-1)
    shadow.put({"near": near, "far": far, "silent": silent})
    for _ in range(10):
        shadow.offer(outline())
    assert near.asked == 0
    await ran(shadow)
    tallies = shadow.tallies
    assert [tallies[name].scored for name in ("near", "far", "silent")] == [10, 10, 0]
    assert tallies["silent"].failed == 10
    assert (tallies["near"].apart_mean, tallies["far"].apart_mean, tallies["silent"].apart_mean) == (0.05, 0.6, None)
    assert (tallies["near"].took_ms_mean, tallies["silent"].took_ms_mean) == (1.0, None)
    assert tallies["far"].bands == [0] * len(BANDS) + [10]
    assert sum(tallies["near"].champion_bands) == 10


def test_nothing_is_taken_that_the_champion_did_not_score_or_the_ledger_does_not_take() -> None:
    shadow = Shadow(clock())
    shadow.offer(outline())
    shadow.put({"one": Fake(0.5)})
    shadow.offer(outline(None))
    shadow.offer(outline(is_recorded=False))
    assert shadow.waiting == 0


def test_where_too_many_wait_payments_are_left_out_and_counted(monkeypatch: Any) -> None:
    monkeypatch.setattr(shadows, "WAITING_MAX", 3)
    shadow = Shadow(clock())
    shadow.put({"one": Fake(0.5)})
    for _ in range(5):
        shadow.offer(outline())
    assert (shadow.waiting, shadow.dropped) == (3, 2)
    shadow.put({})
    assert (shadow.waiting, shadow.tallies) == (0, {})


async def test_a_challenger_that_stays_keeps_its_count() -> None:
    shadow = Shadow(clock())
    shadow.put({"one": Fake(0.5)})
    shadow.offer(outline())
    await ran(shadow)
    shadow.put({"one": Fake(0.6), "two": Fake(0.7)})
    assert (shadow.tallies["one"].scored, shadow.tallies["two"].scored) == (1, 0)


async def test_decisions_have_their_turn_between_scores() -> None:
    shadow = Shadow(clock())
    shadow.put({"one": Fake(0.5)})
    for _ in range(40):
        shadow.offer(outline())
    task = asyncio.create_task(shadow.run())
    for _ in range(40 // shadows.AT_ONCE - 1):
        await asyncio.sleep(0)
        assert shadow.waiting
    task.cancel()
    await asyncio.wait([task])
