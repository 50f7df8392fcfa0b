"""decide(): the pure heart. Score, evaluate every rule, settle by the ladder. No clock, no I/O, no state."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log
from operator import itemgetter
from typing import Final

from engine.catalog import velocities_of
from engine.custom import CustomField
from engine.decision import NO_MODEL, Action, Decision, Reason, Rule, RuleAction, RuleResults, Versions
from engine.errors import ScoreInvalid
from engine.features import Catalog, Features
from engine.ladder import Verdict, settle
from engine.lists import Hit, MerchantLists, screen
from engine.payment import Payment
from engine.policy import Policy
from engine.reference import MISSING_CAUSES, Reference
from engine.rules import Ruleset
from engine.score import Score, Scorer
from engine.test_values import REASON_CODE, Forced, forced
from engine.velocity import Velocity

DEGRADING_CAUSES = MISSING_CAUSES | {"geo_stale", "mx", "velocity", "velocity_warming"}
"""Causes of unknowns that are our lack, not the request's: they mark the decision degraded."""

FALLBACK: Final = "fallback"
"""The role of a scorer that stands in for another: its decisions are degraded."""

REASONS_AGAINST_MAX = 4
REASONS_FOR_MAX = 2
REASON_LOG_ODDS_MIN = 0.1
REASON_SHARE_MIN = 0.05
"""Which contributions are worth words: the top four above 0.1 and above 5 % of all that speaks against."""

_PERCENT_LEAST: Final = 0.01
"""As low as `risk_score` goes."""
_NO_RESULTS = RuleResults((), ())
_new = tuple.__new__
_weight = itemgetter(1)
_RUNGS = (
    RuleAction.BLOCK,
    RuleAction.ALLOW,
    RuleAction.REVIEW,
    RuleAction.REQUEST_3DS,
    RuleAction.SCORE,
    RuleAction.TAG,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The immutable bundle in force for a merchant; swapped atomically, never edited.

    `catalog` is the merchant's: CATALOG, the declared custom fields, what is counted by them. `velocities` are the
    same for all, then the merchant's own and what its rules count: as the counters read them.
    """

    ruleset: Ruleset
    lists: MerchantLists
    scorer: Scorer | None
    policy: Policy
    reference: Reference
    catalog: Catalog
    velocities: tuple[Velocity, ...]
    custom_fields: tuple[CustomField, ...]
    versions: Versions


def snapshot_of(
    *, ruleset: Ruleset, lists: MerchantLists, scorer: Scorer | None, policy: Policy, reference: Reference
) -> Snapshot:
    """The bundle of these parts, with the versions that its decisions will name.

    The ruleset is compiled for the catalogue of the policy's custom fields.
    """
    versions = Versions(
        ruleset=ruleset.hash,
        model=NO_MODEL if scorer is None else scorer.id,
        model_role=NO_MODEL if scorer is None else scorer.role,
        catalog=ruleset.catalog.fingerprint,
        policy=policy.version,
        data=tuple(sorted(reference.versions().items())),
    )
    return Snapshot(
        ruleset=ruleset,
        lists=lists,
        scorer=scorer,
        policy=policy,
        reference=reference,
        catalog=ruleset.catalog,
        velocities=velocities_of(policy.custom_fields, ruleset.called),
        custom_fields=policy.custom_fields,
        versions=versions,
    )


def decide(payment: Payment, features: Features, snapshot: Snapshot, *, is_late: bool = False) -> Decision:
    """The decision on one payment from what is known about it; the same input gives the same bytes (law 1).

    `is_late` says that the time was over before the score was to be made: then there is none, and the fail policy acts.
    """
    test = forced(payment)
    score = None if is_late else _score(features, snapshot, test)
    risk_level = snapshot.policy.risk_level(score)
    scored = features.replaced({"risk_score": None if score is None else score.percent, "risk_level": risk_level})
    lists = snapshot.lists
    # Only lists ask for the time, and most payments meet none.
    at_us = payment.at_us if lists.sequence else 0
    acting = snapshot.ruleset.acting(payment.transaction_id, payment.at)
    results = snapshot.ruleset.evaluate(scored, lists.at(at_us), payment.custom, acting)
    # A test value's outcome is fixed: the rules are recorded, and neither they nor a list settle anything.
    heard = results if test is None else _NO_RESULTS
    hits = screen(lists, scored, at_us) if lists.screening and test is None else ()
    verdict = settle(payment, score, heard, scored, snapshot.policy, hits)
    if test is not None:
        verdict = _as_forced(verdict, test, snapshot.policy)
    settling = [] if test else _by_rung(snapshot.ruleset.reasons(results, scored), results.fired, hits)
    return Decision(
        action=verdict.action,
        three_ds=verdict.three_ds,
        score=score,
        risk_level=risk_level,
        reasons=(*_test_reasons(test), *settling, *verdict.reasons, *_model_reasons(score, scored)),
        results=results,
        features=scored,
        versions=snapshot.versions,
        degraded=_degraded(scored, score, snapshot.versions, is_late=is_late),
        review=verdict.review,
        rule_score=results.rule_score(),
        tags=results.tags(),
        lists_sequence=lists.sequence,
    )


def _score(features: Features, snapshot: Snapshot, test: Forced | None) -> Score | None:
    if snapshot.scorer is None or (test is not None and test.is_unscored):
        return None
    policy = snapshot.policy
    percent = None if test is None else test.percent(policy.elevated_at_percent, policy.highest_at_percent)
    if percent is not None:
        probability = max(percent, _PERCENT_LEAST) / 100
        return Score(probability=probability, base=log(probability / (1 - probability)), contributions=())
    try:
        return snapshot.scorer.score(features)
    except ScoreInvalid:
        # What is no probability is no score: the rules and the fail policy decide.
        return None


def _as_forced(verdict: Verdict, test: Forced, policy: Policy) -> Verdict:
    """The verdict that a test value asks for, whatever was settled."""
    if test.action is None:
        return verdict
    return Verdict(
        action=test.action,
        three_ds=test.action is Action.CHALLENGE,
        reasons=(),
        review=policy.review_terms() if test.action is Action.REVIEW else None,
    )


def _test_reasons(test: Forced | None) -> tuple[Reason, ...]:
    return () if test is None else (Reason(code=REASON_CODE, text=test.text, source="policy"),)


def _by_rung(reasons: Iterable[Reason], fired: Iterable[Rule], hits: Iterable[Hit]) -> list[Reason]:
    """The ladder's order, so that the reason which decided comes first and the rules' order shows nowhere (law 8).

    A list comes before the rules of its rung.
    """
    rung = {rule.id: (not rule.mandatory, _RUNGS.index(rule.action), rule.id) for rule in fired}
    if not hits:
        return sorted(reasons, key=lambda reason: rung[reason.code])
    of_lists = [((not hit.is_mandatory, _RUNGS.index(_asked_by(hit)), ""), hit.said()) for hit in hits]
    of_rules = [(rung[reason.code], reason) for reason in reasons]
    return [reason for _, reason in sorted([*of_lists, *of_rules])]


def _asked_by(hit: Hit) -> RuleAction:
    return RuleAction.ALLOW if hit.is_allow else RuleAction.BLOCK


def _degraded(features: Features, score: Score | None, versions: Versions, *, is_late: bool) -> tuple[str, ...]:
    lacks = set(DEGRADING_CAUSES.intersection(features.causes.values()))
    if score is None or versions.model_role == FALLBACK:
        lacks.add("model")
    if is_late:
        lacks.add("deadline")
    return tuple(sorted(lacks))


def _model_reasons(score: Score | None, features: Features) -> tuple[Reason, ...]:
    if score is None:
        return ()
    # Twice sorted, so that of equal ones the first come first both ways.
    falling, rising = sorted(score.contributions, key=_weight, reverse=True), sorted(score.contributions, key=_weight)
    floor = max(REASON_LOG_ODDS_MIN, REASON_SHARE_MIN * sum([weight for _, weight, _ in falling if weight > 0]))
    chosen = [part for part in falling[:REASONS_AGAINST_MAX] if part[1] > floor]
    chosen += [part for part in rising[:REASONS_FOR_MAX] if part[1] < -REASON_LOG_ODDS_MIN]
    values = features.values
    # As `Reason(...)` has it, in a third of the time.
    return tuple(
        [_new(Reason, (code, words.filled(values), "model", round(weight, 4))) for code, weight, words in chosen]
    )
