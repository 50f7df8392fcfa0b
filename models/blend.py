"""The share of a model against the scorecard: by log-loss on payments that came after what the model learnt from."""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.calibrate import base_moved, log_loss, platt

Floats = npt.NDArray[np.float64]

EVEN: Final = 0.5
"""Where nothing is known the two count alike."""
SLOPE_MIN: Final = 20
"""Frauds from which a blend is judged with the slope that suits it; with fewer by its base alone."""

_SHARES: Final = np.linspace(0, 1, 21)


def share_of(learnt: Floats, said: Floats, target: Floats, weight: Floats) -> float:
    """The model's share, 0 to 1, from the log-odds of both, shape (n,).

    Every share is an expert, weighed by exp(-its log-loss in nats) once it is calibrated (exponential weights, Vovk
    1990, with rate 1, under which the mixture's regret to the best expert is at most the log of their number); the
    share is the mean of the experts. With few frauds it stays near EVEN, with many it is the best one's.
    """
    frauds = float(weight @ target)
    if frauds <= 0 or frauds >= weight.sum():
        return EVEN
    if np.ptp(said) == 0:
        return 1.0
    losses = np.array([_loss(share * learnt + (1 - share) * said, target, weight, frauds) for share in _SHARES])
    believed = np.exp(losses.min() - losses)
    return float(round(_SHARES @ believed / believed.sum(), 4))


def _loss(log_odds: Floats, target: Floats, weight: Floats, frauds: float) -> float:
    if frauds < SLOPE_MIN:
        return log_loss(log_odds + base_moved(log_odds, target, weight), target, weight)
    base, slope = platt(log_odds, target, weight)
    return log_loss(base + slope * log_odds, target, weight)
