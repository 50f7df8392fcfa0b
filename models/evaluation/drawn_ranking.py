"""The figures of a ranking in every draw of the bootstrap at once.

Nothing happens to them between one fraud and the next but that good payments add up. So what is drawn is, for each step
of equal scores that has a fraud, the good payments above it since the step before: a product of two matrices, draws by
blocks and blocks by steps. A draw at a time (`ranking.Ranked.curve`) gives the same numbers, a hundred times slower.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.rules.columns import Ints, Mask
from models.evaluation.draws import ratio
from models.evaluation.ranking import ROUNDING, Ranked
from models.evaluation.scored import Floats

_STEPS: Final = 512
"""Steps that are drawn together: blocks by steps, and draws by steps, stay in a few megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Some steps that have a fraud: (draws, steps) each, in the weight of the payments."""

    above: Floats
    """Good payments between the step before and this one."""
    beside: Floats
    """Good payments with the same score as the frauds."""
    frauds: Floats
    fraud_cents: Floats


class _Caught:
    """Frauds, and their money, that are flagged at one rate of false positives: one number a draw."""

    def __init__(self, draws: int) -> None:
        """Nothing yet."""
        self.frauds, self.cents = np.zeros(draws), np.zeros(draws)


class Tally:
    """What the figures are made of, added up from the highest score down: one number a draw."""

    def __init__(self, good: Floats, frauds: Floats, rates: Sequence[float]) -> None:
        """`good` and `frauds` are all there are in each draw."""
        draws = len(good)
        self._good_all, self._frauds_all = good, frauds
        self._good, self._frauds, self._cents = (np.zeros(draws) for _ in range(3))
        self._precision, self._area = np.zeros(draws), np.zeros(draws)
        self._caught = {rate: _Caught(draws) for rate in rates}

    def add(self, steps: Steps) -> None:
        """Go some steps down."""
        good = self._good[:, None] + np.cumsum(steps.above + steps.beside, axis=1)
        frauds = self._frauds[:, None] + np.cumsum(steps.frauds, axis=1)
        flagged = frauds + good
        precision = np.divide(frauds, flagged, out=np.zeros_like(flagged), where=flagged > 0)
        self._precision += (steps.frauds * precision).sum(axis=1)
        # A good payment beside a fraud is half below it.
        self._area += (steps.frauds * (self._good_all[:, None] - good + steps.beside / 2)).sum(axis=1)
        for rate, caught in self._caught.items():
            is_within = good <= rate * self._good_all[:, None] * ROUNDING
            caught.frauds += (steps.frauds * is_within).sum(axis=1)
            caught.cents += (steps.fraud_cents * is_within).sum(axis=1)
        self._good, self._frauds = good[:, -1], frauds[:, -1]
        self._cents += steps.fraud_cents.sum(axis=1)

    def figures(self) -> tuple[Floats, Floats, Mapping[float, tuple[Floats, Floats]]]:
        """Average precision, area under the ROC curve, and by rate the recalls of frauds and of their money."""
        both = np.where(self._good_all > 0, self._frauds_all, 0)
        recalls = {
            rate: (ratio(caught.frauds, both), ratio(caught.cents, np.where(both > 0, self._cents, 0)))
            for rate, caught in self._caught.items()
        }
        return ratio(self._precision, self._frauds_all), ratio(self._area, both * self._good_all), recalls


def tally(ranked: Ranked, block: Ints, times: Floats, rates: Sequence[float]) -> Tally:
    """Add up all steps; `block` is that of each ranked payment, `times` (draws, blocks) how often each is drawn."""
    blocks = times.shape[1]
    sums = [
        np.bincount(block, ranked.weight * those, minlength=blocks) for those in (~ranked.is_fraud, ranked.is_fraud)
    ]
    found = Tally(times @ sums[0], times @ sums[1], rates)
    for steps in _steps(ranked, block, times):
        found.add(steps)
    return found


def _steps(ranked: Ranked, block: Ints, times: Floats) -> Iterator[Steps]:
    step = np.repeat(np.arange(len(ranked.ends)), np.diff(ranked.ends, prepend=-1))
    has_fraud = np.zeros(len(ranked.ends), dtype=np.bool_)
    has_fraud[step[ranked.is_fraud]] = True
    # The number of each payment's step among those with a fraud; of one without, that of the next with one.
    number: Ints = (np.cumsum(has_fraud) - has_fraud)[step]
    is_beside = has_fraud[step] & ~ranked.is_fraud
    for first in range(0, int(has_fraud.sum()), _STEPS):
        last = min(first + _STEPS, int(has_fraud.sum()))
        part = slice(*np.searchsorted(number, (first, last)).tolist())
        yield _drawn(ranked, part, number[part] - first, block[part], is_beside[part], times, last - first)


def _drawn(ranked: Ranked, part: slice, number: Ints, block: Ints, is_beside: Mask, times: Floats, steps: int) -> Steps:
    weight, is_fraud = ranked.weight[part], ranked.is_fraud[part]

    def drawn(those: Mask) -> Floats:
        if not those.any():
            return np.zeros((len(times), steps))
        place = block[those] * steps + number[those]
        by_block = np.bincount(place, weight[those], minlength=times.shape[1] * steps).reshape(-1, steps)
        found: Floats = times @ by_block
        return found

    frauds = np.flatnonzero(is_fraud)
    each = times[:, block[frauds]] * weight[frauds]
    # Every step has a fraud, so each has a first one.
    starts = np.searchsorted(number[frauds], np.arange(steps))
    return Steps(
        above=drawn(~is_fraud & ~is_beside),
        beside=drawn(is_beside),
        frauds=np.add.reduceat(each, starts, axis=1),
        fraud_cents=np.add.reduceat(each * ranked.usd_cents[part][frauds], starts, axis=1),
    )
