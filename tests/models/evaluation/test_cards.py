"""Card precision against the handbook's own steps, done card by card."""

import numpy as np
import pandas as pd
import pytest

from models.evaluation import Scored
from models.evaluation.cards import card_precision, days
from models.evaluation.draws import Draws
from models.evaluation.scored import DAY_US
from tests.models.evaluation.payments import made_up


def handbook(scored: Scored, cards: int) -> float:
    """Chapter 4.5, `card_precision_top_k`, as it stands there but for names."""
    frame = pd.DataFrame(
        {
            "day": scored.at_us // DAY_US,
            "card": scored.card,
            "prediction": scored.probability,
            "fraud": scored.is_fraud.astype(int),
        }
    )[scored.counted]
    found: list[int] = []
    precisions = []
    for day in sorted(frame["day"].unique()):
        of_day = frame[(frame["day"] == day) & ~frame["card"].isin(found)]
        ranked = of_day.groupby("card").max().sort_values("prediction", ascending=False, kind="stable").reset_index()
        top = ranked.head(cards)
        detected = list(top[top["fraud"] == 1]["card"])
        precisions.append(len(detected) / cards)
        found.extend(detected)
    return float(np.mean(precisions))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cards", [1, 10, 100])
def test_card_precision_is_the_handbooks(seed: int, cards: int) -> None:
    scored = made_up(seed, 1_500, decimals=1 if seed % 2 else 9)
    draws = Draws.by(scored.entity, 1)
    once = np.ones((1, draws.times.shape[1]))
    assert card_precision(days(scored, draws, cards), once, cards)[0] == pytest.approx(handbook(scored, cards))


def test_a_draw_counts_a_card_as_often_as_it_is_drawn() -> None:
    # Four cards of a day: the two first, one of them a fraud twice drawn, fill three places.
    scored = Scored.of(
        np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, True]), card=np.arange(4), entity=np.arange(4)
    )
    made = days(scored, Draws.by(scored.entity, 1), 3)
    times = np.array([[2.0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 3], [1, 1, 1, 1]])
    assert card_precision(made, times, 3).tolist() == pytest.approx([2 / 3, 2 / 3, 1, 2 / 3])


def test_without_payments_there_is_no_day() -> None:
    scored = made_up(1, 0)
    assert np.isnan(card_precision(days(scored, Draws.by(scored.entity, 1)), np.ones((1, 0)))).all()
