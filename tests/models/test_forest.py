"""Forests: what the learners' own libraries predict, and no forest that could lead a walk astray."""

from dataclasses import fields, replace
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from engine.errors import ModelInvalid
from models.forest import LEAF, Forest
from models.forest_account import WalkedAccount, account_of
from models.forest_export import forest_of_hgb, forest_of_lightgbm
from tests.models.trained import Floats, boosted, drawn, labels_of

ROWS = 10_000
INPUTS = 12
TOLERANCE = 1e-9


def edges_of(matrix: Floats) -> list[Floats]:
    """A few quantiles an input, some of them values that occur: rows fall on edges."""
    return [np.unique(np.nanquantile(column, np.linspace(0, 1, 41)[1:-1])) for column in matrix.T]


def coded(matrix: Floats, edges: list[Floats]) -> Floats:
    codes = [np.searchsorted(own, column, side="left") for own, column in zip(edges, matrix.T, strict=True)]
    return np.where(np.isnan(matrix), np.nan, np.array(codes, dtype=np.float64).T)


def rows_with_edges(rng: np.random.Generator, edges: list[Floats]) -> Floats:
    """Unknowns, values on edges and beside them, values far outside, and whole rows of unknowns."""
    matrix = drawn(rng, ROWS, INPUTS)
    for at, own in enumerate(edges):
        on = rng.choice(np.minimum(own, 1e300), ROWS)
        near = np.nextafter(on, rng.choice([-np.inf, np.inf], ROWS))
        which = rng.random(ROWS)
        matrix[:, at] = np.select([which < 0.3, which < 0.5], [on, near], matrix[:, at])
    matrix[:20] = np.nan
    matrix[20:40] = 1e12
    matrix[40:60] = -1e12
    return matrix


@pytest.fixture(scope="module")
def training() -> tuple[Floats, npt.NDArray[np.int64]]:
    rng = np.random.default_rng(5)
    matrix = drawn(rng, 6_000, INPUTS)
    return matrix, labels_of(rng, matrix)


def account_sums(forest: Forest, matrix: Floats) -> Floats:
    account = account_of(forest)
    return np.array([account.expected + account.contributions(row).sum() for row in matrix])


def test_scikit_learn_is_met_on_ten_thousand_rows(training: Any) -> None:
    matrix, fraud = training
    estimator = boosted(matrix, fraud, max_iter=60)
    forest = forest_of_hgb(estimator)
    asked = [forest.threshold[forest.feature == at] for at in range(INPUTS)]
    rows = rows_with_edges(np.random.default_rng(6), [own if len(own) else np.zeros(1) for own in asked])
    expected = estimator.decision_function(rows)
    assert abs(forest.log_odds(rows) - expected).max() <= TOLERANCE
    assert abs(account_sums(forest, rows) - expected).max() <= TOLERANCE


def test_edges_of_a_binner_before_it_are_folded_back(training: Any) -> None:
    matrix, fraud = training
    edges = edges_of(matrix)
    estimator = boosted(coded(matrix, edges), fraud, max_iter=60)
    forest = forest_of_hgb(estimator, edges)
    rows = rows_with_edges(np.random.default_rng(7), edges)
    expected = estimator.decision_function(coded(rows, edges))
    assert abs(forest.log_odds(rows) - expected).max() <= TOLERANCE
    assert abs(account_sums(forest, rows) - expected).max() <= TOLERANCE


def test_where_only_an_unknown_tells_known_numbers_go_left() -> None:
    rng = np.random.default_rng(8)
    matrix = np.where(rng.random((2_000, 1)) < 0.5, np.nan, 7.0)
    fraud = (rng.random(2_000) < np.where(np.isnan(matrix[:, 0]), 0.8, 0.1)).astype(np.int64)
    estimator = boosted(matrix, fraud, max_iter=3)
    forest = forest_of_hgb(estimator)
    rows = np.array([[np.nan], [7.0], [-1e300], [np.finfo(np.float64).max]])
    assert len(set(forest.log_odds(rows).tolist())) == 2
    assert abs(account_sums(forest, rows) - estimator.decision_function(rows)).max() <= TOLERANCE


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_depth": 4, "num_leaves": 15},
        {"max_depth": -1, "num_leaves": 31},
        {"max_depth": 4, "use_missing": False},
    ],
    ids=["shallow", "deep", "no unknowns"],
)
def test_lightgbm_is_met(training: Any, parameters: dict[str, Any]) -> None:
    matrix, fraud = training
    if not parameters.get("use_missing", True):
        matrix = np.nan_to_num(matrix)
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": 1, **parameters},
        lightgbm.Dataset(matrix, fraud),
        num_boost_round=40,
    )
    forest = forest_of_lightgbm(booster)
    asked = [forest.threshold[forest.feature == at] for at in range(INPUTS)]
    rows = rows_with_edges(np.random.default_rng(9), [own if len(own) else np.zeros(1) for own in asked])
    expected = np.asarray(booster.predict(rows, raw_score=True))
    assert abs(forest.log_odds(rows) - expected).max() <= TOLERANCE
    some = slice(None, 500)
    assert abs(account_sums(forest, rows[some]) - expected[some]).max() <= TOLERANCE


def test_deep_trees_are_walked_and_not_tabled(training: Any) -> None:
    matrix, fraud = training
    estimator = boosted(matrix, fraud, max_iter=5, max_depth=None, max_leaf_nodes=60, min_samples_leaf=2)
    forest = forest_of_hgb(estimator)
    assert forest.depth > 8
    assert isinstance(account_of(forest), WalkedAccount)
    rows = matrix[:300]
    assert abs(account_sums(forest, rows) - estimator.decision_function(rows)).max() <= TOLERANCE


def test_more_classes_and_categories_are_refused(training: Any) -> None:
    matrix, fraud = training
    three = boosted(matrix, fraud + (matrix[:, 0] > 5), max_iter=2)
    with pytest.raises(ModelInvalid, match="more than two classes"):
        forest_of_hgb(three)
    categories = HistGradientBoostingClassifier(max_iter=2, categorical_features=[0])
    categories.fit(np.column_stack([np.arange(6_000) % 5, matrix[:, 1:]]), np.arange(6_000) % 5 // 3)
    with pytest.raises(ModelInvalid, match="categories"):
        forest_of_hgb(categories)


SMALL = Forest(
    inputs=2,
    base=-1.0,
    starts=np.array([0, 3], dtype=np.int32),
    feature=np.array([0, LEAF, LEAF, 1, LEAF, LEAF], dtype=np.int32),
    threshold=np.array([2.0, 0.0, 0.0, 5.0, 0.0, 0.0]),
    missing_left=np.array([True, False, False, False, False, False]),
    left=np.array([1, 0, 0, 4, 0, 0], dtype=np.int32),
    right=np.array([2, 0, 0, 5, 0, 0], dtype=np.int32),
    value=np.array([0.0, -0.5, 0.5, 0.0, 0.25, 1.0]),
    cover=np.array([10.0, 6.0, 4.0, 10.0, 9.0, 1.0]),
)


def test_the_threshold_goes_left_and_an_unknown_where_the_node_says() -> None:
    rows = np.array([[2.0, 5.0], [2.1, 5.1], [np.nan, np.nan]])
    assert SMALL.log_odds(rows).tolist() == [-1.25, 0.5, -0.5]


@pytest.mark.parametrize(
    ("name", "at", "value", "said"),
    [
        ("left", 0, 0, "behind its parent"),
        ("right", 0, 1, "one parent"),
        ("right", 0, 4, "behind its parent"),
        ("left", 3, 99, "behind its parent"),
        ("left", 3, -1, "behind its parent"),
        ("feature", 0, 2, "one of 2 inputs"),
        ("feature", 0, -2, "one of 2 inputs"),
        ("starts", 1, 2, "one parent|behind its parent"),
        ("starts", 0, 1, "the first at 0"),
        ("starts", 1, 9, "the first at 0"),
        ("threshold", 0, np.nan, "threshold"),
        ("value", 1, np.inf, "value"),
        ("value", 1, 1e6, "value"),
        ("cover", 1, 0.0, "cover"),
        ("cover", 1, np.nan, "cover"),
    ],
)
def test_a_forest_that_leads_astray_is_refused(name: str, at: int, value: float, said: str) -> None:
    array = getattr(SMALL, name).copy()
    array[at] = value
    with pytest.raises(ModelInvalid, match=said):
        replace(SMALL, **{name: array})


@pytest.mark.parametrize("name", [each.name for each in fields(SMALL) if each.name not in ("inputs", "base")])
def test_arrays_of_another_shape_or_type_are_refused(name: str) -> None:
    array = getattr(SMALL, name)
    for wrong in (array[:0], array[None], array.astype(np.float32)):
        with pytest.raises(ModelInvalid):
            replace(SMALL, **{name: wrong})


def test_a_tree_that_is_too_deep_is_refused() -> None:
    count = 40
    feature = np.array([*[0, LEAF] * count, LEAF], dtype=np.int32)
    nodes = np.arange(2 * count + 1)
    is_question = feature != LEAF
    with pytest.raises(ModelInvalid, match="at most 32 questions"):
        Forest(
            inputs=1,
            base=0.0,
            starts=np.zeros(1, dtype=np.int32),
            feature=feature,
            threshold=np.zeros(len(nodes)),
            missing_left=np.zeros(len(nodes), dtype=np.bool_),
            left=np.where(is_question, nodes + 1, 0).astype(np.int32),
            right=np.where(is_question, nodes + 2, 0).astype(np.int32),
            value=np.zeros(len(nodes)),
            cover=np.ones(len(nodes)),
        )
