"""What is known of the ledger without the disk: nothing that was recorded is ever taken for new."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord
from engine.stores.sql import Store, open_store, seen
from engine.stores.sql.seen import Seen

NewRecord = Callable[..., DecisionRecord]
NAMES = st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=60)


@given(NAMES, NAMES)
def test_what_was_added_may_be_held(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> None:
    known = Seen(before)
    for name in after:
        known.add(name)
    assert all(name in known for name in before + after)


def test_of_what_is_new_it_is_certain_but_once_in_a_hundred_even_when_it_has_grown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seen, "CAPACITY_MIN", 1_000)
    known, held = Seen(capacity=1), [("shop", f"held-{number}") for number in range(15_000)]
    assert ("shop", "held-0") not in known
    for name in held:
        known.add(name)
    assert all(name in known for name in held)
    wrong = sum(("shop", f"new-{number}") in known for number in range(10_000))
    assert wrong < 400, f"{wrong} of 10,000 new ones would be looked for, of four parts"


@pytest.fixture
def reopened(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def reopen() -> Store:
        for store in opened:
            store.close()
        opened.append(open_store(tmp_path / "data"))
        opened[-1].ledger.know_names()
        return opened[-1]

    yield reopen
    opened[-1].close()


async def test_all_ways_into_the_ledger_are_known_at_once_and_after_a_restart(
    reopened: Callable[[], Store], record: NewRecord
) -> None:
    store = reopened()
    one, two, three = record(1, idempotency_key="k-1"), record(2, test_mode=True), record(3)
    await store.ledger.append(one)
    store.ledger.record_all([two])
    await store.ledger.append(three)
    await store.ledger.remember_key("k-3", three)
    for is_restarted in (False, True):
        ledger = (reopened() if is_restarted else store).ledger
        for each in (one, two, three):
            assert await ledger.find(each.key, None) == each
        assert await ledger.find(record(9).key, "k-1") == one
        assert await ledger.find(record(9).key, "k-3") == three
        assert await ledger.find(record(9).key, "k-9") is None


async def test_what_is_new_is_not_looked_for_on_disk(reopened: Callable[[], Store], record: NewRecord) -> None:
    store = reopened()
    await store.ledger.append(record(1))
    store.close()
    assert await store.ledger.find(record(2).key, "k-2") is None
    with pytest.raises(LedgerUnavailable):
        await store.ledger.find(record(1).key, None)
