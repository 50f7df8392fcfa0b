"""When orders come: by the hour of the day and the day of the week, and in bursts when something is released."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import count
from random import Random
from typing import Final

from models.simulator.markets import MARKETS
from models.simulator.shops import Shop

WEEK_SECONDS: Final = 7 * 86_400.0
BURST_GAIN: Final = 8.0
"""How many times a shop's mean rate comes on top while a burst lasts: a drop, the opening of a ticket sale."""
BURST_SECONDS_MAX: Final = 600.0
_BURST_SHARE_MAX: Final = 1 / 40
"""Of the time from one burst to the next."""
_SAMPLES: Final = 336

_HOURS: Final = {
    # Weights of the 24 hours of a day at the shop's home.
    "evenings": (12, 7, 4, 3, 3, 4, 8, 16, 26, 36, 44, 48, 52, 50, 48, 50, 54, 60, 68, 78, 84, 74, 48, 24),
    "office": (8, 5, 3, 2, 2, 4, 10, 24, 46, 66, 74, 70, 72, 66, 62, 60, 62, 64, 56, 50, 44, 34, 22, 12),
    "always": (1,) * 24,
}
_DAYS: Final = (0.95, 0.92, 0.94, 1.0, 1.12, 1.08, 0.99)
"""Weights of the days from Monday on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a stream covers: from `start` (UTC) on for `seconds`, or without end where that is None."""

    start: datetime
    seconds: float | None = None

    @property
    def end(self) -> datetime | None:
        """When it is over; None where it never is."""
        return None if self.seconds is None else self.start + timedelta(seconds=self.seconds)

    def holds(self, elapsed: float) -> bool:
        """Whether so many seconds after the start are within it."""
        return self.seconds is None or elapsed < self.seconds

    @property
    def cycle_seconds(self) -> float:
        """A week, or all of a shorter stream: each shop has one burst in it."""
        return WEEK_SECONDS if self.seconds is None else min(self.seconds, WEEK_SECONDS)

    @property
    def burst_seconds(self) -> float:
        """How long a burst lasts."""
        return min(BURST_SECONDS_MAX, self.cycle_seconds * _BURST_SHARE_MAX)


def arrivals(random: Random, shop: Shop, period: Period, rate: float) -> Iterator[datetime]:
    """When the shop's orders come, in order: on average `rate` a second over the period."""
    base = rate / (1 + BURST_GAIN * period.burst_seconds / period.cycle_seconds)
    ordinary, bursts = Random(random.random()), Random(random.random())  # noqa: S311 - made-up data
    elapsed = merge(_by_rhythm(ordinary, shop, period, base), _in_bursts(bursts, period, base * BURST_GAIN))
    return (period.start + timedelta(seconds=each) for each in elapsed)


def _by_rhythm(random: Random, shop: Shop, period: Period, rate: float) -> Iterator[float]:
    """Seconds after the start: a Poisson process whose rate follows the day and the week, by thinning."""
    peak = max(_HOURS[shop.opening]) * max(_DAYS)
    mean = _mean_weight(shop, period)
    elapsed = 0.0
    while period.holds(elapsed := elapsed + random.expovariate(rate * peak / mean)):
        if random.random() * peak < _weight(shop, period.start + timedelta(seconds=elapsed)):
            yield elapsed


def _in_bursts(random: Random, period: Period, rate: float) -> Iterator[float]:
    """Seconds after the start: a burst at some time within each cycle."""
    for cycle in count():
        elapsed = (cycle + random.random() * (1 - _BURST_SHARE_MAX)) * period.cycle_seconds
        if not period.holds(elapsed):
            return
        end = elapsed + period.burst_seconds
        while (elapsed := elapsed + random.expovariate(rate)) < end and period.holds(elapsed):
            yield elapsed


def _weight(shop: Shop, at: datetime) -> float:
    local = at + timedelta(minutes=MARKETS[shop.country].utc_offset_minutes)
    return _HOURS[shop.opening][local.hour] * _DAYS[local.weekday()]


def _mean_weight(shop: Shop, period: Period) -> float:
    """Over the cycle, so that a short stream by night has its orders too."""
    steps = (period.start + timedelta(seconds=period.cycle_seconds * step / _SAMPLES) for step in range(_SAMPLES))
    return sum(_weight(shop, step) for step in steps) / _SAMPLES
