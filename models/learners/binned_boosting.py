"""Scikit-learn's boosting over codes that are bins already, with progress."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from models.learners.bins import EDGES_MAX, UNKNOWN


class BinnedBoosting(HistGradientBoostingClassifier):  # type: ignore[misc]  # scikit-learn ships no types
    """HistGradientBoostingClassifier whose inputs are codes of `models.learners.bins`, NaN for unknown.

    Scikit-learn finds bins of its own from a sample of 200,000 rows, and so would lose again what lies far out in a
    tail. Here a code is its own bin: code c is left of every threshold from c on. `tell` is called before each tree,
    and what it raises passes through.
    """

    tell: Callable[[], None] | None = None

    def _bin_data(self, X: Any, sample_weight: Any, is_training_data: Any) -> Any:  # noqa: ANN401, ARG002, N803
        mapper = self._bin_mapper
        if is_training_data:
            inputs = X.shape[1]
            mapper.bin_thresholds_ = [np.arange(EDGES_MAX) + 0.5 for _ in range(inputs)]
            mapper.n_bins_non_missing_ = np.full(inputs, EDGES_MAX + 1, dtype=np.uint32)
            mapper.is_categorical_ = np.zeros(inputs, dtype=np.uint8)
            mapper.missing_values_bin_idx_ = UNKNOWN
        binned = np.empty(X.shape, dtype=np.uint8, order="F" if is_training_data else "C")
        for at in range(X.shape[1]):
            binned[:, at] = np.nan_to_num(X[:, at], nan=UNKNOWN)
        return binned

    def _get_loss(self, sample_weight: Any) -> Any:  # noqa: ANN401 - theirs
        loss = super()._get_loss(sample_weight)
        tell, gradients = self.tell, loss.gradient_hessian
        if tell is not None:

            def told(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - theirs
                tell()
                return gradients(*given, **named)

            loss.gradient_hessian = told
        return loss
