"""What is asked of a training."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a model is to be trained."""

    learner: str = "boosting"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those that are not to be as the learner has them."""
    features: Collection[str] | None = None
    """The only ones to learn from; None: all of the catalogue that can be learnt from."""
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
