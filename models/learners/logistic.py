"""Logistic regression: few parameters, for few frauds; each input's part can be read off."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from models.learners.learner import Fitted, Floats, Parameters, Progress, Told, Training
from models.learners.threads import limited
from models.linear import Linear

_C: Final = 0.01
_EDGE: Final = 1e-4
"""Inputs are held between the quantiles of this share and of the rest: beyond them nothing was learnt."""
_SKEWED: Final = 3.0
"""Inputs of more skewness are taken by their logarithm: counts and amounts are."""
_ITERATIONS_MAX: Final = 2_000
_ROUNDS_MAX: Final = 20


def fit(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    """A ridge on standardized inputs, an indicator of each unknown, and no coefficient against the catalogue's sign."""
    told = training.told
    scales = _Scales.of(told)
    strength = parameters.get("c", _C)
    design = scales.design(told.matrix)
    progress(0.1)
    signs = np.concatenate([training.monotone, np.zeros(design.shape[1] - len(training.monotone), dtype=np.int64)])
    weights, base = _signed(design, told, strength, signs, training.seed, progress)
    progress(1.0)
    return Fitted(margin=scales.folded(weights, base), parameters={"c": strength})


class _Scales:
    """How each input is held, logged and standardized; arrays of shape (k,)."""

    def __init__(
        self, low: Floats, high: Floats, is_log: npt.NDArray[np.bool_], center: Floats, spread: Floats
    ) -> None:
        self.low, self.high, self.is_log, self.center, self.spread = low, high, is_log, center, spread

    @classmethod
    def of(cls, told: Told) -> "_Scales":
        rows = [_scale(column, told.weight) for column in told.matrix.T]
        low, high, is_log, center, spread = (np.array(each) for each in zip(*rows, strict=True))
        return cls(low, high, is_log.astype(np.bool_), center, spread)

    def design(self, matrix: Floats) -> Floats:
        """Standardized inputs, then the indicators of unknowns; an unknown input is at its center, shape (n, 2k)."""
        unknown = np.isnan(matrix)
        held = np.clip(matrix, self.low, self.high)
        held = np.where(self.is_log, _logged(held), held)
        return np.hstack([np.where(unknown, 0.0, (held - self.center) / self.spread), unknown])

    def folded(self, weights: Floats, base: float) -> Linear:
        """The same regression of raw inputs."""
        inputs = len(self.low)
        return Linear(
            base=base,
            coefficient=weights[:inputs] / self.spread,
            center=self.center,
            low=self.low,
            high=self.high,
            is_log=self.is_log,
            unknown=weights[inputs:],
        )


def _scale(column: Floats, weight: Floats) -> tuple[float, float, bool, float, float]:
    is_known = ~np.isnan(column)
    known = column[is_known]
    if not len(known):
        return 0.0, 0.0, False, 0.0, 1.0
    low, high = (float(each) for each in np.quantile(known, [_EDGE, 1 - _EDGE], method="nearest"))
    if low == high:
        # Rarer than one in ten thousand, and for that not nothing.
        low, high = float(known.min()), float(known.max())
    held = np.clip(known, low, high)
    is_log = _skewness(held) > _SKEWED
    held = _logged(held) if is_log else held
    center = float(np.average(held, weights=weight[is_known]))
    spread = float(np.sqrt(np.average((held - center) ** 2, weights=weight[is_known])))
    return low, high, is_log, center, spread if spread > 0 else 1.0


def _skewness(held: Floats) -> float:
    away = held - held.mean()
    spread = float(np.sqrt((away**2).mean()))
    return abs(float((away**3).mean())) / spread**3 if spread > 0 else 0.0


def _logged(held: Floats) -> Floats:
    return np.sign(held) * np.log1p(np.abs(held))


def _signed(
    design: Floats, told: Told, strength: float, signs: npt.NDArray[np.int64], seed: int, progress: Progress
) -> tuple[Floats, float]:
    """The likeliest coefficients, those of the wrong sign held at zero, one round after the other until none is."""
    used = np.flatnonzero(design.any(axis=0))
    for done in range(_ROUNDS_MAX):
        found = _likeliest(design[:, used], told, strength, seed)
        wrong = signs[used] * found.coef_[0] < 0
        if not wrong.any():
            break
        used = used[~wrong]
        progress(0.1 + 0.9 * (done + 1) / _ROUNDS_MAX)
    weights = np.zeros(design.shape[1])
    weights[used] = np.where(signs[used] * found.coef_[0] < 0, 0.0, found.coef_[0])
    return weights, float(found.intercept_[0])


def _likeliest(design: Floats, told: Told, strength: float, seed: int) -> Any:  # noqa: ANN401 - scikit-learn's
    estimator = LogisticRegression(C=strength, max_iter=_ITERATIONS_MAX, tol=1e-6, random_state=seed)
    with limited(design.size):
        return estimator.fit(design, told.target, sample_weight=told.weight)
