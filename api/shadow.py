"""Shadow scoring: challengers score what the champion scored, after the answer, and decide nothing.

What a challenger would have said of a recorded payment follows from the recorded features, so nothing is kept here:
comparing scores them again. What live traffic alone shows is counted: how long it takes, whether it fails, how far its
scores lie from the champion's, and how many were left out because decisions come first.
"""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from engine.decision import Decision
from engine.errors import ScoreInvalid
from engine.features import Features
from engine.score import Scorer

WAITING_MAX: Final = 1_000
"""So many wait at most; three kilobytes each."""
AT_ONCE: Final = 4
"""So many are scored before decisions have their turn again: well below a millisecond."""
BANDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Probabilities between which scores are counted."""
_NANOSECONDS_PER_MS: Final = 1_000_000


class Outlined(Protocol):
    """The part of the pipeline's Outline that is looked at."""

    @property
    def decision(self) -> Decision:
        """Whose features are scored again."""

    @property
    def is_recorded(self) -> bool:
        """Whether the ledger takes it: a dry run's is not."""


class Waiting(NamedTuple):
    """A payment that waits: its features, and the champion's probability."""

    features: Features
    probability: float


class Tally:
    """What one challenger did since it began to score here."""

    __slots__ = ("bands", "champion_bands", "failed", "scored", "sum_apart", "took_ns")

    def __init__(self) -> None:
        self.scored = 0
        self.failed = 0
        """Payments for which it had no score to give."""
        self.took_ns = 0
        self.sum_apart = 0.0
        """Of the absolute differences to the champion's probability."""
        self.bands = [0] * (len(BANDS) + 1)
        self.champion_bands = [0] * (len(BANDS) + 1)
        """The champion's of the same payments."""

    def note(self, probability: float, champions: float, took_ns: int) -> None:
        """Count one score."""
        self.scored += 1
        self.took_ns += took_ns
        self.sum_apart += abs(probability - champions)
        self.bands[bisect_left(BANDS, probability)] += 1
        self.champion_bands[bisect_left(BANDS, champions)] += 1

    @property
    def took_ms_mean(self) -> float | None:
        """The mean time of one score; None where there was none."""
        return round(self.took_ns / self.scored / _NANOSECONDS_PER_MS, 4) if self.scored else None

    @property
    def apart_mean(self) -> float | None:
        """The mean absolute difference to the champion's probability; None likewise."""
        return round(self.sum_apart / self.scored, 6) if self.scored else None


class Shadow:
    """Has challengers score, one payment after the other, when decisions leave time. It belongs to one event loop."""

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        """No challenger yet."""
        self._clock = monotonic_ns
        self._waiting: deque[Waiting] = deque()
        self._challengers: Mapping[str, Scorer] = {}
        self._has_some = asyncio.Event()
        self.tallies: dict[str, Tally] = {}
        """By challenger; those of one that was retired go with it."""
        self.dropped = 0
        """Payments that were left out, because so many waited."""

    @property
    def waiting(self) -> int:
        """Payments that are not scored yet."""
        return len(self._waiting)

    def put(self, challengers: Mapping[str, Scorer]) -> None:
        """Have these score from now on."""
        self._challengers = dict(challengers)
        self.tallies = {name: self.tallies.get(name) or Tally() for name in challengers}
        if not challengers:
            self._waiting.clear()

    def offer(self, outline: Outlined) -> None:
        """Take a payment that was just decided, unless too many wait: the answer never does."""
        score = outline.decision.score
        if not self._challengers or score is None or not outline.is_recorded:
            return
        if len(self._waiting) >= WAITING_MAX:
            self.dropped += 1
            return
        self._waiting.append(Waiting(outline.decision.features, score.probability))
        self._has_some.set()

    async def run(self) -> None:
        """Score what comes, until it is cancelled."""
        while True:
            await self._has_some.wait()
            self._has_some.clear()
            while self._waiting:
                for _ in range(min(AT_ONCE, len(self._waiting))):
                    self._score(self._waiting.popleft())
                await asyncio.sleep(0)

    def _score(self, waiting: Waiting) -> None:
        for name, challenger in self._challengers.items():
            tally, began = self.tallies[name], self._clock()
            try:
                score = challenger.score(waiting.features)
            except ScoreInvalid:
                tally.failed += 1
            else:
                tally.note(score.probability, waiting.probability, self._clock() - began)
