"""The outcomes port, and the ledger's look-ups of a payment: one suite for every store."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.ledger import DecisionRecord, Ledger, Outcomes
from engine.outcome import Outcome
from engine.payment import Stage
from engine.stores.memory_ledger import MemoryLedger, MemoryOutcomes
from engine.stores.sql import open_store, steps

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NewRecord = Callable[..., DecisionRecord]
NewOutcome = Callable[..., Outcome]


class Kept(NamedTuple):
    ledger: Ledger
    outcomes: Outcomes


@pytest.fixture(params=["memory", "sql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "memory":
        ledger = MemoryLedger()
        yield Kept(ledger, MemoryOutcomes(ledger))
        return
    store = open_store(tmp_path / "data")
    yield Kept(store.ledger, store.outcomes)
    store.close()


def _by_id(each: tuple[Outcome, DecisionRecord]) -> str:
    return each[0].id


async def test_an_outcome_comes_back_equal(kept: Kept, record: NewRecord, outcome: NewOutcome) -> None:
    decision = await kept.ledger.append(record(1, merchant_id="käse 商", test_mode=True))
    for number, key in ((1, "k-1"), (2, None)):
        written = outcome(number, decision, idempotency_key=key)
        assert await kept.outcomes.append(written) == written
        assert await kept.outcomes.find(decision, written.fingerprint, None) == written
        assert await kept.outcomes.find(decision, b"other", key) == (written if key else None)
    assert await kept.outcomes.find(decision, b"other", "k-2") is None


async def test_the_first_writer_of_a_report_wins(kept: Kept, record: NewRecord, outcome: NewOutcome) -> None:
    decision = await kept.ledger.append(record(1))
    first = await kept.outcomes.append(outcome(1, decision))
    again = outcome(2, decision, fingerprint=first.fingerprint, idempotency_key="k")
    assert await kept.outcomes.append(again) == first
    assert await kept.outcomes.find(decision, b"other", "k") is None


async def test_the_first_writer_of_a_callers_key_wins(kept: Kept, record: NewRecord, outcome: NewOutcome) -> None:
    one, other = await kept.ledger.append(record(1)), await kept.ledger.append(record(2))
    first = await kept.outcomes.append(outcome(1, one, idempotency_key="k"))
    assert await kept.outcomes.append(outcome(2, other, idempotency_key="k")) == first
    assert await kept.outcomes.of_decision(other, after=None, limit=9) == []


async def test_merchants_and_modes_are_apart(kept: Kept, record: NewRecord, outcome: NewOutcome) -> None:
    decisions = [
        record(1, transaction_id="tx"),
        record(2, transaction_id="tx", merchant_id="m-2"),
        record(3, transaction_id="tx", test_mode=True),
    ]
    for number, each in enumerate(decisions):
        await kept.ledger.append(each)
        written = outcome(number, each, idempotency_key="k", fingerprint=b"same")
        assert await kept.outcomes.append(written) == written
        key = each.key
        assert await kept.outcomes.of_transaction(key.merchant_id, "tx", test_mode=key.test_mode) == [written]


async def test_outcomes_of_a_decision_are_paged(kept: Kept, record: NewRecord, outcome: NewOutcome) -> None:
    first, later = await kept.ledger.append(record(1)), record(2, transaction_id="tx-1", stage=Stage.POST_AUTH)
    await kept.ledger.append(later)
    written = [await kept.outcomes.append(outcome(number, first)) for number in (3, 1, 2)]
    other = await kept.outcomes.append(outcome(4, later))
    assert await kept.outcomes.of_decision(first, after=None, limit=2) == written[:2]
    by_id = sorted(written, key=lambda each: each.id)
    assert await kept.outcomes.of_transaction("m-1", "tx-1", test_mode=False) == [*by_id, other]


async def test_no_page_skips_an_outcome_recorded_since_the_page_before(
    kept: Kept, record: NewRecord, outcome: NewOutcome
) -> None:
    """Of those received within one microsecond the later one may well have the smaller id."""
    decision = await kept.ledger.append(record(1))
    first = await kept.outcomes.append(outcome(7, decision, received_at=NOON))
    assert await kept.outcomes.of_decision(decision, after=None, limit=1) == [first]
    second = await kept.outcomes.append(outcome(3, decision, received_at=NOON))
    assert await kept.outcomes.of_decision(decision, after=first.id, limit=1) == [second]
    assert await kept.outcomes.of_decision(decision, after=second.id, limit=1) == []


async def test_a_page_begins_behind_an_outcome_of_the_decision_alone(
    kept: Kept, record: NewRecord, outcome: NewOutcome
) -> None:
    decision, other = await kept.ledger.append(record(1)), await kept.ledger.append(record(2))
    of_other = await kept.outcomes.append(outcome(1, other))
    for after in (of_other.id, "out_none"):
        with pytest.raises(ValueError):  # noqa: PT011 - it says no more
            await kept.outcomes.of_decision(decision, after=after, limit=1)


async def test_recent_of_one_merchant_is_what_recent_gives_of_it(
    kept: Kept, record: NewRecord, outcome: NewOutcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "STEP_ENTRIES", 3)
    for number in range(40):
        written = await kept.ledger.append(
            record(
                number,
                sequence=number - number % 4,
                at=NOON + (number * 7 % 40) * HOUR,
                merchant_id=f"m-{number % 3}",
                test_mode=number % 5 == 0,
                supersedes=f"tx-{number - 3}" if number % 6 == 0 else None,
            )
        )
        if number % 2:
            await kept.outcomes.append(outcome(number, written, received_at=NOON + number // 8 * HOUR))
    superseded = list(kept.ledger.superseded())
    assert superseded
    for merchant_id in ("m-0", "m-1", "m-2", "m-3"):
        assert sorted(kept.ledger.superseded(merchant_id)) == sorted(
            each for each in superseded if each[0] == merchant_id
        )
        for window in (HOUR, 9 * HOUR, 1000 * HOUR):
            decided = [each for each in kept.ledger.recent(window) if each.key.merchant_id == merchant_id]
            assert [each for each in kept.ledger.recent_of(merchant_id, window) if each is not None] == decided
            told = [each for each in kept.outcomes.recent(window) if each[0].merchant_id == merchant_id]
            found = [each for each in kept.outcomes.recent_of(merchant_id, window) if each is not None]
            assert sorted(found, key=_by_id) == sorted(told, key=_by_id)
            assert [each.received_at for each, _ in found] == sorted(each.received_at for each, _ in found)


async def test_recent_outcomes_come_with_their_decisions_in_the_order_of_receipt(
    kept: Kept, record: NewRecord, outcome: NewOutcome
) -> None:
    decision = await kept.ledger.append(record(1, at=NOON))
    dormant = await kept.ledger.append(record(2, at=NOON - 90 * HOUR, merchant_id="dormant"))
    microsecond = timedelta(microseconds=1)
    written = [
        outcome(1, decision, received_at=NOON + HOUR),
        outcome(2, decision, received_at=NOON + microsecond),
        outcome(3, decision, received_at=NOON),
        outcome(4, dormant, received_at=NOON - 80 * HOUR),
    ]
    for each in written:
        await kept.outcomes.append(each)
    assert list(kept.outcomes.recent(HOUR)) == [
        (written[3], dormant),
        (written[1], decision),
        (written[0], decision),
    ], "the newest is an outcome, and the window is open at its far end"
    await kept.ledger.append(record(5, at=NOON + 2 * HOUR))
    assert list(kept.outcomes.recent(HOUR)) == [(written[3], dormant)], "the newest is a payment"


async def test_the_decisions_of_a_payment_are_all_its_stages_oldest_first(kept: Kept, record: NewRecord) -> None:
    stages = [
        record(number, transaction_id="tx", stage=stage)
        for number, stage in enumerate((Stage.POST_AUTH, Stage.PRE_AUTH, Stage.POST_3DS))
    ]
    for each in (*stages, record(9), record(10, transaction_id="tx", merchant_id="m-2")):
        await kept.ledger.append(each)
    assert await kept.ledger.of_transaction("m-1", "tx", test_mode=False) == stages
    assert await kept.ledger.of_transaction("m-1", "tx", test_mode=True) == []
    held = [await kept.ledger.holds("m-1", name, test_mode=mode) for name, mode in (("tx", False), ("tx", True))]
    assert held == [True, False]
    many = kept.ledger.holds_many
    assert [await many(name, 1, test_mode=mode) for name in ("m-1", None) for mode in (False, True)] == [
        True,
        False,
    ] * 2
    assert not await many("m-1", 100, test_mode=False)
    assert not await many("m-3", 1, test_mode=False)


async def test_what_replaces_a_payment_is_found(kept: Kept, record: NewRecord) -> None:
    assert list(kept.ledger.superseded()) == []
    for number, supersedes, merchant in ((1, None, "m-1"), (2, "tx-1", "m-1"), (3, "tx-1", "m-1"), (4, "tx-1", "m-2")):
        written = record(number, supersedes=supersedes, merchant_id=merchant)
        assert await kept.ledger.append(written) == written
        assert await kept.ledger.get(written.id) == written
    by = [await kept.ledger.superseded_by(merchant, "tx-1", test_mode=False) for merchant in ("m-1", "m-2", "m-3")]
    assert by == ["tx-3", "tx-4", None]
    assert await kept.ledger.superseded_by("m-1", "tx-1", test_mode=True) is None
    assert sorted(kept.ledger.superseded()) == [("m-1", False, "tx-1"), ("m-2", False, "tx-1")]


async def test_a_decision_that_lost_replaces_nothing(kept: Kept, record: NewRecord) -> None:
    await kept.ledger.append(record(1, transaction_id="tx"))
    await kept.ledger.append(record(2, transaction_id="tx", supersedes="tx-9"))
    assert list(kept.ledger.superseded()) == []
