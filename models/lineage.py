"""What a model came from: said in its artefact, its card and the registry, in JSON's types."""

import platform
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from models.dataset import Dataset
from models.evaluation.ranking import Ranked, average_precision, recalls_at, roc_auc
from models.evaluation.scored import Scored
from models.learners.learner import Fitted, Ints
from models.learners.material import surely_fraud
from models.learners.prequential import Later
from models.model import Model
from models.ready import Ready

PARTS: Final = ("assay", "numpy", "scikit-learn")
"""Whose versions are told."""


class Made(NamedTuple):
    """All that went into a model."""

    ready: Ready
    fitted: Fitted
    later: Later | None


def lineage_of(model: Model, made: Made) -> Mapping[str, Any]:
    """The facts, with figures on the days that were kept to judge by; None where there are none."""
    dataset, plan, parts = made.ready.dataset, made.ready.plan, made.ready.parts
    material, items = made.ready.material, made.ready.items
    has_tests = len(parts.test) > 0
    return {
        "learner": plan.learner,
        "parameters": dict(made.fitted.parameters),
        "seed": plan.seed,
        "share": model.share,
        "as_of": dataset.manifest.as_of.isoformat(),
        "labels_known_at": material.dataset.manifest.as_of.isoformat(),
        "train": _window(material.dataset, parts.train)
        | {"payments_told": len(np.unique(items.place)), "frauds_learnt": int(surely_fraud(items).sum())},
        "test": _window(dataset, parts.test) if has_tests else None,
        "figures": _figures(model, dataset, parts.test) if has_tests else None,
        "calibration": _calibration(model, made.later),
        "inputs": len(model.inputs),
        "features": list(model.inputs.features),
        "dataset": {
            "fingerprint": dataset.manifest.fingerprint,
            "merchant_id": dataset.manifest.merchant_id,
            "histories": [each.name for each in dataset.manifest.histories],
        },
        "catalog": model.inputs.catalog.fingerprint,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PARTS},
    }


def _window(dataset: Dataset, rows: Ints) -> dict[str, Any]:
    at = dataset.table["at"]
    first, last = (at[int(row)].as_py() for row in (rows[0], rows[-1]))
    assert isinstance(first, datetime)
    return {
        "start": first.isoformat(),
        "end": last.isoformat(),
        "payments": len(rows),
        "frauds": int(dataset.is_fraud[rows].sum()),
        "censored": int(dataset.is_censored[rows].sum()),
    }


def _figures(model: Model, dataset: Dataset, rows: Ints) -> dict[str, Any]:
    """Of the payments that nothing was learnt from, with labels as they are known by now."""
    rows = rows[~dataset.is_censored[rows]]
    places = pa.array(rows)
    columns = {name: each.take(places) for name, each in dataset.features(model.features).items()}
    probability = model.score_matrix(columns)
    is_fraud = dataset.is_fraud[rows]
    scored = Scored.of(probability, is_fraud, known=dataset.maturity[rows])
    curve = Ranked.of(scored).curve()
    held = np.clip(probability, 1e-12, 1 - 1e-12)
    loss = -np.where(is_fraud, np.log(held), np.log1p(-held)).mean() if len(rows) else np.nan
    said = {
        "auc": roc_auc(curve),
        "ap": average_precision(curve),
        "recall_at_1pct": recalls_at(curve, 0.01)[0],
        "log_loss": float(loss),
    }
    return {name: None if np.isnan(value) else round(value, 6) for name, value in said.items()}


def _calibration(model: Model, later: Later | None) -> dict[str, Any]:
    if later is None:
        return {"frauds": 0.0, "folds": 0, "knots": len(model.calibration.log_odds), "labels": None}
    return {
        "frauds": round(later.items.frauds, 3),
        "folds": later.folds,
        "knots": len(model.calibration.log_odds),
        "labels": "of each fold's time" if later.is_known_then else "of the end",
    }
