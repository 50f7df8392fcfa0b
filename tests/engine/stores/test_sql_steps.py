"""One merchant's history is read in steps as short beside a long foreign ledger as beside a short one."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from engine.ledger import DecisionRecord
from engine.outcome import Outcome
from engine.stores.sql import Store, open_store, sqlite

FOREIGN = 30_000
STEP_MAX = 250
"""Thousands of instructions of SQLite's machine: a step walks some thousand entries of an index, ten each."""
YEAR = timedelta(days=365)
NewRecord = Callable[..., DecisionRecord]
NewOutcome = Callable[..., Outcome]


@dataclass(slots=True)
class Counted:
    """How much SQLite did since the last pause, in thousands of instructions, and at most between two pauses."""

    since: int = 0
    most: int = 0

    def count(self) -> int:
        self.since += 1
        self.most = max(self.most, self.since)
        return 0

    def of(self, steps: Iterator[object]) -> int:
        """Read to the end, and give the longest step."""
        self.since = self.most = 0
        for _ in steps:
            self.since = 0
        return self.most


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted, connect = Counted(), sqlite.connect_reader

    def counting(file: Path) -> sqlite3.Connection:
        driver = connect(file)
        driver.set_progress_handler(counted.count, 1_000)
        return driver

    monkeypatch.setattr(sqlite, "connect_reader", counting)
    return counted


@pytest.fixture
async def house(counted: Counted, tmp_path: Path, record: NewRecord, outcome: NewOutcome) -> Store:
    """A ledger of few decisions of one merchant and many of another's; opened once the readers are counted."""
    assert counted.most == 0
    folder = tmp_path / "house"
    store = open_store(folder)
    for number in (1, 2):
        own = await store.ledger.append(record(number, merchant_id="own"))
        await store.outcomes.append(outcome(number, own))
    foreign = await store.ledger.append(record(3, merchant_id="foreign", supersedes="tx-0"))
    await store.outcomes.append(outcome(3, foreign))
    store.close()
    connection = sqlite3.connect(folder / "assay.db")
    for table, own_columns in (
        ("decisions", {"id": "'f' || n", "transaction_id": "'f' || n", "sequence": "n + 3", "supersedes": "'s' || n"}),
        ("outcomes", {"id": "'f' || n", "fingerprint": "'f' || n", "received_at_us": "received_at_us + n"}),
    ):
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "position"]
        given = ", ".join(own_columns.get(name, name) for name in names)
        connection.execute(
            f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {FOREIGN})"  # noqa: S608
            f" INSERT INTO {table} ({', '.join(names)}) SELECT {given} FROM {table}, s WHERE merchant_id = 'foreign'"
        )
    connection.commit()
    connection.close()
    return open_store(folder)


async def test_no_step_grows_with_what_the_ledger_holds_of_others(counted: Counted, house: Store) -> None:
    assert sum(each is not None for each in house.ledger.recent_of("own", YEAR)) == 2
    assert sum(each is not None for each in house.outcomes.recent_of("own", YEAR)) == 2
    assert counted.of(house.ledger.recent_of("own", YEAR)) < STEP_MAX
    assert counted.of(house.outcomes.recent_of("own", YEAR)) < STEP_MAX
    assert counted.of(house.ledger.recent_of("nobody", YEAR)) < STEP_MAX
    assert counted.of(house.ledger.superseded("own")) == 0
    assert counted.of(house.ledger.recent(YEAR)) > STEP_MAX, "what is not read in steps is seen as one"
    house.close()
