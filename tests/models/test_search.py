"""Search: drawn within ranges, judged by what came later, and never on the days to judge by."""

import numpy as np
import pytest

from models.learners import LEARNERS
from models.learners.errors import NoPositives
from models.plan import Plan
from models.ready import Ready, ready_for
from models.search import draws, search, searched
from tests.models.learners.shops import shop

PLAN = Plan(learner="logistic", seed=4)


def made() -> Ready:
    return ready_for(shop(1_500), PLAN)


def test_what_is_drawn_is_allowed() -> None:
    for learner in LEARNERS:
        for drawn in draws(learner, 30, seed=1):
            assert learner.checked(drawn) == drawn


def test_the_best_on_later_payments_comes_first_and_again_on_all_folds() -> None:
    ready, seen = made(), list[float]()
    tried = search(ready, tries=6, progress=seen.append)
    assert len(tried) == 6
    assert [each.folds for each in tried] == [3, 3, 1, 1, 1, 1]
    assert tried[0].log_loss <= tried[1].log_loss
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert search(ready, tries=6, jobs=2) == tried
    assert searched(PLAN, tried).parameters == tried[0].parameters


def test_what_the_plan_says_is_not_drawn() -> None:
    plan = Plan(parameters={"trees": 5, "depth": 2})
    tried = search(ready_for(shop(800), plan), tries=3)
    assert all(each.parameters["trees"] == 5 and each.parameters["depth"] == 2 for each in tried)
    assert len({each.parameters.get("l2") for each in tried}) == 3


def test_the_days_to_judge_by_are_not_looked_at() -> None:
    # The same payments with other labels of the last 28 days, of which nothing was known when they began.
    plain = shop(1_500)
    fraud = plain.is_fraud.copy()
    turned = fraud.copy()
    turned[ready_for(plain, PLAN).parts.test] ^= True
    one, other = (ready_for(shop(1_500, fraud=each), PLAN) for each in (fraud, turned))
    assert one.dataset.is_fraud.sum() != other.dataset.is_fraud.sum()
    assert search(one, tries=3) == search(other, tries=3)


def test_without_frauds_on_both_sides_of_a_fold_nothing_is_searched() -> None:
    fraud = np.zeros(800, dtype=np.bool_)
    fraud[400] = True
    with pytest.raises(NoPositives, match="no fold in time"):
        search(ready_for(shop(800, fraud=fraud), PLAN), tries=2)
