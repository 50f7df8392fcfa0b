"""Rankings against scikit-learn, against plain counting, and all draws at once against one after the other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from models.evaluation import Scored
from models.evaluation.drawn_ranking import tally
from models.evaluation.draws import Draws
from models.evaluation.measure import RATES
from models.evaluation.ranking import Curve, Ranked, average_precision, precision_recall, recalls_at, roc_auc, step_at
from tests.models.evaluation.payments import made_up

SEEDS = st.integers(0, 10_000)


def curve_of(scored: Scored) -> Curve:
    return Ranked.of(scored).curve()


@given(seed=SEEDS, decimals=st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_figures_are_those_of_scikit_learn(seed: int, decimals: int) -> None:
    scored = made_up(seed, decimals=decimals)
    those = {"y_true": scored.is_fraud, "y_score": scored.probability, "sample_weight": scored.stands_for}
    curve = curve_of(scored)
    assert average_precision(curve) == pytest.approx(average_precision_score(**those), abs=1e-12)
    assert roc_auc(curve) == pytest.approx(roc_auc_score(**those), abs=1e-12)
    false, true, _ = roc_curve(**those, drop_intermediate=False)
    for rate in RATES:
        assert recalls_at(curve, rate)[0] == pytest.approx(true[false <= rate].max(), abs=1e-12)


def test_recall_of_money_counts_what_is_flagged_one_by_one() -> None:
    scored = made_up(3, 2_000)
    ranked = Ranked.of(scored)
    curve = ranked.curve()
    for rate in RATES:
        step = step_at(curve, rate)
        flagged = scored.probability >= ranked.probability[step] if step >= 0 else np.zeros(len(scored), np.bool_)
        money = scored.stands_for * scored.is_fraud * scored.usd_cents
        assert recalls_at(curve, rate)[1] == pytest.approx(money[flagged].sum() / money.sum())
        good = scored.stands_for * ~scored.is_fraud
        assert good[flagged].sum() <= rate * good.sum() * (1 + 1e-9)


@given(seed=SEEDS, count=st.integers(1, 300), rate=st.sampled_from([0.02, 0.3, 0.9]))
@settings(max_examples=40, deadline=None)
def test_all_draws_at_once_are_the_draws_one_after_the_other(seed: int, count: int, rate: float) -> None:
    scored = made_up(seed, count, fraud_rate=rate)
    draws, ranked = Draws.by(scored.entity, 7), Ranked.of(scored)
    block = draws.block[ranked.rows]
    precision, area, recalls = tally(ranked, block, draws.times, RATES).figures()
    for place, times in enumerate(draws.times):
        curve = ranked.curve(times[block])
        assert precision[place] == pytest.approx(average_precision(curve), nan_ok=True)
        assert area[place] == pytest.approx(roc_auc(curve), nan_ok=True)
        for each, (recall, value_recall) in recalls.items():
            expected = recalls_at(curve, each)
            assert recall[place] == pytest.approx(expected[0], nan_ok=True)
            assert value_recall[place] == pytest.approx(expected[1], nan_ok=True)


def test_more_steps_than_are_drawn_together_change_nothing() -> None:
    scored = made_up(5, 4_000, decimals=9, fraud_rate=0.4)
    ranked = Ranked.of(scored)
    block = Draws.by(scored.entity, 1).block[ranked.rows]
    precision, area, _ = tally(ranked, block, np.ones((1, block.max() + 1)), RATES).figures()
    assert precision[0] == pytest.approx(average_precision(ranked.curve()), abs=1e-12)
    assert area[0] == pytest.approx(roc_auc(ranked.curve()), abs=1e-12)


def test_without_a_fraud_or_a_good_payment_nothing_can_be_said() -> None:
    for all_fraud in (False, True):
        scored = made_up(1)
        scored = replace(scored, is_fraud=np.full(len(scored), all_fraud))
        curve = curve_of(scored)
        assert np.isnan(roc_auc(curve))
        assert np.isnan(recalls_at(curve, 0.01)[0])
        assert average_precision(curve) == pytest.approx(1.0 if all_fraud else np.nan, nan_ok=True)
    assert np.isnan(average_precision(curve_of(made_up(1, 0))))


def test_the_drawn_curve_keeps_the_ends_and_few_points() -> None:
    recall, precision = precision_recall(curve_of(made_up(2, 3_000, decimals=9)), 50)
    assert len(recall) <= 50
    assert recall[-1] == pytest.approx(1)
    assert list(recall) == sorted(recall)
    assert all(0 < each <= 1 for each in precision)
    assert precision_recall(curve_of(made_up(1, 0)), 50) == ((), ())
