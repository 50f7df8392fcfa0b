"""The decision's answer, as bytes and as documentation, and the problem that a caller gets instead of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field

from api.schemas.advice import AdviceAnswer, advice
from api.schemas.examples import ANSWER_EXAMPLE, PROBLEM_EXAMPLE
from api.schemas.findings import InputWarning
from api.schemas.groups import Explain
from engine.decision import NO_MODEL, Action, Decision, RuleAction, RuleResults, Versions
from engine.features import Features, FeatureType, Value
from engine.kept_json import kept_json
from engine.pipeline import Outline

COMMITTED, SPOOLED, NOT_RECORDED = "committed", "spooled", "not_recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review that a decision opened: until when it can be taken up, and what is done if nobody does."""

    id: str
    expires_at: datetime
    action_at_expiry: Action


def answer_bytes(
    outline: Outline,
    *,
    warnings: Sequence[InputWarning] = (),
    explain: Explain = Explain.CODES,
    review: Review | None = None,
    durability: str = COMMITTED,
) -> bytes:
    """The answer as it is sent and stored: JSON, the keys in the contract's order."""
    payment, decision = outline.payment, outline.decision
    score, versions = decision.score, decision.versions
    answer: dict[str, Any] = {
        "id": outline.id,
        "transaction_id": payment.transaction_id,
        "merchant_id": payment.merchant_id,
        "created_at": payment.at,
        "test_mode": payment.test_mode,
        "action": decision.action,
        "three_ds": "request" if decision.three_ds else "none",
        "risk_score": None if score is None else score.percent,
        "risk_level": decision.risk_level,
        "rule_score": decision.rule_score,
        "tags": decision.tags,
        "reasons": _reasons(decision, explain),
        "rules": _rules(decision.results, explain),
        "advice": None if explain is Explain.NONE else advice(payment, decision),
    }
    if explain is Explain.FULL:
        answer["features"] = _features(decision.features)
        answer["unknown"] = dict(decision.features.causes)
    answer["review"] = None if review is None else _review(review)
    has_model = versions.model != NO_MODEL and score is not None
    answer["model"] = {"id": versions.model, "role": versions.model_role} if has_model else None
    answer["ruleset"] = versions.ruleset
    answer["data_versions"] = _data_versions(versions, decision.lists_sequence)
    answer["degraded"] = decision.degraded
    answer["durability"] = durability if outline.is_recorded else NOT_RECORDED
    answer["warnings"] = [
        {"code": each.code, "input_pointer": each.input_pointer, "warning": each.warning} for each in warnings
    ]
    answer["timing_ms"] = dict(outline.timing_ms)
    return kept_json(answer, orjson.OPT_UTC_Z)


def less_full(answer: bytes) -> bytes:
    """A stored answer for a key that may not read a full one: what `codes` gives; any other stays, byte for byte."""
    if b'"features":' not in answer:
        return answer
    fields = orjson.loads(answer)
    fields.pop("unknown", None)
    if fields.pop("features", None) is not None:
        fields["rules"] = [rule for rule in fields["rules"] if rule["result"] is not False]
    return orjson.dumps(fields)


def _reasons(decision: Decision, explain: Explain) -> list[dict[str, Any]]:
    if explain is Explain.NONE:
        return []
    return [
        {"code": code, "text": text, "source": source, "weight": weight}
        for code, text, source, weight in decision.reasons
    ]


def _rules(results: RuleResults, explain: Explain) -> list[dict[str, Any]]:
    """All rules where the answer is full, and else those that were true or unknown."""
    if explain is Explain.NONE:
        return []
    if explain is Explain.FULL:
        return [_rule(results, place) for place in range(len(results.rules))]
    # Few of up to a thousand rules: no more is asked of the others.
    return [_rule(results, place) for place, outcome in enumerate(results.outcomes) if outcome is not False]


def _rule(results: RuleResults, place: int) -> dict[str, Any]:
    rule = results.rules[place]
    return {
        "id": rule.id,
        "name": rule.name,
        "version": rule.version,
        "action": rule.action,
        "result": results.outcomes[place],
        "mode": results.mode(place),
    }


def _data_versions(versions: Versions, lists_sequence: int) -> orjson.Fragment | dict[str, str]:
    """The versions of the reference data, and of the lists where there are any."""
    if lists_sequence:
        return {**dict(versions.data), "lists": str(lists_sequence)}
    return orjson.Fragment(versions.data_json)


def _features(features: Features) -> dict[str, Value]:
    """Every feature by name; unknown is null, and money is in main units as rules write it."""
    return {
        feature.name: value / 100 if feature.type is FeatureType.MONEY and isinstance(value, int) else value
        for feature, value in zip(features.catalog, features.values, strict=True)
    }


def _review(review: Review) -> dict[str, Any]:
    return {"id": review.id, "expires_at": review.expires_at, "action_at_expiry": review.action_at_expiry}


# ---- documentation: the answer is written above; these say what it is


class ReasonAnswer(BaseModel):
    """Why, in words for the merchant: they may name thresholds and counts."""

    code: str = Field(description="Stable.")
    text: str = Field(description="May change.")
    source: str = Field(description="rule, list, model or policy.")
    weight: float | None = Field(
        description="What it adds to the score, in log-odds, where the model says it. The strongest are shown, four "
        "against and two for: they do not add up to the score; the record holds all."
    )


class RuleAnswer(BaseModel):
    """A rule's result."""

    id: str = Field(description="Stable over edits.")
    name: str
    version: str = Field(description="Hash of the rule's text.")
    action: RuleAction
    result: bool | None = Field(description="Null: unknown, since something that it reads is.")
    mode: str = Field(
        description="live or shadow, for this payment: shadow is recorded and has no effect. A rule in rollout is "
        "shadow beyond its share, and one that expired is."
    )


class ReviewAnswer(BaseModel):
    """The review that was opened."""

    id: str
    expires_at: datetime
    action_at_expiry: Action


class ModelAnswer(BaseModel):
    """What scored."""

    id: str
    role: str = Field(
        description="champion; cold_start: the expert scorecard, until a model is trained; fallback: it stands in for "
        "a model that could not be loaded."
    )


class WarningAnswer(BaseModel):
    """An odd value of the request, taken as unknown."""

    code: str = Field(description="Stable.")
    input_pointer: str = Field(description="RFC 6901, into the request as sent.")
    warning: str = Field(description="What to send instead.")


class DecisionAnswer(BaseModel):
    """The decision: do what `action` says."""

    model_config = ConfigDict(json_schema_extra={"examples": [ANSWER_EXAMPLE]})

    id: str = Field(description="The decision's id.")
    transaction_id: str = Field(description="Yours.")
    merchant_id: str
    created_at: datetime = Field(description="When the request was received, UTC.")
    test_mode: bool = Field(description="Whether a test key asked.")
    action: Action = Field(
        description="allow: forward. challenge: run 3-D Secure, call again with stage post_3ds. review: forward, delay "
        "capture or shipment. block: do not forward."
    )
    three_ds: str = Field(description="request or none: asked for beside the action.")
    risk_score: float | None = Field(
        ge=0.01,
        le=99,
        description="Probability, in %, that this payment, allowed without challenge, is reported as third-party fraud "
        "within 120 days, as the model named in `model` estimates it; the expert scorecard's is not yet calibrated on "
        "the merchant's labels. Null where no model scored.",
    )
    risk_level: str = Field(description="normal, elevated, highest or not_assessed.")
    rule_score: int = Field(description="Sum of the points of the live score rules that are true; 0 where none is.")
    tags: list[str] = Field(description="Of the live tag rules that are true, each tag once, sorted.")
    reasons: list[ReasonAnswer] = Field(description="Why, for the merchant: never show them to the shopper.")
    rules: list[RuleAnswer] = Field(description="Those true or unknown; with explain full all, with none nothing.")
    advice: AdviceAnswer | None = Field(
        description="What decided, what to do about it, and what the shopper may be told. Null for allow, and with "
        "explain none."
    )
    features: dict[str, bool | int | float | str | None] | None = Field(
        default=None, description="With explain full alone: each feature; null is unknown, money is in main units."
    )
    unknown: dict[str, str] | None = Field(
        default=None,
        description="With explain full alone: why features are null, by name; `not_provided` is not said.",
    )
    review: ReviewAnswer | None
    model: ModelAnswer | None = Field(description="What scored; null where nothing did, and then risk_score is too.")
    ruleset: str = Field(description="Content hash of the ruleset.")
    data_versions: dict[str, str] = Field(
        description="Versions of the reference data; `lists`, where there are any, is the newest change that it saw."
    )
    degraded: list[str] = Field(
        description="What was missing when this was decided: `bin`, `geo`, `geo_stale`, another table's name "
        "(reference data), `mx` (a look-up), `velocity`, `velocity_warming` (counters), `model`, `deadline` (the time "
        "was over). Empty is the rule."
    )
    durability: str = Field(
        description="committed: on disk. not_recorded: a dry run. spooled is reserved, and not given yet."
    )
    warnings: list[WarningAnswer]
    timing_ms: dict[str, float] = Field(description="Milliseconds by stage.")


class FaultAnswer(BaseModel):
    """One wrong value."""

    pointer: str = Field(description="RFC 6901, into the request as sent; empty is the whole.")
    code: str = Field(description="Stable.")
    detail: str = Field(description="What is wrong and how to mend it.")


class Problem(BaseModel):
    """Why there is no decision (RFC 9457). No part of it repeats what was sent of a payment."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROBLEM_EXAMPLE]})

    type: str = Field(description="urn:assay:problem: and the code.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong and how to mend it.")
    code: str = Field(description="Stable: decide by this one.")
    request_id: str = Field(description="Under which the logs know this call.")
    errors: list[FaultAnswer] = Field(default=[], description="Every fault found in the request.")


_PROBLEM_STATUSES: Mapping[int, str] = {
    400: "Malformed JSON.",
    401: "No key, or one that is not in force.",
    403: "The key lacks a scope.",
    404: "There is none, or none for this key.",
    409: "The same key is being decided; retry.",
    413: "The body is over 64 KB (rulesets: 1 MB).",
    422: "Wrong input: `errors` names every fault.",
    429: "The key made more calls than it may; retry later.",
    503: "No durable answer can be given in time; retry with the same key.",
}

_RETRY_AFTER: Final = {
    "Retry-After": {"description": "After how many seconds to call again.", "schema": {"type": "integer"}}
}
_TO_RETRY: Final = frozenset({409, 429, 503})

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        **({"headers": _RETRY_AFTER} if status in _TO_RETRY else {}),
    }
    for status, description in _PROBLEM_STATUSES.items()
}
"""What any call may answer instead, for FastAPI's `responses`."""
