"""Scored payments made up for tests of evaluations."""

import numpy as np

from engine.rules.columns import Told, Truth
from models.evaluation import Scored
from models.evaluation.scored import DAY_US


def made_up(seed: int, count: int = 400, *, decimals: int = 2, fraud_rate: float = 0.1, days: int = 5) -> Scored:
    """Few different scores (so many are equal), weights of all sizes, cards and customers that come again."""
    random = np.random.default_rng(seed)
    risk = random.normal(size=count)
    probability = np.clip(1 / (1 + np.exp(-(risk * 1.5 + np.log(fraud_rate) - 0.5))), 0, 1)
    entity = random.integers(0, max(count // 3, 1), count)
    return Scored.of(
        np.round(probability, decimals),
        random.random(count) < probability,
        weight=np.where(random.random(count) < 0.1, 0.0, np.round(random.random(count), 2)),
        known=np.round(0.5 + random.random(count) / 2, 2),
        usd_cents=np.where(random.random(count) < 0.1, 0, random.integers(100, 50_000, count)),
        entity=entity,
        card=entity * 2 + random.integers(0, 2, count),
        at_us=np.sort(random.integers(0, days * DAY_US, count)) + 20_000 * DAY_US,
        merchant=Told(random.integers(0, 2, count), ("shop_a", "shop_b")),
        country=Told(random.integers(-1, 3, count), ("DE", "NG", "US")),
        is_new=Truth.where(random.random(count) < 0.4, random.random(count) < 0.9),
    )
