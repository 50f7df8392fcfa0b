"""What a score makes of a payment by its merchant's policy, and what that is worth by the policy's costs.

Thresholds alone: no rule and no list acts here. A payment that is challenged or reviewed is stopped if it is fraud, and
its margin is not lost if it is good: so what these save is the most they can (docs/backtests.md says the same).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.decision import Action
from engine.policy import Policy
from engine.recorded_frame import ACTIONS
from engine.rules.columns import Ints, Mask
from models.backtest.worth import Costs
from models.evaluation.scored import Floats, Scored

ALLOW, CHALLENGE, REVIEW, BLOCK = (ACTIONS.index(action) for action in ACTIONS)

_PERCENT_LOW, _PERCENT_HIGH = 0.01, 99.0
_PERCENT: Final = 100

Places = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policy of each merchant; the default one where it has none of its own."""

    default: Policy = field(default_factory=Policy)
    own: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, scored: Scored, name: str) -> Floats:
        """A number of each payment's policy; a threshold that is not set is never reached."""
        policies = [*(self.own.get(each, self.default) for each in scored.merchant.told), self.default]
        values = [np.inf if (value := getattr(each, name)) is None else value for each in policies]
        # The code of an unknown merchant is -1: the last one.
        return np.array(values, dtype=np.float64)[scored.merchant.codes]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Acted:
    """An action a payment, the place in ACTIONS, and its worth in USD cents beside letting everything pass."""

    action: Places
    saved: Floats
    """Of a fraud that is stopped: its goods and the chargeback's fee."""
    lost_margin: Floats
    """Of a good payment that is blocked."""
    review_cost: Floats

    @property
    def is_stopped(self) -> Mask:
        """Those that are not simply allowed."""
        found: Mask = self.action != ALLOW
        return found

    def these(self, rows: Ints) -> "Acted":
        """Those of some payments."""
        return Acted(
            action=self.action[rows],
            saved=self.saved[rows],
            lost_margin=self.lost_margin[rows],
            review_cost=self.review_cost[rows],
        )


def percent(probability: Floats) -> Floats:
    """The score in percent as it is served and compared: two decimals, 0.01 to 99 (engine.score)."""
    return np.clip(np.round(probability * _PERCENT, 2), _PERCENT_LOW, _PERCENT_HIGH)


def actions(scored: Scored, policies: Policies) -> Places:
    """What the thresholds make of each payment: the strictest that its score reaches."""
    score = percent(scored.probability)
    action = np.full(len(scored), ALLOW, dtype=np.int8)
    for place in (CHALLENGE, REVIEW, BLOCK):
        action[score >= policies.of(scored, f"{ACTIONS[place]}_at_percent")] = place
    return action


def acted(scored: Scored, policies: Policies, action: Places | None = None) -> Acted:
    """The actions (by the thresholds, where none are given) and their worth; what a payment was is as known."""
    action = actions(scored, policies) if action is None else action
    costs = costs_of(scored, policies)
    return Acted(
        action=action,
        saved=costs.fraud * (scored.is_fraud & (action != ALLOW)),
        lost_margin=costs.margin * (~scored.is_fraud & (action == BLOCK)),
        review_cost=costs.review * (action == REVIEW),
    )


def costs_of(scored: Scored, policies: Policies) -> Costs:
    """What a fraud that passes, a good payment that is blocked and a review cost, by each payment's policy."""
    return Costs.by(scored.usd_cents.astype(np.float64), lambda name: policies.of(scored, name))


assert ACTIONS == (Action.ALLOW, Action.CHALLENGE, Action.REVIEW, Action.BLOCK), "the later, the stricter"
