"""LightGBM, where it is installed: the same trees by another hand, with 4,095 bins of its own."""

import importlib.util
from typing import Any

import numpy as np

from models.forest_export import forest_of_lightgbm
from models.learners.errors import LearnerMissing
from models.learners.learner import Fitted, Parameters, Progress, Training
from models.learners.sizes import sized
from models.learners.threads import threads

_BINS = 4_095


def fit(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    """Depth-limited trees with the catalogue's monotone constraints. Raises LearnerMissing where LightGBM is not."""
    if importlib.util.find_spec("lightgbm") is None:
        raise LearnerMissing("The learner lightgbm needs a package: pip install 'assay[lightgbm]'.")
    import lightgbm  # noqa: PLC0415 - it is no part of every installation

    sizes = sized(training.told.frauds, parameters)
    told = training.told
    rows = lightgbm.Dataset(
        told.matrix, label=told.target, weight=told.weight, params={"max_bin": _BINS, "verbosity": -1}
    )

    def tell(environment: Any) -> None:  # noqa: ANN401 - a named tuple of theirs
        progress((environment.iteration + 1) / sizes["trees"])

    booster = lightgbm.train(
        {**_said(training, sizes), "num_threads": threads(told.matrix.size)},
        rows,
        num_boost_round=int(sizes["trees"]),
        callbacks=[tell],
    )
    progress(1.0)
    return Fitted(margin=forest_of_lightgbm(booster), parameters=sizes)


def _said(training: Training, sizes: Parameters) -> dict[str, Any]:
    return {
        "objective": "binary",
        "learning_rate": sizes["learning_rate"],
        "max_depth": int(sizes["depth"]),
        "num_leaves": 2 ** int(sizes["depth"]),
        "min_data_in_leaf": int(sizes["min_samples_leaf"]),
        "lambda_l2": sizes["l2"],
        "monotone_constraints": [int(each) for each in np.asarray(training.monotone)],
        "seed": training.seed,
        "deterministic": True,
        "force_col_wise": True,
        "zero_as_missing": False,
        "max_bin": _BINS,
        "verbosity": -1,
    }
