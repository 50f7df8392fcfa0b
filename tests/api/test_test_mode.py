"""Test mode: values with fixed outcomes, as docs/api.md lists them; in live mode they are ordinary tokens."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from engine.test_values import TEST_VALUES
from tests.docs.documents import part, read

Body = Callable[..., dict[str, Any]]
PROBLEMS = {
    "tok_assay_in_progress": (409, "idempotency_in_progress"),
    "tok_assay_rate_limited": (429, "rate_limited"),
    "tok_assay_overloaded": (503, "overloaded"),
    "tok_assay_deadline": (503, "deadline_exceeded"),
    "tok_assay_unavailable": (503, "ledger_unavailable"),
}
AMOUNTS: tuple[dict[str, dict[str, Any]], ...] = (
    {"event": {}, "order": {}},
    {"event": {"type": "card_verification"}, "order": {"amount_minor": 0}},
)


@pytest.fixture(scope="module")
def tester(make_client: Callable[..., TestClient]) -> TestClient:
    return make_client(test_mode=True)


@pytest.fixture(params=AMOUNTS, ids=["purchase", "amount zero"])
def asked(request: pytest.FixtureRequest, body: Body) -> Callable[..., dict[str, Any]]:
    """A request with a token, as a purchase and as a card verification."""

    def make(token: str, transaction_id: str | None = None, **event: str) -> dict[str, Any]:
        made = body(transaction_id, credit_card={"token": token}, **request.param)
        made["event"] |= event
        return made

    return make


@pytest.mark.parametrize("action", ["allow", "challenge", "review", "block"])
def test_an_action_can_be_asked_for(tester: TestClient, asked: Body, action: str) -> None:
    answer = tester.post("/v1/decisions", json=asked(f"tok_assay_{action}")).json()
    assert answer["action"] == action
    assert (answer["three_ds"] == "request") is (action == "challenge")
    assert (answer["review"] is not None) is (action == "review")
    assert "test_value" in {reason["code"] for reason in answer["reasons"]}


@pytest.mark.parametrize(("status", "action"), [("Y", "allow"), ("N", "block"), ("U", "review")])
def test_a_challenge_ends_by_what_3ds_said(tester: TestClient, asked: Body, status: str, action: str) -> None:
    first = asked("tok_assay_challenge")
    assert tester.post("/v1/decisions", json=first).json()["action"] == "challenge"
    id_ = first["event"]["transaction_id"]
    second = asked("tok_assay_challenge", id_, stage="post_3ds") | {"authentication": {"trans_status": status}}
    assert tester.post("/v1/decisions", json=second).json()["action"] == action


@pytest.mark.parametrize("level", ["normal", "elevated", "highest"])
def test_a_risk_level_can_be_asked_for(tester: TestClient, asked: Body, level: str) -> None:
    answer = tester.post("/v1/decisions", json=asked(f"tok_assay_{level}")).json()
    assert answer["risk_level"] == level
    assert 0.01 <= answer["risk_score"] <= 99


def test_no_score_can_be_asked_for(tester: TestClient, asked: Body) -> None:
    answer = tester.post("/v1/decisions", json=asked("tok_assay_no_score")).json()
    assert (answer["risk_score"], answer["risk_level"], answer["degraded"]) == (None, "not_assessed", ["model"])
    assert "fail_policy" in {reason["code"] for reason in answer["reasons"]}


@pytest.mark.parametrize("token", PROBLEMS)
def test_a_problem_can_be_asked_for_and_nothing_is_recorded(tester: TestClient, asked: Body, token: str) -> None:
    request = asked(token)
    refused = tester.post("/v1/decisions", json=request)
    assert (refused.status_code, refused.json()["code"]) == PROBLEMS[token]
    assert refused.headers["retry-after"] == "1"
    mended = request | {"credit_card": {"token": "tok_assay_allow"}}
    assert "idempotent-replayed" not in tester.post("/v1/decisions", json=mended).headers


@pytest.mark.parametrize("value", TEST_VALUES, ids=lambda value: value.name)
def test_in_live_mode_they_are_ordinary_tokens(gateway: TestClient, body: Body, value: Any) -> None:
    answer = gateway.post("/v1/decisions", json=body(credit_card={"token": value.name}))
    assert answer.status_code == 200
    assert "test_value" not in {reason["code"] for reason in answer.json()["reasons"]}
    assert answer.json()["risk_score"] is not None


def test_the_document_lists_them_all() -> None:
    rows = re.findall(r"^\| `(tok_assay_\w+)` \| (.+?) \|$", part(read("docs/api.md"), "test values"), re.MULTILINE)
    assert rows == [(value.name, value.does) for value in TEST_VALUES]
    assert {value.name for value in TEST_VALUES if value.problem} == set(PROBLEMS)
