"""Calibration as it is learnt: how sure a model may be, by how many frauds there are to learn it from.

All of it is learnt from log-odds that a model gave for payments it had not seen, later ones than it was trained on.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.calibration import Calibration

Floats = npt.NDArray[np.float64]

LINE_MIN: Final = 200
"""Frauds from which the slope is learnt too (Platt 1999); with fewer the base alone moves."""
CURVE_MIN: Final = 1_000
"""Frauds above which the curve is free but for rising (isotonic)."""
FRAUDS_A_KNOT: Final = 30
KNOTS_MAX: Final = 40

_STEPS_MAX: Final = 50
_CLOSE: Final = 1e-7
_FAR: Final = 30.0
"""Log-odds beyond which nothing is learnt."""


def calibrated(log_odds: Floats, target: Floats, weight: Floats) -> Calibration:
    """The calibration of these log-odds, shape (n,); `target` is 1 of fraud, weights are above 0.

    Without frauds, or without others, nothing moves.
    """
    frauds = float(weight @ target)
    if frauds <= 0 or frauds >= weight.sum():
        return _line(0.0, 1.0)
    if frauds < LINE_MIN:
        return _line(base_moved(log_odds, target, weight), 1.0)
    if frauds > CURVE_MIN and (knots := _isotonic(log_odds, target, weight, frauds)) is not None:
        return knots
    return _line(*platt(log_odds, target, weight))


def base_moved(log_odds: Floats, target: Floats, weight: Floats) -> float:
    """What to add to the log-odds so that as many frauds are expected as there are."""
    held = np.clip(log_odds, -_FAR, _FAR)
    moved, frauds = 0.0, float(weight @ target)
    for _ in range(_STEPS_MAX):
        expected = _logistic(held + moved)
        slope = float(weight @ (expected * (1 - expected)))
        step = float(np.clip((frauds - weight @ expected) / max(slope, 1e-300), -2, 2))
        moved += step
        if abs(step) < _CLOSE:
            break
    return moved


def platt(log_odds: Floats, target: Floats, weight: Floats) -> tuple[float, float]:
    """The base and slope of likeliest log-odds base + slope * x; where that would fall, slope 1 and the base alone.

    Newton's method on the log-loss, as convex as logistic regression of one input is, on standardized log-odds.
    """
    held = np.clip(log_odds, -_FAR, _FAR)
    center = float(np.average(held, weights=weight))
    spread = float(np.sqrt(np.average((held - center) ** 2, weights=weight)))
    if spread < _CLOSE:
        return base_moved(log_odds, target, weight), 1.0
    x = (held - center) / spread
    base, slope = _newton(x, target, weight, base_moved(held, target, weight) + center)
    if not slope > 0:
        return base_moved(log_odds, target, weight), 1.0
    return base - slope * center / spread, slope / spread


def log_loss(log_odds: Floats, target: Floats, weight: Floats) -> float:
    """The summed log-loss in nats of log-odds against targets."""
    return float(weight @ (np.logaddexp(0, log_odds) - target * log_odds))


def _newton(x: Floats, target: Floats, weight: Floats, start: float) -> tuple[float, float]:
    """Damped Newton steps: a step that makes it worse is halved."""
    at = np.array([start, 1.0])
    loss = log_loss(at[0] + at[1] * x, target, weight)
    for _ in range(_STEPS_MAX):
        expected = _logistic(at[0] + at[1] * x)
        away, bend = weight * (expected - target), weight * expected * (1 - expected)
        slope = np.array([away.sum(), away @ x])
        across = float(bend @ x)
        curve = np.array([[bend.sum(), across], [across, float(bend @ (x * x))]]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curve, slope)
        if slope @ step < _CLOSE * _CLOSE * max(loss, 1.0):
            break
        while (tried := log_loss(at[0] - step[0] + (at[1] - step[1]) * x, target, weight)) > loss:
            step = step / 2
            if np.abs(step).max() < _CLOSE:
                return float(at[0]), float(at[1])
        at, loss = at - step, tried
    return float(at[0]), float(at[1])


def _isotonic(log_odds: Floats, target: Floats, weight: Floats, frauds: float) -> Calibration | None:
    """Knots of at least FRAUDS_A_KNOT frauds each, rising; None where they come to less than two.

    Straight lines between the knots, so payments that the model tells apart stay apart. A knot stands where Platt's
    line expects as many frauds as it expects of the payments around: at their mean log-odds it would say too much of
    a wide knot, for risk bends upwards.
    """
    base, slope = platt(log_odds, target, weight)
    order = np.argsort(log_odds, kind="stable")
    x, held, fraud = log_odds[order], weight[order], (weight * target)[order]
    a_knot = max(FRAUDS_A_KNOT, frauds / KNOTS_MAX)
    knot = np.minimum((np.cumsum(fraud) - fraud) // a_knot, np.floor(frauds / a_knot) - 1).astype(np.int64)
    knot = np.unique(knot, return_inverse=True)[1]
    count, known = np.bincount(knot, weights=held), np.bincount(knot, weights=fraud)
    expected = np.bincount(knot, weights=held * _logistic(base + slope * np.clip(x, -_FAR, _FAR))) / count
    middle = (np.log(expected) - np.log1p(-expected) - base) / slope
    blocks: list[tuple[float, float, float]] = []
    for weighs, has, at in zip(count, known, middle, strict=True):
        block = (float(weighs), float(has), float(at))
        while blocks and (blocks[-1][1] / blocks[-1][0] >= block[1] / block[0] or blocks[-1][2] >= block[2]):
            block = _merged(blocks.pop(), block)
        blocks.append(block)
    if len(blocks) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    # Half a fraud and half a good payment more: a knot of frauds alone has log-odds too.
    rates = [(has + 0.5) / (weighs + 1) for weighs, has, _ in blocks]
    risen = np.maximum.accumulate(np.log(rates) - np.log1p(-np.array(rates)))
    found = Calibration(log_odds=tuple(at for _, _, at in blocks), calibrated=tuple(risen.tolist()))
    said = found.probabilities(log_odds)
    moved = base_moved(np.log(said) - np.log1p(-said), target, weight)
    return Calibration(log_odds=found.log_odds, calibrated=tuple((risen + moved).tolist()))


def _merged(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float, float]:
    weighs = one[0] + other[0]
    return weighs, one[1] + other[1], (one[0] * one[2] + other[0] * other[2]) / weighs


def _line(base: float, slope: float) -> Calibration:
    return Calibration(log_odds=(0.0, 1.0), calibrated=(base, base + slope))


def _logistic(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-log_odds))
