"""Calls of the models' API, for the tests of it."""

from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient


def call(client: TestClient, path: str, because: str = "It is better.", **asked: Any) -> Any:
    headers = asked.pop("headers", {})
    return client.post(f"/v1/models/{path}", json={"because": because, **asked}, headers=headers)


def champion(client: TestClient) -> str | None:
    read: str | None = client.get("/v1/models").json()["champion"]
    return read


def decided(client: TestClient, **order: Any) -> dict[str, Any]:
    sent = {
        "event": {"transaction_id": f"tx-{uuid4()}", "merchant_id": "shop-a"},
        "order": {"amount_minor": 4990, "currency": "USD", **order},
    }
    answer = client.post("/v1/decisions", json=sent)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read
