"""The ledger port on SQLite: what was appended is found, and the first writer of a key wins."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord, VersionKind
from engine.payment import PaymentKey, Stage
from engine.stores.sql import Store, open_store

NewRecord = Callable[..., DecisionRecord]


async def test_a_record_comes_back_equal_by_key_by_idempotency_key_and_by_id(store: Store, record: NewRecord) -> None:
    written = record(1, idempotency_key="k-1", stage=Stage.POST_3DS, test_mode=True, merchant_id="käse 商")
    assert await store.ledger.append(written) == written
    other_key = PaymentKey(merchant_id="käse 商", test_mode=True, transaction_id="other", stage=Stage.PRE_AUTH)
    assert await store.ledger.find(written.key, None) == written
    assert await store.ledger.find(other_key, "k-1") == written
    assert await store.ledger.get(written.id) == written


async def test_what_was_not_recorded_is_not_found(store: Store, record: NewRecord) -> None:
    absent = record(1, idempotency_key="k-1")
    assert await store.ledger.find(absent.key, "k-1") is None
    assert await store.ledger.get(absent.id) is None
    assert list(store.ledger.recent(timedelta(days=1))) == []


async def test_merchants_modes_and_stages_are_apart(store: Store, record: NewRecord) -> None:
    records = [
        record(1, transaction_id="tx", idempotency_key="k"),
        record(2, transaction_id="tx", idempotency_key="k", merchant_id="m-2"),
        record(3, transaction_id="tx", idempotency_key="k", test_mode=True),
        record(4, transaction_id="tx", stage=Stage.POST_AUTH),
    ]
    for each in records:
        assert await store.ledger.append(each) == each
    for each in records:
        assert await store.ledger.find(each.key, each.idempotency_key) == each


async def test_the_first_writer_of_a_payment_key_wins(store: Store, record: NewRecord) -> None:
    first = await store.ledger.append(record(1, transaction_id="tx"))
    assert await store.ledger.append(record(2, transaction_id="tx", idempotency_key="new")) == first
    assert await store.ledger.get("dec_00000002") is None
    assert store.ledger.appended == 1


async def test_of_two_that_wait_for_one_commit_with_and_without_a_key_one_wins(store: Store, record: NewRecord) -> None:
    waiting = (record(1, transaction_id="tx"), record(2, transaction_id="tx", idempotency_key="k"), record(3))
    first, second, other = await asyncio.gather(*map(store.ledger.append, waiting))
    assert first == second == await store.ledger.find(waiting[0].key, None)
    assert other == waiting[2]
    assert (store.ledger.appended, store.ledger.commits) == (2, 1)


async def test_the_first_writer_of_an_idempotency_key_wins(store: Store, record: NewRecord) -> None:
    first = await store.ledger.append(record(1, idempotency_key="k"))
    assert await store.ledger.append(record(2, idempotency_key="k")) == first
    assert await store.ledger.find(record(2).key, None) is None


async def test_an_idempotency_key_goes_before_the_payment_key(store: Store, record: NewRecord) -> None:
    by_key = await store.ledger.append(record(1))
    by_idempotency_key = await store.ledger.append(record(2, idempotency_key="k"))
    assert await store.ledger.find(by_key.key, "k") == by_idempotency_key
    assert await store.ledger.append(record(3, transaction_id="tx-1", idempotency_key="k")) == by_idempotency_key


async def test_appending_the_same_record_again_gives_it_back(store: Store, record: NewRecord) -> None:
    written = await store.ledger.append(record(1))
    assert await store.ledger.append(record(1)) == written
    assert store.ledger.appended == 1


async def test_an_id_taken_by_another_payment_fails_that_payment_alone(store: Store, record: NewRecord) -> None:
    await store.ledger.append(record(1))
    with pytest.raises(LedgerUnavailable, match="dec_00000001 is taken"):
        await store.ledger.append(record(2, id="dec_00000001"))
    assert await store.ledger.append(record(3)) == record(3)


async def test_recent_is_in_the_order_of_observe_and_reaches_back_from_each_merchants_newest(
    store: Store, record: NewRecord
) -> None:
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    hour = timedelta(hours=1)
    for each in (
        record(1, sequence=30, at=noon),
        record(2, sequence=10, at=noon - hour + timedelta(microseconds=1)),
        record(3, sequence=5, at=noon - hour),
        record(4, sequence=20, at=noon - 50 * hour, merchant_id="dormant"),
        record(5, sequence=1, at=noon - 52 * hour, merchant_id="dormant"),
        record(6, sequence=40, at=noon - 9 * hour, test_mode=True),
    ):
        await store.ledger.append(each)
    assert [each.sequence for each in store.ledger.recent(hour)] == [10, 20, 30, 40]


async def test_recent_is_read_while_others_append(store: Store, record: NewRecord) -> None:
    for number in range(3):
        await store.ledger.append(record(number))
    rows = store.ledger.recent(timedelta(days=1))
    assert next(rows) == record(0)
    await store.ledger.append(record(3))
    assert [each.sequence for each in rows] == [1, 2]


async def test_what_a_version_consists_of_is_kept_and_never_changes(store: Store, tmp_path: Path) -> None:
    store.ledger.keep_version(VersionKind.CATALOG, "v1", b"one")
    store.ledger.keep_version(VersionKind.CATALOG, "v1", b"two")
    store.ledger.keep_version(VersionKind.POLICY, "v1", b"three")
    store.close()
    again = open_store(tmp_path / "data")
    assert again.ledger.version(VersionKind.CATALOG, "v1") == b"one"
    assert again.ledger.version(VersionKind.POLICY, "v1") == b"three"
    assert again.ledger.version(VersionKind.RULESET, "v1") is None
    again.close()


async def test_a_closed_ledger_says_so(store: Store, record: NewRecord) -> None:
    await store.ledger.check()
    store.close()
    for asked in (store.ledger.find(record(1).key, None), store.ledger.get("dec"), store.ledger.append(record(1))):
        with pytest.raises(LedgerUnavailable):
            await asked
    with pytest.raises(LedgerUnavailable):
        await store.ledger.check()


async def test_what_was_replaced_is_found_by_whoever_opens_the_store_next(tmp_path: Path, record: NewRecord) -> None:
    async def replaced(store: Store) -> str | None:
        return await store.ledger.superseded_by("m-1", "wrong", test_mode=False)

    store = open_store(tmp_path)
    assert await replaced(store) is None
    await store.ledger.append(record(1, transaction_id="right", merchant_id="m-1", supersedes="wrong"))
    assert await replaced(store) == "right"
    store.close()
    again = open_store(tmp_path)
    try:
        assert await replaced(again) == "right"
        again.ledger.record_all([record(2, transaction_id="better", merchant_id="m-1", supersedes="wrong")])
        assert await replaced(again) == "better"
    finally:
        again.close()


async def test_a_merchants_first_replacement_by_a_bulk_write_is_found(store: Store, record: NewRecord) -> None:
    assert await store.ledger.superseded_by("m-2", "wrong", test_mode=True) is None
    store.ledger.record_all([record(1, transaction_id="r", merchant_id="m-2", test_mode=True, supersedes="wrong")])
    assert await store.ledger.superseded_by("m-2", "wrong", test_mode=True) == "r"
