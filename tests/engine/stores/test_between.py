"""Reading a period of the ledger: the same records in the same order from memory and from SQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.ledger import Ledger
from engine.stores.memory_ledger import MemoryLedger
from engine.stores.sql import Store

START = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(params=["memory", "sql"])
def ledger(request: pytest.FixtureRequest, store: Store) -> Ledger:
    return MemoryLedger() if request.param == "memory" else store.ledger


async def test_a_period_is_half_open_and_in_the_order_of_observe(ledger: Ledger, record: Any) -> None:
    made = [
        record(number=number, at=START + timedelta(hours=hour), sequence=sequence)
        for number, hour, sequence in ((1, 0, 4), (2, 1, 3), (3, 2, 2), (4, 3, 1))
    ]
    for each in made:
        await ledger.append(each)
    found = list(ledger.between(START, START + timedelta(hours=3)))
    assert found == [made[2], made[1], made[0]]
    assert not list(ledger.between(START + timedelta(hours=4), START + timedelta(hours=9)))
    merchant = made[0].key.merchant_id
    assert len(list(ledger.between(START, START + timedelta(days=1), merchant))) == 4
    assert not list(ledger.between(START, START + timedelta(days=1), "another"))
