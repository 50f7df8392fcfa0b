"""What is asked of a training."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np

from models.dataset import Dataset
from models.dataset.table import microseconds
from models.learners.errors import NoPayments
from models.split import Split, split


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a model is to be trained."""

    learner: str = "boosting"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those that are not to be as the learner has them."""
    features: Collection[str] | None = None
    """The only ones to learn from; None: all of the catalogue that can be learnt from."""
    ratios: Sequence[tuple[str, str]] = ()
    """Pairs of number features, the first to be divided by the second: inputs of their own beside the features."""
    trusted: Collection[str] = ()
    """Features that may tell the label as well as they like: they were known before the decision."""
    estimator: Any = None
    """An analyst's own, for the learner of that name."""
    train_days: float | None = None
    """None: from the first payment on."""
    gap_days: float = 0.0
    test_days: float = 28.0
    """The last days are kept to judge by, with labels that a model of that day did not know; 0: nothing is."""
    seed: int = 0


def parts_of(dataset: Dataset, plan: Plan) -> Split:
    """The rows to learn from and those to judge by, of which there are none where the plan keeps none.

    Raises NoPayments and DatasetInvalid.
    """
    if not len(dataset):
        raise NoPayments("There is no payment in the data set: choose other dates, or import history.")
    if plan.test_days:
        return split(dataset, train_days=plan.train_days, gap_days=plan.gap_days, test_days=plan.test_days)
    end = min(dataset.manifest.end, dataset.manifest.as_of) - timedelta(days=plan.gap_days)
    start = dataset.manifest.start if plan.train_days is None else end - timedelta(days=plan.train_days)
    rows = np.flatnonzero((dataset.at_us >= microseconds(start)) & (dataset.at_us < microseconds(end)))
    if not len(rows):
        raise NoPayments(f"No payment was received from {start.isoformat()} to {end.isoformat()}: choose other dates.")
    return Split(train=rows, test=np.empty(0, dtype=np.int64), known_at=dataset.manifest.as_of)
