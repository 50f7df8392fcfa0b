"""Builders of records and an opened store."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.ledger import DecisionRecord
from engine.outcome import Outcome, OutcomeKind
from engine.payment import PaymentKey, Stage
from engine.stores.sql import Store, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

NewRecord = Callable[..., DecisionRecord]
NewOutcome = Callable[..., Outcome]


def new_record(number: int, **changes: Any) -> DecisionRecord:
    """A record whose every field follows from its number, less the changes: fields of the record or of its key."""
    key: dict[str, Any] = {
        "merchant_id": "m-1",
        "test_mode": False,
        "transaction_id": f"tx-{number}",
        "stage": Stage.PRE_AUTH,
    }
    key |= {name: changes.pop(name) for name in key if name in changes}
    fields: dict[str, Any] = {
        "id": f"dec_{number:08}",
        "at": NOON + timedelta(microseconds=number),
        "counted_at": NOON + timedelta(microseconds=number),
        "sequence": number,
        "idempotency_key": None,
        "fingerprint": number.to_bytes(32, "big"),
        "payment": b"\x00payment \xff" * 150,
        "decision": b"decision" * 150,
        "answer": b"answer" * 160,
    }
    return DecisionRecord(key=PaymentKey(**key), **(fields | changes))


def new_outcome(number: int, of: DecisionRecord, **changes: Any) -> Outcome:
    """An outcome of a decision whose every field follows from its number, less the changes."""
    fields: dict[str, Any] = {
        "id": f"out_{number:08}",
        "decision_id": of.id,
        "merchant_id": of.key.merchant_id,
        "test_mode": of.key.test_mode,
        "transaction_id": of.key.transaction_id,
        "kind": OutcomeKind.DECLINED,
        "occurred_at": None if number % 2 else NOON,
        "received_at": NOON + timedelta(seconds=number),
        "idempotency_key": None,
        "fingerprint": number.to_bytes(32, "big"),
        "details": b'{"decline_code":"51"}',
        "answer": b"answer" * 80,
    }
    return Outcome(**(fields | changes))


@pytest.fixture
def outcome() -> NewOutcome:
    return new_outcome


@pytest.fixture
def record() -> NewRecord:
    return new_record


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "data")
    yield opened
    opened.close()
