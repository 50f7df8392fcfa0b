"""The scorecard learnt: its items and steps stay, their points move from judgement towards what the labels say."""

from itertools import pairwise
from typing import Final

import numpy as np
from sklearn.isotonic import isotonic_regression

from models.learners.errors import FeaturesUnfit
from models.learners.learner import Fitted, Floats, Ints, Parameters, Progress, Training
from models.learners.scorecard_cells import Cells, Layout
from models.linear import Linear
from models.scorecard import Scorecard, Steps

_RIDGE: Final = 10.0
_ROUNDS_MAX: Final = 5
_STEPS_MAX: Final = 25
_CLOSE: Final = 1e-6
_POINTS_MAX: Final = 6.0
"""In log-odds; judgement goes to 3."""
_RATE: Final = (1e-6, 0.5)


def fit(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    """Each step's points by a ridge around the shipped ones, rising or falling as they do, and the base.

    Which item of a group counts depends on the points, so both are settled in turn; the best round is kept. The model
    is then this scorecard alone. Raises FeaturesUnfit where there is no scorecard for these features.
    """
    if not training.scorecard.items or not training.columns:
        raise FeaturesUnfit("features: the scorecard has no item of these features, so there are no points to learn.")
    ridge = parameters.get("ridge", _RIDGE)
    layout = Layout.of(training.scorecard)
    fitting = _Fitting(
        layout=layout,
        cells=layout.cells(training.columns, training.scorecard),
        target=training.told.target,
        weight=training.told.weight,
        ridge=ridge,
    )
    points, base = fitting.settled(training.scorecard.base, progress)
    rate = float(np.clip(1 / (1 + np.exp(-base)), *_RATE))
    learnt = Scorecard(layout.refitted(points), training.scorecard.catalog, rate, role=training.scorecard.role)
    return Fitted(margin=_silent(len(training.names)), parameters={"ridge": ridge}, scorecard=learnt)


class _Fitting:
    """Points and base of the least log-loss with the ridge; arrays of shape (n,), cells of shape (n, items)."""

    def __init__(self, *, layout: Layout, cells: Cells, target: Floats, weight: Floats, ridge: float) -> None:
        self.layout, self.cells, self.target, self.weight, self.ridge = layout, cells, target, weight, ridge

    def settled(self, base: float, progress: Progress) -> tuple[Floats, float]:
        points = self.layout.weights
        best, least = (points, base), np.inf
        for done in range(_ROUNDS_MAX):
            chosen = self.layout.strongest(self.cells, points)
            free, base = self._newton(chosen, points, base)
            points = np.round(self._monotone(free, chosen), 4)
            if (loss := self._loss(points, base)) < least - _CLOSE:
                best, least = (points, base), loss
            progress((done + 1) / _ROUNDS_MAX)
        return best

    def _loss(self, points: Floats, base: float) -> float:
        log_odds = base + _added(self.layout.strongest(self.cells, points), points)
        away = points - self.layout.weights
        said = self.weight @ (np.logaddexp(0, log_odds) - self.target * log_odds)
        return float(said) + self.ridge / 2 * float(away @ away)

    def _newton(self, chosen: Cells, points: Floats, base: float) -> tuple[Floats, float]:
        """Newton's method for the ridge, with what counts held; the base is free of it. Steps of at most one."""
        size = len(points)
        at = np.append(points, base)
        held = np.append(self.layout.is_fixed, False)
        shipped = np.append(self.layout.weights, 0.0)
        ridge = np.append(np.full(size, self.ridge), 0.0)
        for _ in range(_STEPS_MAX):
            expected = 1 / (1 + np.exp(-(at[-1] + _added(chosen, at[:-1]))))
            slope = _summed(chosen, self.weight * (expected - self.target), size) + ridge * (at - shipped)
            curve = _crossed(chosen, self.weight * expected * (1 - expected), size) + np.diag(ridge + _CLOSE)
            slope[held], curve[held, :], curve[:, held] = 0.0, 0.0, 0.0
            curve[held, held] = 1.0
            step = np.clip(np.linalg.solve(curve, slope), -1, 1)
            at = at - step
            if np.abs(step).max() < _CLOSE:
                break
        return at[:-1], float(at[-1])

    def _monotone(self, points: Floats, chosen: Cells) -> Floats:
        """Steps rise or fall as the shipped ones do, and no cell changes sides: words are for one side alone."""
        counted = np.bincount(chosen[chosen >= 0], minlength=len(points)) + 1.0
        found = points.copy()
        bounds = pairwise((*self.layout.starts, len(points)))
        for item, (start, end) in zip(self.layout.items, bounds, strict=True):
            if isinstance(item.points, Steps):
                rises = self.layout.weights[end - 1] >= self.layout.weights[start]
                found[start:end] = isotonic_regression(
                    found[start:end], sample_weight=counted[start:end] + self.ridge, increasing=bool(rises)
                )
        shipped = self.layout.weights
        found = np.where(shipped > 0, np.maximum(found, 0.0), np.where(shipped < 0, np.minimum(found, 0.0), 0.0))
        return np.clip(found, -_POINTS_MAX, _POINTS_MAX)


def _added(chosen: Cells, points: Floats) -> Floats:
    summed: Floats = np.append(points, 0.0)[chosen].sum(axis=1)
    return summed


def _summed(chosen: Cells, each: Floats, size: int) -> Floats:
    """What the rows of each cell come to, and last what all come to, shape (cells + 1,)."""
    flat = np.where(chosen < 0, size, chosen).ravel()
    weights = np.repeat(each, chosen.shape[1])
    found = np.bincount(flat, weights=weights, minlength=size + 1).astype(np.float64)
    found[size] = each.sum()
    return found


def _crossed(chosen: Cells, each: Floats, size: int) -> Floats:
    """What the rows of each two cells come to, and with the last what a cell's own do, shape (cells + 1, cells + 1)."""
    full = np.zeros((size + 1, size + 1))
    places: Ints = np.where(chosen < 0, size, chosen).astype(np.int64)
    for one in range(chosen.shape[1]):
        for other in range(chosen.shape[1]):
            flat = places[:, one] * (size + 1) + places[:, other]
            full += np.bincount(flat, weights=each, minlength=(size + 1) ** 2).reshape(size + 1, size + 1)
    own = _summed(chosen, each, size)
    full[size, :] = own
    full[:, size] = own
    return full


def _silent(inputs: int) -> Linear:
    """A margin that adds nothing."""
    zero = np.zeros(inputs)
    return Linear(
        base=0.0,
        coefficient=zero,
        center=zero,
        low=zero,
        high=zero,
        is_log=np.zeros(inputs, dtype=np.bool_),
        unknown=zero,
    )
