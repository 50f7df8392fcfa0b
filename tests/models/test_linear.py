"""Logistic regression served as arrays: what scikit-learn predicts, with terms that add up."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from engine.errors import ModelInvalid
from models.linear import ARRAYS, Linear
from tests.models.trained import drawn, labels_of, linear_model


def test_scikit_learn_is_met_where_nothing_is_unknown() -> None:
    rng = np.random.default_rng(1)
    matrix = np.nan_to_num(drawn(rng, 2_000, 8))
    estimator = LogisticRegression(max_iter=1_000).fit(np.log1p(matrix), labels_of(rng, matrix))
    center = np.log1p(matrix).mean(axis=0)
    line = Linear(
        base=float(estimator.intercept_[0] + estimator.coef_[0] @ center),
        coefficient=estimator.coef_[0],
        center=center,
        low=matrix.min(axis=0),
        high=matrix.max(axis=0),
        is_log=np.ones(8, dtype=np.bool_),
        unknown=np.zeros(8),
    )
    assert abs(line.log_odds(matrix) - estimator.decision_function(np.log1p(matrix))).max() <= 1e-9


def test_an_unknown_adds_its_own_term_and_far_values_are_held() -> None:
    margin = linear_model().margin
    assert isinstance(margin, Linear)
    nothing = np.full(margin.inputs, np.nan)
    np.testing.assert_array_equal(margin.contributions(nothing), margin.unknown)
    far, high = np.full(margin.inputs, 1e300), margin.high
    np.testing.assert_array_equal(margin.contributions(far), margin.contributions(high))


def test_one_payment_and_many_have_the_same_terms() -> None:
    margin, rng = linear_model().margin, np.random.default_rng(4)
    assert isinstance(margin, Linear)
    matrix = drawn(rng, 50, margin.inputs)
    assert margin.contributions(matrix).tobytes() == np.array([margin.contributions(row) for row in matrix]).tobytes()


@pytest.mark.parametrize("name", list(ARRAYS))
def test_arrays_that_do_not_fit_are_refused(name: str) -> None:
    margin = linear_model().margin
    assert isinstance(margin, Linear)
    for wrong in (getattr(margin, name)[1:], getattr(margin, name)[None], getattr(margin, name).astype(np.float32)):
        with pytest.raises(ModelInvalid):
            replace(margin, **{name: wrong})


@pytest.mark.parametrize(("name", "value"), [("coefficient", np.nan), ("high", -1.0), ("coefficient", 1e300)])
def test_numbers_that_are_none_are_refused(name: str, value: float) -> None:
    margin = linear_model().margin
    assert isinstance(margin, Linear)
    array = getattr(margin, name).copy()
    array[3] = value
    with pytest.raises(ModelInvalid):
        replace(margin, **{name: array})
