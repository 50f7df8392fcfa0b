"""What a call gets when a stage fails or runs out of time: an answer that says so, or none; never a silent one."""

import asyncio
import time
from typing import Any

import orjson
import pytest

from engine.catalog import CATALOG
from engine.decision import recorded_decision
from engine.errors import CountersUnavailable, DeadlineExceeded, IdempotencyInProgress
from engine.ledger import DecisionRecord
from engine.payment import PaymentKey
from engine.velocity import VELOCITIES, Observation, Reading
from tests.engine.pipelines import (
    PATIENT_MS,
    START,
    FailingLedger,
    House,
    Make,
    SlowLedger,
    call,
    doubts_are_settled,
    on_one_card,
)

LONG_AGO_NS = 3_600_000_000_000


class Around:
    """A store with some of its methods taken over."""

    def __init__(self, store: Any) -> None:
        self.store, self.word = store, asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class SlowCounters(Around):
    """The real counters behind a network that answers when it gets the word."""

    async def observe(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        await self.word.wait()
        reading: Reading = await self.store.observe(observation, superseded=superseded)
        return reading


class BrokenCounters(Around):
    """Counters that do not answer at all."""

    async def observe(self, observation: Observation, **_: Any) -> Reading:
        raise CountersUnavailable(observation.payment_id)

    async def read(self, observation: Observation, **_: Any) -> Reading:
        raise CountersUnavailable(observation.payment_id)


class SlowLookUp(Around):
    """The real ledger, whose look-ups by key get no answer in time."""

    async def find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        await self.word.wait()
        found: DecisionRecord | None = await self.store.find(key, idempotency_key)
        return found


async def record_of(house: House, decision_id: str) -> DecisionRecord:
    record = await house.store.ledger.get(decision_id)
    assert record is not None
    return record


async def test_counters_that_fail_leave_velocities_unknown_and_say_so(house: House, make_payment: Make) -> None:
    known = await house.decide(on_one_card(make_payment, 1))
    house.pipeline = house.pipeline_over(house.store.ledger)
    again = await house.decide(on_one_card(make_payment, 2))
    broken = house.pipeline_over(house.store.ledger, BrokenCounters(house.counters))
    record = await record_of(
        house, (await broken.decide(call(on_one_card(make_payment, 3).received(START)))).decision_id
    )
    decision = recorded_decision(record.decision)
    features = decision.features(CATALOG)
    assert orjson.loads(record.decision)["degraded"] == ["velocity"]
    assert {features[velocity.name] for velocity in VELOCITIES} == {None}
    assert {features.cause(velocity.name) for velocity in VELOCITIES} == {"velocity"}
    assert (record.counted_at, record.sequence) == (record.at, 0)
    assert [(await record_of(house, each.decision_id)).sequence for each in (known, again)] == [1, 2]


async def test_a_payment_whose_sequence_did_not_come_takes_the_newest_known(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    counters = house.counters
    house.pipeline._counting._counters = BrokenCounters(counters)  # noqa: SLF001 - they fail from now on
    answer = await house.decide(on_one_card(make_payment, 2))
    assert (await record_of(house, answer.decision_id)).sequence == 1
    house.store.close()
    house.open()
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 2


async def test_a_dry_run_without_counters_says_so_too(house: House, make_payment: Make) -> None:
    broken = house.pipeline_over(house.store.ledger, BrokenCounters(house.counters))
    degraded: list[tuple[str, ...]] = []

    def keep(outline: Any) -> bytes:
        degraded.append(outline.decision.degraded)
        return b""

    await broken.decide(call(make_payment(), render=keep, is_dry_run=True))
    assert degraded == [("velocity",)]


async def test_counters_that_are_late_may_count_after_all(house: House, make_payment: Make) -> None:
    slow = SlowCounters(house.counters)
    pipeline = house.pipeline_over(house.store.ledger, slow)
    answer = await pipeline.decide(call(on_one_card(make_payment, 1).received(START)))
    record = await record_of(house, answer.decision_id)
    assert orjson.loads(record.decision)["degraded"] == ["velocity"]
    slow.word.set()
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 1


async def test_a_decision_begun_too_late_has_no_score_and_says_so(house: House, make_payment: Make) -> None:
    late = time.perf_counter_ns() - LONG_AGO_NS
    answer = await house.pipeline.decide(call(make_payment().received(START), budget_ms=150), late)
    recorded = orjson.loads((await record_of(house, answer.decision_id)).decision)
    assert recorded["degraded"] == ["deadline", "model"]
    assert (recorded["score"], recorded["level"]) == (None, "not_assessed")
    assert "policy:fail_policy" in recorded["reasons"]
    again = await house.decide(make_payment())
    assert (again.body, again.is_replayed) == (answer.body, True)


async def test_what_is_not_durable_in_time_is_no_answer_and_a_retry_gets_it(house: House, make_payment: Make) -> None:
    slow = SlowLedger(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    with pytest.raises(DeadlineExceeded):
        await house.decide(on_one_card(make_payment, 1), budget_ms=40)
    with pytest.raises(IdempotencyInProgress):
        await house.decide(on_one_card(make_payment, 1), budget_ms=30)
    slow.word.set()
    again = await house.decide(on_one_card(make_payment, 1))
    assert again.is_replayed
    assert (await record_of(house, again.decision_id)).answer == again.body
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 1


async def test_what_fails_after_the_deadline_is_taken_back(house: House, make_payment: Make) -> None:
    slow = SlowLedger(FailingLedger(house.store.ledger, 1))
    house.pipeline = house.pipeline_over(slow)
    with pytest.raises(DeadlineExceeded):
        await house.decide(on_one_card(make_payment, 1), budget_ms=40)
    slow.word.set()
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 0
    assert not (await house.decide(on_one_card(make_payment, 1))).is_replayed


async def test_without_a_look_up_the_first_decision_stands_all_the_same(house: House, make_payment: Make) -> None:
    first = await house.decide(on_one_card(make_payment, 1))
    blind = house.pipeline_over(SlowLookUp(house.store.ledger))
    again = await blind.decide(call(on_one_card(make_payment, 1).received(START)))
    assert (again.body, again.is_replayed) == (first.body, True)
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 1


async def test_an_equal_call_waits_no_longer_than_its_rest(house: House, make_payment: Make) -> None:
    slow = SlowLedger(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    first = asyncio.ensure_future(house.decide(make_payment()))
    await asyncio.sleep(0)
    late = time.perf_counter_ns() - LONG_AGO_NS
    with pytest.raises(IdempotencyInProgress):
        await house.pipeline.decide(call(make_payment().received(START), budget_ms=PATIENT_MS), late)
    slow.word.set()
    assert not (await first).is_replayed


class Lag(Around):
    """The real ledger, and a clock that stands still but while something is recorded or looked up."""

    def __init__(self, store: Any, lag_ms: int) -> None:
        super().__init__(store)
        self.now_ns, self.lag_ns = 0, lag_ms * 1_000_000

    def clock(self) -> int:
        return self.now_ns

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        written: DecisionRecord = await self.store.append(record)
        self.now_ns += self.lag_ns
        return written

    async def find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        found: DecisionRecord | None = await self.store.find(key, idempotency_key)
        self.now_ns += self.lag_ns if found is not None else 0
        return found


@pytest.mark.parametrize(("lag_ms", "is_late"), [(PATIENT_MS - 1, False), (PATIENT_MS, True)])
async def test_an_answer_that_comes_after_its_deadline_all_the_same_says_so(
    house: House, make_payment: Make, lag_ms: int, *, is_late: bool
) -> None:
    lagging = Lag(house.store.ledger, lag_ms)
    house.pipeline = house.pipeline_over(lagging, clock=lagging.clock)
    first = await house.decide(make_payment())
    replayed = await house.decide(make_payment())
    assert [first.is_late, replayed.is_late] == [is_late, is_late]
    assert first.body == replayed.body == (await record_of(house, first.decision_id)).answer
    lagging.lag_ns = 0
    assert not (await house.decide(make_payment())).is_late


async def test_a_dry_run_that_is_late_says_so(house: House, make_payment: Make) -> None:
    lagging = Lag(house.store.ledger, 0)
    pipeline = house.pipeline_over(lagging, clock=lagging.clock)
    payment = make_payment().received(START)
    assert not (await pipeline.decide(call(payment, is_dry_run=True))).is_late
    assert (await pipeline.decide(call(payment, is_dry_run=True), -LONG_AGO_NS)).is_late
