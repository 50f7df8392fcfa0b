"""Calibration as it is served: from log-odds that rank to log-odds that are true, by straight lines between knots."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.errors import ModelInvalid

Floats = npt.NDArray[np.float64]

KNOTS_MAX: Final = 1_000
LOG_ODDS_MAX: Final = 1e6
EXPONENT_MAX: Final = 700.0
"""As far as exp goes in a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A monotone line through knots, in log-odds on both sides; beyond the last knots the last lines go on.

    Two knots are Platt's line; of slope 1 they move the base alone. For an end that stays level, as isotonic
    regression's, the last two knots have one `calibrated` value.
    """

    log_odds: tuple[float, ...]
    """Before calibration, rising."""
    calibrated: tuple[float, ...]
    """After it, never falling."""

    def __post_init__(self) -> None:
        """Raises ModelInvalid where it is no monotone line."""
        object.__setattr__(self, "log_odds", tuple(map(float, self.log_odds)))
        object.__setattr__(self, "calibrated", tuple(map(float, self.calibrated)))
        if not 2 <= len(self.log_odds) == len(self.calibrated) <= KNOTS_MAX:  # noqa: PLR2004 - a line has two ends
            raise ModelInvalid(f"/calibration: it has 2 to {KNOTS_MAX:,} knots, each of two numbers.")
        if not all(math.isfinite(each) and abs(each) <= LOG_ODDS_MAX for each in (*self.log_odds, *self.calibrated)):
            raise ModelInvalid("/calibration: knots are finite numbers.")
        if not all(low < high for low, high in pairwise(self.log_odds)):
            raise ModelInvalid("/calibration: log_odds rise, each above the one before.")
        if not all(low <= high for low, high in pairwise(self.calibrated)):
            raise ModelInvalid("/calibration: calibrated never falls.")

    def line(self, log_odds: float) -> float:
        """The log-odds after calibration."""
        at = min(max(bisect_right(self.log_odds, log_odds) - 1, 0), len(self.log_odds) - 2)
        low, high = self.log_odds[at], self.log_odds[at + 1]
        start, end = self.calibrated[at], self.calibrated[at + 1]
        return start + (log_odds - low) * ((end - start) / (high - low))

    def probability(self, log_odds: float) -> float:
        """The probability (0-1) of one payment."""
        return logistic(self.line(log_odds))

    def probabilities(self, log_odds: Floats) -> Floats:
        """The probabilities of n payments, shape (n,)."""
        knots, calibrated = np.array(self.log_odds), np.array(self.calibrated)
        at = np.clip(np.searchsorted(knots, log_odds, side="right") - 1, 0, len(knots) - 2)
        slope = np.diff(calibrated) / np.diff(knots)
        lines = calibrated[at] + (log_odds - knots[at]) * slope[at]
        probabilities: Floats = 1 / (1 + np.exp(-np.clip(lines, -EXPONENT_MAX, EXPONENT_MAX)))
        return probabilities

    def content(self) -> Mapping[str, object]:
        """The knots in JSON's types."""
        return {"log_odds": list(self.log_odds), "calibrated": list(self.calibrated)}


IDENTITY: Final = Calibration(log_odds=(0.0, 1.0), calibrated=(0.0, 1.0))
"""Log-odds that are true already."""


def logistic(log_odds: float) -> float:
    """The probability of log-odds, however far out."""
    return 1 / (1 + math.exp(-min(max(log_odds, -EXPONENT_MAX), EXPONENT_MAX)))
