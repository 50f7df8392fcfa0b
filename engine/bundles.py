"""Bundles: a snapshot made of what all merchants share, the operator's rules, a policy and a merchant's own rules."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from engine.catalog import catalog_for, ruleset_for
from engine.custom import CustomField
from engine.decide import Snapshot, snapshot_of
from engine.errors import RulesInvalid
from engine.lists import NO_LISTS
from engine.policy import Policy
from engine.reference import Reference
from engine.rules import Content, Ruleset, check_rules
from engine.rulesets import combined
from engine.score import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What all merchants share. `ruleset` are the operator's rules until others are published, compiled for CATALOG."""

    ruleset: Ruleset
    scorer: Scorer | None
    reference: Reference


def bundle(
    parts: Parts, operator: Ruleset, policy: Policy, own: Content | None, list_names: Collection[str]
) -> Snapshot:
    """The bundle of a merchant with this policy and these rules of its own, which may name these lists.

    Its lists are put in beside it, for they change by themselves. Raises RulesInvalid.

    The operator's rules were checked with the catalogue of all, to which custom fields only add: so they check with any
    policy's.
    """
    ruleset = operator
    if own is not None or policy.custom_fields:
        ruleset = ruleset_for(combined(operator.content, own), list_names, policy.custom_fields)
    return _snapshot(parts, policy, ruleset)


def lenient_bundle(
    parts: Parts, operator: Ruleset, policy: Policy, own: Content | None, list_names: Collection[str]
) -> tuple[Snapshot, str]:
    """As `bundle` of what was in force before and must be again: rules that do not check any more are left out.

    Beside it why; empty where all check. So a newer version of Assay, in which a feature has another name, takes one
    rule from a merchant and not all.
    """
    try:
        return bundle(parts, operator, policy, own, list_names), ""
    except RulesInvalid:
        ruleset, said = _sound(combined(operator.content, own), list_names, policy.custom_fields)
        return _snapshot(parts, policy, ruleset), said


def rescored(snapshot: Snapshot, scorer: Scorer | None) -> Snapshot:
    """The bundle with another scorer."""
    return snapshot_of(
        ruleset=snapshot.ruleset,
        lists=snapshot.lists,
        scorer=scorer,
        policy=snapshot.policy,
        reference=snapshot.reference,
    )


def lenient_operator(content: Content, list_names: Collection[str]) -> tuple[Ruleset, str]:
    """The operator's published rules compiled for CATALOG, as `lenient_bundle`: without those that do not check."""
    try:
        return ruleset_for(content, list_names), ""
    except RulesInvalid:
        return _sound(content, list_names, ())


def _sound(content: Content, list_names: Collection[str], declared: Sequence[CustomField]) -> tuple[Ruleset, str]:
    """The rules that check, and the ids of the others with what is wrong: not their texts, which logs must not say."""
    faults = check_rules(content.rules, catalog_for(content.rules, declared), list_names)
    faulty = {each.declared.id: each.fault().code for each in faults}
    sound = replace(content, rules=tuple(rule for rule in content.rules if rule.id not in faulty))
    said = ", ".join(f"{name} ({code})" for name, code in sorted(faulty.items()))
    return ruleset_for(sound, list_names, declared), said


def _snapshot(parts: Parts, policy: Policy, ruleset: Ruleset) -> Snapshot:
    return snapshot_of(ruleset=ruleset, lists=NO_LISTS, scorer=parts.scorer, policy=policy, reference=parts.reference)
