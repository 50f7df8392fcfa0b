"""Logistic regression as arrays: each input adds its own term, so its contributions are the terms themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.errors import ModelInvalid

Floats = npt.NDArray[np.float64]

TERM_MAX: Final = 1e9
"""A coefficient times what it is for: no log-odds come near it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear:
    """Log-odds = base + the sum of a term an input. Arrays of shape (k,).

    A known input x is held between `low` and `high`, taken as sign(x) log(1 + |x|) where `is_log`, and adds
    `coefficient` * (x - `center`); an unknown one adds `unknown`. With the training mean for its center a term is the
    input's exact contribution (its Shapley value), and the base what the model expects.
    """

    base: float
    coefficient: Floats
    center: Floats
    low: Floats
    high: Floats
    is_log: npt.NDArray[np.bool_]
    unknown: Floats

    def __post_init__(self) -> None:
        """Raises ModelInvalid where the arrays do not fit or a number is none."""
        for name, kept in ARRAYS.items():
            array = getattr(self, name)
            if array.ndim != 1 or array.dtype != kept or len(array) != len(self.coefficient):
                raise ModelInvalid(f"{name}: it is one row of {kept.name}, as long as the coefficients.")
            if not np.isfinite(array).all():
                raise ModelInvalid(f"{name}: it is a finite number for every input.")
        if not np.isfinite(self.base) or not (self.low <= self.high).all():
            raise ModelInvalid("base, low, high: the base is a number, and no low is above its high.")
        furthest = np.maximum(abs(self._taken(self.low) - self.center), abs(self._taken(self.high) - self.center))
        with np.errstate(over="ignore"):
            if max(abs(self.base), (abs(self.coefficient) * furthest).sum(), abs(self.unknown).sum()) > TERM_MAX:
                raise ModelInvalid(f"coefficient: what the inputs add between low and high is above {TERM_MAX:g}.")

    @property
    def kind(self) -> str:
        """Its name in the manifest."""
        return "linear"

    @property
    def inputs(self) -> int:
        """How many inputs there are."""
        return len(self.coefficient)

    @property
    def expected(self) -> float:
        """The log-odds before any contribution."""
        return self.base

    def contributions(self, row: Floats) -> Floats:
        """What each input adds, shape (k,) of inputs of shape (k,), or (n, k) of (n, k); in log-odds."""
        known = self.coefficient * (self._taken(np.clip(row, self.low, self.high)) - self.center)
        return np.where(np.isnan(row), self.unknown, known)

    def log_odds(self, matrix: Floats) -> Floats:
        """The log-odds of n payments, shape (n,), of their inputs, shape (n, k), NaN unknown."""
        summed: Floats = self.contributions(matrix).sum(axis=1)
        return self.base + summed

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """What it is made of, as the artefact keeps it."""
        return {name: getattr(self, name) for name in ARRAYS}

    def _taken(self, held: Floats) -> Floats:
        return np.where(self.is_log, np.sign(held) * np.log1p(abs(held)), held)


ARRAYS: Final[Mapping[str, np.dtype[Any]]] = {
    "coefficient": np.dtype("<f8"),
    "center": np.dtype("<f8"),
    "low": np.dtype("<f8"),
    "high": np.dtype("<f8"),
    "is_log": np.dtype("|b1"),
    "unknown": np.dtype("<f8"),
}
"""The arrays and how each is kept."""
