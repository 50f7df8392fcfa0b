"""Decision requests for the tests of the schemas."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from api.schemas import InputWarning, read_request
from engine.errors import Fault, PaymentInvalid
from engine.payment import Payment

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
CARD_NUMBER = "4111111111111111"

LEAST: dict[str, Any] = {
    "event": {"transaction_id": "order-1", "merchant_id": "shop-1"},
    "order": {"amount_minor": 1250, "currency": "USD"},
}

ABSENT = object()


def with_value(pointer: str, value: object) -> dict[str, Any]:
    """The least request with a value at a place; ABSENT takes away."""
    fields = copy.deepcopy(LEAST)
    *parents, last = pointer.strip("/").split("/")
    node: Any = fields
    for name in parents:
        if isinstance(node, list):
            node = node[int(name)]
        else:
            node = node.setdefault(name, [{}] if name == "shopping_cart" else {})
    if value is ABSENT:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return fields


def decide(fields: Mapping[str, Any] | bytes) -> tuple[Payment, tuple[InputWarning, ...]]:
    body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    request = read_request(body)
    return request.to_payment(request.merchant_id or "shop-1", test_mode=False, received_at=NOW)


def faults_of(fields: Mapping[str, Any] | bytes) -> tuple[Fault, ...]:
    with pytest.raises(PaymentInvalid) as raised:
        decide(fields)
    return raised.value.faults


def places(faults: tuple[Fault, ...]) -> set[tuple[str, str]]:
    return {(fault.pointer, fault.code) for fault in faults}


def notes(warnings: tuple[InputWarning, ...]) -> set[tuple[str, str]]:
    return {(warning.input_pointer, warning.code) for warning in warnings}
