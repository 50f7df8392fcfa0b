"""Builders of records and an opened store."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.ledger import DecisionRecord
from engine.payment import PaymentKey, Stage
from engine.stores.sql import Store, open_store

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

NewRecord = Callable[..., DecisionRecord]


def new_record(
    number: int,
    *,
    id: str | None = None,
    merchant_id: str = "m-1",
    test_mode: bool = False,
    transaction_id: str | None = None,
    stage: Stage = Stage.PRE_AUTH,
    at: datetime | None = None,
    sequence: int | None = None,
    idempotency_key: str | None = None,
) -> DecisionRecord:
    return DecisionRecord(
        id=id or f"dec_{number:08}",
        key=PaymentKey(
            merchant_id=merchant_id,
            test_mode=test_mode,
            transaction_id=transaction_id or f"tx-{number}",
            stage=stage,
        ),
        at=at or NOON + timedelta(microseconds=number),
        sequence=number if sequence is None else sequence,
        idempotency_key=idempotency_key,
        fingerprint=number.to_bytes(32, "big"),
        payment=b"\x00payment \xff" * 150,
        decision=b"decision" * 150,
        answer=b"answer" * 160,
    )


@pytest.fixture
def record() -> NewRecord:
    return new_record


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "data")
    yield opened
    opened.close()
