"""A decision: what Assay answers, why, and from what. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import compress
from typing import Final, NamedTuple

import orjson

from engine.features import Catalog, Features, Value
from engine.kept_json import kept_json
from engine.score import Score


class Action(StrEnum):
    """What the gateway is to do."""

    ALLOW = "allow"
    CHALLENGE = "challenge"
    REVIEW = "review"
    BLOCK = "block"


class RuleAction(StrEnum):
    """What a rule asks for when its condition is true. `score` and `tag` never settle an action."""

    ALLOW = "allow"
    BLOCK = "block"
    REVIEW = "review"
    REQUEST_3DS = "request_3ds"
    SCORE = "score"
    TAG = "tag"


class RuleMode(StrEnum):
    """What becomes of a rule: its result has an effect, is recorded alone, or there is none."""

    LIVE = "live"
    SHADOW = "shadow"
    """Evaluated and recorded, without any effect."""
    ROLLOUT = "rollout"
    """Live for a share of the payments, shadow for the others."""
    PAUSED = "paused"
    """Not evaluated, until someone publishes it otherwise."""
    DRAFT = "draft"
    """Not evaluated: it has yet to come into force."""

    @property
    def is_evaluated(self) -> bool:
        """Whether a payment has a result of such a rule."""
        return self in _EVALUATED


_EVALUATED = frozenset((RuleMode.LIVE, RuleMode.SHADOW, RuleMode.ROLLOUT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as its results name it; the compiled condition stays in the ruleset.

    `id` is stable over edits, `version` is the hash of the rule's text, `reason` is what a merchant reads when it
    fires. A mandatory rule is the operator's and stands on the ladder's first rung. `points` are what a score rule adds
    to the rule score (0 for the others), `tag` is what a tag rule marks the decision with (None for the others).
    `rollout_percent` is the share of payments (1-99) on which a rule in rollout acts. From `expires_at` on it acts on
    none and is recorded as in shadow.
    """

    id: str
    name: str
    version: str
    action: RuleAction
    reason: str
    mode: RuleMode = RuleMode.LIVE
    mandatory: bool = False
    points: int = 0
    tag: str | None = None
    rollout_percent: int | None = None
    expires_at: datetime | None = None

    @property
    def is_conditional(self) -> bool:
        """Whether it acts on some payments and not on others."""
        return self.mode is RuleMode.ROLLOUT or (self.mode is RuleMode.LIVE and self.expires_at is not None)

    def acts_on(self, transaction_id: str, at: datetime) -> bool:
        """Whether its result has an effect on this payment, received `at`."""
        if self.expires_at is not None and at >= self.expires_at:
            return False
        if self.mode is RuleMode.ROLLOUT:
            assert self.rollout_percent is not None, "a rule in rollout has a share"
            return is_in_share(self.id, transaction_id, self.rollout_percent)
        return self.mode is RuleMode.LIVE


def is_in_share(rule_id: str, transaction_id: str, percent: int) -> bool:
    """Whether a payment belongs to a rule's share, `percent` (0-100) of all.

    All stages and retries of a payment do or do not, and a greater share holds every payment of a smaller one. Another
    rule has another share.
    """
    digest = sha256(f"{rule_id}\0{transaction_id}".encode()).digest()
    return int.from_bytes(digest[:8]) * 100 < percent << 64


_LETTERS: Final[Mapping[bool | None, str]] = {True: "t", False: "f", None: "u"}
_SETTLES_NOTHING = frozenset((RuleAction.SCORE, RuleAction.TAG))


@dataclass(frozen=True, slots=True)
class RuleResults:
    """The result of every evaluated rule of a ruleset, in its order: true, false or unknown (None).

    Only rules that act on the payment and are true have an effect; the order of the rules shows in none of them
    (law 8). `acting` says which act on it; None: all that are live and no other.
    """

    rules: tuple[Rule, ...]
    outcomes: tuple[bool | None, ...]
    acting: tuple[bool, ...] | None = None
    fired: tuple[Rule, ...] = field(init=False, compare=False, repr=False)
    """The acting rules that are true: found once, of up to a thousand rules, for all that ask."""

    def __post_init__(self) -> None:
        """Find the rules that fired."""
        if self.acting is None:
            fired = [rule for rule in compress(self.rules, self.outcomes) if rule.mode is RuleMode.LIVE]
        else:
            told = zip(self.rules, self.outcomes, self.acting, strict=True)
            fired = [rule for rule, outcome, acts in told if outcome and acts]
        object.__setattr__(self, "fired", tuple(fired))

    def mode(self, place: int) -> RuleMode:
        """What the rule at a place was for this payment: live, or shadow where it was recorded alone."""
        if self.acting is None:
            return self.rules[place].mode
        return RuleMode.LIVE if self.acting[place] else RuleMode.SHADOW

    def deciding(self) -> tuple[Rule, ...]:
        """The rules that fired and ask for an action: what the ladder settles."""
        return tuple([rule for rule in self.fired if rule.action not in _SETTLES_NOTHING])

    def rule_score(self) -> int:
        """The sum of the points of the score rules that fired; 0 where none did."""
        return sum([rule.points for rule in self.fired])

    def tags(self) -> tuple[str, ...]:
        """The tags of the tag rules that fired, each once, sorted."""
        return tuple(sorted({rule.tag for rule in self.fired if rule.tag is not None}))

    def packed(self) -> str:
        """One letter a rule: t, f or u; a capital where it could act and did not on this payment.

        Such are a rule in rollout beyond its share, and one that had expired. A shadow rule's letter is small.
        """
        letters = "".join([_LETTERS[outcome] for outcome in self.outcomes])
        if self.acting is None:
            return letters
        told = zip(letters, self.rules, self.acting, strict=True)
        return "".join(
            letter if acts or rule.mode is RuleMode.SHADOW else letter.upper() for letter, rule, acts in told
        )


class Reason(NamedTuple):
    """Why: a stable code, words for the merchant, who says so, and the weight in log-odds where a model says it.

    A named tuple, because a decision makes half a dozen.
    """

    code: str
    text: str
    source: str
    weight: float | None = None


NO_MODEL = "none"
"""Stands for the model's id and role where no scorer is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What decided: enough to find every part again (law 7). The ledger keeps it once under its `id`."""

    ruleset: str
    model: str
    model_role: str
    catalog: str
    policy: str
    data: tuple[tuple[str, str], ...]
    id: str = field(init=False)
    data_json: bytes = field(init=False, compare=False, repr=False)
    """`data` as JSON, for every answer says it."""

    def __post_init__(self) -> None:
        """Hash the content, once: every decision names it."""
        object.__setattr__(self, "id", sha256(self.content()).hexdigest()[:16])
        object.__setattr__(self, "data_json", orjson.dumps(dict(self.data)))

    def content(self) -> bytes:
        """The versions as the ledger keeps them (JSON)."""
        return orjson.dumps(
            {
                "ruleset": self.ruleset,
                "model": self.model,
                "model_role": self.model_role,
                "catalog": self.catalog,
                "policy": self.policy,
                "data": dict(self.data),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTerms:
    """How long a person has to review, and what holds when nobody did."""

    hours: int
    action_at_expiry: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer to one payment at one stage, without id, creation time and timings: those are the record's."""

    action: Action
    three_ds: bool
    score: Score | None
    risk_level: str
    reasons: tuple[Reason, ...]
    results: RuleResults
    features: Features
    versions: Versions
    degraded: tuple[str, ...]
    review: ReviewTerms | None = None
    rule_score: int = 0
    tags: tuple[str, ...] = ()
    lists_sequence: int = 0
    """The newest change of the merchant's lists that it saw; 0 where there never was one."""

    def canonical(self) -> bytes:
        """The canonical bytes (JSON): two decisions are the same decision exactly where these are equal (law 1).

        Features stand by catalogue position and rule results are a letter each. A score is its probability, its base
        and the parts that weigh anything, each with its weight behind it. Reasons are codes, for their words follow
        from features and versions.
        """
        return kept_json(
            {
                "action": self.action,
                "three_ds": self.three_ds,
                "score": None if self.score is None else _score_row(self.score),
                "level": self.risk_level,
                "rule_score": self.rule_score,
                "tags": self.tags,
                "reasons": [f"{source}:{code}" for code, _, source, _ in self.reasons],
                "rules": self.results.packed(),
                "features": self.features.values,
                "causes": dict(self.features.causes),
                "degraded": self.degraded,
                "review": None if self.review is None else [self.review.hours, self.review.action_at_expiry],
                "versions": self.versions.id,
                "lists": self.lists_sequence,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """What a canonical record says, read back: values by the position of the catalogue of its day.

    `reasons` are `source:code`, in the answer's order; `causes` are by the features' names.
    """

    action: Action
    probability: float | None
    risk_level: str
    reasons: tuple[str, ...]
    values: tuple[Value, ...]
    causes: Mapping[str, str]
    versions_id: str
    lists_sequence: int

    def features(self, catalog: Catalog) -> Features:
        """The features as they were when recorded under this catalogue."""
        return Features(catalog, self.values, self.causes)


def recorded_decision(canonical: bytes) -> RecordedDecision:
    """Read back what `Decision.canonical` wrote."""
    record = orjson.loads(canonical)
    return RecordedDecision(
        action=Action(record["action"]),
        probability=None if record["score"] is None else record["score"][0],
        risk_level=record["level"],
        reasons=tuple(record["reasons"]),
        values=tuple(record["features"]),
        causes=record["causes"],
        versions_id=record["versions"],
        lists_sequence=record["lists"],
    )


def _score_row(score: Score) -> list[object]:
    parts: list[str | float] = []
    for code, weight, _ in score.contributions:
        if weight:
            parts += (code, weight)
    return [score.probability, score.base, parts]
