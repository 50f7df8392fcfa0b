"""The contract of learners: what every one of them does with unknowns, weights, signs, seeds and too little."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.ensemble import RandomForestClassifier

from engine.features import Features
from models.artifact import model_of
from models.learners import LEARNERS, learner_named
from models.learners.errors import LearnerFailed, LearnerMissing, LearnerUnknown, ParametersInvalid, TrainingRefused
from models.learners.learner import Fitted, Floats, Learner, Told, Training
from models.plan import Plan
from models.scorecard import Scorecard
from models.scorer import scorer_of
from models.training import train
from tests.models.learners.shops import SHOP, shop

QUICK: dict[str, dict[str, Any]] = {
    "boosting": {"trees": 20},
    "lightgbm": {"trees": 20},
    "scorecard": {},
    "logistic": {},
    "estimator": {},
}
LEARNT = [learner for learner in LEARNERS if learner.name != "scorecard"]
"""Those that learn from inputs; the scorecard's points have tests of their own."""


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=10, max_depth=4, random_state=0)


def told(rows: int = 600, seed: int = 0, inputs: int = 3) -> Told:
    """The first input raises the risk, the second lowers it, the third is noise; a tenth of each is unknown."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, inputs))
    log_odds = -1.5 + 1.5 * matrix[:, 0] - 1.5 * matrix[:, 1]
    target = (random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.float64)
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    return Told(matrix=matrix, target=target, weight=np.ones(rows))


def training(rows: Told, monotone: tuple[int, ...] | None = None, seed: int = 0) -> Training:
    inputs = rows.matrix.shape[1]
    return Training(
        told=rows,
        names=tuple(f"x{each}" for each in range(inputs)),
        monotone=np.array(monotone or (0,) * inputs, dtype=np.int64),
        scorecard=Scorecard((), SHOP),
        estimator=forest(),
        seed=seed,
    )


def fitted(learner: Learner, given: Training) -> Fitted:
    return learner.fit(given, QUICK[learner.name], lambda _: None)


def names(learners: list[Learner]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("learner", learners, ids=lambda each: each.name)


def area(log_odds: Floats, target: Floats) -> float:
    frauds, others = log_odds[target > 0], log_odds[target <= 0]
    return float((frauds[:, None] > others[None, :]).mean())


@names(LEARNT)
def test_it_tells_later_payments_apart_unknowns_among_them(learner: Learner) -> None:
    margin = fitted(learner, training(told())).margin
    later = told(seed=1)
    assert area(margin.log_odds(later.matrix), later.target) > 0.75


@names(LEARNT)
def test_all_unknown_gets_a_finite_score(learner: Learner) -> None:
    margin = fitted(learner, training(told())).margin
    assert np.isfinite(margin.log_odds(np.full((2, 3), np.nan))).all()


@names(LEARNT)
def test_an_input_that_is_constant_or_never_known_does_no_harm(learner: Learner) -> None:
    rows = told()
    matrix = np.column_stack([rows.matrix, np.full(len(rows.target), 7.0), np.full(len(rows.target), np.nan)])
    margin = fitted(learner, training(replace(rows, matrix=matrix))).margin
    later = told(seed=1)
    wider = np.column_stack([later.matrix, np.full(600, 7.0), np.full(600, np.nan)])
    assert area(margin.log_odds(wider), later.target) > 0.75


@names(LEARNT)
def test_the_same_seed_gives_the_same_log_odds(learner: Learner) -> None:
    later = told(seed=1).matrix
    one, other = (fitted(learner, training(told(), seed=3)).margin.log_odds(later) for _ in range(2))
    assert np.array_equal(one, other)


@names(LEARNT)
def test_weights_count_as_so_many_payments(learner: Learner) -> None:
    rows = told(400)
    light = replace(rows, weight=np.where(rows.target > 0, 0.1, 1.0))
    even, less = (fitted(learner, training(each)).margin.log_odds(rows.matrix) for each in (rows, light))
    assert np.mean(less) < np.mean(even) - 0.5


@names([learner for learner in LEARNT if learner.name != "estimator"])
def test_the_score_never_moves_against_the_sign(learner: Learner) -> None:
    rows = told()
    # The signs are the wrong ones: what is learnt must keep them all the same.
    margin = fitted(learner, training(rows, monotone=(-1, 1, 0))).margin
    base = told(50, seed=2).matrix
    for column, sign in ((0, -1), (1, 1)):
        moved = np.repeat(base[None], 9, axis=0)
        moved[:, :, column] = np.linspace(-3, 3, 9)[:, None]
        log_odds = np.array([margin.log_odds(each) for each in moved])
        assert (np.diff(log_odds, axis=0) * sign >= -1e-12).all()


@names(LEARNT)
def test_progress_rises_to_one_and_what_it_raises_stops_the_fit(learner: Learner) -> None:
    seen: list[float] = []
    learner.fit(training(told()), QUICK[learner.name], seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1

    def stop(_: float) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        learner.fit(training(told()), QUICK[learner.name], stop)


@names(list(LEARNERS))
def test_the_artefact_scores_as_the_model_and_one_payment_as_a_column(learner: Learner) -> None:
    dataset = shop(1_500)
    plan = Plan(learner=learner.name, parameters=QUICK[learner.name], estimator=forest())
    model = train(dataset, plan)
    again = model_of(model.content(), SHOP, is_verified=True)
    columns = dataset.features(model.features)
    probability = model.score_matrix(columns)
    assert np.array_equal(again.score_matrix(columns), probability)
    scorer = scorer_of(model, SHOP, "champion")
    for row in range(0, 1_500, 50):
        values = tuple(column[row].as_py() for column in dataset.features(each.name for each in SHOP).values())
        score = scorer.score(Features(SHOP, values))
        assert score.probability == pytest.approx(probability[row], abs=1e-12)


@names(list(LEARNERS))
def test_one_class_is_refused_before_it_is_asked(learner: Learner) -> None:
    nobody, everybody = np.zeros(500, dtype=np.bool_), np.ones(500, dtype=np.bool_)
    for fraud, code in ((nobody, "no_positives"), (everybody, "one_class")):
        with pytest.raises(TrainingRefused) as refused:
            train(shop(500, fraud=fraud, late_days=0), Plan(learner=learner.name, estimator=forest()))
        assert refused.value.code == code


def test_a_name_that_is_none_and_parameters_out_of_range_are_told() -> None:
    with pytest.raises(LearnerUnknown, match=r"no learner 'boost'; there are boosting, scorecard"):
        learner_named("boost")
    boosting = learner_named("boosting")
    with pytest.raises(ParametersInvalid, match="tree: the learner boosting has no such parameter; it has depth, tr"):
        boosting.checked({"tree": 3})
    for wrong in (0, 9, 2.5, True, "4", float("nan")):
        with pytest.raises(ParametersInvalid, match="depth: it is a whole number from 1 to 5"):
            boosting.checked({"depth": wrong})
    assert boosting.checked({"depth": 4, "l2": 1}) == {"depth": 4, "l2": 1.0}


def test_a_learner_whose_package_is_absent_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(LearnerMissing, match=r"pip install 'assay\[lightgbm\]'"):
        fitted(learner_named("lightgbm"), training(told(100)))


def test_an_estimator_that_takes_no_unknowns_or_says_no_probability_is_refused() -> None:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - one test's
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - one test's

    learner = learner_named("estimator")
    with pytest.raises(LearnerFailed, match="put a SimpleImputer before it"):
        fitted(learner, replace(training(told(100)), estimator=LogisticRegression()))
    with pytest.raises(LearnerFailed, match="give one"):
        fitted(learner, replace(training(told(100)), estimator=None))
    known = replace(told(100), matrix=np.nan_to_num(told(100).matrix))
    with pytest.raises(LearnerFailed, match="no predict_proba"):
        fitted(learner, replace(training(known), estimator=LinearSVC()))


def test_an_estimator_without_weights_learns_each_payment_as_what_it_is_more_likely_to_be() -> None:
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415 - one test's

    known = replace(told(200), matrix=np.nan_to_num(told(200).matrix))
    both: npt.NDArray[np.int64] = np.concatenate([np.arange(200), np.arange(200)])
    # The first hundred are labelled; the others may still turn out to be fraud, with a weight of 0.4.
    as_fraud = np.where(np.arange(200) < 100, known.target, 0.4)
    soft = Told(
        matrix=known.matrix[both],
        target=np.repeat([0.0, 1.0], 200),
        weight=np.concatenate([1 - as_fraud, as_fraud]),
    ).rows(np.concatenate([as_fraud < 1, as_fraud > 0]))
    estimator = KNeighborsClassifier(1)
    margin = fitted(learner_named("estimator"), replace(training(soft), estimator=estimator)).margin
    assert np.array_equal(margin.log_odds(known.matrix) > 0, as_fraud == 1)
    with pytest.raises(LearnerFailed, match="takes no weights"):
        fitted(learner_named("estimator"), replace(training(soft.rows(soft.weight < 1)), estimator=estimator))
    assert not hasattr(estimator, "classes_"), "the analyst's own is left as it was"


def test_many_frauds_stop_growing_trees_when_later_payments_gain_no_more() -> None:
    rows, later = told(12_000), told(3_000, seed=1)
    learner = learner_named("boosting")
    found = learner.fit(replace(training(rows), later=later), {"learning_rate": 0.5, "depth": 2}, lambda _: None)
    assert rows.frauds > 3_000
    assert 1 <= found.settled["trees"] < 200
    assert "trees" not in learner.fit(replace(training(rows), later=later), {"trees": 5}, lambda _: None).settled
