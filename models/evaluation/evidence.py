"""Evidence that a challenger is better, which may be looked at as often as one likes.

Payment by payment, in the order of receipt, a bettor who starts with 1 stakes on the challenger having the smaller
log-loss; what he stakes depends on earlier payments alone. If the challenger is no better on average, his money is a
supermartingale: the chance that it ever exceeds 20 is at most 1 in 20 (Ville), however often one looks and whenever one
stops. The stake is the growth-optimal one to second order (aGRAPA; Waudby-Smith and Ramdas 2024, section 5).
"""

from math import log
from typing import Final

import numpy as np

from models.evaluation.calibration import PROBABILITY_HIGH, PROBABILITY_LOW, losses
from models.evaluation.scored import Floats, Scored

_LARGEST: Final = log(PROBABILITY_HIGH / PROBABILITY_LOW)
"""No payment's losses differ by more."""
_STAKE_MAX: Final = 0.5 / _LARGEST
"""So half of the money is left whatever happens."""
_CAUTIOUS: Final = 1.0
"""Squares of differences that are taken to be seen before the first payment."""


def log_evidence(champion: Scored, challenger: Scored) -> Floats:
    """The logarithm of the bettor's money after each payment that counts, in the order of receipt."""
    rows = np.flatnonzero(champion.counted)
    rows = rows[np.argsort(champion.at_us[rows], kind="stable")]
    return _money((champion.weight * (losses(champion) - losses(challenger)))[rows])


def _money(better: Floats) -> Floats:
    sums, squares = (np.cumsum(values) - values for values in (better, better * better))
    stake = np.clip(sums / (squares + _CAUTIOUS), 0, _STAKE_MAX)
    return np.cumsum(np.log1p(stake * better))
