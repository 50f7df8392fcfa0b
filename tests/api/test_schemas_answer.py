"""The answer's keys, order and values, and the documents of both sides."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.schemas import (
    DECISION_EXAMPLES,
    OPENAPI_SCHEMAS,
    PROBLEM_RESPONSES,
    DecisionAnswer,
    Explain,
    InputWarning,
    Problem,
    Review,
    answer_bytes,
    less_full,
)
from api.schemas.answer import SPOOLED
from api.schemas.examples import ANSWER_EXAMPLE, ORDINARY, PROBLEM_EXAMPLE, REFUSED, SUSPICIOUS
from engine.decision import NO_MODEL, Action, Decision, Reason, Rule, RuleAction, RuleMode, RuleResults, Versions
from engine.features import Catalog, Feature, Features, FeatureType
from engine.pipeline import Outline
from engine.score import Score
from tests.api.decision_requests import LEAST, NOW, decide, faults_of, places

_KEYS = """
    id transaction_id merchant_id created_at test_mode action three_ds risk_score risk_level rule_score tags reasons
    rules advice features unknown review model ruleset data_versions degraded durability warnings timing_ms
"""
KEYS = _KEYS.split()
RULES = (
    Rule(id="a", name="A", version="1", action=RuleAction.BLOCK, reason="r"),
    Rule(id="b", name="B", version="2", action=RuleAction.REVIEW, reason="r", mode=RuleMode.SHADOW),
    Rule(id="c", name="C", version="3", action=RuleAction.REQUEST_3DS, reason="r"),
)
CATALOG = Catalog(
    [
        Feature(name="amount_in_usd", type=FeatureType.MONEY, doc="d", source="s"),
        Feature(name="unpaid", type=FeatureType.MONEY, doc="d", source="s"),
        Feature(name="ip_country", type=FeatureType.COUNTRY, doc="d", source="s"),
        Feature(name="visits", type=FeatureType.INTEGER, doc="d", source="s"),
    ]
)


def outline(*, score: Score | None, model: str = "m-1", is_recorded: bool = True) -> Outline:
    decision = Decision(
        action=Action.BLOCK,
        three_ds=True,
        score=score,
        risk_level="highest",
        reasons=(Reason(code="c", text="t", source="rule"), Reason(code="m", text="t", source="model", weight=1.5)),
        results=RuleResults(RULES, (True, None, False)),
        features=Features(CATALOG, (1250, None, "GB", 3), {"unpaid": "no_rate"}),
        versions=Versions(
            ruleset="rs", model=model, model_role="champion", catalog="c", policy="p", data=(("ip", "1"),)
        ),
        degraded=("geo",),
        rule_score=5,
        tags=("t",),
    )
    return Outline(
        id="dec_1", payment=decide(LEAST)[0], decision=decision, timing_ms={"total": 1.5}, is_recorded=is_recorded
    )


def answer_of(shape: Outline, **options: Any) -> Mapping[str, Any]:
    answer = orjson.loads(answer_bytes(shape, **options))
    assert isinstance(answer, dict)
    assert DecisionAnswer.model_validate(answer).model_dump(mode="json", exclude_unset=True) == answer
    return answer


def test_every_key_in_the_order_of_the_contract() -> None:
    shape = outline(score=Score(probability=0.123456, base=0.0, contributions=()))
    assert list(answer_of(shape, explain=Explain.FULL)) == KEYS
    assert list(answer_of(shape)) == [key for key in KEYS if key not in {"features", "unknown"}]


def test_values() -> None:
    warning = InputWarning(code="ip_invalid", input_pointer="/device/ip_address", warning="w")
    answer = answer_of(outline(score=Score(probability=0.123456, base=0.0, contributions=())), warnings=(warning,))
    assert answer == {
        "id": "dec_1",
        "transaction_id": "order-1",
        "merchant_id": "shop-1",
        "created_at": "2026-11-23T17:00:00Z",
        "test_mode": False,
        "action": "block",
        "three_ds": "request",
        "risk_score": 12.35,
        "risk_level": "highest",
        "rule_score": 5,
        "tags": ["t"],
        "reasons": [
            {"code": "c", "text": "t", "source": "rule", "weight": None},
            {"code": "m", "text": "t", "source": "model", "weight": 1.5},
        ],
        "rules": [
            {"id": "a", "name": "A", "version": "1", "action": "block", "result": True, "mode": "live"},
            {"id": "b", "name": "B", "version": "2", "action": "review", "result": None, "mode": "shadow"},
        ],
        "advice": {
            "decided_by": ["a"],
            "next_step": "If you trust this customer, add an Allow rule for them, or change or pause rule a; then send "
            "the payment again under a new transaction_id.",
            "allow_rule": None,
            "shopper_text": "We could not accept this payment. Please use another way to pay, or contact us.",
        },
        "review": None,
        "model": {"id": "m-1", "role": "champion"},
        "ruleset": "rs",
        "data_versions": {"ip": "1"},
        "degraded": ["geo"],
        "durability": "committed",
        "warnings": [{"code": "ip_invalid", "input_pointer": "/device/ip_address", "warning": "w"}],
        "timing_ms": {"total": 1.5},
    }


def test_explain() -> None:
    shape = outline(score=None)
    none, codes, full = (answer_of(shape, explain=explain) for explain in (Explain.NONE, Explain.CODES, Explain.FULL))
    assert (none["reasons"], none["rules"], none["advice"]) == ([], [], None)
    assert [(rule["result"], rule["mode"]) for rule in codes["rules"]] == [(True, "live"), (None, "shadow")]
    assert [rule["result"] for rule in full["rules"]] == [True, None, False]
    assert codes["reasons"] == full["reasons"] != []
    assert codes["advice"] == full["advice"] is not None
    assert "features" not in none
    assert "features" not in codes
    assert full["features"] == {"amount_in_usd": 12.5, "unpaid": None, "ip_country": "GB", "visits": 3}
    assert full["unknown"] == {"unpaid": "no_rate"}


@given(
    st.lists(st.tuples(st.sampled_from(RULES), st.sampled_from((True, False, None)), st.booleans()), max_size=8),
    st.booleans(),
    st.sampled_from(Explain),
    st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=4),
    st.integers(0, 3),
)
def test_rules_and_data_are_said_as_they_are_one_by_one(
    told: list[tuple[Rule, bool | None, bool]], is_conditional: bool, explain: Explain, data: dict[str, str], lists: int
) -> None:
    shape = outline(score=None)
    versions = replace(shape.decision.versions, data=tuple(data.items()))
    acting = tuple(acts for _, _, acts in told) if is_conditional else None
    results = RuleResults(tuple(rule for rule, _, _ in told), tuple(outcome for _, outcome, _ in told), acting)
    decision = replace(shape.decision, results=results, versions=versions, lists_sequence=lists)
    answer = orjson.loads(answer_bytes(shape._replace(decision=decision), explain=explain))
    assert list(answer["data_versions"].items()) == [*data.items(), *([("lists", str(lists))] if lists else [])]
    live = {True: "live", False: "shadow"}
    assert [(each["id"], each["result"], each["mode"]) for each in answer["rules"]] == [
        (rule.id, outcome, live[acts] if is_conditional else rule.mode)
        for rule, outcome, acts in told
        if explain is Explain.FULL or (explain is Explain.CODES and outcome is not False)
    ]


@pytest.mark.parametrize("explain", list(Explain))
def test_a_full_answer_made_less_full_is_what_codes_gives(explain: Explain) -> None:
    shape = outline(score=None)
    stored = answer_bytes(shape, explain=explain)
    expected = answer_bytes(shape, explain=Explain.CODES) if explain is Explain.FULL else stored
    assert less_full(stored) == expected


def test_without_a_score_a_model_or_a_record() -> None:
    answer = answer_of(outline(score=None, model=NO_MODEL, is_recorded=False))
    assert (answer["risk_score"], answer["model"], answer["durability"]) == (None, None, "not_recorded")
    review = Review(id="rev_1", expires_at=NOW, action_at_expiry=Action.ALLOW)
    answer = answer_of(outline(score=None), review=review, durability=SPOOLED)
    assert answer["durability"] == "spooled"
    assert answer["review"] == {"id": "rev_1", "expires_at": "2026-11-23T17:00:00Z", "action_at_expiry": "allow"}


@pytest.mark.parametrize("example", [ORDINARY, SUSPICIOUS])
def test_examples_are_decided_without_warnings(example: dict[str, Any]) -> None:
    assert decide(example)[1] == ()


def test_the_refused_example_and_its_problem_agree() -> None:
    shown = {(error["pointer"], error["code"]) for error in PROBLEM_EXAMPLE["errors"]}
    assert places(faults_of(REFUSED)) == shown
    Problem.model_validate(PROBLEM_EXAMPLE)
    DecisionAnswer.model_validate(ANSWER_EXAMPLE)
    assert list(ANSWER_EXAMPLE) == [key for key in KEYS if key not in {"features", "unknown"}]


def test_every_field_is_documented_with_an_example() -> None:
    groups = [schema for name, schema in OPENAPI_SCHEMAS.items() if name.endswith("Group")]
    assert len(groups) == 12
    for schema in groups:
        assert schema["description"]
        for name, field in schema["properties"].items():
            assert field["description"], name
            assert field["examples"], name


def test_the_schemas_stand_alone() -> None:
    text = json.dumps([OPENAPI_SCHEMAS, PROBLEM_RESPONSES, DECISION_EXAMPLES])
    assert "#/$defs" not in text
    names = set(text.split('"#/components/schemas/')[1:])
    assert {name.split('"')[0] for name in names} <= set(OPENAPI_SCHEMAS)
    assert OPENAPI_SCHEMAS["DecisionRequest"]["required"] == ["event", "order"]
