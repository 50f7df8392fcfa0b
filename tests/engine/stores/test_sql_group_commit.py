"""Group commit: batches, races, cancelled callers, real faults of the disk, and a process that is killed."""

import asyncio
import contextlib
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord
from engine.stores.sql import Store, group_commit, ledger, open_store
from engine.stores.sql import records as sql_records
from engine.stores.sql.compression import RecordPart, compressed
from engine.stores.sql.writer import Writer

NewRecord = Callable[..., DecisionRecord]

APPEND_UNTIL_KILLED = """
import asyncio, sys
from datetime import datetime, timezone
from pathlib import Path
from engine.ledger import DecisionRecord
from engine.payment import PaymentKey, Stage
from engine.stores.sql import open_store

async def caller(ledger, name):
    for number in range(10**6):
        key = PaymentKey(merchant_id="m", test_mode=False, transaction_id=f"{name}-{number}", stage=Stage.PRE_AUTH)
        record = DecisionRecord(id=f"dec-{name}-{number}", key=key, at=datetime.now(timezone.utc), sequence=number,
            counted_at=datetime.now(timezone.utc), idempotency_key=None, fingerprint=b"f",
            payment=b"p" * 1500, decision=b"d" * 1200, answer=b"a" * 1000)
        print((await ledger.append(record)).id, flush=True)

async def main():
    ledger = open_store(Path(sys.argv[1])).ledger
    await asyncio.gather(*(caller(ledger, name) for name in range(16)))

asyncio.run(main())
"""


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """No file of this process can grow beyond what the WAL has: COMMIT fails as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = max(1, (folder / "assay.db-wal").stat().st_size)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.fixture
def slow(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    commit = Writer.commit

    def commit_late(self: Writer) -> None:
        time.sleep(0.2)
        commit(self)

    monkeypatch.setattr(Writer, "commit", commit_late)
    return store


async def test_records_that_wait_share_a_commit(store: Store, record: NewRecord) -> None:
    records = [record(number) for number in range(1000)]
    assert await asyncio.gather(*map(store.ledger.append, records)) == records
    assert store.ledger.appended == 1000
    assert store.ledger.commits <= 20
    assert list(store.ledger.recent(timedelta(days=1))) == records


async def test_records_that_wait_become_rows_one_after_the_other(
    store: Store, record: NewRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not each where it is appended: what compresses them would find nothing of its own in the processor's caches."""
    made: list[RecordPart] = []

    def noted(part: RecordPart, plain: bytes) -> bytes:
        made.append(part)
        return compressed(part, plain)

    monkeypatch.setattr(sql_records, "compressed", noted)
    records = [record(number) for number in range(8)]
    appending = [asyncio.ensure_future(store.ledger.append(each)) for each in records]
    await asyncio.sleep(0)
    assert not made
    assert await asyncio.gather(*appending) == records
    assert len(made) == len(RecordPart) * len(records)


async def test_a_call_that_takes_a_turn_of_the_loop_longer_joins_the_commit(
    store: Store, record: NewRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 60.0)

    async def append(number: int) -> None:
        for _ in range(number):
            # Read in one turn, decided in the next.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        await store.ledger.append(record(number))

    await asyncio.gather(*(append(number) for number in range(4)))
    assert store.ledger.commits == 1


async def test_new_records_gather_while_a_slow_disk_commits(slow: Store, record: NewRecord) -> None:
    first = asyncio.ensure_future(slow.ledger.append(record(0)))
    await asyncio.sleep(0.02)
    rest = [asyncio.ensure_future(slow.ledger.append(record(number))) for number in range(1, 20)]
    await asyncio.sleep(0.01)
    assert not first.done()
    await asyncio.gather(first, *rest)
    assert slow.ledger.commits == 2


async def test_the_loop_serves_others_while_a_slow_disk_commits(slow: Store, record: NewRecord) -> None:
    turns = 0
    appending = asyncio.ensure_future(slow.ledger.append(record(0)))
    while not appending.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 3


async def test_a_busy_loop_does_not_starve_the_commit(store: Store, record: NewRecord) -> None:
    """Without time lent to it the worker waits for seconds for the GIL of a loop that never idles."""
    end = time.monotonic() + 30

    async def spin() -> None:
        while time.monotonic() < end and not done:
            until = time.perf_counter() + 0.0004
            while time.perf_counter() < until:
                pass
            await asyncio.sleep(0)

    done = False
    spinning = asyncio.ensure_future(spin())
    for number in range(20):
        await store.ledger.append(record(number))
    done = True
    await spinning
    assert time.monotonic() < end - 25


async def test_one_of_many_writers_of_a_key_wins_and_all_get_it(store: Store, record: NewRecord) -> None:
    racing = [record(number, transaction_id=f"tx-{number % 10}") for number in range(500)]
    winners = await asyncio.gather(*map(store.ledger.append, racing))
    assert len({winner.id for winner in winners}) == 10
    assert all(each.key == winner.key for each, winner in zip(racing, winners, strict=True))
    assert store.ledger.appended == 10


async def test_a_cancelled_callers_record_is_recorded_and_harms_no_other(slow: Store, record: NewRecord) -> None:
    callers = [asyncio.ensure_future(slow.ledger.append(record(number))) for number in range(10)]
    await asyncio.sleep(0)
    callers[0].cancel()  # before the batch begins
    await asyncio.sleep(0.02)
    callers[1].cancel()  # while it is committed
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(answer) for answer in answers[:2]] == [asyncio.CancelledError] * 2
    assert answers[2:] == [record(number) for number in range(2, 10)]
    assert len(list(slow.ledger.recent(timedelta(days=1)))) == 10


async def test_a_full_database_fails_every_waiter_and_the_next_batch_works(store: Store, record: NewRecord) -> None:
    await store.ledger.append(record(0))
    driver = store.writer.driver
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages}")
    answers = await asyncio.gather(
        *(store.ledger.append(record(number)) for number in range(1, 50)), return_exceptions=True
    )
    assert all(isinstance(answer, LedgerUnavailable) and "full" in str(answer) for answer in answers)
    assert await store.ledger.find(record(1).key, None) is None
    driver.execute("PRAGMA max_page_count = 1000000")
    assert await store.ledger.append(record(1)) == record(1)
    assert store.ledger.appended == 2


async def test_a_commit_that_the_disk_refuses_fails_every_waiter(
    store: Store, record: NewRecord, tmp_path: Path
) -> None:
    await store.ledger.append(record(0))
    with full_disk(tmp_path / "data"):
        answers = await asyncio.gather(
            *(store.ledger.append(record(number)) for number in range(1, 50)), return_exceptions=True
        )
        with pytest.raises(LedgerUnavailable):
            await store.ledger.check()
    assert all(isinstance(answer, LedgerUnavailable) for answer in answers)
    assert [each.id for each in store.ledger.recent(timedelta(days=1))] == ["dec_00000000"]
    assert await store.ledger.append(record(1)) == record(1)
    await store.ledger.check()


async def test_a_commit_that_fails_late_fails_its_waiters(
    store: Store, record: NewRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Writer.commit

    def refuse(self: Writer) -> None:
        time.sleep(0.02)
        self.driver.rollback()
        commit(self)
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "commit", refuse)
        with pytest.raises(LedgerUnavailable, match="disk I/O error"):
            await store.ledger.append(record(1))
    assert await store.ledger.append(record(1)) == record(1)


async def test_closing_commits_what_waits_and_answers_it(slow: Store, record: NewRecord, tmp_path: Path) -> None:
    callers = [asyncio.ensure_future(slow.ledger.append(record(number))) for number in range(300)]
    await asyncio.sleep(0.01)
    callers += [asyncio.ensure_future(slow.ledger.append(record(number))) for number in range(300, 310)]
    await asyncio.sleep(0)
    slow.close()
    assert len(await asyncio.gather(*callers)) == 310
    again = open_store(tmp_path / "data")
    assert len(list(again.ledger.recent(timedelta(days=1)))) == 310
    again.close()


def test_what_waits_when_the_loop_ends_is_committed_at_close(slow: Store, record: NewRecord, tmp_path: Path) -> None:
    async def leave() -> None:
        appending = asyncio.ensure_future(slow.ledger.append(record(1)))
        await asyncio.sleep(0.01)
        assert not appending.done()

    asyncio.run(leave())
    slow.close()
    again = open_store(tmp_path / "data")
    assert [each.id for each in again.ledger.recent(timedelta(days=1))] == ["dec_00000001"]
    again.close()


async def test_a_value_that_sqlite_cannot_hold_fails_its_batch_and_no_later_one(
    store: Store, record: NewRecord
) -> None:
    with pytest.raises(LedgerUnavailable):
        await store.ledger.append(record(1, idempotency_key="\ud800"))
    with pytest.raises(LedgerUnavailable):
        await store.ledger.append(record(1, sequence=2**70))
    assert await store.ledger.append(record(1)) == record(1)


@pytest.mark.parametrize("fault", [RuntimeError, MemoryError, sqlite3.OperationalError])
async def test_a_record_that_cannot_be_written_down_fails_alone(
    store: Store, record: NewRecord, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    whole = sql_records.row_of

    def faulty(made: DecisionRecord) -> tuple[object, ...]:
        if made.id == record(2).id:
            raise fault("out of order")
        return whole(made)

    monkeypatch.setattr(ledger, "row_of", faulty)
    made = [record(number) for number in range(5)]
    found = await asyncio.gather(*map(store.ledger.append, made), return_exceptions=True)
    assert isinstance(found[2], LedgerUnavailable)
    assert fault.__name__ in str(found[2])
    assert [*found[:2], *found[3:]] == [*made[:2], *made[3:]]
    assert await store.ledger.find(made[2].key, None) is None
    with pytest.raises(LedgerUnavailable):
        await store.ledger.append(made[2])
    # Nothing waits for it: what comes next is recorded.
    assert await store.ledger.append(record(9)) == record(9)


async def test_another_threads_transaction_and_a_batch_take_turns(store: Store, record: NewRecord) -> None:
    def keep_many() -> None:
        for number in range(50):
            with store.writer.transaction() as connection:
                connection.exec_driver_sql("INSERT INTO versions VALUES ('x', ?, x'00')", (str(number),))

    with ThreadPoolExecutor() as threads:
        others = asyncio.get_running_loop().run_in_executor(threads, keep_many)
        await asyncio.gather(*(store.ledger.append(record(number)) for number in range(200)))
        await others
    assert store.ledger.appended == 200


@pytest.mark.parametrize("after", [1, 60, 400])
def test_every_acknowledged_record_survives_kill_9(tmp_path: Path, after: int) -> None:
    command = [sys.executable, "-c", APPEND_UNTIL_KILLED, str(tmp_path / "data")]
    acknowledged: set[str] = set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            # The last line may be cut off in the middle.
            acknowledged.update([line.strip()] if line.endswith("\n") else [])
            if len(acknowledged) == after:
                child.kill()
        assert child.wait() == -signal.SIGKILL
    store = open_store(tmp_path / "data")
    recorded = {each.id for each in store.ledger.recent(timedelta(days=1))}
    store.close()
    assert len(acknowledged) >= after
    assert acknowledged <= recorded
