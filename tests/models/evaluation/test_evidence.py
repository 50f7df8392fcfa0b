"""Evidence seldom speaks for a challenger that is no better, however often one looks, and soon for one that is."""

from dataclasses import replace

import numpy as np
import pytest

from models.evaluation import Scored
from models.evaluation.calibration import losses
from models.evaluation.evidence import log_evidence
from models.evaluation.scored import Floats
from tests.models.evaluation.payments import made_up


def noisy(log_odds: Floats, size: float, random: np.random.Generator) -> Floats:
    return 1 / (1 + np.exp(-(log_odds + size * random.normal(size=len(log_odds)))))


def world(seed: int, count: int, *, champion: float, challenger: float) -> tuple[Scored, Scored]:
    random = np.random.default_rng(seed)
    log_odds = -4 + 1.5 * random.normal(size=count)
    is_fraud = random.random(count) < 1 / (1 + np.exp(-log_odds))
    at_us = np.arange(count)
    one, other = (Scored.of(noisy(log_odds, size, random), is_fraud, at_us=at_us) for size in (champion, challenger))
    return one, other


def test_no_better_a_challenger_seldom_comes_above_twenty_at_any_time() -> None:
    ever = [np.max(log_evidence(*world(seed, 4_000, champion=0.7, challenger=0.7))) > np.log(20) for seed in range(200)]
    assert sum(ever) <= 20


def test_a_better_challenger_is_soon_seen_and_a_worse_one_never() -> None:
    better, worse = [], []
    for seed in range(10):
        champion, challenger = world(seed, 20_000, champion=1.5, challenger=0.0)
        better.append(log_evidence(champion, challenger)[-1] > np.log(20))
        worse.append(np.max(log_evidence(challenger, champion)) > np.log(20))
    assert sum(better) >= 9
    assert not any(worse)


def test_money_is_what_a_bettor_has_who_knows_earlier_payments_alone() -> None:
    champion = made_up(1, 500, decimals=6)
    challenger = replace(champion, probability=np.clip(champion.probability * 0.7, 0, 1))
    found = log_evidence(champion, challenger)
    rows = np.flatnonzero(champion.counted)
    better = champion.weight * (losses(champion) - losses(challenger))
    money, sums, squares = 0.0, 0.0, 0.0
    for place, row in enumerate(rows):
        stake = min(max(sums / (squares + 1), 0), 0.5 / np.log(0.99 / 0.0001))
        money += np.log(1 + stake * better[row])
        assert found[place] == pytest.approx(money)
        sums, squares = sums + better[row], squares + better[row] ** 2


def test_the_order_of_rows_does_not_matter_but_that_of_receipt() -> None:
    champion, challenger = world(3, 300, champion=1.0, challenger=0.5)
    mixed = np.random.default_rng(1).permutation(300)
    again = log_evidence(champion.these(mixed), challenger.these(mixed))
    assert again == pytest.approx(log_evidence(champion, challenger))
