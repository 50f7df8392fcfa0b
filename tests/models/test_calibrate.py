"""Calibration by the count of frauds, and the share of a model in a blend."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from models.blend import EVEN, share_of
from models.calibrate import CURVE_MIN, FRAUDS_A_KNOT, base_moved, calibrated, log_loss, platt
from models.calibration import IDENTITY, Floats


def drawn(rows: int, seed: int, base: float = -4.0, slope: float = 1.0) -> tuple[Floats, Floats, Floats]:
    """Log-odds, and labels whose own log-odds are base + slope times them; weights."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(size=rows) * 1.5
    target = (random.random(rows) < 1 / (1 + np.exp(-(base + slope * log_odds)))).astype(np.float64)
    return log_odds, target, random.uniform(0.5, 1, rows)


def test_few_frauds_move_the_base_alone() -> None:
    log_odds, target, weight = drawn(4_000, 1)
    assert weight @ target < 200
    line = calibrated(log_odds, target, weight)
    assert line.calibrated[1] - line.calibrated[0] == 1
    assert np.isclose(weight @ line.probabilities(log_odds), weight @ target)


def test_some_hundred_frauds_set_the_slope_too_as_logistic_regression_does() -> None:
    log_odds, target, weight = drawn(20_000, 2, slope=0.6)
    base, slope = platt(log_odds, target, weight)
    regression = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000)
    fitted = regression.fit(log_odds[:, None], target, sample_weight=weight)
    assert np.isclose(slope, fitted.coef_[0, 0], atol=1e-4)
    assert np.isclose(base, fitted.intercept_[0], atol=1e-4)
    line = calibrated(log_odds, target, weight)
    assert np.allclose(line.calibrated, (base, base + slope))


def test_many_frauds_bend_the_line_and_keep_what_the_model_tells_apart() -> None:
    log_odds, target, weight = drawn(200_000, 3, base=-3.0)
    bent = np.where(log_odds > 0, log_odds * 3, log_odds)
    curve = calibrated(bent, target, weight)
    assert weight @ target > CURVE_MIN
    assert 5 < len(curve.log_odds) <= weight @ target / FRAUDS_A_KNOT
    found = curve.probabilities(bent)
    for low, high in ((-3.0, -1.0), (-1.0, 1.0), (1.0, 3.0), (3.0, 9.0)):
        some = (bent >= low) & (bent < high)
        said, seen = (np.average(each[some], weights=weight[some]) for each in (found, target))
        assert np.isclose(said, seen, rtol=0.1)
    assert (np.diff(found[np.argsort(bent)]) >= 0).all()


def test_a_model_that_ranks_backwards_is_not_turned_round() -> None:
    log_odds, target, weight = drawn(20_000, 4)
    line = calibrated(-log_odds, target, weight)
    assert line.calibrated[1] - line.calibrated[0] == 1


@pytest.mark.parametrize("every", [0.0, 1.0])
def test_one_class_moves_nothing(every: float) -> None:
    log_odds, _, weight = drawn(100, 5)
    assert calibrated(log_odds, np.full(100, every), weight) == IDENTITY
    assert share_of(log_odds, log_odds * 0.5, np.full(100, every), weight) == EVEN


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(-200, 200), st.floats(0, 300))
def test_any_log_odds_come_to_a_monotone_line(seed: int, shift: float, scale: float) -> None:
    log_odds, target, weight = drawn(300, seed, base=-1.0)
    line = calibrated(log_odds * scale + shift, target, weight)
    assert np.isfinite(line.probabilities(log_odds * scale + shift)).all()


def test_the_base_moves_so_that_as_many_are_expected_as_there_are() -> None:
    log_odds, target, weight = drawn(5_000, 6)
    moved = base_moved(log_odds, target, weight)
    assert np.isclose(weight @ (1 / (1 + np.exp(-log_odds - moved))), weight @ target)
    assert log_loss(log_odds + moved, target, weight) < log_loss(log_odds, target, weight)


def test_the_one_that_knows_gets_the_share() -> None:
    log_odds, target, weight = drawn(12_000, 7)
    noise = np.random.default_rng(8).normal(size=12_000)
    assert share_of(log_odds, noise, target, weight) > 0.85
    assert share_of(noise, log_odds, target, weight) < 0.15
    assert share_of(log_odds, np.zeros(12_000), target, weight) == 1.0


def test_with_a_handful_of_frauds_both_count() -> None:
    log_odds, target, weight = drawn(200, 9, base=-5.0)
    noise = np.random.default_rng(10).normal(size=200)
    assert 0.2 < share_of(log_odds, noise, target, weight) < 0.85
