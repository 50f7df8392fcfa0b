"""What the report draws: points enough for a line, not every payment."""

from typing import Final

import numpy as np

from models.evaluation.acting import Policies, costs_of, percent
from models.evaluation.figures import Curves
from models.evaluation.ranking import Ranked, precision_recall
from models.evaluation.scored import Floats, Scored

POINTS_MAX: Final = 200
_THRESHOLDS: Final = (*np.arange(0.5, 10, 0.5).tolist(), *map(float, range(10, 100)))
_EDGES: Final = np.geomspace(0.01, 100, 25)


def curves(scored: Scored, policies: Policies) -> Curves:
    """Precision over recall, worth over the block threshold, and where the scores of good and fraud lie."""
    recall, precision = precision_recall(Ranked.of(scored).curve(), POINTS_MAX)
    score = percent(scored.probability)
    return Curves(
        recall=recall,
        precision=precision,
        threshold_percent=_THRESHOLDS,
        net_usd_cents=tuple(_worth_of_blocking(scored, policies, score).tolist()),
        score_percent=tuple(_EDGES.tolist()),
        good_share=_shares(score, scored.stands_for * ~scored.is_fraud),
        fraud_share=_shares(score, scored.stands_for * scored.is_fraud),
    )


def _worth_of_blocking(scored: Scored, policies: Policies, score: Floats) -> Floats:
    """What blocking from each threshold on saves, less the margin it loses."""
    costs = costs_of(scored, policies)
    worth = scored.stands_for * np.where(scored.is_fraud, costs.fraud, -costs.margin)
    order = np.argsort(score)
    below = np.append(0, np.cumsum(worth[order]))
    found: Floats = below[-1] - below[np.searchsorted(score[order], _THRESHOLDS)]
    return found


def _shares(score: Floats, weight: Floats) -> tuple[float, ...]:
    counts, _ = np.histogram(score, bins=_EDGES, weights=weight)
    return tuple((counts / max(float(weight.sum()), 1e-300)).tolist())
