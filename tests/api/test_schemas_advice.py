"""Which rule decided, what the shopper may be told, and how to let the payment pass: all in one answer."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from api.schemas import DecisionAnswer, Explain, answer_bytes
from engine.catalog import CATALOG
from engine.decide import decide, snapshot_of
from engine.decision import Action
from engine.features import Features, Value
from engine.lists import NO_LISTS
from engine.payment import Card, Order, Payment, Stage
from engine.pipeline import Outline
from engine.policy import FailAction, Policy
from engine.reference import Reference, load_reference
from engine.rules import parse_ruleset
from engine.score import Score

Ask = Callable[..., dict[str, Any]]


class FixedScorer:
    """Gives every payment the same score."""

    id, role = "fixed", "champion"

    def __init__(self, percent: float) -> None:
        self.percent = percent

    def content(self) -> bytes:
        return b"fixed"

    def score(self, features: Features) -> Score:  # noqa: ARG002 - the same for all
        return Score(probability=self.percent / 100, base=0.0, contributions=())


def rule(rule_id: str, text: str, extra: str = "") -> str:
    return (
        f"[[rule]]\nid = '{rule_id}'\nname = 'A'\ntext = '''{text}'''\nreason = '{{amount_in_usd}} is much'\n{extra}\n"
    )


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference()


@pytest.fixture
def ask(reference: Reference) -> Ask:
    def answer(
        *rules: str,
        percent: float | None = 1.0,
        policy: Policy | None = None,
        explain: Explain = Explain.CODES,
        token: str | None = None,
        stage: str = "pre_auth",
        **values: Value,
    ) -> dict[str, Any]:
        snapshot = snapshot_of(
            ruleset=parse_ruleset("\n".join(rules) or "rule = []", CATALOG, ()),
            lists=NO_LISTS,
            scorer=None if percent is None else FixedScorer(percent),
            policy=policy or Policy(),
            reference=reference,
        )
        payment = Payment(
            transaction_id="order-1",
            merchant_id="shop-1",
            at=datetime(2026, 11, 23, 17, tzinfo=UTC),
            order=Order(amount_minor=90_000, currency="USD"),
            card=Card(token=token),
            test_mode=token is not None,
            stage=Stage(stage),
        )
        features = Features(CATALOG, (None,) * len(CATALOG)).replaced({"amount_in_usd": 90_000, **values})
        decision = decide(payment, features, snapshot)
        shape = Outline(id="dec_1", payment=payment, decision=decision, timing_ms={}, is_recorded=True)
        answered: dict[str, Any] = orjson.loads(answer_bytes(shape, explain=explain))
        assert DecisionAnswer.model_validate(answered).model_dump(mode="json", exclude_unset=True) == answered
        return answered

    return answer


BLOCK = rule("much", "Block if amount_in_usd > 500")
REVIEW = rule("look", "Review if amount_in_usd > 500")
ALLOW = rule("good", "Allow if amount_in_usd > 500")
ASK_3DS = rule("ask", "Request 3DS if amount_in_usd > 500")
MANDATORY = rule("never", "Block if amount_in_usd > 500", "mandatory = true")


def test_an_allowed_payment_needs_none(ask: Ask) -> None:
    assert ask()["advice"] is None
    assert ask(ALLOW, BLOCK)["advice"] is None


def test_a_block_names_the_rule_and_the_way_past_it(ask: Ask) -> None:
    answer = ask(BLOCK, rule("tagged", "Tag 'big' if amount_in_usd > 500"), customer="user-77")
    assert answer["advice"] == {
        "decided_by": ["much"],
        "next_step": "If you trust this customer, add allow_rule to your ruleset, or change or pause rule much; then "
        "send the payment again under a new transaction_id.",
        "allow_rule": "Allow if customer = 'user-77'",
        "shopper_text": "We could not accept this payment. Please use another way to pay, or contact us.",
    }


@pytest.mark.parametrize(
    "values",
    [
        {"customer": "user-77"},
        {"customer": "o'brien"},
        {"customer": '"x"'},
        {"customer": "x" * 255},
        {"email": "bob@example.com"},
        {"customer": "both ' and \"", "email": "bob@example.com"},
        {"customer": "line\nbreak", "email": "bob@example.com"},
    ],
)
@pytest.mark.parametrize("stopped", [BLOCK, REVIEW])
@pytest.mark.parametrize("percent", [1.0, 98.0])
def test_the_allow_rule_that_it_names_lets_the_payment_pass(
    ask: Ask, stopped: str, percent: float, values: dict[str, Value]
) -> None:
    policy = Policy(challenge_at_percent=None)
    answer = ask(stopped, percent=percent, policy=policy, **values)
    assert answer["action"] != "allow"
    allow = rule("added", answer["advice"]["allow_rule"])
    assert ask(stopped, allow, percent=percent, policy=policy, **values)["action"] == "allow"


def test_who_is_not_known_gets_no_allow_rule(ask: Ask) -> None:
    advice = ask(BLOCK)["advice"]
    assert advice["allow_rule"] is None
    assert advice["next_step"].startswith("If you trust this customer, add an Allow rule for them, or change")


def test_an_operators_rule_yields_to_no_allow_rule(ask: Ask) -> None:
    advice = ask(BLOCK, MANDATORY, percent=98.0, customer="user-77")["advice"]
    assert (advice["decided_by"], advice["allow_rule"]) == (["never"], None)
    assert "ask the operator" in advice["next_step"]


def test_a_threshold_decides_beside_rules(ask: Ask) -> None:
    advice = ask(BLOCK, REVIEW, percent=98.0, customer="user-77")["advice"]
    assert advice["decided_by"] == ["much", "block_threshold"]
    assert "change or pause rule much, or raise the policy's block threshold" in advice["next_step"]
    assert ask(REVIEW, percent=98.0)["advice"]["decided_by"] == ["block_threshold"]


def test_a_rule_score_names_the_rules_that_raised_it(ask: Ask) -> None:
    rules = (
        rule("plus", "Score +60 if amount_in_usd > 500"),
        rule("minus", "Score -10 if amount_in_usd > 500"),
        rule("unseen", "Score +60 if amount_in_usd > 500", "mode = 'shadow'"),
    )
    answer = ask(*rules, policy=Policy(block_at_rule_score=50))
    assert (answer["action"], answer["rule_score"]) == ("block", 50)
    assert answer["advice"]["decided_by"] == ["plus", "block_rule_score"]


def test_a_challenge_says_what_to_call_next(ask: Ask) -> None:
    advice = ask(ASK_3DS, ALLOW, percent=6.0, customer="user-77")["advice"]
    assert advice == {
        "decided_by": ["ask", "challenge_threshold"],
        "next_step": "Run 3-D Secure, then call again with stage post_3ds and its result.",
        "allow_rule": None,
        "shopper_text": "Please confirm this payment with your bank.",
    }


def test_a_failed_3ds_is_what_decided_where_a_rule_allowed(ask: Ask) -> None:
    answer = ask(ASK_3DS, ALLOW, REVIEW, stage="post_3ds", customer="user-77")
    assert answer["action"] == "review"
    assert (answer["advice"]["decided_by"], answer["advice"]["allow_rule"]) == (["three_ds_unproven"], None)


def test_the_fail_policy_is_named(ask: Ask) -> None:
    answer = ask(percent=None, policy=Policy(fail_action=FailAction.BLOCK), customer="user-77")
    assert (answer["action"], answer["degraded"]) == ("block", ["model"])
    advice = answer["advice"]
    assert (advice["decided_by"], advice["allow_rule"]) == (["fail_policy"], None)
    assert "wait until degraded is empty; then send" in advice["next_step"]


def test_a_test_value_is_named_alone(ask: Ask) -> None:
    answer = ask(BLOCK, REVIEW, token="tok_assay_review", customer="user-77")
    assert (answer["action"], answer["advice"]["decided_by"]) == ("review", ["test_value"])
    assert answer["advice"]["allow_rule"] is None


def test_what_decided_is_among_the_reasons(ask: Ask) -> None:
    for answer in (
        ask(BLOCK, MANDATORY),
        ask(REVIEW, ASK_3DS, percent=98.0),
        ask(percent=20.0),
        ask(ASK_3DS),
        ask(percent=None),
        ask(BLOCK, token="tok_assay_challenge"),
    ):
        assert answer["advice"]["decided_by"]
        assert set(answer["advice"]["decided_by"]) <= {reason["code"] for reason in answer["reasons"]}


def test_the_shopper_learns_nothing_that_was_looked_at(ask: Ask) -> None:
    texts: dict[str, set[str]] = {}
    for answer in (
        ask(BLOCK, customer="user-77"),
        ask(MANDATORY),
        ask(percent=98.0),
        ask(percent=None, policy=Policy(fail_action=FailAction.BLOCK)),
        ask(REVIEW, customer="user-77"),
        ask(percent=20.0),
        ask(REVIEW, token="tok_assay_review"),
        ask(ASK_3DS),
        ask(percent=6.0),
    ):
        text = answer["advice"]["shopper_text"]
        texts.setdefault(answer["action"], set()).add(text)
        assert not re.search("[0-9]", text)
        said = json.dumps([answer["reasons"], answer["rules"]]).lower()
        assert text.lower() not in said
    # By the action alone: whatever decided, the words are the same.
    assert {action: len(found) for action, found in texts.items()} == {"block": 1, "review": 1, "challenge": 1}


def test_many_rules_are_cut_short_in_words_alone(ask: Ask) -> None:
    advice = ask(*(rule(f"r{number}", "Block if amount_in_usd > 500") for number in range(5)))["advice"]
    assert advice["decided_by"] == ["r0", "r1", "r2", "r3", "r4"]
    assert "pause rule r0, r1, r2 and 2 more" in advice["next_step"]


def test_none_explains_nothing_and_full_says_the_same_as_codes(ask: Ask) -> None:
    assert ask(BLOCK, explain=Explain.NONE)["advice"] is None
    assert ask(BLOCK, explain=Explain.FULL)["advice"] == ask(BLOCK)["advice"]
    assert ask(BLOCK, explain=Explain.NONE)["action"] == Action.BLOCK
