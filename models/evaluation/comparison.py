"""A challenger beside the champion on the same payments: differences with intervals, and what would change at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.recorded_frame import ACTIONS
from models.evaluation.acting import BLOCK, CHALLENGE, REVIEW, Policies, acted, percent
from models.evaluation.draws import DRAWS, Draws
from models.evaluation.evaluate import Judged, evaluation_of, judge
from models.evaluation.evidence import log_evidence
from models.evaluation.figures import Estimate, Evaluation
from models.evaluation.measure import Samples
from models.evaluation.scored import Floats, Scored

_SAME_LOG_ODDS: Final = 0.25
"""Scores that differ by less have not changed: their reasons should not either."""
_LOG_EVIDENCE_MAX: Final = 300.0
"""Beyond, a float cannot say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure of both, and challenger less champion on the same draws."""

    name: str
    champion: Estimate
    challenger: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How many good payments of a segment are stopped by each."""

    dimension: str
    name: str
    payments: int
    champion: Estimate
    challenger: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often the first reason is the same."""

    payments: int
    share: float | None
    unchanged: int
    """Payments whose scores are the same within a quarter in log-odds."""
    share_of_unchanged: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptThreshold:
    """Where a threshold of the default policy has to stand for the challenger to act on as many payments."""

    action: str
    champion_percent: float
    challenger_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What choosing one of them rests on."""

    champion: Evaluation
    challenger: Evaluation
    differences: tuple[Difference, ...]
    segments: tuple[Shift, ...]
    evidence: float
    """The e-value that the challenger has the smaller log-loss: above 20 it is hard to call chance."""
    agreement: Agreement | None
    """None where no reasons were given."""
    thresholds: tuple[KeptThreshold, ...]

    def difference(self, name: str) -> Difference:
        """The one of this name."""
        return next(each for each in self.differences if each.name == name)


def compare(
    champion: Scored,
    challenger: Scored,
    *,
    policies: Policies | None = None,
    top_reasons: tuple[Sequence[str], Sequence[str]] | None = None,
    draws: int = DRAWS,
) -> Comparison:
    """Compare on the same payments: both have the same rows in the same order, and only the probabilities differ.

    `top_reasons` are the codes of the first reason of each payment, by champion and by challenger.
    """
    assert np.array_equal(champion.at_us, challenger.at_us), "both are of the same payments"
    assert np.array_equal(champion.is_fraud, challenger.is_fraud), "both are of the same labels"
    policies = policies or Policies()
    drawn = Draws.by(champion.entity, draws)
    one, other = (judge(each, policies, acted(each, policies), drawn) for each in (champion, challenger))
    money = log_evidence(champion, challenger)
    return Comparison(
        champion=evaluation_of(one),
        challenger=evaluation_of(other),
        differences=tuple(_differences(one.samples, other.samples)),
        segments=tuple(_shifts(one, other)),
        evidence=float(np.exp(min(money[-1], _LOG_EVIDENCE_MAX))) if len(money) else 1.0,
        agreement=None if top_reasons is None else agreement_of(champion, challenger, top_reasons),
        thresholds=tuple(_kept(champion, challenger, policies)),
    )


def _differences(one: Samples, other: Samples) -> Iterator[Difference]:
    for name, sample in one.items():
        yield Difference(
            name=name,
            champion=sample.estimate,
            challenger=other[name].estimate,
            difference=other[name].change_from(sample),
        )


def _shifts(one: Judged, other: Judged) -> Iterator[Shift]:
    for before, after in zip(one.parts, other.parts, strict=True):
        champion, challenger = (each.samples["stopped_good"] for each in (before, after))
        yield Shift(
            dimension=before.dimension,
            name=before.name,
            payments=before.payments,
            champion=champion.estimate,
            challenger=challenger.estimate,
            difference=challenger.change_from(champion),
        )


def agreement_of(champion: Scored, challenger: Scored, reasons: tuple[Sequence[str], Sequence[str]]) -> Agreement:
    """How often the first reasons agree: for a caller who explained some of the payments alone."""
    is_same = np.asarray(reasons[0], dtype=object) == np.asarray(reasons[1], dtype=object)
    assert len(is_same) == len(champion), "a reason a payment"
    unchanged = np.abs(_log_odds(champion) - _log_odds(challenger)) < _SAME_LOG_ODDS
    return Agreement(
        payments=len(is_same),
        share=float(is_same.mean()) if len(is_same) else None,
        unchanged=int(unchanged.sum()),
        share_of_unchanged=float(is_same[unchanged].mean()) if unchanged.any() else None,
    )


def _log_odds(scored: Scored) -> Floats:
    share = percent(scored.probability) / 100
    found: Floats = np.log(share / (1 - share))
    return found


def _kept(champion: Scored, challenger: Scored, policies: Policies) -> Iterator[KeptThreshold]:
    """The challenger's scores of the same rank as the champion's at each threshold."""
    before, after = (np.sort(percent(each.probability))[::-1] for each in (champion, challenger))
    for place in (BLOCK, REVIEW, CHALLENGE):
        at = getattr(policies.default, f"{ACTIONS[place]}_at_percent")
        reached = 0 if at is None else int((before >= at).sum())
        if reached:
            yield KeptThreshold(
                action=ACTIONS[place], champion_percent=at, challenger_percent=float(after[reached - 1])
            )
