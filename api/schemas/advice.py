"""What a merchant does about an answer that is not allow: what decided it, what to do, what to tell the shopper."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, Field

from engine.decision import Action, Decision, Rule, RuleAction
from engine.lists.screening import SOURCE
from engine.payment import Payment
from engine.suggest import quoted
from engine.test_values import REASON_CODE, forced

_SHOPPER_TEXTS: Final[Mapping[Action, str]] = {
    Action.CHALLENGE: "Please confirm this payment with your bank.",
    Action.REVIEW: "Thank you for your order. We are checking the payment and will be in touch.",
    Action.BLOCK: "We could not accept this payment. Please use another way to pay, or contact us.",
}
"""By the action alone: no threshold, no count and no sign that was looked at, so a fraudster learns nothing from it."""

_ASKED_BY: Final[Mapping[Action, RuleAction]] = {
    Action.CHALLENGE: RuleAction.REQUEST_3DS,
    Action.REVIEW: RuleAction.REVIEW,
    Action.BLOCK: RuleAction.BLOCK,
}
_BLOCK_LIST, _OPERATORS_BLOCK_LIST = "block_list_", "operator_block_list_"
"""How the codes of their reasons begin."""
_FAIL_POLICY, _UNPROVEN = "fail_policy", "three_ds_unproven"
_ALLOW_RULE_FEATURES: Final = ("customer", "email")
_NAMED_MAX: Final = 3
_LITERAL_CHARACTERS_MAX: Final = 255
_RETRY: Final = "send the payment again under a new transaction_id"
_MENDS: Final[Mapping[str, str]] = {
    REASON_CODE: "A test value decided this: use another token",
    _UNPROVEN: "Only a 3-D Secure that succeeds lets this payment pass unchecked",
    _FAIL_POLICY: "No risk score was available, and the policy's fail_action decided: wait until degraded is empty",
}
"""Where no rule of the merchant's would change the action."""


def advice(payment: Payment, decision: Decision) -> dict[str, Any] | None:
    """What decided, the next step, a rule that would let this customer pass, a text for the shopper; None for allow."""
    if decision.action is Action.ALLOW:
        return None
    rules, codes = _decided_by(payment, decision)
    allow_rule = None
    if decision.action is not Action.CHALLENGE and _yields_to_allow(rules, codes):
        allow_rule = _allow_rule(decision)
    return {
        "decided_by": [*(rule.id for rule in rules), *codes],
        "next_step": _next_step(decision.action, rules, codes, allow_rule),
        "allow_rule": allow_rule,
        "shopper_text": _SHOPPER_TEXTS[decision.action],
    }


def _decided_by(payment: Payment, decision: Decision) -> tuple[Sequence[Rule], Sequence[str]]:
    """The rules that settled the action, and the codes of the lists' and the policy's reasons that did."""
    test = forced(payment)
    if test is not None and test.action is not None:
        return (), (REASON_CODE,)
    action, fired = decision.action, decision.results.fired
    operators = _of_lists(decision, _OPERATORS_BLOCK_LIST)
    mandatory = [rule for rule in fired if rule.mandatory]
    if action is Action.BLOCK and (mandatory or operators):
        return mandatory, operators
    codes = [
        reason.code
        for reason in decision.reasons
        if reason.source == "policy"
        and (reason.code in (_FAIL_POLICY, _UNPROVEN) or reason.code.startswith(f"{action}_"))
    ]
    if action is Action.BLOCK:
        codes = [*_of_lists(decision, _BLOCK_LIST), *codes]
    rules = [rule for rule in fired if rule.action is _ASKED_BY[action]]
    if action is Action.REVIEW and any(rule.action is RuleAction.ALLOW for rule in fired):
        # An allow rule has overridden the review rules: what is left is the 3-D Secure that did not succeed.
        rules = []
    if any(code.endswith("_rule_score") for code in codes):
        rules += [rule for rule in fired if rule.points > 0]
    return rules, codes


def _of_lists(decision: Decision, prefix: str) -> list[str]:
    return [each.code for each in decision.reasons if each.source == SOURCE and each.code.startswith(prefix)]


def _yields_to_allow(rules: Sequence[Rule], codes: Collection[str]) -> bool:
    """Whether an allow rule would have let the payment pass."""
    if any(rule.mandatory for rule in rules) or any(code.startswith(_OPERATORS_BLOCK_LIST) for code in codes):
        return False
    return not {_FAIL_POLICY, _UNPROVEN, REASON_CODE}.intersection(codes)


def _allow_rule(decision: Decision) -> str | None:
    """A rule that allows this customer's payments; None where neither customer nor e-mail can be written in one."""
    for name in _ALLOW_RULE_FEATURES:
        value = decision.features[name] if name in decision.features.catalog else None
        if not isinstance(value, str) or not 0 < len(value) <= _LITERAL_CHARACTERS_MAX:
            continue
        if value.isprintable() and not ("'" in value and '"' in value):
            return f"Allow if {name} = {quoted(value)}"
    return None


def _next_step(action: Action, rules: Sequence[Rule], codes: Collection[str], allow_rule: str | None) -> str:
    if action is Action.CHALLENGE:
        return "Run 3-D Secure, then call again with stage post_3ds and its result."
    mend = next((text for code, text in _MENDS.items() if code in codes), None)
    if any(rule.mandatory for rule in rules):
        mend = f"Rule {_named(rules)} is the operator's and outranks yours: ask the operator to change it"
    elif any(code.startswith(_OPERATORS_BLOCK_LIST) for code in codes):
        mend = "The operator's block list holds it and outranks your rules and lists: ask the operator to look at it"
    mend = mend or _way_past(action, rules, codes, allow_rule)
    if action is Action.BLOCK:
        return f"{mend}; then {_RETRY}."
    return f"Check it before review.expires_at, else review.action_at_expiry holds. {mend}."


def _way_past(action: Action, rules: Sequence[Rule], codes: Collection[str], allow_rule: str | None) -> str:
    ways = ["add allow_rule to your ruleset" if allow_rule else "add an Allow rule for them"]
    thresholds = [code for code in codes if not code.startswith(_BLOCK_LIST)]
    if len(thresholds) < len(codes):
        ways.append("take the entry off your block list")
    if rules:
        ways.append(f"change or pause rule {_named(rules)}")
    if thresholds:
        ways.append(f"raise the policy's {action} threshold")
    return f"If you trust this customer, {', or '.join(ways)}"


def _named(rules: Sequence[Rule]) -> str:
    named = ", ".join(rule.id for rule in rules[:_NAMED_MAX])
    return f"{named} and {len(rules) - _NAMED_MAX} more" if len(rules) > _NAMED_MAX else named


class AdviceAnswer(BaseModel):
    """What to do about a payment that does not simply pass."""

    decided_by: list[str] = Field(
        description="What settled the action: ids of rules, then codes of the lists' and the policy's reasons. Each "
        "is in `reasons`."
    )
    next_step: str = Field(description="For the merchant: what to do, and how to let such a payment pass.")
    allow_rule: str | None = Field(
        description="A rule that lets this customer's payments pass; null where none would, or no customer is known."
    )
    shopper_text: str = Field(
        description="For the shopper: it depends on the action alone and tells nothing of what was looked at."
    )
