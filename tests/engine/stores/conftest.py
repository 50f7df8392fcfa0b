"""Builders of records and an opened store."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.ledger import DecisionRecord
from engine.payment import PaymentKey, Stage
from engine.stores.sql import Store, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

NewRecord = Callable[..., DecisionRecord]


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


@pytest.fixture
def record() -> NewRecord:
    return new_record


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "data")
    yield opened
    opened.close()
