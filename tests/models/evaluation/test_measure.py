"""Every figure against plain sums over the payments, and every draw against payments that are really repeated."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from engine.recorded_frame import ACTIONS
from engine.rules.columns import Truth
from models.evaluation import Policies, Scored, calibration
from models.evaluation.acting import acted
from models.evaluation.draws import BLOCKS_MAX, Draws, estimate
from models.evaluation.measure import Sample, measure
from models.evaluation.ranking import Ranked
from tests.models.evaluation.payments import made_up

DRAWS = 5


def measured(scored: Scored) -> dict[str, Sample]:
    return measure(scored, acted(scored, Policies()), Draws.by(scored.entity, DRAWS))


def test_shares_and_money_are_plain_sums() -> None:
    scored = made_up(1, 3_000)
    made, samples = acted(scored, Policies()), measured(scored)
    weight, fraud = scored.stands_for, scored.is_fraud
    stopped, blocked = made.action > 0, made.action == 3
    for place, action in enumerate(ACTIONS):
        assert samples[action].value == pytest.approx((made.action == place).mean())
    assert samples["insult"].value == pytest.approx(weight[~fraud & blocked].sum() / weight[~fraud].sum())
    assert samples["stopped_good"].value == pytest.approx(weight[~fraud & stopped].sum() / weight[~fraud].sum())
    assert samples["recall"].value == pytest.approx(weight[fraud & stopped].sum() / weight[fraud].sum())
    assert samples["precision"].value == pytest.approx(weight[fraud & stopped].sum() / weight[stopped].sum())
    money = weight * scored.usd_cents
    assert samples["value_recall"].value == pytest.approx(money[fraud & stopped].sum() / money[fraud].sum())
    net = (weight * (made.saved - made.lost_margin - made.review_cost)).sum()
    assert samples["net"].value == pytest.approx(net)


def test_calibration_of_matured_labels_is_that_of_scikit_learn() -> None:
    scored = made_up(2, 3_000, decimals=6)
    scored = replace(scored, known=np.ones(len(scored)))
    samples, weight = measured(scored), scored.weight
    chance = np.clip(scored.probability, calibration.PROBABILITY_LOW, calibration.PROBABILITY_HIGH)
    assert samples["brier"].value == pytest.approx(brier_score_loss(scored.is_fraud, chance, sample_weight=weight))
    assert samples["log_loss"].value == pytest.approx(log_loss(scored.is_fraud, chance, sample_weight=weight))
    expected = (weight * scored.is_fraud).sum() / (weight * chance).sum()
    assert samples["observed_per_expected"].value == pytest.approx(expected)


def test_the_gap_of_the_top_is_that_of_bins_counted_one_by_one() -> None:
    scored = made_up(3, 40_000, decimals=9)
    place = calibration.bins(Ranked.of(scored), scored)
    top = (place >= 0) & (place < calibration.REST)
    weight, total = scored.weight, scored.weight.sum()
    heaviest = weight.max()
    assert weight[top].sum() == pytest.approx(calibration.TOP_SHARE * total, abs=heaviest)
    assert scored.probability[top].min() >= scored.probability[place == calibration.REST].max()
    assert (place[~scored.counted] == -1).all()
    gaps = 0.0
    for number in range(calibration.BINS_MAX):
        rows = place == number
        assert weight[rows].sum() == pytest.approx(weight[top].sum() / calibration.BINS_MAX, abs=2 * heaviest)
        gaps += abs((weight * (calibration.expected(scored) - scored.is_fraud))[rows].sum())
    assert measured(scored)["ece_top"].value == pytest.approx(gaps / weight[top].sum())


def test_a_young_payment_is_expected_to_be_known_in_part() -> None:
    # Of true probabilities, half of whose labels have come, the expected number is known and the loss is the smallest.
    random = np.random.default_rng(4)
    true = random.random(30_000) * 0.2
    is_fraud = random.random(len(true)) < true * 0.5
    known = np.full(len(true), 0.5)
    right = measured(Scored.of(true, is_fraud, known=known))
    assert right["observed_per_expected"].value == pytest.approx(1, abs=0.08)
    for factor in (0.5, 0.8, 1.25, 2):
        wrong = measured(Scored.of(true * factor, is_fraud, known=known))
        assert wrong["log_loss"].value > right["log_loss"].value


def test_young_payments_do_not_make_fraud_seem_rarer() -> None:
    random = np.random.default_rng(6)
    true = random.random(60_000) * 0.2
    is_fraud = random.random(len(true)) < true
    old = measured(Scored.of(true, is_fraud))
    known = np.where(random.random(len(true)) < 0.5, 0.5, 0.9)
    seen = is_fraud & (random.random(len(true)) < known)
    young = measured(Scored.of(true, seen, known=known, weight=known))
    for name in ("average_precision", "recall", "precision", "stopped_good"):
        assert young[name].value == pytest.approx(old[name].value, rel=0.06), name


@pytest.mark.parametrize("seed", range(4))
def test_a_draw_is_the_payments_as_often_as_their_entity_is_drawn(seed: int) -> None:
    scored = made_up(seed, 300)
    # Card precision looks at the first hundred of a day, whichever were found before: it is tested apart.
    scored = replace(scored, card=scored.entity)
    draws, made = Draws.by(scored.entity, DRAWS), acted(scored, Policies())
    samples = measure(scored, made, draws)
    for number in range(DRAWS):
        rows = np.repeat(np.arange(len(scored)), draws.times[number, draws.block].astype(np.int64))
        again = scored.these(rows)
        plain = measure(again, acted(again, Policies()), Draws.by(again.entity, 1))
        for name in samples.keys() - {"ece_top", "card_precision_100"}:
            assert samples[name].drawn[number] == pytest.approx(plain[name].value, nan_ok=True), name


def test_entities_are_drawn_whole_and_blocks_as_many_as_there_are() -> None:
    random = np.random.default_rng(5)
    for entities in (10, 5_000):
        entity = random.integers(0, entities, 20_000) * 7 + 3
        draws = Draws.by(entity, 20)
        assert draws.times.shape == (20, min(len(np.unique(entity)), BLOCKS_MAX))
        assert (draws.times.sum(axis=1) == draws.times.shape[1]).all()
        pairs = np.unique(np.column_stack([entity, draws.block]), axis=0)
        assert len(pairs) == len(np.unique(entity))


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    # Shares of fraud among customers whose payments go together: of sixty worlds about 57 intervals hold the truth.
    held, worlds = 0, 60
    for seed in range(worlds):
        random = np.random.default_rng(seed)
        risk = random.random(400) < 0.3
        entity = np.repeat(np.arange(400), random.integers(1, 8, 400))
        scored = Scored.of(np.full(len(entity), 0.3), risk[entity], entity=entity)
        found = measure(scored, acted(scored, Policies()), Draws.by(entity, 100))["observed_per_expected"].estimate
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 1 <= found.high
    assert 52 <= held <= 59


def test_what_no_draw_changes_or_few_can_give_has_no_interval() -> None:
    assert estimate(np.nan, np.ones(9)).value is None
    assert estimate(0.0, np.zeros(9)).high is None
    assert estimate(0.5, np.array([0.4, 0.6] + [np.nan] * 8)).low is None
    found = estimate(0.5, np.linspace(0, 1, 1_001))
    assert found.low == pytest.approx(0.025)
    assert found.high == pytest.approx(0.975)


def test_what_cannot_be_is_our_fault() -> None:
    for wrong in ({"weight": np.full(3, 1.5)}, {"known": np.ones(2)}, {"is_new": Truth.unknown(4)}):
        with pytest.raises(AssertionError):
            Scored.of(np.full(3, 0.5), np.zeros(3, dtype=np.bool_), **wrong)
