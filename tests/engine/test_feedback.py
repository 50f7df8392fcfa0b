"""Feedback over the real store: what is reported counts once, when it was learnt, and survives."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import orjson
import pytest

from api.clock import new_outcome_id
from engine.errors import CountersUnavailable, DeadlineExceeded, IdempotencyKeyReused, LedgerUnavailable
from engine.feedback import Feedback, Report, Reported
from engine.ledger import DecisionRecord
from engine.outcome import Outcome, OutcomeKind
from engine.payment import Payment, Stage
from engine.velocity import StatusEvent
from tests.engine.pipelines import (
    START,
    FailingLedger,
    House,
    Make,
    SlowLedger,
    call,
    doubts_are_settled,
    on_one_card,
)

DECLINED, AUTHORIZED, REFUNDED = OutcomeKind.DECLINED, OutcomeKind.AUTHORIZED, OutcomeKind.REFUNDED


def feedback_of(
    house: House,
    outcomes: Any = None,
    counters: Any = None,
    doubt_seconds: float = 0,
    budget_seconds: float = 60,
) -> Feedback:
    return Feedback(
        outcomes=outcomes or house.store.outcomes,
        ledger=house.store.ledger,
        counters=counters or house.counters,
        times=house.times,
        new_id=new_outcome_id,
        doubt_seconds=doubt_seconds,
        budget_seconds=budget_seconds,
    )


def report_of(
    house: House, decision: DecisionRecord, kind: OutcomeKind = DECLINED, said: str = "", **asked: Any
) -> Report:
    def render(outcome: Outcome) -> bytes:
        return orjson.dumps({"id": outcome.id, "received_at": outcome.received_at})

    return Report(
        decision=decision,
        kind=kind,
        occurred_at=None,
        received_at=house.now,
        fingerprint=hashlib.sha256(f"{kind} {said}".encode()).digest(),
        details=b"{}",
        render=render,
        **asked,
    )


async def decided(house: House, payment: Payment) -> DecisionRecord:
    answer = await house.decide(payment)
    record = await house.store.ledger.get(answer.decision_id)
    assert record is not None
    return record


async def declines_seen(house: House, make_payment: Make, number: int) -> int:
    seen = (await house.features(on_one_card(make_payment, number)))["card_declined_1h"]
    assert isinstance(seen, int)
    return seen


async def outcomes_of(house: House, decision: DecisionRecord) -> list[Outcome]:
    return [*await house.store.outcomes.of_decision(decision, after=None, limit=100)]


async def until_recorded(house: House, decision: DecisionRecord) -> None:
    for _ in range(5_000):
        if await outcomes_of(house, decision):
            return
        await asyncio.sleep(0.001)
    pytest.fail("it was never recorded")


async def test_an_outcome_counts_for_later_payments_and_not_for_its_own(house: House, make_payment: Make) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    await feedback_of(house).report(report_of(house, decision))
    assert await declines_seen(house, make_payment, 2) == 1
    own = await house.features(on_one_card(make_payment, 1, stage=Stage.POST_AUTH))
    assert own["card_declined_1h"] == 0


async def test_it_counts_at_its_receipt_time_however_late_it_comes(house: House, make_payment: Make) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    house.now = START + timedelta(days=40)
    await feedback_of(house).report(report_of(house, decision))
    assert await declines_seen(house, make_payment, 2) == 1
    house.now += timedelta(hours=2)
    assert await declines_seen(house, make_payment, 3) == 0


async def test_an_equal_report_gets_the_same_bytes_and_counts_once(house: House, make_payment: Make) -> None:
    decision, feedback = await decided(house, on_one_card(make_payment, 1)), feedback_of(house)
    first = await feedback.report(report_of(house, decision))
    house.now += timedelta(seconds=5)
    again = await feedback.report(report_of(house, decision))
    assert (again.body, again.is_replayed, first.is_replayed) == (first.body, True, False)
    assert len(await outcomes_of(house, decision)) == 1
    assert await declines_seen(house, make_payment, 2) == 1


async def test_fifty_equal_reports_at_once_are_one(house: House, make_payment: Make) -> None:
    decision, feedback = await decided(house, on_one_card(make_payment, 1)), feedback_of(house)
    answers = await asyncio.gather(*(feedback.report(report_of(house, decision)) for _ in range(50)))
    assert len({answer.body for answer in answers}) == 1
    assert sum(not answer.is_replayed for answer in answers) == 1
    assert len(await outcomes_of(house, decision)) == 1
    assert await declines_seen(house, make_payment, 2) == 1


async def test_two_declines_of_one_payment_are_two_outcomes_and_one_declined_payment(
    house: House, make_payment: Make
) -> None:
    decision, feedback = await decided(house, on_one_card(make_payment, 1)), feedback_of(house)
    await feedback.report(report_of(house, decision, said="51"))
    await feedback.report(report_of(house, decision, said="05"))
    assert len(await outcomes_of(house, decision)) == 2
    assert await declines_seen(house, make_payment, 2) == 1


async def test_outcomes_out_of_order_and_of_later_stages_are_taken_as_they_come(
    house: House, make_payment: Make
) -> None:
    first = await decided(house, on_one_card(make_payment, 1))
    feedback = feedback_of(house)
    for kind in (REFUNDED, OutcomeKind.CAPTURED, OutcomeKind.CHECKED, AUTHORIZED):
        house.now += timedelta(seconds=1)
        await feedback.report(report_of(house, first, kind))
    second = await decided(house, on_one_card(make_payment, 1, stage=Stage.POST_3DS))
    house.now += timedelta(seconds=1)
    await feedback.report(report_of(house, second, DECLINED))
    kept = await house.store.outcomes.of_transaction("shop-a", "tx-1", test_mode=False)
    assert [each.kind for each in kept] == [REFUNDED, OutcomeKind.CAPTURED, OutcomeKind.CHECKED, AUTHORIZED, DECLINED]
    seen = await house.features(on_one_card(make_payment, 2))
    assert [seen[f"card_{name}"] for name in ("refunded_30d", "authorized_24h", "declined_24h")] == [1, 1, 1]


async def test_a_key_used_for_another_report_is_refused_and_nothing_counted(house: House, make_payment: Make) -> None:
    one, other = [await decided(house, on_one_card(make_payment, number)) for number in (1, 2)]
    feedback = feedback_of(house)
    await feedback.report(report_of(house, one, AUTHORIZED, idempotency_key="k"))
    for reused in (
        report_of(house, one, idempotency_key="k"),
        report_of(house, other, AUTHORIZED, idempotency_key="k"),
    ):
        with pytest.raises(IdempotencyKeyReused):
            await feedback.report(reused)
    assert await declines_seen(house, make_payment, 3) == 0


async def test_of_two_reports_at_once_under_one_key_the_second_is_refused_and_not_counted(
    house: House, make_payment: Make
) -> None:
    decision, feedback = await decided(house, on_one_card(make_payment, 1)), feedback_of(house)
    reports = [report_of(house, decision, kind, idempotency_key="k") for kind in (AUTHORIZED, DECLINED)]
    first, second = await asyncio.gather(*map(feedback.report, reports), return_exceptions=True)
    assert isinstance(first, Reported)
    assert isinstance(second, IdempotencyKeyReused)
    seen = await house.features(on_one_card(make_payment, 2))
    assert [seen["card_authorized_1h"], seen["card_declined_1h"]] == [1, 0]


async def test_what_did_not_become_durable_is_taken_back(house: House, make_payment: Make) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    feedback = feedback_of(house, FailingLedger(house.store.outcomes, failures=1))
    with pytest.raises(LedgerUnavailable):
        await feedback.report(report_of(house, decision))
    assert await declines_seen(house, make_payment, 2) == 1, "in doubt it counts"
    await doubts_are_settled()
    assert await declines_seen(house, make_payment, 3) == 0
    await feedback.report(report_of(house, decision))
    assert await declines_seen(house, make_payment, 4) == 1


async def test_a_report_whose_caller_hung_up_stands_where_it_was_recorded(house: House, make_payment: Make) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    feedback = feedback_of(house, doubt_seconds=0.5)
    reporting = asyncio.ensure_future(feedback.report(report_of(house, decision)))
    await asyncio.sleep(0)
    reporting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reporting
    await asyncio.sleep(0.6)
    await doubts_are_settled()
    assert len(await outcomes_of(house, decision)) == 1, "the group commit does not know of its callers"
    assert await declines_seen(house, make_payment, 2) == 1


async def test_a_report_whose_caller_hung_up_before_it_was_written_goes_on(house: House, make_payment: Make) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    slow = SlowLedger(house.store.outcomes)
    reporting = asyncio.ensure_future(feedback_of(house, slow).report(report_of(house, decision)))
    await asyncio.sleep(0)
    reporting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reporting
    await doubts_are_settled()
    assert await outcomes_of(house, decision) == []
    slow.word.set()
    await until_recorded(house, decision)
    assert await declines_seen(house, make_payment, 2) == 1


async def test_a_report_that_is_not_durable_in_time_is_refused_and_counts_once(
    house: House, make_payment: Make
) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    slow = SlowLedger(house.store.outcomes)
    feedback = feedback_of(house, slow, budget_seconds=0.01)
    for _ in range(2):
        with pytest.raises(DeadlineExceeded):
            await feedback.report(report_of(house, decision))
    slow.word.set()
    await until_recorded(house, decision)
    again = await feedback_of(house).report(report_of(house, decision))
    assert again.is_replayed
    await doubts_are_settled()
    assert len(await outcomes_of(house, decision)) == 1
    assert await declines_seen(house, make_payment, 2) == 1


async def test_a_lost_report_sent_again_counts_from_when_it_was_recorded(house: House, make_payment: Make) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    feedback = feedback_of(house, FailingLedger(house.store.outcomes, failures=1))
    with pytest.raises(LedgerUnavailable):
        await feedback.report(report_of(house, decision))
    house.now += timedelta(seconds=50)
    await feedback.report(report_of(house, decision))
    await doubts_are_settled()
    house.now += timedelta(minutes=60) - timedelta(seconds=20)
    live = await declines_seen(house, make_payment, 2)
    house.store.close()
    house.open()
    assert (live, await declines_seen(house, make_payment, 3)) == (1, 1)


async def test_a_lost_report_leaves_the_count_of_an_equal_status_that_stands(house: House, make_payment: Make) -> None:
    """The first of two declines was counted for both; it is lost, and the second stands."""
    decision = await decided(house, on_one_card(make_payment, 1))
    feedback = feedback_of(house, FailingLedger(house.store.outcomes, failures=1))
    lost, kept = await asyncio.gather(
        *(feedback.report(report_of(house, decision, said=said)) for said in ("51", "05")), return_exceptions=True
    )
    assert (type(lost), type(kept)) == (LedgerUnavailable, Reported)
    await doubts_are_settled()
    assert await declines_seen(house, make_payment, 2) == 1


async def test_an_outcome_is_recorded_while_the_counters_do_not_answer(house: House, make_payment: Make) -> None:
    class Deaf:
        async def record(self, event: StatusEvent) -> bool:
            raise CountersUnavailable(event.status)

    decision = await decided(house, on_one_card(make_payment, 1))
    await feedback_of(house, counters=Deaf()).report(report_of(house, decision))
    assert await declines_seen(house, make_payment, 2) == 0
    house.store.close()
    house.open()
    assert await declines_seen(house, make_payment, 3) == 1, "counters are rebuilt from the ledger"


async def test_counts_and_times_survive_a_restart(house: House, make_payment: Make) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    house.now += timedelta(minutes=50)
    first = await feedback_of(house).report(report_of(house, decision))
    house.store.close()
    house.open()
    house.now -= timedelta(minutes=30)
    again = await feedback_of(house).report(report_of(house, decision))
    assert (again.body, again.is_replayed) == (first.body, True)
    later = await decided(house, on_one_card(make_payment, 2))
    assert later.at == START + timedelta(minutes=50), "a payment is not received before what was learnt already"
    assert await declines_seen(house, make_payment, 3) == 1


async def test_outcomes_of_a_superseded_payment_are_recorded_and_not_counted(house: House, make_payment: Make) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    await house.decide(on_one_card(make_payment, 2, supersedes="tx-1"))
    await feedback_of(house).report(report_of(house, decision))
    assert len(await outcomes_of(house, decision)) == 1
    assert await declines_seen(house, make_payment, 3) == 0


async def test_an_outcome_that_comes_while_the_correction_is_committed_is_not_counted(
    house: House, make_payment: Make
) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    slow = SlowLedger(house.store.ledger)
    correction = call(on_one_card(make_payment, 2, supersedes="tx-1").received(house.now))
    correcting = asyncio.ensure_future(house.pipeline_over(slow).decide(correction))
    await asyncio.sleep(0.01)
    await feedback_of(house).report(report_of(house, decision))
    slow.word.set()
    await correcting
    assert await declines_seen(house, make_payment, 3) == 0


async def test_a_correction_that_is_lost_leaves_what_became_of_the_corrected_one(
    house: House, make_payment: Make
) -> None:
    decision = await decided(house, on_one_card(make_payment, 1))
    await feedback_of(house).report(report_of(house, decision))
    lost = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await lost.decide(call(on_one_card(make_payment, 2, supersedes="tx-1").received(house.now)))
    await doubts_are_settled()
    assert await declines_seen(house, make_payment, 3) == 1
