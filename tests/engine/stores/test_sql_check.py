"""Asking whether the disk takes commits: cheap however often, never on the event loop, and true."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord
from engine.stores.sql import Store, group_commit
from engine.stores.sql.writer import Writer

NewRecord = Callable[..., DecisionRecord]


@pytest.fixture
def touches(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the writer was asked for a write that changes nothing."""
    asked: list[float] = []
    touch = Writer.touch

    def counted(self: Writer, timeout_seconds: float) -> None:
        asked.append(time.monotonic())
        touch(self, timeout_seconds)

    monkeypatch.setattr(Writer, "touch", counted)
    return asked


def slow_touch(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    touch = Writer.touch

    def late(self: Writer, timeout_seconds: float) -> None:
        time.sleep(seconds)
        touch(self, timeout_seconds)

    monkeypatch.setattr(Writer, "touch", late)


async def test_many_checks_write_once(store: Store, tmp_path: Path, touches: list[float]) -> None:
    wal = tmp_path / "data" / "assay.db-wal"
    before = wal.stat().st_size
    await asyncio.gather(*(store.ledger.check() for _ in range(50)))
    for _ in range(50):
        await store.ledger.check()
    assert len(touches) == 1
    assert wal.stat().st_size - before <= 2 * 4120
    assert store.ledger.commits == 0, "a check is no commit of records"


async def test_a_check_after_a_commit_is_free(store: Store, record: NewRecord, touches: list[float]) -> None:
    await store.ledger.append(record(1))
    await store.ledger.check()
    assert touches == []


async def test_a_proof_ages(store: Store, touches: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "PROOF_SECONDS", 0.05)
    await store.ledger.check()
    await asyncio.sleep(0.06)
    await store.ledger.check()
    assert len(touches) == 2


async def test_the_loop_turns_and_payments_wait_in_the_queue_meanwhile(
    store: Store, record: NewRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_touch(monkeypatch, 0.3)
    longest, last = 0.0, time.monotonic()
    checking = asyncio.ensure_future(store.ledger.check())
    await asyncio.sleep(0.05)
    appending = asyncio.ensure_future(store.ledger.append(record(1)))
    while not (checking.done() and appending.done()):
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    await checking
    assert await appending == record(1)
    assert longest < 0.15


async def test_a_disk_that_hangs_is_said_in_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_touch(monkeypatch, 0.4)
    monkeypatch.setattr(group_commit, "CHECK_TIMEOUT_SECONDS", 0.05)
    for _ in range(2):
        with pytest.raises(LedgerUnavailable, match="No commit ended within"):
            await store.ledger.check()


async def test_a_writer_that_is_held_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "CHECK_TIMEOUT_SECONDS", 0.05)
    with store.writer.transaction(), pytest.raises(LedgerUnavailable, match="No commit ended within"):
        await store.ledger.check()
    await asyncio.sleep(0.1)
    await store.ledger.check()


async def test_a_failed_commit_ends_the_proof(store: Store, record: NewRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "FAILED_SECONDS", 0.0)
    await store.ledger.append(record(0))
    driver = store.writer.driver
    driver.execute("PRAGMA query_only = on")
    with pytest.raises(LedgerUnavailable):
        await store.ledger.append(record(1))
    for _ in range(2):
        with pytest.raises(LedgerUnavailable):
            await store.ledger.check()
    driver.execute("PRAGMA query_only = off")
    await store.ledger.check()


async def test_a_record_that_cannot_be_kept_says_nothing_of_the_disk(store: Store, record: NewRecord) -> None:
    refused, checked = await asyncio.gather(
        store.ledger.append(record(1, sequence=2**70)), store.ledger.check(), return_exceptions=True
    )
    assert isinstance(refused, LedgerUnavailable)
    assert checked is None


async def test_closing_answers_a_check(store: Store) -> None:
    checking = asyncio.ensure_future(store.ledger.check())
    await asyncio.sleep(0)
    store.close()
    with pytest.raises(LedgerUnavailable, match="closed"):
        await checking


async def test_a_disk_with_room_for_a_check_but_no_decision_is_not_ready(store: Store, record: NewRecord) -> None:
    with store.writer.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    for number in range(40):
        try:
            await store.ledger.append(record(number))
        except LedgerUnavailable:
            break
    else:
        pytest.fail("the disk never got full")
    with pytest.raises(LedgerUnavailable, match="Recording failed"):
        await store.ledger.check()
    with store.writer.transaction() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    await store.ledger.append(record(99))
    await store.ledger.check()
