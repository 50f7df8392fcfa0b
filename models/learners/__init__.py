"""Learners: how a model is made of payments and labels. Each is one entry in a tuple."""

from models.learners.errors import LearnerUnknown
from models.learners.learner import Fitted, Learner, Parameters, Progress, Training
from models.learners.sizes import BOOSTING, LOGISTIC, SCORECARD


# scikit-learn takes a second to load, which who only asks for a name should not wait for.
def _boosting(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    from models.learners import boosting  # noqa: PLC0415 - see above

    return boosting.fit(training, parameters, progress)


def _scorecard(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    from models.learners import scorecard_points  # noqa: PLC0415 - see above

    return scorecard_points.fit(training, parameters, progress)


def _logistic(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    from models.learners import logistic  # noqa: PLC0415 - see above

    return logistic.fit(training, parameters, progress)


def _lightgbm(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    from models.learners import lightgbm_boosting  # noqa: PLC0415 - see above

    return lightgbm_boosting.fit(training, parameters, progress)


def _estimator(training: Training, parameters: Parameters, progress: Progress) -> Fitted:
    from models.learners import estimator  # noqa: PLC0415 - see above

    return estimator.fit(training, parameters, progress)


LEARNERS: tuple[Learner, ...] = (
    Learner(
        name="boosting",
        doc="Boosted trees of scikit-learn with bins that are close together in the tails: the default.",
        fit=_boosting,
        parameters=BOOSTING,
    ),
    Learner(
        name="scorecard",
        doc="The scorecard with its points learnt from the labels: from some twenty frauds on.",
        fit=_scorecard,
        parameters=SCORECARD,
    ),
    Learner(
        name="logistic",
        doc="Logistic regression with a ridge: few parameters, for few frauds.",
        fit=_logistic,
        parameters=LOGISTIC,
    ),
    Learner(
        name="lightgbm",
        doc="Boosted trees of LightGBM, which is installed with 'assay[lightgbm]'.",
        fit=_lightgbm,
        parameters=BOOSTING,
        requires="lightgbm",
    ),
    Learner(
        name="estimator",
        doc="An analyst's own estimator of scikit-learn's kind, from a notebook: train(..., estimator=...).",
        fit=_estimator,
    ),
)


def learner_named(name: str) -> Learner:
    """The learner of this name. Raises LearnerUnknown."""
    for learner in LEARNERS:
        if learner.name == name:
            return learner
    raise LearnerUnknown(f"There is no learner {name!r}; there are {', '.join(each.name for each in LEARNERS)}.")
