"""What a training, a judgement or a comparison is asked for, as its job keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from engine.errors import AssayError
from engine.jobs import UNREADABLE

TRAIN: Final = "train_model"
EVALUATE: Final = "evaluate_model"
COMPARE: Final = "compare_models"
KINDS: Final = (TRAIN, EVALUATE, COMPARE)
WHOLE: Final = ""
"""Whose jobs these are: the installation's, as no merchant's id is empty."""


class LearningPlanUnreadable(AssayError):
    """A plan that another version of Assay wrote, or that is damaged."""

    code = UNREADABLE.code


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningPlan:
    """Which payments are learnt from, or judged on, and what is made of them. Times are UTC."""

    asked: Mapping[str, Any]
    """The request."""
    start: datetime
    end: datetime
    """The first moment left out."""
    as_of: datetime
    """Labels are those that were known then."""
    champion: str | None
    """The model in force when it was asked for, beside which is judged; None: the scorecard."""
    test_days: float
    """The last days, which are judged on: nothing is learnt from them."""
    gap_days: float = 0.0
    learner: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    search: int = 0
    """How many sets of parameters are tried first."""
    trusted: tuple[str, ...] = ()
    """Features that may tell the label as well as they like."""
    model: str | None = None
    """The one that is judged, or compared."""
    other: str | None = None
    """What it is compared with; None: the scorecard."""

    def content(self) -> bytes:
        """It as JSON, which `plan_of` reads back once it is read."""
        return orjson.dumps({name: getattr(self, name) for name in self.__slots__})


def plan_of(said: Any) -> LearningPlan:  # noqa: ANN401 - a document that was kept may hold anything
    """The plan of its JSON, read. Raises LearningPlanUnreadable."""
    try:
        times = {name: datetime.fromisoformat(said[name]) for name in ("start", "end", "as_of")}
        return LearningPlan(**{**said, **times, "trusted": tuple(said["trusted"])})
    except (ValueError, TypeError, KeyError) as error:
        raise LearningPlanUnreadable(UNREADABLE.detail) from error
