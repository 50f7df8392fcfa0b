"""How well scores rank: average precision, area under the ROC curve, recall at a rate of false positives.

Payments with equal scores cannot be told apart, so they are one step of a curve. All figures are of weighted payments.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.rules.columns import Ints, Mask
from models.evaluation.scored import Floats, Scored

ROUNDING: Final = 1 + 1e-12
"""Sums of weights are not exact: a rate that is met but for the last digit is met."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """What is caught from the highest score down to each step, cumulated: the last item is all there is."""

    frauds: Floats
    """Weight of frauds."""
    good: Floats
    fraud_cents: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """The payments of which it is known what they were, from the highest score down."""

    rows: Ints
    """Their places among the scored payments."""
    is_fraud: Mask
    weight: Floats
    usd_cents: Floats
    ends: Ints
    """The last place of each step of equal scores."""
    probability: Floats
    """The score of each step."""

    @classmethod
    def of(cls, scored: Scored) -> "Ranked":
        """Sort once; every draw of a bootstrap then cumulates in this order."""
        rows = np.flatnonzero(scored.counted)
        rows = rows[np.argsort(-scored.probability[rows], kind="stable")]
        probability = scored.probability[rows]
        ends = np.flatnonzero(np.append(np.diff(probability) != 0, [True] * bool(len(rows))))
        return cls(
            rows=rows,
            is_fraud=scored.is_fraud[rows],
            weight=scored.stands_for[rows],
            usd_cents=scored.usd_cents[rows].astype(np.float64),
            ends=ends,
            probability=probability[ends],
        )

    def curve(self, times: Floats | None = None) -> Curve:
        """The curve; `times` says how often a draw has each ranked payment."""
        weight = self.weight if times is None else self.weight * times
        frauds = weight * self.is_fraud
        caught = np.cumsum(frauds)[self.ends]
        return Curve(
            frauds=caught,
            good=np.cumsum(weight)[self.ends] - caught,
            fraud_cents=np.cumsum(frauds * self.usd_cents)[self.ends],
        )


def average_precision(curve: Curve) -> float:
    """The mean precision over all steps of recall (not the trapezoid, which flatters); NaN without a fraud.

    As scikit-learn's `average_precision_score`.
    """
    if not _total(curve.frauds):
        return np.nan
    flagged = curve.frauds + curve.good
    precision = curve.frauds / np.where(flagged > 0, flagged, 1)
    return float(np.diff(curve.frauds, prepend=0) @ precision / curve.frauds[-1])


def roc_auc(curve: Curve) -> float:
    """The chance that a fraud has a higher score than a good payment, equal ones counting half; NaN without both."""
    if not _total(curve.frauds) or not _total(curve.good):
        return np.nan
    area = np.trapezoid(np.append(0, curve.frauds), np.append(0, curve.good))
    return float(area / curve.frauds[-1] / curve.good[-1])


def step_at(curve: Curve, rate: float) -> int:
    """The lowest step at which no more than `rate` of the good payments are flagged; -1 where the first flags more."""
    return int(np.searchsorted(curve.good, rate * _total(curve.good) * ROUNDING, side="right")) - 1


def recalls_at(curve: Curve, rate: float) -> tuple[float, float]:
    """Of all frauds, and of all their money, the part flagged at that step; NaN where there is none or no good one."""
    step = step_at(curve, rate) if _total(curve.good) else None
    return _part(curve.frauds, step), _part(curve.fraud_cents, step)


def precision_recall(curve: Curve, points: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most `points` of the curve to draw: recalls and precisions, from the highest score down."""
    if not _total(curve.frauds):
        return (), ()
    recall = curve.frauds / curve.frauds[-1]
    wanted = np.unique(np.searchsorted(recall, np.linspace(0, 1, points) / ROUNDING))
    wanted = wanted[(wanted < len(recall)) & (recall[np.minimum(wanted, len(recall) - 1)] > 0)]
    precision = curve.frauds[wanted] / (curve.frauds[wanted] + curve.good[wanted])
    return tuple(recall[wanted].tolist()), tuple(precision.tolist())


def _total(cumulated: Floats) -> float:
    return float(cumulated[-1]) if len(cumulated) else 0.0


def _part(cumulated: Floats, step: int | None) -> float:
    if step is None or not _total(cumulated):
        return np.nan
    return float(cumulated[step] / cumulated[-1]) if step >= 0 else 0.0
