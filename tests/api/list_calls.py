"""Calling lists as a merchant and as the operator do."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from engine.access import Scope

MakeClient = Callable[..., TestClient]
Body = Callable[..., dict[str, Any]]
SCOPES = frozenset(
    {
        Scope.LISTS_READ,
        Scope.LISTS_WRITE,
        Scope.DECISIONS_WRITE,
        Scope.DECISIONS_READ,
        Scope.DECISIONS_EXPLAIN,
        Scope.POLICIES_WRITE,
    }
)
TOKEN = {"type": "token", "value": "tok_bad"}


@pytest.fixture(scope="module")
def operator(make_client: MakeClient) -> TestClient:
    return make_client(scopes=SCOPES)


@pytest.fixture
def shop() -> str:
    return f"shop-{uuid4()}"


@pytest.fixture
def merchant(make_client: MakeClient, shop: str) -> TestClient:
    return make_client(scopes=SCOPES, merchants=frozenset({shop}))


def path(list_id: str, rest: str = "/entries") -> str:
    return f"/v1/lists/{quote(list_id, safe='')}{rest}"


def add(client: TestClient, list_id: str, *entries: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path(list_id), json={"entries": list(entries)})
    assert answer.status_code == 201, answer.text
    read: dict[str, Any] = answer.json()
    return read


def listed(client: TestClient, list_id: str, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(path(list_id) + query)
    assert answer.status_code == 200, answer.text
    read: list[dict[str, Any]] = answer.json()["data"]
    return read


def refused(answer: Any, status: int = 422) -> list[tuple[str, str]]:
    assert answer.status_code == status, answer.text
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]] or [("", answer.json()["code"])]


def decided(client: TestClient, body: Body, shop: str, **groups: Any) -> dict[str, Any]:
    event = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop, **groups.pop("event", {})}
    answer = client.post("/v1/decisions", json=body(event=event, **groups))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def card(token: str = TOKEN["value"]) -> dict[str, Any]:
    return {"credit_card": {"token": token}}
