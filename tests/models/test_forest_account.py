"""The account of a forest: Shapley's values as the sum over all orders gives them, and as shap has them."""

import math
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import shap
from hypothesis import given, settings
from hypothesis import strategies as st

from models.forest import LEAF, Forest, narrowed
from models.forest_account import (
    _FEWEST,
    QUESTIONS_MAX,
    TableAccount,
    WalkedAccount,
    _leaves,
    _parts,
    _question,
    _table,
    account_of,
    nodes_and_weights,
)
from models.forest_export import forest_of_hgb
from tests.models.trained import Floats, boosted, drawn, labels_of

INPUTS = 5
SETTINGS = settings(max_examples=25, deadline=None)


def grown(seed: int, trees: int, depth: int) -> Forest:
    """A forest of random trees, lopsided, with inputs asked again and again on one way."""
    rng = np.random.default_rng(seed)
    rows: list[list[float]] = []

    def grow(left_over: int, cover: float) -> int:
        at = len(rows)
        rows.append([LEAF, 0.0, 0.0, 0, 0, rng.normal(), cover])
        if left_over and rng.random() < 0.85:
            part = rng.uniform(0.05, 0.95)
            rows[at][:3] = [float(rng.integers(INPUTS)), float(rng.integers(-2, 3)), float(rng.integers(2))]
            rows[at][5] = 0.0
            rows[at][3:5] = [grow(left_over - 1, cover * part), grow(left_over - 1, cover * (1 - part))]
        return at

    starts = [grow(depth, 100.0) for _ in range(trees)]
    feature, threshold, missing, left, right, value, cover = np.array(rows).T
    return Forest(
        inputs=INPUTS,
        base=0.5,
        starts=np.array(starts, dtype=np.int32),
        feature=feature.astype(np.int32),
        threshold=threshold,
        missing_left=missing.astype(np.bool_),
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        value=value,
        cover=cover,
    )


def expectation(forest: Forest, at: int, row: Floats, known: set[int]) -> float:
    """The log-odds of a tree where these inputs are known: by the training weight where they are not."""
    asked = int(forest.feature[at])
    if asked == LEAF:
        return float(forest.value[at])
    left, right = int(forest.left[at]), int(forest.right[at])
    if asked in known:
        goes_left = forest.missing_left[at] if np.isnan(row[asked]) else row[asked] <= forest.threshold[at]
        return expectation(forest, left if goes_left else right, row, known)
    both = [expectation(forest, child, row, known) * float(forest.cover[child]) for child in (left, right)]
    return sum(both) / float(forest.cover[at])


def shapley(forest: Forest, row: Floats) -> list[float]:
    """By the definition: each input's gain over every set of the others, weighed by Shapley's weights."""
    added = []
    for own in range(INPUTS):
        others = [at for at in range(INPUTS) if at != own]
        total = 0.0
        for size in range(INPUTS):
            weight = math.factorial(size) * math.factorial(INPUTS - size - 1) / math.factorial(INPUTS)
            for chosen in combinations(others, size):
                for start in forest.starts.tolist():
                    gain = expectation(forest, start, row, {*chosen, own}) - expectation(
                        forest, start, row, set(chosen)
                    )
                    total += weight * gain
        added.append(total)
    return added


def row_of(values: list[int | None]) -> Floats:
    return np.array(values, dtype=np.float64)


ROWS = st.lists(st.none() | st.integers(-3, 3), min_size=INPUTS, max_size=INPUTS).map(row_of)


@SETTINGS
@given(st.integers(0, 10**6), st.integers(0, 6), ROWS)
def test_contributions_are_shapleys_values(seed: int, depth: int, row: Floats) -> None:
    forest = grown(seed, 2, depth)
    account = account_of(forest)
    assert isinstance(account, TableAccount)
    np.testing.assert_allclose(account.contributions(row), shapley(forest, row), atol=1e-12)
    walked = WalkedAccount(forest, [each for start in forest.starts.tolist() for each in _leaves(forest, start, ())])
    np.testing.assert_allclose(walked.contributions(row), account.contributions(row), atol=1e-12)
    assert walked.expected == pytest.approx(account.expected, abs=1e-12)
    assert account.expected + account.contributions(row).sum() == pytest.approx(
        forest.log_odds(row[None])[0], abs=1e-12
    )


def added_in_turn(forest: Forest, row: Floats) -> list[float]:
    """What each input adds, part by part from the tables, one addition at a time."""
    most = min(max(forest.depth + 1, _FEWEST), QUESTIONS_MAX)
    added = [0.0] * forest.inputs
    for start in forest.starts.tolist():
        for part in _parts(forest, start, most):
            inputs = sorted({int(forest.feature[node]) for node in part.questions})
            table, _ = _table(forest, part, inputs, most)
            pattern = 0
            for place, node in enumerate(part.questions):
                found = row[forest.feature[node]]
                is_left = forest.missing_left[node] if np.isnan(found) else found <= forest.threshold[node]
                pattern |= int(is_left) << place
            for asked, own in zip(inputs, table[pattern].tolist(), strict=False):
                added[asked] += own
    return added


@SETTINGS
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(0, 6), ROWS)
def test_all_parts_at_once_add_up_as_one_after_the_other_to_the_last_bit(
    seed: int, trees: int, depth: int, row: Floats
) -> None:
    forest = grown(seed, trees, depth)
    assert account_of(forest).contributions(row).tolist() == added_in_turn(forest, row)


EXTREMES = st.sampled_from([-np.inf, -sys.float_info.max, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, np.inf])


@given(EXTREMES | st.floats(allow_nan=False), EXTREMES | st.floats(), st.booleans())
def test_a_question_says_where_a_number_goes_however_large_and_an_unknown_too(
    threshold: float, number: float, missing_left: bool
) -> None:
    stump = replace(
        grown(0, 1, 0),
        feature=np.array([0, LEAF, LEAF], dtype=np.int32),
        threshold=np.array([threshold, 0.0, 0.0]),
        missing_left=np.array([missing_left, False, False]),
        left=np.array([1, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 0], dtype=np.int32),
        value=np.array([0.0, -1.0, 1.0]),
        cover=np.array([2.0, 1.0, 1.0]),
    )
    asked, sign, bound = _question(stump, 0)
    says_left = (number * sign <= bound) != missing_left
    assert asked == 0
    assert says_left == (missing_left if math.isnan(number) else number <= threshold)
    row = np.array([number, *[0.0] * (INPUTS - 1)])
    account = account_of(stump)
    assert account.expected + account.contributions(row).sum() == pytest.approx(stump.log_odds(row[None])[0])


def test_accounts_of_several_threads_are_those_of_one() -> None:
    account, rng = account_of(grown(5, 200, 4)), np.random.default_rng(5)
    rows = [np.where(rng.random(INPUTS) < 0.2, np.nan, rng.integers(-3, 4, INPUTS)) for _ in range(2_000)]
    alone = [account.contributions(row).tolist() for row in rows]
    with ThreadPoolExecutor(4) as threads:
        together = [added.tolist() for added in threads.map(account.contributions, rows)]
    assert together == alone


@SETTINGS
@given(st.integers(0, 10**6), st.integers(0, 2), ROWS)
def test_inputs_that_no_tree_asks_of_move_nothing(seed: int, depth: int, row: Floats) -> None:
    forest = grown(seed, 2, depth)
    alone, asked = narrowed(forest)
    assert alone.inputs == len(asked) >= 1
    assert set(alone.feature.tolist()) - {LEAF} == set(range(alone.inputs)) or alone.depth == 0
    fewer, all_ = account_of(alone), account_of(forest)
    assert fewer.expected == all_.expected
    found = dict(zip(asked, fewer.contributions(row[asked]).tolist(), strict=True))
    assert [found.get(at, 0.0) for at in range(INPUTS)] == all_.contributions(row).tolist()


@SETTINGS
@given(st.integers(0, 10**6), ROWS)
def test_deep_trees_have_shapleys_values_too(seed: int, row: Floats) -> None:
    forest = grown(seed, 1, 11)
    account = account_of(forest)
    np.testing.assert_allclose(account.contributions(row), shapley(forest, row), atol=1e-12)


@SETTINGS
@given(st.integers(0, 10**6), st.integers(0, 8), st.integers(8, QUESTIONS_MAX))
def test_the_parts_of_a_tree_have_each_leaf_once_and_ask_all_on_its_way(seed: int, depth: int, questions: int) -> None:
    forest = grown(seed, 1, depth)
    parts = list(_parts(forest, 0, questions))
    leaves = sorted(leaf for part in parts for leaf, _ in part.leaves)
    assert leaves == np.flatnonzero(forest.feature == LEAF).tolist()
    for part in parts:
        assert len(part.questions) <= questions
        assert all({node for node, _ in way} <= set(part.questions) for _, way in part.leaves)


@pytest.mark.parametrize("depth", [3, 4, 6])
def test_shap_says_the_same_of_each_input(depth: int) -> None:
    rng = np.random.default_rng(depth)
    matrix = drawn(rng, 4_000, 10)
    estimator: Any = boosted(matrix, labels_of(rng, matrix), max_depth=depth)
    account = account_of(forest_of_hgb(estimator))
    explainer = shap.TreeExplainer(estimator)
    rows = np.concatenate([matrix[:300], np.full((1, 10), np.nan)])
    ours = np.array([account.contributions(row) for row in rows])
    assert abs(explainer.shap_values(rows) - ours).max() <= 1e-9
    assert account.expected == pytest.approx(float(np.ravel(explainer.expected_value)[0]), abs=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 16])
def test_quadrature_is_exact_for_all_degrees_it_is_for(count: int) -> None:
    nodes, weights = nodes_and_weights(count)
    for degree in range(2 * count):
        summed = sum(weight * node**degree for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True))
        assert summed == pytest.approx(float(Fraction(1, degree + 1)), abs=1e-15)
