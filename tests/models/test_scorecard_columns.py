"""The scorecard over columns: bit for bit what it says of each payment alone."""

import numpy as np

from engine.catalog import CATALOG
from models.scorecard import Scorecard
from models.scorecard_columns import scorecard_log_odds
from models.scorecard_items import ITEMS
from tests.models.test_scorer import columns_of, payments


def test_each_row_is_the_payment_alone_bit_for_bit() -> None:
    scorecard, rows = Scorecard(ITEMS, CATALOG), payments(500, seed=11)
    alone = []
    for row in rows:
        score = scorecard.score(row)
        log_odds = score.base
        for part in score.contributions:
            log_odds += part.weight
        alone.append(log_odds)
    assert scorecard_log_odds(scorecard, columns_of(rows)).tobytes() == np.array(alone).tobytes()
