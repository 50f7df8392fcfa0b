"""What may be wrong with a rule, and the figure that says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.decision import Rule, RuleAction
from models.backtest.figures import Overlap, Share, Sum
from models.backtest.settling import SETTLING

RECENT_DAYS: Final = 28
"""The recent weeks that are compared with those before."""
REDUNDANT_SHARE: Final = 0.95
"""So much of what a rule is true of another one, which settles as strictly, is true of too."""
REDUNDANT_HITS_MIN: Final = 20
DECAYED_HITS_MIN: Final = 20
"""In each of the two stretches: with fewer nothing is said."""
RUNAWAY_SHARE: Final = 0.05
"""So many of the recent payments a rule that blocks, reviews or asks for 3-D Secure is true of."""
RUNAWAY_TIMES: Final = 5.0
"""So many times as often as before, and then of one payment in a hundred at least."""
_RUNAWAY_FLOOR: Final = 0.01
_STRICT: Final = (RuleAction.BLOCK, RuleAction.REVIEW, RuleAction.REQUEST_3DS)


class Ailment(StrEnum):
    """What may be wrong with a rule."""

    SILENT = "silent"
    """It was true of no payment."""
    REDUNDANT = "redundant"
    DECAYED = "decayed"
    RUNAWAY = "runaway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule is named: why, with the figure that makes it so, from 0 to 1 but for `times`."""

    ailment: Ailment
    figure: str
    """What `value` is: `overlap`, `fraud_rate_recent`, `share_recent`, `times_as_often`, `hits`."""
    value: float
    limit: float
    other_rule_id: str | None = None
    said: str = ""
    """For a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a rule did in a stretch of time."""

    days: float
    hits: int
    share: float
    """Of all payments of the stretch."""
    precision: Share
    """Fraud known today among those that passed, whatever their age."""
    fraud_rate: float | None
    """The share of those that passed that will have proved to be fraud when all labels have come, by the curve."""
    fraud_rate_low: float | None
    fraud_rate_high: float | None


def findings(
    rule: Rule, hits: Sum, overlap: Sequence[Overlap], rules: Mapping[str, Rule], earlier: Stretch, recent: Stretch
) -> list[Finding]:
    """What the figures say of a rule that asks for an action."""
    if rule.action not in SETTLING:
        return []
    found = []
    if not hits.payments:
        said = "It was true of no payment in all that time."
        found.append(Finding(ailment=Ailment.SILENT, figure="hits", value=0.0, limit=1.0, said=said))
    cover = next((each for each in overlap if _covers(rules[each.rule_id], rule)), None)
    if cover is not None and hits.payments >= REDUNDANT_HITS_MIN and cover.share >= REDUNDANT_SHARE:
        said = f"Of what it is true of, rule {cover.rule_id} is true of {cover.share:.0%} too, and is as strict."
        found.append(
            Finding(
                ailment=Ailment.REDUNDANT,
                figure="overlap",
                value=cover.share,
                limit=REDUNDANT_SHARE,
                other_rule_id=cover.rule_id,
                said=said,
            )
        )
    found += [finding for finding in (_decayed(rule, earlier, recent), _runaway(rule, earlier, recent)) if finding]
    return found


def _covers(other: Rule, rule: Rule) -> bool:
    """Whether another rule settles at least as strictly where both are true."""
    if RuleAction.ALLOW in (other.action, rule.action):
        return other.action is rule.action
    if RuleAction.REQUEST_3DS in (other.action, rule.action) and other.action is not rule.action:
        return other.action is RuleAction.BLOCK
    return other.action in _STRICT and _STRICT.index(other.action) <= _STRICT.index(rule.action)


def _decayed(rule: Rule, earlier: Stretch, recent: Stretch) -> Finding | None:
    """Where less of what it is true of proves to be fraud than before, beyond chance: the intervals do not meet.

    The rates allow for the labels that have yet to come, so that recent payments do not look better than they are.
    """
    if rule.action is RuleAction.ALLOW or min(earlier.precision.of, recent.precision.of) < DECAYED_HITS_MIN:
        return None
    rate, low, high = recent.fraud_rate, earlier.fraud_rate_low, recent.fraud_rate_high
    if rate is None or low is None or high is None or earlier.fraud_rate is None or high >= low:
        return None
    said = f"Of what it is true of, {rate:.1%} is or will prove to be fraud; before it was {earlier.fraud_rate:.1%}."
    return Finding(ailment=Ailment.DECAYED, figure="fraud_rate_recent", value=rate, limit=low, said=said)


def _runaway(rule: Rule, earlier: Stretch, recent: Stretch) -> Finding | None:
    """Where it is true of much of the traffic, or of much more than before."""
    if rule.action not in _STRICT:
        return None
    if recent.share >= RUNAWAY_SHARE:
        said = f"It is true of {recent.share:.1%} of the payments of the last {RECENT_DAYS} days."
        return Finding(
            ailment=Ailment.RUNAWAY, figure="share_recent", value=recent.share, limit=RUNAWAY_SHARE, said=said
        )
    if earlier.hits and recent.share >= _RUNAWAY_FLOOR and recent.share >= RUNAWAY_TIMES * earlier.share:
        times = recent.share / earlier.share
        said = f"It is true {times:.1f} times as often as before."
        return Finding(ailment=Ailment.RUNAWAY, figure="times_as_often", value=times, limit=RUNAWAY_TIMES, said=said)
    return None
