"""Calls of the rulesets' API, for the tests of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from api.app import create_app
from api.keys import new_key
from api.wiring import Assembly
from engine.access import Scope
from engine.rules import Content

Body = Callable[..., dict[str, Any]]
NOTHING = Content().version
WRITER = frozenset({Scope.RULES_READ, Scope.RULES_WRITE, Scope.DECISIONS_WRITE, Scope.POLICIES_WRITE})


@contextmanager
def client_of(assembly: Assembly, now: Callable[[], datetime] | None = None) -> Iterator[TestClient]:
    """A client of an assembly of one's own, with a key that may do everything."""
    key, text = new_key(name="test", test_mode=False, scopes=frozenset(Scope), merchants=None)
    assembly.keys.add_key(key)
    app = create_app(assembly) if now is None else create_app(assembly, now=now)
    client = TestClient(app, headers={"Authorization": f"Bearer {text}"})
    yield client
    client.close()


def rule(name: str, text: str = "Block if amount_in_usd > 1000", **fields: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "text": text, "reason": "r", **fields}


def publish(client: TestClient, shop: str | None, *rules: dict[str, Any], **asked: Any) -> Any:
    headers, off = asked.pop("headers", {}), asked.pop("off", [])
    wanted = {"rules": list(rules), "switched_off": off, **asked}
    query = {} if shop is None else {"merchant_id": shop}
    return client.post("/v1/rulesets/publish", json=wanted, params=query, headers=headers)


def call(client: TestClient, verb: str, shop: str, **sent: Any) -> Any:
    return client.post(f"/v1/rulesets/{verb}", json=sent, params={"merchant_id": shop})


def standing(client: TestClient, shop: str) -> dict[str, Any]:
    read: dict[str, Any] = client.get("/v1/rulesets", params={"merchant_id": shop}).json()
    return read


def decided(client: TestClient, body: Body, shop: str, usd: int = 2000, **event: Any) -> dict[str, Any]:
    said = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop, **event}
    order = {"amount_minor": usd * 100, "currency": "USD"}
    answer = client.post("/v1/decisions", json=body(event=said, order=order))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read
