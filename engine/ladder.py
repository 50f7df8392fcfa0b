"""The ladder: how a score and the rules' results settle into an action, whatever the rules' order."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import Final, NamedTuple

from engine.decision import Action, Reason, ReviewTerms, Rule, RuleAction, RuleResults
from engine.features import Features
from engine.lists import Hit
from engine.payment import Payment, Stage
from engine.policy import FailAction, Policy
from engine.score import Score

# Bound once: Python 3.11 calls a function for each look at a member of an enumeration, and each payment climbs.
_BLOCK, _ALLOW, _REVIEW, _CHALLENGE = Action.BLOCK, Action.ALLOW, Action.REVIEW, Action.CHALLENGE
_RULE_BLOCK, _RULE_ALLOW, _RULE_REVIEW = RuleAction.BLOCK, RuleAction.ALLOW, RuleAction.REVIEW
_RULE_3DS = RuleAction.REQUEST_3DS
_PRE_AUTH, _POST_AUTH = Stage.PRE_AUTH, Stage.POST_AUTH
_SUCCEEDED = frozenset("YA")
_FAILED = frozenset("NR")
_UNPROVEN = {
    "N": "the issuer did not authenticate the shopper",
    "R": "the issuer refused",
    "U": "it could not be carried out",
    "C": "a challenge that was not finished",
    "D": "a challenge elsewhere that was not finished",
    "S": "a challenge that was not finished",
    "I": "for information alone",
}
"""What an EMV 3-D Secure transStatus says; Y is authenticated, A attempted with the issuer bearing the liability."""


class Verdict(NamedTuple):
    """What the ladder settled: the action, whether 3-D Secure is asked for, the policy's own reasons, review terms."""

    action: Action
    three_ds: bool
    reasons: tuple[Reason, ...]
    review: ReviewTerms | None


def settle(
    payment: Payment,
    score: Score | None,
    results: RuleResults,
    features: Features,
    policy: Policy,
    hits: Sequence[Hit] = (),
) -> Verdict:
    """Walk the ladder; the first true rung wins (docs/rules.md). `hits` are the lists that hold the payment.

    Mandatory block rule or operator's block list > allow rule or list > block rule, list or threshold > review rule or
    threshold > fail policy > allow. 3-D Secure is settled beside it: neither an allow nor a review takes it away, a
    block does. Where it has run and is asked
    for all the same, only its success lets the payment pass without a review.
    """
    fired = results.deciding()
    asked = {rule.action for rule in fired}
    heights = _Heights(None if score is None else score.percent, results.rule_score(), policy)
    action, reasons = _climb(fired, asked, heights, hits)
    wants_3ds = _RULE_3DS in asked
    challenged = heights.reached(_CHALLENGE)
    if score is None and not fired and not hits and not reasons and challenged is None:
        action, wants_3ds, failed = _fail(features, policy)
        reasons = (failed,)
    can_3ds = action is not _BLOCK and _can_authenticate(payment)
    if challenged is not None and _shopper_is_there(features):
        wants_3ds = True
        if can_3ds:
            reasons = (*reasons, challenged)
    three_ds = wants_3ds and can_3ds
    if three_ds and action is _ALLOW:
        action = _CHALLENGE
    if wants_3ds and action is not _BLOCK and _has_authenticated(payment) and not _is_proven(payment):
        action = _REVIEW
        reasons = (*reasons, _unproven_reason(payment))
    review = policy.review_terms() if action is _REVIEW else None
    return Verdict(action=action, three_ds=three_ds, reasons=reasons, review=review)


_THRESHOLDS: Final = {
    action: attrgetter(f"{action}_at_percent", f"{action}_at_rule_score") for action in (_BLOCK, _REVIEW, _CHALLENGE)
}
"""A policy's thresholds for an action: on the risk score in percent, and on the rule score."""


class _Heights(NamedTuple):
    """What stands against the policy's thresholds."""

    percent: float | None
    rule_score: int
    policy: Policy

    def reached(self, action: Action) -> Reason | None:
        """Why this action's threshold is reached: that of the risk score, else that of the rule score."""
        at_percent, at_points = _THRESHOLDS[action](self.policy)
        if self.percent is not None and at_percent is not None and self.percent >= at_percent:
            said = f"Risk score {self.percent:g} % is at or above the {action} threshold of {at_percent:g} %"
            return Reason(code=f"{action}_threshold", text=said, source="policy")
        if at_points is not None and self.rule_score >= at_points:
            said = f"Rule score {self.rule_score} is at or above the {action} threshold of {at_points}"
            return Reason(code=f"{action}_rule_score", text=said, source="policy")
        return None


def _climb(
    fired: tuple[Rule, ...], asked: AbstractSet[RuleAction], heights: _Heights, hits: Sequence[Hit]
) -> tuple[Action, tuple[Reason, ...]]:
    """The rung that is reached; `asked` are the actions of the rules that fired."""
    if _RULE_BLOCK in asked and any(rule.action is _RULE_BLOCK and rule.mandatory for rule in fired):
        return _BLOCK, ()
    if hits:
        if any(hit.is_mandatory for hit in hits):
            return _BLOCK, ()
        asked = asked | {_RULE_ALLOW if hit.is_allow else _RULE_BLOCK for hit in hits}
    if _RULE_ALLOW in asked:
        return _ALLOW, ()
    for action, rule_action in ((_BLOCK, _RULE_BLOCK), (_REVIEW, _RULE_REVIEW)):
        reason = heights.reached(action)
        if reason is not None:
            return action, (reason,)
        if rule_action in asked:
            return action, ()
    return _ALLOW, ()


def _shopper_is_there(features: Features) -> bool:
    return features["is_off_session"] is not True and features["is_recurring"] is not True


def _can_authenticate(payment: Payment) -> bool:
    """3-D Secure runs before the authorization, once: asking again after its result would go round for ever."""
    return payment.stage is _PRE_AUTH and payment.authentication.trans_status is None


def _has_authenticated(payment: Payment) -> bool:
    """Whether 3-D Secure has run, by the stage or by a result that came early, and no authorization yet."""
    return payment.stage is not _POST_AUTH and not _can_authenticate(payment)


def _is_proven(payment: Payment) -> bool:
    """Whether 3-D Secure succeeded; what else is said of it does not outweigh that it failed."""
    status = payment.authentication.trans_status
    if status in _SUCCEEDED or status in _FAILED:
        return status in _SUCCEEDED
    return payment.authentication.liability_shift is True or payment.card.was_3d_secure_successful is True


def _unproven_reason(payment: Payment) -> Reason:
    status = payment.authentication.trans_status
    if status is not None:
        came = f"its result was {status} ({_UNPROVEN.get(status, 'no success')})"
    elif payment.card.was_3d_secure_successful is False:
        came = "it did not succeed"
    elif payment.authentication.liability_shift is False:
        came = "the issuer does not bear the liability"
    else:
        came = "no result of it came"
    return Reason(code="three_ds_unproven", text=f"3-D Secure was asked for, and {came}", source="policy")


def _fail(features: Features, policy: Policy) -> tuple[Action, bool, Reason]:
    amount = features["amount_in_usd"]
    if policy.fail_action is FailAction.RULES_ONLY:
        failing = policy.fail_band(amount if isinstance(amount, int) else None)
    else:
        failing = Action(policy.fail_action)
    said = f"No risk score was available; the fail policy ({policy.fail_action}) decided"
    reason = Reason(code="fail_policy", text=said, source="policy")
    if failing is not _CHALLENGE:
        return failing, False, reason
    # 3-D Secure is an axis of its own, and challenge is what it comes to; of a shopper who is absent a person decides.
    return (_ALLOW, True, reason) if _shopper_is_there(features) else (_REVIEW, False, reason)
