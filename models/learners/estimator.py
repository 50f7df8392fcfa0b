"""An analyst's own estimator: anything of scikit-learn's kind that says a probability."""

from typing import Any, Final

from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from models.foreign import foreign_of
from models.learners.errors import LearnerFailed
from models.learners.learner import Fitted, Parameters, Progress, Told, Training

_EVEN: Final = 0.5
_CLASSES: Final = 2


def fit(training: Training, _parameters: Parameters, progress: Progress) -> Fitted:
    """A copy of the estimator, fitted with weights where it takes them.

    One that takes none learns each payment as what it is more likely to be. Raises LearnerFailed with the cause.
    """
    if training.estimator is None:
        raise LearnerFailed(
            "estimator: the learner of that name fits one of yours; give one, as in train(..., estimator=...)."
        )
    if not hasattr(training.estimator, "predict_proba"):
        raise LearnerFailed(
            f"estimator: a {type(training.estimator).__name__} has no predict_proba: wrap it in CalibratedClassifierCV."
        )
    estimator = clone(training.estimator)
    if "random_state" in estimator.get_params() and estimator.get_params()["random_state"] is None:
        estimator.set_params(random_state=training.seed)
    weighs = _weight_name(estimator)
    told = training.told if weighs else _likelier(training.told)
    if len(set(told.target.tolist())) < _CLASSES:
        raise LearnerFailed(
            f"estimator: {type(estimator).__name__} takes no weights, and without them no payment is more likely fraud."
        )
    try:
        estimator.fit(told.matrix, told.target.astype(int), **({weighs: told.weight} if weighs else {}))
    except (ValueError, TypeError) as error:
        raise LearnerFailed(
            f"estimator: {type(estimator).__name__} does not fit ({error}). Unknown values are NaN: if it takes none, "
            "put a SimpleImputer before it in a Pipeline."
        ) from error
    progress(1.0)
    named = {name: repr(value) for name, value in sorted(estimator.get_params(deep=False).items())}
    margin = foreign_of(estimator, told.matrix.shape[1])
    return Fitted(margin=margin, parameters={"estimator": type(estimator).__name__, **named})


def _weight_name(estimator: Any) -> str:  # noqa: ANN401 - any estimator
    """Under which name its `fit` takes weights; empty where it takes none."""
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        return f"{name}__sample_weight" if has_fit_parameter(last, "sample_weight") else ""
    return "sample_weight" if has_fit_parameter(estimator, "sample_weight") else ""


def _likelier(told: Told) -> Told:
    """Each payment as what it is more likely to be; what is as likely both ways is no fraud."""
    is_fraud = told.target > 0
    return told.rows((is_fraud & (told.weight > _EVEN)) | (~is_fraud & (told.weight >= _EVEN)))
