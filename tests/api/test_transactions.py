"""The decisions of a payment, found by its transaction id."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.schemas.listing import DecisionList
from engine.access import Scope

Body = Callable[..., dict[str, Any]]
MakeClient = Callable[..., TestClient]


def find(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.get("/v1/decisions", params=asked)
    assert answer.status_code == 200, answer.text
    DecisionList.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def decide(client: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/decisions", json=body)
    assert answer.status_code == 200, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


def test_all_stages_are_found_oldest_first_as_they_were_answered(gateway: TestClient, body: Body) -> None:
    stages = [decide(gateway, body("found", event={"stage": stage})) for stage in ("post_auth", "pre_auth", "post_3ds")]
    found = find(gateway, transaction_id="found", merchant_id="shop-a")
    assert found == {"data": stages, "superseded_by": None, "has_more": False}


def test_a_correction_is_named_by_what_it_replaces(gateway: TestClient, body: Body) -> None:
    decide(gateway, body("corrected"))
    decide(gateway, body("correction", event={"supersedes": "corrected"}))
    assert find(gateway, transaction_id="corrected", merchant_id="shop-a")["superseded_by"] == "correction"
    assert find(gateway, transaction_id="correction", merchant_id="shop-a")["superseded_by"] is None


def test_there_is_none_for_an_unknown_payment_and_for_anothers(
    gateway: TestClient, make_client: MakeClient, body: Body
) -> None:
    decide(gateway, body("someones"))
    none: dict[str, Any] = {"data": [], "superseded_by": None, "has_more": False}
    other = make_client(merchants=frozenset({"shop-b"}))
    tester = make_client(test_mode=True)
    assert find(gateway, transaction_id="absent", merchant_id="shop-a") == none
    assert find(other, transaction_id="someones") == none
    assert find(other, transaction_id="someones", merchant_id="shop-a") == none
    assert find(tester, transaction_id="someones", merchant_id="shop-a") == none


def test_a_key_for_one_merchant_need_not_name_it(make_client: MakeClient, body: Body) -> None:
    own = make_client(merchants=frozenset({"shop-own"}))
    decided = decide(own, body("mine", event={"merchant_id": "shop-own"}))
    assert find(own, transaction_id="mine")["data"] == [decided]


def test_a_key_without_explain_reads_less_than_was_asked(make_client: MakeClient, body: Body) -> None:
    full = decide(make_client(), body("told-all", options={"explain": "full"}))
    reader = make_client(scopes=frozenset({Scope.DECISIONS_READ}))
    (found,) = find(reader, transaction_id="told-all", merchant_id="shop-a")["data"]
    assert "features" in full
    assert "features" not in found
    assert json.dumps(found) == json.dumps(reader.get(f"/v1/decisions/{full['id']}").json())


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, "/transaction_id"),
        ({"transaction_id": ""}, "/transaction_id"),
        ({"transaction_id": "t" * 256}, "/transaction_id"),
        ({"transaction_id": "t"}, "/merchant_id"),
        ({"transaction_id": "t", "merchant_id": "shop-a", "stage": "pre_auth"}, "/stage"),
    ],
)
def test_a_query_that_lacks_something_names_it(gateway: TestClient, asked: dict[str, str], pointer: str) -> None:
    answer = gateway.get("/v1/decisions", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert "query" in answer.json()["detail"]


def test_it_needs_the_scope(make_client: MakeClient) -> None:
    writer = make_client(scopes=frozenset({Scope.DECISIONS_WRITE}))
    assert writer.get("/v1/decisions", params={"transaction_id": "t"}).status_code == 403
