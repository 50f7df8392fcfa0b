"""How good a model is on payments that it was not trained on: every figure with its interval."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from engine.payment import EPOCH
from models.evaluation import calibration
from models.evaluation.acting import Acted, Places, Policies, acted
from models.evaluation.cautions import cautions
from models.evaluation.curves import curves
from models.evaluation.draws import DRAWS, Draws
from models.evaluation.figures import (
    AtFalsePositives,
    AtPolicy,
    Bin,
    Calibration,
    Evaluation,
    Population,
    Ranking,
)
from models.evaluation.measure import RATES, Samples, measure, recall_name, share
from models.evaluation.ranking import Curve, Ranked, step_at
from models.evaluation.scored import Scored
from models.evaluation.segments import Part, measured, segment
from models.maturity import MATURE_SHARE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Scored payments with what their scores make of them, and all figures draw by draw."""

    scored: Scored
    policies: Policies
    acted: Acted
    draws: Draws
    samples: Samples
    parts: tuple[Part, ...]
    """The segments."""


def evaluate(
    scored: Scored, *, policies: Policies | None = None, action: Places | None = None, draws: int = DRAWS
) -> Evaluation:
    """Judge scores by what became of the payments.

    `action` are actions to judge in place of those that the policies' thresholds make of the scores: of rules, say.
    200,000 payments take about two seconds.
    """
    acts = acted(scored, policies or Policies(), action)
    return evaluation_of(judge(scored, policies or Policies(), acts, Draws.by(scored.entity, draws)))


def judge(scored: Scored, policies: Policies, acts: Acted, draws: Draws) -> Judged:
    """All figures in every draw, of all payments and of each segment."""
    return Judged(
        scored=scored,
        policies=policies,
        acted=acts,
        draws=draws,
        samples=measure(scored, acts, draws),
        parts=tuple(measured(scored, acts, draws)),
    )


def evaluation_of(judged: Judged) -> Evaluation:
    """The figures with their intervals, and what is drawn."""
    scored, samples = judged.scored, judged.samples
    ranked, people = Ranked.of(scored), population(scored)
    return Evaluation(
        population=people,
        ranking=_ranking(ranked, samples),
        policy=AtPolicy(**{name: samples[name].estimate for name in AtPolicy.__slots__}),
        calibration=_calibration(scored, ranked, judged.draws, samples),
        segments=tuple(map(segment, judged.parts)),
        curves=curves(scored, judged.policies),
        cautions=tuple(cautions(scored, people)),
    )


def population(scored: Scored) -> Population:
    """What is looked at."""
    counted, fraud = scored.counted, scored.counted & scored.is_fraud
    whole = float(scored.stands_for.sum())
    return Population(
        payments=len(scored),
        counted=int(counted.sum()),
        immature=int((counted & (scored.known < MATURE_SHARE)).sum()),
        frauds=int(fraud.sum()),
        frauds_effective=float(scored.weight[fraud].sum()),
        fraud_rate=float(scored.stands_for[fraud].sum()) / whole if whole else None,
        usd_cents=int(scored.usd_cents.sum()),
        fraud_usd_cents=int(scored.usd_cents[fraud].sum()),
        amount_unknown=int((scored.usd_cents == 0).sum()),
        first_at=_at(int(scored.at_us.min())) if len(scored) else None,
        last_at=_at(int(scored.at_us.max())) if len(scored) else None,
        entities=len(np.unique(scored.entity)),
        merchants=len(np.unique(scored.merchant.codes[scored.merchant.known])),
    )


def _at(at_us: int) -> str:
    return (EPOCH + timedelta(microseconds=at_us)).isoformat(timespec="seconds")


def _ranking(ranked: Ranked, samples: Samples) -> Ranking:
    curve = ranked.curve()
    return Ranking(
        average_precision=samples["average_precision"].estimate,
        roc_auc=samples["roc_auc"].estimate,
        card_precision_100=samples["card_precision_100"].estimate,
        at_false_positives=tuple(
            AtFalsePositives(
                rate=rate,
                recall=samples[recall_name(rate)].estimate,
                value_recall=samples[f"value_{recall_name(rate)}"].estimate,
                threshold_percent=_threshold(ranked, curve, rate),
            )
            for rate in RATES
        ),
    )


def _threshold(ranked: Ranked, curve: Curve, rate: float) -> float | None:
    step = step_at(curve, rate)
    return float(ranked.probability[step]) * 100 if step >= 0 else None


def _calibration(scored: Scored, ranked: Ranked, draws: Draws, samples: Samples) -> Calibration:
    return Calibration(
        brier=samples["brier"].estimate,
        log_loss=samples["log_loss"].estimate,
        ece_top=samples["ece_top"].estimate,
        observed_per_expected=samples["observed_per_expected"].estimate,
        bins=tuple(_bins(scored, ranked, draws)),
    )


def _bins(scored: Scored, ranked: Ranked, draws: Draws) -> Iterator[Bin]:
    place, chance = calibration.bins(ranked, scored), calibration.expected(scored)
    for number in range(calibration.REST + 1):
        rows = np.flatnonzero(place == number)
        if not len(rows):
            continue
        weight, own = scored.weight[rows], draws.these(rows)
        yield Bin(
            payments=len(rows),
            low=float(scored.probability[rows].min()),
            high=float(scored.probability[rows].max()),
            expected=float(weight @ chance[rows] / weight.sum()),
            observed=share(weight * scored.is_fraud[rows], weight, own).estimate,
        )
