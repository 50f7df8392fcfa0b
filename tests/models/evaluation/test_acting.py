"""What a policy makes of scores, against the policy and the score themselves, one payment after the other."""

import numpy as np
import pytest

from engine.decision import Action
from engine.policy import Policy
from engine.recorded_frame import ACTIONS
from engine.score import Score
from models.evaluation import Policies
from models.evaluation.acting import acted, percent
from tests.models.evaluation.payments import made_up

OWN = Policy(
    block_at_percent=None,
    review_at_percent=30.0,
    challenge_at_percent=10.0,
    margin_percent=10.0,
    cost_of_goods_percent=80.0,
    review_cost_usd_cents=700,
)
POLICIES = Policies(own={"shop_b": OWN})


def settled(score: float, policy: Policy) -> Action:
    for action in (Action.BLOCK, Action.REVIEW, Action.CHALLENGE):
        at = getattr(policy, f"{action}_at_percent")
        if at is not None and score >= at:
            return action
    return Action.ALLOW


def test_percent_is_the_score_that_is_served() -> None:
    probability = np.concatenate([np.random.default_rng(1).random(2_000), [0, 1, 0.00005, 0.4, 0.15, 0.05, 0.991]])
    served = [Score(probability=each, base=0.0, contributions=()).percent for each in probability.tolist()]
    assert percent(probability).tolist() == pytest.approx(served, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_actions_and_their_worth_are_those_of_each_payments_policy(seed: int) -> None:
    scored = made_up(seed, 600, decimals=4)
    made = acted(scored, POLICIES)
    for row in range(len(scored)):
        policy = OWN if scored.merchant.told[scored.merchant.codes[row]] == "shop_b" else Policy()
        action = settled(Score(probability=scored.probability[row], base=0.0, contributions=()).percent, policy)
        assert ACTIONS[made.action[row]] is action
        cents, is_fraud = int(scored.usd_cents[row]), bool(scored.is_fraud[row])
        loss = cents * policy.cost_of_goods_percent / 100 + policy.chargeback_fee_usd_cents
        assert made.saved[row] == pytest.approx(loss if is_fraud and action is not Action.ALLOW else 0)
        margin = cents * policy.margin_percent / 100
        assert made.lost_margin[row] == pytest.approx(margin if action is Action.BLOCK and not is_fraud else 0)
        assert made.review_cost[row] == (policy.review_cost_usd_cents if action is Action.REVIEW else 0)


def test_given_actions_stand_in_place_of_the_thresholds() -> None:
    scored = made_up(4)
    action = np.full(len(scored), ACTIONS.index(Action.BLOCK), dtype=np.int8)
    made = acted(scored, Policies(), action)
    assert made.is_stopped.all()
    assert made.lost_margin[~scored.is_fraud].sum() == pytest.approx(0.3 * scored.usd_cents[~scored.is_fraud].sum())
