"""A merchant's policy, and how score and rule results settle into an action: one ladder, whatever the rules' order."""

import hashlib
from dataclasses import dataclass, fields
from enum import StrEnum

import orjson

from engine.decision import Action, Reason, ReviewTerms, Rule, RuleAction, RuleResults
from engine.features import Features
from engine.payment import Payment, Stage
from engine.score import Score

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


class FailAction(StrEnum):
    """What becomes of a payment that has no score; `rules_only` leaves it to the rules, then to the amount."""

    RULES_ONLY = "rules_only"
    ALLOW = "allow"
    REVIEW = "review"
    CHALLENGE = "challenge"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Thresholds and bands in percent of `risk_score`, the fail policy, and the terms of a review.

    The default thresholds follow from the expected cost of a mistake: with a margin of 30 %, a chargeback fee of 20 USD
    and goods at 60 % of a 40 USD ticket, refusing pays off from a probability of about 25 % (docs/scorecard.md); the
    block threshold stands above that because the shipped scorecard is not yet calibrated on the merchant's own labels.
    """

    block_at_percent: float | None = 40.0
    review_at_percent: float | None = 15.0
    challenge_at_percent: float | None = 5.0
    elevated_at_percent: float = 2.0
    highest_at_percent: float = 10.0
    fail_action: FailAction = FailAction.RULES_ONLY
    fail_allow_up_to_usd_cents: int = 5000
    review_hours: int = 24
    review_action_at_expiry: Action = Action.ALLOW

    @property
    def version(self) -> str:
        """The hash of what the policy says."""
        return hashlib.sha256(self.content()).hexdigest()[:16]

    def content(self) -> bytes:
        """What the policy says, as the ledger keeps it (JSON)."""
        return orjson.dumps({field.name: getattr(self, field.name) for field in fields(self)})

    def risk_level(self, score: Score | None) -> str:
        """The band in which the score falls; without a score, `not_assessed`."""
        if score is None:
            return "not_assessed"
        if score.percent >= self.highest_at_percent:
            return "highest"
        return "elevated" if score.percent >= self.elevated_at_percent else "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the ladder settled: the action, whether 3-D Secure is asked for, the policy's own reasons, review terms."""

    action: Action
    three_ds: bool
    reasons: tuple[Reason, ...]
    review: ReviewTerms | None


def settle(payment: Payment, score: Score | None, results: RuleResults, features: Features, policy: Policy) -> Verdict:
    """Walk the ladder; the first true rung wins (docs/rules.md).

    Mandatory block > allow rule > block rule or threshold > review rule or threshold > fail policy > allow. 3-D Secure
    is settled beside it: neither an allow rule nor a review takes it away, a block does. Where it has run and is asked
    for all the same, only its success lets the payment pass without a review.
    """
    fired = results.fired()
    percent = None if score is None else score.percent
    action, reasons = _climb(fired, percent, policy)
    wants_3ds = any(rule.action is RuleAction.REQUEST_3DS for rule in fired)
    if score is None and not fired:
        action, wants_3ds, failed = _fail(features, policy)
        reasons = (*reasons, failed)
    can_3ds = action is not Action.BLOCK and _can_authenticate(payment)
    if _reaches(percent, policy.challenge_at_percent) and _shopper_is_there(features):
        wants_3ds = True
        if can_3ds:
            reasons = (*reasons, _threshold_reason("challenge", percent, policy.challenge_at_percent))
    three_ds = wants_3ds and can_3ds
    if three_ds and action is Action.ALLOW:
        action = Action.CHALLENGE
    if wants_3ds and action is not Action.BLOCK and _has_authenticated(payment) and not _is_proven(payment):
        action = Action.REVIEW
        reasons = (*reasons, _unproven_reason(payment))
    review = ReviewTerms(hours=policy.review_hours, action_at_expiry=policy.review_action_at_expiry)
    return Verdict(
        action=action, three_ds=three_ds, reasons=reasons, review=review if action is Action.REVIEW else None
    )


def _climb(fired: tuple[Rule, ...], percent: float | None, policy: Policy) -> tuple[Action, tuple[Reason, ...]]:
    if any(rule.action is RuleAction.BLOCK and rule.mandatory for rule in fired):
        return Action.BLOCK, ()
    if any(rule.action is RuleAction.ALLOW for rule in fired):
        return Action.ALLOW, ()
    for action, rule_action, threshold in (
        (Action.BLOCK, RuleAction.BLOCK, policy.block_at_percent),
        (Action.REVIEW, RuleAction.REVIEW, policy.review_at_percent),
    ):
        if _reaches(percent, threshold):
            return action, (_threshold_reason(action, percent, threshold),)
        if any(rule.action is rule_action for rule in fired):
            return action, ()
    return Action.ALLOW, ()


def _reaches(percent: float | None, threshold: float | None) -> bool:
    return percent is not None and threshold is not None and percent >= threshold


def _threshold_reason(action: str, percent: float | None, threshold: float | None) -> Reason:
    return Reason(
        code=f"{action}_threshold",
        text=f"Risk score {percent:g} % is at or above the {action} threshold of {threshold:g} %",
        source="policy",
    )


def _shopper_is_there(features: Features) -> bool:
    return features["is_off_session"] is not True and features["is_recurring"] is not True


def _can_authenticate(payment: Payment) -> bool:
    """3-D Secure runs before the authorization, once: asking again after its result would go round for ever."""
    return payment.stage is Stage.PRE_AUTH and payment.authentication.trans_status is None


def _has_authenticated(payment: Payment) -> bool:
    """Whether 3-D Secure has run, by the stage or by a result that came early, and no authorization yet."""
    return payment.stage is not Stage.POST_AUTH and not _can_authenticate(payment)


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
    is_small = isinstance(amount, int) and amount <= policy.fail_allow_up_to_usd_cents
    match policy.fail_action:
        case FailAction.RULES_ONLY:
            action, asks_3ds = Action.ALLOW, not is_small
        case FailAction.CHALLENGE:
            action, asks_3ds = Action.ALLOW, True
        case failing:
            action, asks_3ds = Action(failing), False
    said = f"No risk score was available; the fail policy ({policy.fail_action}) decided"
    return action, asks_3ds, Reason(code="fail_policy", text=said, source="policy")
