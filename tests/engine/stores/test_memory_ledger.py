"""The ledger in memory keeps the port's promises, durability apart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.ledger import DecisionRecord, Ledger, VersionKind
from engine.payment import PaymentKey, Stage
from engine.stores.memory_ledger import MemoryLedger

AT = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def record(number: int, idempotency_key: str | None = None, merchant: str = "shop") -> DecisionRecord:
    return DecisionRecord(
        id=f"dec_{number}",
        key=PaymentKey(merchant_id=merchant, test_mode=False, transaction_id=f"order-{number}", stage=Stage.PRE_AUTH),
        at=AT + timedelta(seconds=number),
        sequence=number,
        counted_at=AT,
        idempotency_key=idempotency_key,
        fingerprint=b"",
        payment=b"{}",
        decision=b"{}",
        answer=str(number).encode(),
    )


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


async def test_what_was_appended_is_found_by_each_of_its_keys(ledger: MemoryLedger) -> None:
    port: Ledger = ledger
    await port.check()
    kept = await port.append(record(1, "caller-1"))
    assert await port.find(kept.key, None) == kept
    assert await port.find(record(2).key, "caller-1") == kept
    assert await port.get("dec_1") == kept
    assert await port.find(record(2).key, "caller-2") is None
    assert await port.get("dec_2") is None


async def test_the_first_writer_of_a_key_wins(ledger: MemoryLedger) -> None:
    first = await ledger.append(record(1, "caller-1"))
    assert await ledger.append(replace(record(2), key=first.key)) == first
    assert await ledger.append(record(3, "caller-1")) == first
    assert len(ledger) == 1
    other = await ledger.append(record(4, "caller-1", merchant="other"))
    assert other.id == "dec_4"


async def test_recent_is_in_the_order_of_observe_and_open_at_its_far_end(ledger: MemoryLedger) -> None:
    for number in (3, 1, 2):
        await ledger.append(record(number))
    await ledger.append(record(9, merchant="other"))
    assert [each.sequence for each in ledger.recent(timedelta(seconds=2))] == [2, 3, 9]
    assert [each.sequence for each in ledger.recent(timedelta(days=1))] == [1, 2, 3, 9]


def test_a_version_once_kept_stands(ledger: MemoryLedger) -> None:
    ledger.keep_version(VersionKind.POLICY, "v1", b"first")
    ledger.keep_version(VersionKind.POLICY, "v1", b"second")
    assert ledger.version(VersionKind.POLICY, "v1") == b"first"
    assert ledger.version(VersionKind.RULESET, "v1") is None
