"""Whether probabilities are right: what was expected beside what was known, where it matters, among the top scores.

At a fraud rate of a few in a thousand nearly all payments have a probability near 0, so a gap over all of them says
nothing: the expected calibration error is that of the top 2 %, in bins of equal weight.
"""

from typing import Final

import numpy as np

from engine.rules.columns import Ints
from models.evaluation.ranking import Ranked
from models.evaluation.scored import Floats, Scored

TOP_SHARE: Final = 0.02
BINS_MAX: Final = 10
BIN_PAYMENTS: Final = 50
"""At least so many in a bin of the top, or there are fewer bins: else the gap is chance."""
PROBABILITY_LOW, PROBABILITY_HIGH = 0.0001, 0.99
"""No probability is served beyond these (engine.score: 0.01 to 99 percent), so no loss is counted beyond them."""
REST: Final = BINS_MAX
"""The bin of what is below the top."""


def expected(scored: Scored) -> Floats:
    """The chance that a payment is known as fraud by now: its probability, times the share of labels that have come."""
    return np.clip(scored.probability, PROBABILITY_LOW, PROBABILITY_HIGH) * scored.known


def losses(scored: Scored) -> Floats:
    """The log-loss of each payment, in nats: a proper score also of what is not matured, by what is expected of it.

    A fraud's is that of its probability alone: that its label would have come by now is no merit of a model.
    """
    fraud = -np.log(np.clip(scored.probability, PROBABILITY_LOW, PROBABILITY_HIGH))
    return np.where(scored.is_fraud, fraud, -np.log1p(-expected(scored)))


def bins(ranked: Ranked, scored: Scored) -> Ints:
    """The bin of each payment: 0 has the highest scores; -1 of what does not count."""
    found = np.full(len(scored), -1, dtype=np.int64)
    weight = scored.weight[ranked.rows]
    reached = np.cumsum(weight)
    if not len(reached):
        return found
    top = int(np.searchsorted(reached, TOP_SHARE * reached[-1], side="right"))
    count = int(np.clip(top // BIN_PAYMENTS, 1, BINS_MAX))
    place = np.full(len(reached), REST, dtype=np.int64)
    if top:
        share = (reached[:top] - weight[:top] / 2) / reached[top - 1]
        place[:top] = np.minimum((share * count).astype(np.int64), count - 1)
    found[ranked.rows] = place
    return found
