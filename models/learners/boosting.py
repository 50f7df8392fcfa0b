"""The default learner: scikit-learn's histogram gradient boosting over tail-aware bins."""

from itertools import count
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed

from models.forest_export import forest_of_hgb
from models.learners.binned_boosting import BinnedBoosting
from models.learners.bins import UNKNOWN, Codes, Floats, coded, tail_edges
from models.learners.learner import Fitted, Parameters, Progress, Told, Training
from models.learners.sizes import MANY, sized
from models.learners.threads import limited, threads

_PATIENCE: Final = 20
"""Trees without a gain on later payments before no more are grown."""
_BINNING: Final = 0.1
"""The share of the work that is done once inputs are binned, about."""


def fit(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    """Boosted trees with the catalogue's monotone constraints, without class weights or resampling.

    Of many frauds trees are grown as long as later payments gain, where there are any and no number was said.
    """
    sizes = sized(training.told.frauds, parameters)
    told = training.told
    is_stopped = training.later is not None and training.told.frauds > MANY and "trees" not in parameters
    edges, codes = _binned(told.matrix)
    progress(_BINNING)
    estimator = _estimator(training, sizes, progress)
    given: dict[str, Any] = {}
    if is_stopped and training.later is not None:
        given = _later(training.later, edges)
        estimator.set_params(early_stopping=True, n_iter_no_change=_PATIENCE, scoring="loss")
    with limited(codes.size):
        estimator.fit(_numbers(codes), told.target, sample_weight=told.weight, **given)
    progress(1.0)
    grown = int(estimator.n_iter_)
    gained = max(grown - _PATIENCE, 1) if grown < sizes["trees"] else grown
    return Fitted(
        margin=forest_of_hgb(estimator, edges),
        parameters={**sizes, "trees": grown},
        settled={"trees": gained} if is_stopped else {},
    )


def _estimator(training: Training, sizes: Parameters, progress: Progress) -> BinnedBoosting:
    estimator = BinnedBoosting(
        max_depth=int(sizes["depth"]),
        max_iter=int(sizes["trees"]),
        max_leaf_nodes=None,
        learning_rate=sizes["learning_rate"],
        min_samples_leaf=int(sizes["min_samples_leaf"]),
        l2_regularization=sizes["l2"],
        monotonic_cst=training.monotone,
        categorical_features=None,
        early_stopping=False,
        random_state=training.seed,
    )
    trees = count()
    estimator.tell = lambda: progress(_BINNING + (1 - _BINNING) * next(trees) / sizes["trees"])
    return estimator


def _binned(matrix: Floats) -> tuple[list[Floats], Codes]:
    """The edges of each input, and all codes; columns on all cores, for sorting lets other threads run."""
    made = Parallel(n_jobs=threads(matrix.size), prefer="threads")(
        delayed(_column)(matrix, at) for at in range(matrix.shape[1])
    )
    codes = np.empty(matrix.shape, dtype=np.uint8, order="F")
    for at, (_, column) in enumerate(made):
        codes[:, at] = column
    return [edges for edges, _ in made], codes


def _column(matrix: Floats, at: int) -> tuple[Floats, Codes]:
    values = np.ascontiguousarray(matrix[:, at])
    edges = tail_edges(values)
    return edges, coded(values, edges)


def _numbers(codes: Codes) -> Floats:
    """Codes as scikit-learn takes them: NaN for unknown."""
    numbers = codes.astype(np.float64)
    numbers[codes == UNKNOWN] = np.nan
    return numbers


def _later(later: Told, edges: list[Floats]) -> dict[str, Any]:
    codes = np.column_stack([coded(later.matrix[:, at], own) for at, own in enumerate(edges)])
    return {"X_val": _numbers(codes), "y_val": later.target, "sample_weight_val": later.weight}
