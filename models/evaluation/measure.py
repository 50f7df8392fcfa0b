"""All figures of scored payments at once, each with its value in every draw of the bootstrap."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from engine.decision import Action
from engine.recorded_frame import ACTIONS
from engine.rules.columns import Ints
from models.evaluation import calibration, cards
from models.evaluation.acting import BLOCK, Acted
from models.evaluation.drawn_ranking import tally
from models.evaluation.draws import Draws, estimate, ratio
from models.evaluation.figures import Estimate
from models.evaluation.ranking import Ranked
from models.evaluation.scored import Floats, Scored

RATES: Final = (0.001, 0.005, 0.01)
"""Shares of good payments that are flagged: 0.1, 0.5 and 1 %."""
MAIN_RATE: Final = 0.005


class Sample(NamedTuple):
    """A figure of the payments, and of each draw of them; NaN where it has none."""

    value: float
    drawn: Floats

    def change_from(self, before: "Sample") -> Estimate:
        """The difference, draw by draw."""
        return estimate(self.value - before.value, self.drawn - before.drawn, is_change=True)

    @property
    def estimate(self) -> Estimate:
        """With its interval."""
        return estimate(self.value, self.drawn)


Samples = Mapping[str, Sample]


def recall_name(rate: float) -> str:
    """What the recall at a rate of false positives is called among the samples; that of money has `value_` before."""
    return f"recall_at_{rate:g}"


def measure(scored: Scored, acted: Acted, draws: Draws) -> dict[str, Sample]:
    """Every figure by name: ranking, card precision, actions and their worth, calibration."""
    ranked = Ranked.of(scored)
    # The first row is no draw but the payments themselves.
    times = np.vstack([np.ones(draws.times.shape[1]), draws.times])
    made = _ranking(ranked, draws, times)
    made["card_precision_100"] = cards.card_precision(cards.days(scored, draws), times)
    made |= _of_sums(scored, acted, calibration.bins(ranked, scored), draws, times)
    return {name: Sample(float(values[0]), values[1:]) for name, values in made.items()}


def share(part: Floats, whole: Floats, draws: Draws) -> Sample:
    """The part of a sum, by values a payment."""
    times = np.vstack([np.ones(draws.times.shape[1]), draws.times])
    values = ratio(times @ draws.by_block(part), times @ draws.by_block(whole))
    return Sample(float(values[0]), values[1:])


def _ranking(ranked: Ranked, draws: Draws, times: Floats) -> dict[str, Floats]:
    precision, area, recalls = tally(ranked, draws.block[ranked.rows], times, RATES).figures()
    found = {"average_precision": precision, "roc_auc": area}
    for rate, (recall, value_recall) in recalls.items():
        found[recall_name(rate)], found[f"value_{recall_name(rate)}"] = recall, value_recall
    return found


def _columns(scored: Scored, acted: Acted, place: Ints) -> Iterator[tuple[str, Floats]]:
    """What is summed, a value a payment. What a payment was counts by its weight, what is done with it counts once."""
    weight, stands_for = scored.weight, scored.stands_for
    fraud, good = stands_for * scored.is_fraud, stands_for * ~scored.is_fraud
    yield "payments", np.ones(len(scored))
    for number, action in enumerate(ACTIONS):
        yield action, (acted.action == number).astype(np.float64)
    yield "weight", weight
    yield "fraud", fraud
    yield "good", good
    yield "fraud_cents", fraud * scored.usd_cents
    yield "fraud_stopped", fraud * acted.is_stopped
    yield "fraud_cents_stopped", fraud * scored.usd_cents * acted.is_stopped
    yield "good_stopped", good * acted.is_stopped
    yield "good_blocked", good * (acted.action == BLOCK)
    for name in ("saved", "lost_margin", "review_cost"):
        yield name, stands_for * getattr(acted, name)
    chance = calibration.expected(scored)
    yield "known", weight * scored.is_fraud
    yield "expected", weight * chance
    yield "squares", weight * (chance - scored.is_fraud) ** 2
    yield "losses", weight * calibration.losses(scored)
    yield "top", weight * ((place >= 0) & (place < calibration.REST))
    for number in range(calibration.BINS_MAX):
        yield f"gap_{number}", weight * (place == number) * (chance - scored.is_fraud)


def _of_sums(scored: Scored, acted: Acted, place: Ints, draws: Draws, times: Floats) -> dict[str, Floats]:
    """The figures that are made of sums, for all draws at once: the first is of the payments themselves."""
    # One column at a time: all of them of a million payments would take half a gigabyte.
    sums = {name: times @ draws.by_block(values) for name, values in _columns(scored, acted, place)}
    gaps = np.sum([np.abs(sums[f"gap_{number}"]) for number in range(calibration.BINS_MAX)], axis=0)
    stopped = sums["fraud_stopped"] + sums["good_stopped"]
    return {
        **{action.value: ratio(sums[action], sums["payments"]) for action in Action},
        "insult": ratio(sums["good_blocked"], sums["good"]),
        "stopped_good": ratio(sums["good_stopped"], sums["good"]),
        "recall": ratio(sums["fraud_stopped"], sums["fraud"]),
        "value_recall": ratio(sums["fraud_cents_stopped"], sums["fraud_cents"]),
        "precision": ratio(sums["fraud_stopped"], stopped),
        "saved": sums["saved"],
        "lost_margin": sums["lost_margin"],
        "review_cost": sums["review_cost"],
        "net": sums["saved"] - sums["lost_margin"] - sums["review_cost"],
        "brier": ratio(sums["squares"], sums["weight"]),
        "log_loss": ratio(sums["losses"], sums["weight"]),
        "ece_top": ratio(gaps, sums["top"]),
        "observed_per_expected": ratio(sums["known"], sums["expected"]),
    }
