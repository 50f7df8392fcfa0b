"""The promotion gate: what a challenger has to show before a person should put it in force.

It advises and does not act: a person promotes, and may do so against it, which is then recorded. What it asks for is
told in docs/learning.md; each answer names the figure and what was asked of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from models.evaluation.comparison import Comparison, Shift
from models.evaluation.figures import Estimate
from models.evaluation.words import share, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is asked for."""

    frauds_effective: float = 200.0
    """Known frauds by weight: with fewer a difference cannot be told from chance."""
    evidence: float = 20.0
    average_precision_loss: float = 0.01
    """How much lower the average precision may at worst be."""
    ece_top_gain: float = 0.02
    """How much larger the calibration error of the top 2 % may be."""
    segment_stopped_ratio: float = 1.2
    segment_payments: int = 1_000
    """In smaller segments chance decides."""
    allow_change: float = 0.003
    """How far the share of payments that simply pass may move on the first day, 0 to 1."""
    reasons_share: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was asked: whether it is so, in a sentence with the figures, and these as numbers."""

    code: str
    passes: bool
    text: str
    value: float | None
    limit: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """Passes only if every check does."""

    passes: bool
    reasons: tuple[Check, ...]

    @property
    def against(self) -> tuple[Check, ...]:
        """The checks that do not pass."""
        return tuple(each for each in self.reasons if not each.passes)


LIMITS: Final = Limits()
_MILLION: Final = 1_000_000
_NAMED: Final = 3
"""So many segments are named."""


def gate(comparison: Comparison, *, limits: Limits = LIMITS, more: Sequence[Check] = ()) -> GateResult:
    """Ask everything, and tell every answer; `more` are checks of whoever calls: that it is quick enough, say."""
    reasons = (*_checks(comparison, limits), *more)
    return GateResult(passes=all(each.passes for each in reasons), reasons=reasons)


def _checks(comparison: Comparison, limits: Limits) -> Iterator[Check]:
    yield _frauds(comparison, limits)
    yield _evidence(comparison, limits)
    yield _average_precision(comparison, limits)
    yield _money(comparison)
    yield _calibration(comparison, limits)
    yield _segments(comparison, limits)
    yield _allowed(comparison, limits)
    if comparison.agreement is not None and comparison.agreement.share_of_unchanged is not None:
        found = comparison.agreement.share_of_unchanged
        yield Check(
            code="reasons",
            passes=found >= limits.reasons_share,
            text=f"Where the score stays, the first reason stays on {share(found)} of the payments "
            f"(at least {limits.reasons_share * 100:g} %).",
            value=found,
            limit=limits.reasons_share,
        )


def _frauds(comparison: Comparison, limits: Limits) -> Check:
    found = comparison.challenger.population.frauds_effective
    return Check(
        code="frauds",
        passes=found >= limits.frauds_effective,
        text=f"{found:,.0f} known frauds count (at least {limits.frauds_effective:,.0f}).",
        value=found,
        limit=limits.frauds_effective,
    )


def _evidence(comparison: Comparison, limits: Limits) -> Check:
    found = comparison.evidence
    said = "over a million" if found > _MILLION else f"{found:,.0f}" if found > limits.evidence else f"{found:.2g}"
    return Check(
        code="evidence",
        passes=found > limits.evidence,
        text=f"The evidence for a smaller log-loss is {said} (above {limits.evidence:g}).",
        value=found,
        limit=limits.evidence,
    )


def _average_precision(comparison: Comparison, limits: Limits) -> Check:
    found = comparison.difference("average_precision").difference
    return Check(
        code="average_precision",
        passes=found.low is not None and found.low > -limits.average_precision_loss,
        text=f"Average precision changes by {_between(found, '+.3f')} "
        f"(at worst by -{limits.average_precision_loss:g}).",
        value=found.low,
        limit=-limits.average_precision_loss,
    )


def _money(comparison: Comparison) -> Check:
    found = comparison.difference("net").difference
    dollars = Estimate(**{each: _dollars(getattr(found, each)) for each in Estimate.__slots__})
    return Check(
        code="money",
        passes=found.low is not None and found.low > 0,
        text=f"At today's thresholds the money saved changes by {_between(dollars, '+,.0f')} US dollars (above 0).",
        value=found.low,
        limit=0.0,
    )


def _calibration(comparison: Comparison, limits: Limits) -> Check:
    found = comparison.difference("ece_top").difference.value
    champion, challenger = (each.calibration.ece_top.value for each in (comparison.champion, comparison.challenger))
    said = "cannot be said" if found is None else f"is {challenger:.3f}, the champion's {champion:.3f}"
    return Check(
        code="calibration",
        passes=found is not None and found <= limits.ece_top_gain,
        text=f"The calibration error of the top 2 % {said} (at most {limits.ece_top_gain:g} more).",
        value=found,
        limit=limits.ece_top_gain,
    )


def _segments(comparison: Comparison, limits: Limits) -> Check:
    large = [each for each in comparison.segments if each.payments >= limits.segment_payments]
    worse = [each for each in large if _is_worse(each, limits.segment_stopped_ratio)]
    named = ", ".join(
        f"{each.dimension} {each.name} ({value(each.champion, share)} before, {value(each.challenger, share)} after)"
        for each in worse[:_NAMED]
    )
    named += f" and {len(worse) - _NAMED} more" if len(worse) > _NAMED else ""
    more = f"{(limits.segment_stopped_ratio - 1) * 100:.0f} %"
    return Check(
        code="segments",
        passes=not worse,
        text=f"Over {more} more good payments are stopped in: {named}."
        if worse
        else f"In none of {len(large)} segments are over {more} more good payments stopped.",
        value=float(len(worse)),
        limit=0.0,
    )


def _is_worse(shift: Shift, ratio: float) -> bool:
    """By more than the ratio, and by more than chance."""
    before, after, low = shift.champion.value, shift.challenger.value, shift.difference.low
    return before is not None and after is not None and low is not None and after > ratio * before and low > 0


def _allowed(comparison: Comparison, limits: Limits) -> Check:
    found = comparison.difference("allow").difference.value
    passes = found is not None and abs(found) <= limits.allow_change
    kept = ", ".join(f"{each.action} {each.challenger_percent:g}" for each in comparison.thresholds)
    mend = f" Thresholds that keep it, in percent: {kept}." if kept and not passes else ""
    said = "cannot be said" if found is None else f"moves by {found * 100:+.2f} points"
    return Check(
        code="allowed",
        passes=passes,
        text=f"The share of payments that simply pass {said} (at most {limits.allow_change * 100:g}).{mend}",
        value=found,
        limit=limits.allow_change,
    )


def _between(found: Estimate, form: str) -> str:
    if found.value is None:
        return "what cannot be said"
    if found.low is None or found.high is None:
        return f"{found.value:{form}}, and nobody can say how surely"
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"


def _dollars(cents: float | None) -> float | None:
    return None if cents is None else cents / 100
