"""From what is asked to what is compared: every fault of it is said before anything waits or runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Final, Protocol

from api.backtests.plan import Plan
from api.schemas.backtest import BacktestBody, Thresholds
from api.schemas.body import RequestInvalid
from api.schemas.findings import FINDINGS_MAX
from api.schemas.ruleset import ContentBody
from engine.card_data import holds_card_number
from engine.catalog import catalog_for, ruleset_for
from engine.decide import Snapshot
from engine.decision import RuleMode
from engine.errors import Fault, PolicyInvalid, RulesetRefused, RulesInvalid
from engine.in_force import uncountable
from engine.jobs import ARGUMENTS_BYTES_MAX
from engine.policy import Policy
from engine.rules import Content, Declared, check_rule
from engine.rulesets import Rulesets, combined, faults_of
from engine.suggest import nearest

RULE_ID: Final = "backtested-rule"
"""Of a rule that replaces none."""
RULE_REASON: Final = "A rule that is tried"


class Standing(Protocol):
    """What is in force."""

    def of(self, merchant_id: str) -> Snapshot:
        """A merchant's bundle."""

    @property
    def operator(self) -> Content:
        """The operator's rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    content: Content | None
    """None: the rules in force."""
    rule_id: str | None = None


def planned(wanted: BacktestBody, merchant_id: str, standing: Standing, rulesets: Rulesets, now: datetime) -> Plan:
    """The plan of a request, of which the candidate is checked whole.

    Raises RequestInvalid, RulesInvalid, RulesetRefused or PolicyInvalid with every fault, LedgerUnavailable.
    """
    since, until = wanted.period(now)
    live = standing.of(merchant_id)
    policy = None if wanted.thresholds is None else _policy(live.policy, wanted.thresholds)
    candidate = _candidate(wanted, merchant_id, live, standing.operator, rulesets)
    is_compared = candidate != _Candidate(content=None) or policy is not None
    if wanted.health and is_compared:
        raise _wrong("/health", "It is about the rules in force: send nothing to compare, or leave it out.")
    if not wanted.health and not is_compared:
        raise _wrong("/rule", "Send a rule, a rule_id, rules, a draft or thresholds: something to compare.")
    plan = Plan(
        asked=wanted.asked(),
        since=since,
        until=until,
        live_ruleset=live.ruleset.hash,
        live_policy=live.policy.version,
        lists_sequence=live.lists.sequence,
        ruleset=None if candidate.content is None else candidate.content.text(),
        policy=None if policy is None else policy.content().decode(),
        rule_id=candidate.rule_id,
        is_health=wanted.health,
    )
    if len(plan.content()) > ARGUMENTS_BYTES_MAX:
        raise _wrong("/rules", f"With the rules in force it is more than {ARGUMENTS_BYTES_MAX // 1024**2} MiB.")
    return plan


def _candidate(
    wanted: BacktestBody, merchant_id: str, live: Snapshot, operator: Content, rulesets: Rulesets
) -> _Candidate:
    ways = (wanted.rule is not None or wanted.rule_id is not None, wanted.rules is not None, wanted.draft is not None)
    if sum(ways) > 1:
        raise _wrong("/rule", "Send one of rule (or rule_id), rules and draft.")
    if wanted.switched_off is not None and wanted.rules is None:
        raise _wrong("/switched_off", "It goes with rules alone.")
    if wanted.rule is not None:
        return _with_rule(wanted.rule, wanted.rule_id, live)
    if wanted.rule_id is not None:
        return _with_rule_live(wanted.rule_id, live)
    if wanted.rules is not None:
        own = ContentBody(rules=wanted.rules, switched_off=wanted.switched_off or []).to_content()
        return _with_rules(own, merchant_id, live, operator, "/rules")
    if wanted.draft is not None:
        draft = rulesets.draft(merchant_id, wanted.draft)
        if draft is None:
            raise _wrong("/draft", "This merchant has no draft of this name.")
        return _with_rules(draft.content, merchant_id, live, operator, "/draft")
    return _Candidate(content=None)


def _with_rule(text: str, replaces: str | None, live: Snapshot) -> _Candidate:
    """The rules in force and this one, live, in place of the one that it replaces."""
    if holds_card_number(text):
        detail = "This looks like a card number. Rules are kept, and may never hold one."
        raise RequestInvalid(Fault(pointer="/rule", code="card_data_refused", detail=detail))
    standing = {rule.id: rule for rule in live.ruleset.content.rules}
    if replaces is None:
        rule_id = next(name for name in _free_names() if name not in standing)
        rule = Declared(label="the rule", id=rule_id, name=RULE_REASON, text=text, reason=RULE_REASON)
    else:
        rule = replace(_found(standing, replaces), text=text, mode=RuleMode.LIVE, rollout_percent=None, expires_at=None)
    if found := check_rule(text, catalog_for((rule,), live.custom_fields), live.lists.named):
        said = [(each.code.value, each.render(text)) for each in found[:FINDINGS_MAX]]
        faults = [Fault(pointer="/rule", code=code, detail=detail) for code, detail in said]
        raise RulesInvalid("\n\n".join(detail for _, detail in said), faults)
    content = Content(rules=tuple({**standing, rule.id: rule}.values()))
    return _Candidate(content=_sound(content, live, "/rule"), rule_id=rule.id)


def _with_rule_live(rule_id: str, live: Snapshot) -> _Candidate:
    standing = {rule.id: rule for rule in live.ruleset.content.rules}
    rule = replace(_found(standing, rule_id), mode=RuleMode.LIVE, rollout_percent=None, expires_at=None)
    if rule == standing[rule_id]:
        return _Candidate(content=None, rule_id=rule_id)
    content = Content(rules=tuple({**standing, rule_id: rule}.values()))
    return _Candidate(content=_sound(content, live, "/rule_id"), rule_id=rule_id)


def _with_rules(own: Content, merchant_id: str, live: Snapshot, operator: Content, pointer: str) -> _Candidate:
    if faults := faults_of(merchant_id, operator, own):
        raise RulesetRefused(*faults[:FINDINGS_MAX])
    return _Candidate(content=_sound(combined(operator, own), live, pointer))


def _sound(content: Content, live: Snapshot, pointer: str) -> Content:
    """The rules, where all check together and can be counted. Raises RulesInvalid or RulesetRefused."""
    ruleset_for(content, live.lists.named, live.custom_fields)
    if faults := uncountable(content.rules, live.custom_fields):
        raise RulesetRefused(*(replace(each, pointer=pointer) for each in faults))
    return content


def _found(standing: Mapping[str, Declared], rule_id: str) -> Declared:
    if rule_id not in standing:
        close = nearest(rule_id, tuple(standing))
        hint = f" Did you mean {close}?" if close else ""
        raise _wrong("/rule_id", f"There is no such rule among those of this merchant's payments.{hint}")
    return standing[rule_id]


def _free_names() -> Iterator[str]:
    yield RULE_ID
    yield from (f"{RULE_ID}-{number}" for number in count(2))


def _policy(live: Policy, thresholds: Thresholds) -> Policy:
    if not thresholds.model_fields_set:
        raise _wrong("/thresholds", "Send at least one threshold.")
    try:
        return replace(live, **thresholds.model_dump(exclude_unset=True))
    except PolicyInvalid as error:
        raise PolicyInvalid(
            *(replace(fault, pointer=f"/thresholds{fault.pointer}") for fault in error.faults)
        ) from error


def _wrong(pointer: str, detail: str) -> RequestInvalid:
    return RequestInvalid(Fault(pointer=pointer, code="value_invalid", detail=detail))
