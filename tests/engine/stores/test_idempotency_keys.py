"""Keys beside a decision's own, under which it was asked for again: one suite for every store."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import LedgerUnavailable
from engine.ledger import KEYS_A_DECISION_MAX, DecisionRecord, Ledger
from engine.stores.memory_ledger import MemoryLedger
from engine.stores.sql import Store, open_reader, open_store

NewRecord = Callable[..., DecisionRecord]


@pytest.fixture(params=["memory", "sql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    store = open_store(tmp_path / "data")
    yield store.ledger
    store.close()


async def test_a_key_that_is_remembered_finds_the_decision(ledger: Ledger, record: NewRecord) -> None:
    first = await ledger.append(record(1, idempotency_key="own"))
    assert await ledger.remember_key("more", first) == first
    assert await ledger.remember_key("more", first) == first
    assert await ledger.find(record(2).key, "more") == first
    assert await ledger.find(first.key, "own") == first
    assert await ledger.find(record(2).key, "other") is None


async def test_it_is_a_key_within_its_merchant_and_mode(ledger: Ledger, record: NewRecord) -> None:
    await ledger.remember_key("more", await ledger.append(record(1)))
    for number, elsewhere in ((2, {"merchant_id": "m-2"}), (3, {"test_mode": True})):
        other = record(number, **elsewhere)
        assert await ledger.find(other.key, "more") is None
        assert await ledger.append(record(number, idempotency_key="more", **elsewhere)) != await ledger.get(
            "dec_00000001"
        )


async def test_the_first_that_a_key_names_stands(ledger: Ledger, record: NewRecord) -> None:
    first, second = [await ledger.append(record(number)) for number in (1, 2)]
    named = await asyncio.gather(ledger.remember_key("k", first), ledger.remember_key("k", second))
    assert [*named] == [first, first]
    assert await ledger.find(second.key, "k") == first


async def test_no_key_names_two_decisions_whichever_way_it_came(ledger: Ledger, record: NewRecord) -> None:
    first, second = [await ledger.append(record(number)) for number in (1, 2)]
    await ledger.remember_key("k", first)
    assert await ledger.append(record(3, idempotency_key="k")) == first
    assert await ledger.get("dec_00000003") is None
    own = await ledger.append(record(4, idempotency_key="k-4"))
    assert await ledger.remember_key("k-4", second) == own


@pytest.mark.parametrize("is_new_first", [False, True])
async def test_both_ways_at_once_leave_one_decision(ledger: Ledger, record: NewRecord, *, is_new_first: bool) -> None:
    first = await ledger.append(record(1))
    new = record(2, idempotency_key="k")
    calls = [ledger.remember_key("k", first), ledger.append(new)]
    stand = await asyncio.gather(*(reversed(calls) if is_new_first else calls))
    assert [*stand] == [new if is_new_first else first] * 2
    assert await ledger.find(record(3).key, "k") == stand[0]
    assert await ledger.get(new.id) == (new if is_new_first else None)


async def test_a_decision_has_no_more_keys_than_the_bound(ledger: Ledger, record: NewRecord) -> None:
    first = await ledger.append(record(1, idempotency_key="own"))
    for number in range(KEYS_A_DECISION_MAX + 3):
        assert await ledger.remember_key(f"k-{number}", first) == first
    found = [await ledger.find(record(2).key, f"k-{number}") for number in range(KEYS_A_DECISION_MAX + 3)]
    assert found == [first] * KEYS_A_DECISION_MAX + [None] * 3
    second = await ledger.append(record(3))
    assert await ledger.remember_key("k-0", second) == first
    assert await ledger.remember_key("of-second", second) == second
    assert await ledger.find(record(2).key, "of-second") == second


async def test_it_is_on_disk(tmp_path: Path, record: NewRecord) -> None:
    store = open_store(tmp_path / "data")
    first = await store.ledger.append(record(1))
    await store.ledger.remember_key("k", first)
    with open_reader(tmp_path / "data") as reading:
        assert await reading.ledger.find(record(2).key, "k") == first
    store.close()
    store = open_store(tmp_path / "data")
    assert await store.ledger.find(record(2).key, "k") == first
    store.close()


async def test_a_key_that_is_known_is_not_written_again(store: Store, record: NewRecord) -> None:
    first = await store.ledger.append(record(1))
    await store.ledger.remember_key("k", first)
    before = store.ledger.commits
    await store.ledger.remember_key("k", first)
    assert store.ledger.commits == before


async def test_where_it_cannot_be_written_it_is_not_kept(
    store: Store, record: NewRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await store.ledger.append(record(1))

    def fail() -> None:
        store.writer.driver.rollback()
        store.writer._give_back()  # noqa: SLF001 - as a commit that failed does
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(store.writer, "commit", fail)
        with pytest.raises(LedgerUnavailable):
            await store.ledger.remember_key("k", first)
    assert await store.ledger.find(record(2).key, "k") is None
    assert await store.ledger.remember_key("k", first) == first
