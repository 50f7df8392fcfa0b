"""An analyst's own estimator: kept and loaded, and where it fails there is no score instead of no answer."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from engine.errors import ModelInvalid, ScoreInvalid
from models.foreign import LOG_ODDS_MAX, Foreign, foreign_loaded, foreign_of
from tests.models.trained import drawn, foreign_model


class Says:
    """Gives what it is told to."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict_proba(self, matrix: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return np.tile(self.answer, (len(matrix), 1))


def says(answer: Any) -> Foreign:
    return Foreign(inputs=3, content=b"", estimator=Says(answer))


def test_what_was_kept_is_loaded_and_says_the_same() -> None:
    margin = foreign_model().margin
    assert isinstance(margin, Foreign)
    matrix = drawn(np.random.default_rng(1), 50, margin.inputs)
    again = foreign_loaded(margin.content, margin.inputs)
    assert again.log_odds(matrix).tobytes() == margin.log_odds(matrix).tobytes()


def test_one_that_is_sure_has_log_odds_all_the_same() -> None:
    assert says([0.0, 1.0]).log_odds(np.zeros((1, 3)))[0] == pytest.approx(LOG_ODDS_MAX, abs=1e-2)
    assert says([1.0, 0.0]).log_odds(np.zeros((1, 3)))[0] == pytest.approx(-LOG_ODDS_MAX, abs=1e-2)


@pytest.mark.parametrize("answer", [[0.2, 0.3, 0.5], [np.nan, 1.0], ValueError("no"), KeyError("x")])
def test_one_that_fails_gives_no_score(answer: Any) -> None:
    with pytest.raises(ScoreInvalid):
        says(answer).log_odds(np.zeros((2, 3)))


def test_one_without_probabilities_is_refused_by_name() -> None:
    with pytest.raises(ModelInvalid, match="RidgeClassifier has no predict_proba"):
        foreign_of(RidgeClassifier(), 3)


@pytest.mark.parametrize("content", [b"", b"cno_such_module\nThing\n."])
def test_one_that_does_not_load_is_named(content: bytes) -> None:
    with pytest.raises(ModelInvalid, match="does not load here"):
        foreign_loaded(content, 3)
