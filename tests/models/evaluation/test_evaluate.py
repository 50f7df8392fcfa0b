"""An evaluation as a whole: what it says of the payments, of segments, and where there is little to say."""

from dataclasses import replace

import numpy as np
import orjson
import pytest

from engine.recorded_frame import ACTIONS
from engine.rules.columns import Told, Truth
from models.evaluation import Evaluation, Policies, Scored, evaluate
from models.evaluation.acting import actions
from models.evaluation.ranking import Ranked, average_precision
from tests.models.evaluation.payments import made_up


def codes(evaluation: Evaluation) -> set[str]:
    return {each.code for each in evaluation.cautions}


def test_the_population_is_counted() -> None:
    scored = made_up(1, 2_000)
    found = evaluate(scored, draws=20).population
    counted = scored.weight > 0
    assert (found.payments, found.counted) == (2_000, int(counted.sum()))
    assert found.frauds == int((counted & scored.is_fraud).sum())
    assert found.frauds_effective == pytest.approx(scored.weight[scored.is_fraud].sum())
    assert found.immature == int((counted & (scored.known < 0.9)).sum())
    assert found.fraud_usd_cents == int(scored.usd_cents[counted & scored.is_fraud].sum())
    assert found.entities == len(np.unique(scored.entity))
    assert found.merchants == 2
    assert found.first_at is not None
    assert found.first_at.startswith("2024-10-04T")


def test_segments_are_the_figures_of_their_own_payments() -> None:
    scored = made_up(2, 3_000, decimals=6)
    found = {(each.dimension, each.name): each for each in evaluate(scored, draws=20).segments}
    assert set(found) == {
        ("merchant", "shop_a"),
        ("merchant", "shop_b"),
        ("country", "DE"),
        ("country", "NG"),
        ("country", "US"),
        ("customer", "new"),
        ("customer", "returning"),
    }
    for key, rows in (
        (("country", "NG"), scored.country.codes == 1),
        (("customer", "new"), scored.is_new.true),
    ):
        own = scored.these(np.flatnonzero(rows))
        segment = found[key]
        assert segment.payments == int(rows.sum())
        assert segment.frauds == int((own.is_fraud & own.counted).sum())
        assert segment.average_precision.value == pytest.approx(average_precision(Ranked.of(own).curve()))
        assert segment.allow.value == pytest.approx((actions(own, Policies()) == 0).mean())


def test_thresholds_and_bins_say_from_which_score_on() -> None:
    scored = made_up(3, 20_000, decimals=9)
    found = evaluate(scored, draws=20)
    for each in found.ranking.at_false_positives:
        assert each.threshold_percent is not None
        flagged = scored.probability * 100 >= each.threshold_percent * (1 - 1e-12)
        good = scored.weight * ~scored.is_fraud
        assert good[flagged].sum() / good.sum() == pytest.approx(each.rate, abs=0.001)
    bins = found.calibration.bins
    assert sum(each.payments for each in bins) == found.population.counted
    assert [each.low for each in bins] == sorted((each.low for each in bins), reverse=True)
    for observed in (each.observed for each in bins[:3]):
        assert observed.low is not None
        assert observed.high is not None
        assert observed.value is not None
        assert observed.low <= observed.value <= observed.high


def test_what_blocking_is_worth_is_counted_at_each_threshold() -> None:
    scored = made_up(4, 2_000, decimals=4)
    curves = evaluate(scored, draws=5).curves
    score = np.clip(np.round(scored.probability * 100, 2), 0.01, 99)
    loss, margin = scored.usd_cents * 0.6 + 2000, scored.usd_cents * 0.3
    worth = scored.stands_for * np.where(scored.is_fraud, loss, -margin)
    for at, net in zip(curves.threshold_percent, curves.net_usd_cents, strict=True):
        assert net == pytest.approx(worth[score >= at].sum(), abs=1e-3)
    assert sum(curves.good_share) == pytest.approx(1)
    assert sum(curves.fraud_share) == pytest.approx(1)
    assert len(curves.score_percent) == len(curves.good_share) + 1


def test_recorded_actions_can_be_judged_in_place_of_thresholds() -> None:
    scored = made_up(5)
    block = np.where(scored.is_fraud, ACTIONS.index(ACTIONS[-1]), 0).astype(np.int8)
    found = evaluate(scored, action=block, draws=5).policy
    assert found.recall.value == 1
    assert found.insult.value == 0
    assert found.precision.value == 1


def test_an_evaluation_is_the_same_again_and_plain_json() -> None:
    scored = made_up(6, 800)
    once, again = (orjson.dumps(evaluate(scored, draws=20)) for _ in range(2))
    assert once == again
    assert b"NaN" not in once
    assert orjson.loads(once)["ranking"]["average_precision"]["low"] > 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_fraud": np.zeros(900, dtype=np.bool_)}, "no_fraud"),
        ({"is_fraud": np.ones(900, dtype=np.bool_)}, "no_good"),
        ({"is_fraud": np.arange(900) < 20}, "few_frauds"),
        ({"probability": np.full(900, 0.01)}, "scores_equal"),
        ({"known": np.full(900, 0.4)}, "immature"),
        ({"weight": np.where(np.arange(900) < 300, 0.0, 1.0)}, "fate_unknown"),
        ({"entity": np.arange(900) % 7}, "few_entities"),
        ({"usd_cents": np.zeros(900, dtype=np.int64)}, "amounts_unknown"),
    ],
)
def test_what_makes_figures_weak_is_said(change: dict[str, object], code: str) -> None:
    random = np.random.default_rng(1)
    sound = Scored.of(
        random.random(900), random.random(900) < 0.4, usd_cents=random.integers(1, 99, 900), entity=np.arange(900)
    )
    assert codes(evaluate(sound, draws=5)) == set()
    assert code in codes(evaluate(replace(sound, **change), draws=5))  # type: ignore[arg-type]


def test_no_payments_and_one_payment_are_judged_too() -> None:
    none = evaluate(made_up(1, 0), draws=5)
    assert codes(none) == {"no_payments"}
    assert none.population.first_at is None
    assert none.policy.allow.value is None
    assert none.calibration.bins == ()
    assert none.segments == ()
    one = evaluate(Scored.of(np.array([0.9]), np.array([True])), draws=5)
    assert one.ranking.average_precision.value == 1
    assert one.policy.block.value == 1


def test_small_segments_are_left_out_and_unknown_ones_are_none() -> None:
    scored = made_up(7, 150)
    rare = np.where(np.arange(150) < 40, 1, np.where(np.arange(150) < 45, -1, 0))
    scored = replace(scored, merchant=Told(rare, ("large", "rare")), country=Told(np.full(150, -1), ("DE",)))
    found = evaluate(replace(scored, is_new=Truth.unknown(150)), draws=5).segments
    assert [(each.dimension, each.name) for each in found] == [("merchant", "large")]
