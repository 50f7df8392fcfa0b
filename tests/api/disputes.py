"""Chargebacks and fraud warnings to send, and what is said of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from fastapi.testclient import TestClient

from api.schemas.scheme_report import ChargebackList, ChargebacksAnswer, FraudWarningList, FraudWarningsAnswer
from engine.access import Scope

Body = Callable[..., dict[str, Any]]
MakeClient = Callable[..., TestClient]
CARD_NUMBER = "4242424242424242"
SCOPES = frozenset({Scope.DECISIONS_WRITE, Scope.DECISIONS_READ, Scope.DECISIONS_EXPLAIN, Scope.LABELS_WRITE})
NUMBERS = count()
CHARGEBACKS, WARNINGS = "/v1/chargebacks", "/v1/fraud-warnings"


def pay(shop: TestClient, body: Body, **groups: Any) -> str:
    request = body(**groups)
    request["event"]["merchant_id"] = shop.merchant  # type: ignore[attr-defined]
    answer = shop.post("/v1/decisions", json=request)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["transaction_id"])


def chargeback(**changes: Any) -> dict[str, Any]:
    number = next(NUMBERS)
    fields = {
        "transaction_id": f"disputed-{number}",
        "case_id": f"case-{number}",
        "network": "visa",
        "reason_code": "10.4",
        "amount_minor": 4990,
        "currency": "USD",
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def warning(**changes: Any) -> dict[str, Any]:
    return chargeback(**({"reason_code": ..., "fraud_type": "unauthorized_use_of_card"} | changes))


def taken(client: TestClient, sent: Any, path: str = CHARGEBACKS) -> dict[str, Any]:
    answer = client.post(path, json=sent)
    assert answer.status_code == 201, answer.text
    (ChargebacksAnswer if path == CHARGEBACKS else FraudWarningsAnswer).model_validate_json(answer.content)
    told: dict[str, Any] = answer.json()
    return told


def refused(client: TestClient, sent: Any, path: str = CHARGEBACKS) -> list[tuple[str, str]]:
    answer = client.post(path, json=sent)
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def odd(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["input_pointer"], each["code"]) for each in told["warnings"]]


def listed(client: TestClient, path: str = CHARGEBACKS, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    (ChargebackList if path == CHARGEBACKS else FraudWarningList).model_validate_json(answer.content)
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def labels(client: TestClient) -> list[tuple[str, bool]]:
    return [(each["kind"], each["is_fraud"]) for each in client.get("/v1/labels").json()["data"]]
