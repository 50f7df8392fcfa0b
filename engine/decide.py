"""decide(): the pure heart. Score, evaluate every rule, settle by the ladder. No clock, no I/O, no state."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from engine.decision import NO_MODEL, Decision, Reason, Rule, RuleAction, Versions
from engine.features import Features
from engine.payment import Payment
from engine.policy import Policy, settle
from engine.reference import Reference
from engine.rules import Lists, Ruleset
from engine.score import Score, Scorer

DEGRADING_CAUSES = frozenset({"geo", "geo_stale", "bin", "velocity", "velocity_warming"})
"""Causes of unknowns that are our lack, not the request's: they mark the decision degraded."""

REASONS_AGAINST_MAX = 4
REASONS_FOR_MAX = 2
REASON_LOG_ODDS_MIN = 0.1
REASON_SHARE_MIN = 0.05
"""Which contributions are worth words: the top four above 0.1 and above 5 % of all that speaks against."""

_weight = attrgetter("weight")
_RUNGS = (RuleAction.BLOCK, RuleAction.ALLOW, RuleAction.REVIEW, RuleAction.REQUEST_3DS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The immutable bundle in force for a merchant; swapped atomically, never edited."""

    ruleset: Ruleset
    lists: Lists
    scorer: Scorer | None
    policy: Policy
    reference: Reference
    versions: Versions


def snapshot_of(
    *, ruleset: Ruleset, lists: Lists, scorer: Scorer | None, policy: Policy, reference: Reference, catalog: str
) -> Snapshot:
    """The bundle of these parts, with the versions that its decisions will name; `catalog` is a fingerprint."""
    versions = Versions(
        ruleset=ruleset.hash,
        model=NO_MODEL if scorer is None else scorer.id,
        model_role=NO_MODEL if scorer is None else scorer.role,
        catalog=catalog,
        policy=policy.version,
        data=tuple(sorted(reference.versions().items())),
    )
    return Snapshot(ruleset=ruleset, lists=lists, scorer=scorer, policy=policy, reference=reference, versions=versions)


def decide(payment: Payment, features: Features, snapshot: Snapshot) -> Decision:
    """The decision on one payment from what is known about it; the same input gives the same bytes (law 1)."""
    score = None if snapshot.scorer is None else snapshot.scorer.score(features)
    risk_level = snapshot.policy.risk_level(score)
    scored = features.replaced({"risk_score": None if score is None else score.percent, "risk_level": risk_level})
    results = snapshot.ruleset.evaluate(scored, snapshot.lists)
    verdict = settle(payment, score, results, scored, snapshot.policy)
    rule_reasons = _by_rung(snapshot.ruleset.reasons(results, scored), results.fired())
    return Decision(
        action=verdict.action,
        three_ds=verdict.three_ds,
        score=score,
        risk_level=risk_level,
        reasons=(*rule_reasons, *verdict.reasons, *_model_reasons(score, scored)),
        results=results,
        features=scored,
        versions=snapshot.versions,
        degraded=_degraded(scored, score),
        review=verdict.review,
    )


def _by_rung(reasons: Iterable[Reason], fired: Iterable[Rule]) -> list[Reason]:
    """The ladder's order, so that the reason which decided comes first and the rules' order shows nowhere (law 8)."""
    rung = {rule.id: (not rule.mandatory, _RUNGS.index(rule.action), rule.id) for rule in fired}
    return sorted(reasons, key=lambda reason: rung[reason.code])


def _degraded(features: Features, score: Score | None) -> tuple[str, ...]:
    lacks = DEGRADING_CAUSES.intersection(features.causes.values())
    return tuple(sorted(lacks | {"model"} if score is None else lacks))


def _model_reasons(score: Score | None, features: Features) -> tuple[Reason, ...]:
    if score is None:
        return ()
    against = [part for part in score.contributions if part.weight > 0]
    against.sort(key=_weight, reverse=True)
    speaks_for = [part for part in score.contributions if part.weight < 0]
    speaks_for.sort(key=_weight)
    values = features.values
    floor = max(REASON_LOG_ODDS_MIN, REASON_SHARE_MIN * sum(map(_weight, against)))
    chosen = [part for part in against[:REASONS_AGAINST_MAX] if part.weight > floor]
    chosen += [part for part in speaks_for[:REASONS_FOR_MAX] if -part.weight > REASON_LOG_ODDS_MIN]
    return tuple(
        Reason(code=part.code, text=part.words.filled(values), source="model", weight=round(part.weight, 4))
        for part in chosen
    )
