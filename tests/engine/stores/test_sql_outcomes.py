"""Outcomes and labels on SQLite: through the group commit, beside decisions, durable."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord, Label, LabelKind
from engine.outcome import Outcome
from engine.stores.sql import Store, labels, ledger, open_store, outcomes
from engine.stores.sql.group_commit import BATCH_ROWS_MAX
from engine.stores.sql.labels import LABELS_PER_BATCH
from engine.stores.sql.writer import Writer

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
NewRecord = Callable[..., DecisionRecord]
NewOutcome = Callable[..., Outcome]

REPORT_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from engine.stores.sql import open_store
sys.path.insert(0, "")
from tests.engine.stores.conftest import new_outcome, new_record

async def caller(outcomes, decision, name):
    for number in range(10**6):
        each = new_outcome(number, decision, id=f"out_{name:02}_{number:08}", fingerprint=f"{name} {number}".encode())
        print((await outcomes.append(each)).id, flush=True)

async def main():
    store = open_store(Path(sys.argv[1]))
    decision = await store.ledger.append(new_record(1))
    await asyncio.gather(*(caller(store.outcomes, decision, name) for name in range(16)))

asyncio.run(main())
"""


def label(number: int) -> Label:
    return Label(
        merchant_id=f"m-{number % 3}",
        test_mode=False,
        transaction_id=f"tx-{number}",
        kind=LabelKind.CHARGEBACK,
        is_fraud=True,
        occurred_at=NOON,
        received_at=NOON + timedelta(seconds=number),
        source="api",
    )


async def test_decisions_outcomes_and_labels_that_wait_share_a_commit(
    store: Store, record: NewRecord, outcome: NewOutcome
) -> None:
    decisions = [record(number) for number in range(100)]
    reported = [outcome(number, decision) for number, decision in enumerate(decisions)]
    labelled = [label(number) for number in range(50)]
    answers = await asyncio.gather(
        *(store.ledger.append(each) for each in decisions),
        *(store.outcomes.append(each) for each in reported),
        store.labels.append_labels(labelled),
    )
    assert answers == [*decisions, *reported, 50]
    assert (store.ledger.appended, store.outcomes.appended, store.ledger.commits) == (100, 100, 1)
    assert [each for each, _ in store.outcomes.recent(YEAR)] == reported
    assert list(store.labels.labels_as_of(NOON + YEAR)) == labelled


async def test_a_batch_of_losers_and_winners_tells_each_its_own(
    store: Store, record: NewRecord, outcome: NewOutcome
) -> None:
    decision = await store.ledger.append(record(1))
    first = await store.outcomes.append(outcome(1, decision))
    two = [label(1), label(2)]
    await store.labels.append_labels(two[:1])
    lost, won, decided, new, none = await asyncio.gather(
        store.outcomes.append(outcome(2, decision, fingerprint=first.fingerprint)),
        store.outcomes.append(outcome(3, decision)),
        store.ledger.append(record(2)),
        store.labels.append_labels(two),
        store.labels.append_labels(two),
    )
    assert (lost, won, decided) == (first, outcome(3, decision), record(2))
    assert (new, none) == (1, 0), "each call is told of its own labels"


async def test_many_labels_leave_decisions_their_turn(store: Store, record: NewRecord) -> None:
    assert 2 * LABELS_PER_BATCH <= BATCH_ROWS_MAX, "with one call's labels a decision shares the next batch"
    many = [label(number) for number in range(1000)]
    appending = asyncio.ensure_future(store.labels.append_labels(many))
    await asyncio.sleep(0)
    assert await store.ledger.append(record(1)) == record(1)
    assert not appending.done()
    assert await appending == 1000
    assert await store.labels.append_labels(many) == 0


async def test_a_page_of_labels_is_as_known_then(store: Store) -> None:
    known = [label(number) for number in range(9)]
    hidden = replace(label(3), test_mode=True)
    await store.labels.append_labels([*reversed(known), hidden])

    async def pages(merchants: list[str] | None, at: datetime, limit: int) -> list[Label]:
        found: list[Label] = []
        cursor = None
        while page := await store.labels.labels_of(merchants, at, test_mode=False, after=cursor, limit=limit):
            found += [each for _, each in page]
            cursor = page[-1][0]
        return found

    for limit in (1, 2, 100):
        assert await pages(None, NOON + YEAR, limit) == known
        assert await pages(["m-1"], NOON + YEAR, limit) == known[1::3]
        assert await pages(["m-2", "m-0"], NOON + timedelta(seconds=5), limit) == [known[i] for i in (0, 2, 3, 5)]
        assert await pages([], NOON + YEAR, limit) == []
    for wrong in ("", "x", "1", "1.2.3", "99999999999999999999.1"):
        with pytest.raises(ValueError):  # noqa: PT011 - it says no more
            await store.labels.labels_of(None, NOON, test_mode=False, after=wrong, limit=1)


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (labels._PAGE_OF_ONE, "ix_labels_of_merchant"),  # noqa: SLF001
        (labels._PAGE_OF_ALL, "ix_labels_of_mode"),  # noqa: SLF001
        (outcomes._RECENT, "ix_outcomes_received"),  # noqa: SLF001
        (outcomes._BY_REPORT, "uq_outcomes_report"),  # noqa: SLF001
        (outcomes._BY_TRANSACTION, "uq_outcomes_report"),  # noqa: SLF001
        (ledger._SUPERSEDED_BY, "ix_decisions_supersedes"),  # noqa: SLF001
        (ledger._SUPERSEDED, "ix_decisions_supersedes"),  # noqa: SLF001
        (ledger._HOLDS, "uq_decisions_merchant_id"),  # noqa: SLF001
    ],
)
def test_each_query_is_answered_from_its_index(store: Store, sql: str, index: str) -> None:
    """Else one merchant's page reads every label there is, and a rebuild holds every outcome at once."""
    rows = store.writer.driver.execute(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?")).fetchall()
    plan = " ".join(str(row) for row in rows).replace("sqlite_autoindex_outcomes_1", "uq_outcomes_report")
    plan = plan.replace("sqlite_autoindex_decisions_2", "uq_decisions_merchant_id")
    assert index in plan
    assert "SCAN labels" not in plan
    if sql in (labels._PAGE_OF_ONE, labels._PAGE_OF_ALL, outcomes._RECENT):  # noqa: SLF001
        assert "TEMP B-TREE FOR ORDER BY" not in plan


async def test_a_full_database_fails_outcomes_and_labels_and_the_next_batch_works(
    store: Store, record: NewRecord, outcome: NewOutcome
) -> None:
    decision = await store.ledger.append(record(0))
    driver = store.writer.driver
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages}")
    many = [label(number) for number in range(500)]
    answers = await asyncio.gather(
        *(store.outcomes.append(outcome(number, decision)) for number in range(200)),
        store.labels.append_labels(many),
        return_exceptions=True,
    )
    assert all(isinstance(answer, LedgerUnavailable) and "full" in str(answer) for answer in answers)
    driver.execute("PRAGMA max_page_count = 1000000")
    assert await store.outcomes.append(outcome(1, decision)) == outcome(1, decision)
    assert await store.labels.append_labels(many) == 500


async def test_outcomes_survive_a_reopening(
    store: Store, record: NewRecord, outcome: NewOutcome, tmp_path: Path
) -> None:
    decision = await store.ledger.append(record(1))
    written = await store.outcomes.append(outcome(1, decision, idempotency_key="k"))
    store.close()
    with pytest.raises(LedgerUnavailable):
        await store.outcomes.append(outcome(2, decision))
    again = open_store(tmp_path / "data")
    assert await again.outcomes.find(decision, b"other", "k") == written
    assert await again.outcomes.append(outcome(9, decision, fingerprint=written.fingerprint)) == written
    again.close()


async def test_a_cancelled_reports_outcome_is_recorded_and_harms_no_other(
    store: Store, record: NewRecord, outcome: NewOutcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = await store.ledger.append(record(1))
    commit = Writer.commit

    def commit_late(self: Writer) -> None:
        time.sleep(0.1)
        commit(self)

    monkeypatch.setattr(Writer, "commit", commit_late)
    callers = [asyncio.ensure_future(store.outcomes.append(outcome(number, decision))) for number in range(5)]
    await asyncio.sleep(0.01)
    callers[0].cancel()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert len(await store.outcomes.of_decision(decision, after=None, limit=9)) == 5


def test_every_acknowledged_outcome_survives_kill_9(tmp_path: Path) -> None:
    command = [sys.executable, "-c", REPORT_UNTIL_KILLED, str(tmp_path / "data")]
    acknowledged: set[str] = set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            # The last line may be cut off in the middle.
            acknowledged.update([line.strip()] if line.endswith("\n") else [])
            if len(acknowledged) == 200:
                child.kill()
        assert child.wait() == -signal.SIGKILL
    store = open_store(tmp_path / "data")
    recorded = {each.id for each, _ in store.outcomes.recent(100 * YEAR)}
    store.close()
    assert len(acknowledged) >= 200
    assert acknowledged <= recorded


def test_outcomes_are_append_only_by_their_port() -> None:
    """Nothing of the store changes or deletes what was reported: no statement of its modules does."""
    folder = Path(__file__).parents[3] / "engine" / "stores" / "sql"
    for name in ("outcomes.py", "labels.py", "ledger.py"):
        text = (folder / name).read_text(encoding="utf-8").lower()
        assert "delete(" not in text, name
        assert "update(" not in text, name
