"""Calibration: monotone lines between knots, one payment as many."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ModelInvalid
from models.calibration import IDENTITY, Calibration
from tests.models.trained import CALIBRATION

LOG_ODDS = st.floats(-1e4, 1e4)


@given(LOG_ODDS)
def test_nothing_changes_what_is_true_already(log_odds: float) -> None:
    assert IDENTITY.line(log_odds) == pytest.approx(log_odds, rel=1e-12)


@given(LOG_ODDS, LOG_ODDS)
def test_it_never_turns_an_order_around(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert CALIBRATION.probability(low) <= CALIBRATION.probability(high)


@given(st.lists(LOG_ODDS, min_size=1))
def test_many_are_as_one(log_odds: list[float]) -> None:
    many = CALIBRATION.probabilities(np.array(log_odds))
    np.testing.assert_allclose(many, [CALIBRATION.probability(each) for each in log_odds], rtol=1e-12)


def test_two_knots_are_platts_line_and_the_ends_go_on() -> None:
    platt = Calibration(log_odds=(0.0, 1.0), calibrated=(-1.0, 1.0))
    assert platt.probability(-3) == pytest.approx(1 / (1 + math.exp(7)))
    assert CALIBRATION.line(-7) == pytest.approx(-8.1)
    assert [CALIBRATION.line(knot) for knot in CALIBRATION.log_odds] == list(CALIBRATION.calibrated)


@pytest.mark.parametrize(
    ("log_odds", "calibrated"),
    [((0,), (0,)), ((0, 1), (0, 1, 2)), ((1, 1), (0, 1)), ((0, 1), (1, 0)), ((0, math.inf), (0, 1)),
     ((0, 1), (math.nan, 1)), (tuple(range(1_001)), tuple(range(1_001)))],
)  # fmt: skip
def test_what_is_no_monotone_line_is_refused(log_odds: tuple[float, ...], calibrated: tuple[float, ...]) -> None:
    with pytest.raises(ModelInvalid, match="/calibration"):
        Calibration(log_odds=log_odds, calibrated=calibrated)
