"""A corrected payment takes the place of the one it names; a blocked one is counted as blocked; what is lost is not."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest

from engine.correction import NotReplaced
from engine.errors import IdempotencyKeyReused, LedgerUnavailable, PaymentInvalid
from engine.ledger import DecisionRecord
from engine.payment import Card, Stage
from engine.pipeline import Outline
from engine.rebuild import rebuild
from engine.velocity import VELOCITIES, Recorded
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


async def test_a_corrected_payment_is_counted_once(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    corrected = await house.features(on_one_card(make_payment, 2, supersedes="tx-1"))
    assert corrected["card_payments_1h"] == 0
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1
    house.store.close()
    house.open()
    assert (await house.features(on_one_card(make_payment, 4)))["card_payments_1h"] == 2


async def test_the_stages_of_a_corrected_payment_go_on(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    for stage in Stage:
        seen = await house.features(on_one_card(make_payment, 2, supersedes="tx-1", stage=stage))
        assert seen["card_payments_1h"] == 0
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1


@pytest.mark.parametrize("is_dry_run", [False, True])
async def test_a_payment_to_be_replaced_that_is_not_known_is_said(
    house: House, make_payment: Make, is_dry_run: bool
) -> None:
    await house.decide(on_one_card(make_payment, 1))
    said: list[NotReplaced | None] = []

    def keep(outline: Outline) -> bytes:
        said.append(outline.not_replaced)
        return b"{}"

    for number, supersedes in enumerate((None, "tx-1", "tx-never"), start=2):
        payment = on_one_card(make_payment, number, supersedes=supersedes).received(START)
        await house.pipeline.decide(call(payment, render=keep, is_dry_run=is_dry_run))
    assert said == [None, None, NotReplaced.UNKNOWN]


async def test_a_payment_of_the_other_mode_is_not_replaced(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    answer = await house.decide(on_one_card(make_payment, 2, supersedes="tx-1", test_mode=True))
    record = await house.store.ledger.get(answer.decision_id)
    assert record is not None
    assert record.supersedes is None
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1


def test_no_payment_replaces_itself(make_payment: Make) -> None:
    with pytest.raises(PaymentInvalid) as raised:
        make_payment(transaction_id="tx-1", supersedes="tx-1")
    assert [(fault.pointer, fault.code) for fault in raised.value.faults] == [
        ("/event/supersedes", "supersedes_itself")
    ]


async def test_a_correction_that_is_lost_leaves_the_corrected_one_counted(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    house.pipeline = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await house.decide(on_one_card(make_payment, 2, supersedes="tx-1"))
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1
    assert (await house.features(on_one_card(make_payment, 1, stage=Stage.POST_AUTH)))["card_payments_1h"] == 1


async def test_a_later_stage_that_is_lost_brings_nothing_back(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    await house.decide(on_one_card(make_payment, 2, supersedes="tx-1"))
    house.pipeline = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await house.decide(on_one_card(make_payment, 2, supersedes="tx-1", stage=Stage.POST_3DS))
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1


async def test_a_later_stage_of_a_corrected_payment_is_decided_and_not_counted(
    house: House, make_payment: Make
) -> None:
    await house.decide(on_one_card(make_payment, 1))
    await house.decide(on_one_card(make_payment, 2, supersedes="tx-1"))
    later = await house.features(on_one_card(make_payment, 1, stage=Stage.POST_AUTH))
    assert later["card_payments_1h"] == 1, "it sees its correction"
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1
    house.store.close()
    house.open()
    assert (await house.features(on_one_card(make_payment, 4)))["card_payments_1h"] == 2


async def test_a_later_stage_of_a_corrected_payment_that_is_blocked_is_not_counted(
    house: House, make_payment: Make
) -> None:
    await house.decide(on_one_card(make_payment, 89))
    await house.decide(on_one_card(make_payment, 90, supersedes="tx-89"))
    await until_blocked(house, make_payment)
    seen = (await house.features(on_one_card(make_payment, 91)))["card_blocked_1h"]
    answer = await house.decide(on_one_card(make_payment, 89, stage=Stage.POST_AUTH))
    assert orjson.loads(answer.body)["action"] == "block"
    # All but 91 itself, which was blocked as well.
    assert (await house.features(on_one_card(make_payment, 92)))["card_blocked_1h"] == seen + 1


async def test_two_stages_of_a_correction_at_once_read_neither_it_nor_the_corrected_one(
    house: House, make_payment: Make
) -> None:
    await house.decide(on_one_card(make_payment, 1))
    slow = SlowLedger(house.store.ledger)
    first = call(on_one_card(make_payment, 2, supersedes="tx-1").received(START))
    deciding = asyncio.ensure_future(house.pipeline_over(slow).decide(first))
    await asyncio.sleep(0.01)
    seen = await house.features(on_one_card(make_payment, 2, supersedes="tx-1", stage=Stage.POST_AUTH))
    assert (seen["card_payments_1h"], seen["card_distinct_emails_24h"]) == (0, 0)
    slow.word.set()
    await deciding
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1


class SilentLedger:
    """The real ledger, which does not say that it wrote."""

    def __init__(self, ledger: Any) -> None:
        self.ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        await self.ledger.append(record)
        raise LedgerUnavailable("no answer")


async def test_a_correction_in_doubt_that_was_recorded_takes_its_place(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    silent = house.pipeline_over(SilentLedger(house.store.ledger))
    with pytest.raises(LedgerUnavailable):
        await silent.decide(call(on_one_card(make_payment, 2, supersedes="tx-1").received(START)))
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1


async def test_a_dry_run_of_a_correction_is_what_it_would_be(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))

    def seen(outline: Outline) -> bytes:
        return orjson.dumps(outline.decision.features["card_payments_1h"])

    correction = on_one_card(make_payment, 2, supersedes="tx-1").received(START)
    dry = await house.pipeline.decide(call(correction, is_dry_run=True, render=seen))
    assert dry.body == b"0"
    assert (await house.pipeline.decide(call(correction, render=seen))).body == dry.body


async def test_filling_for_other_velocities_waits_for_no_superseded_payment(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    await house.decide(on_one_card(make_payment, 2, supersedes="tx-1"))
    await house.decide(on_one_card(make_payment, 1, stage=Stage.POST_AUTH))
    readings = []

    def history() -> Iterator[Recorded]:
        readings.append(1)
        return rebuild(house.store.ledger, house.store.outcomes, VELOCITIES, {})

    await house.counters.keep("shop-a", VELOCITIES[:-1], history)
    assert len(readings) == 1


async def until_blocked(house: House, make_payment: Make) -> int:
    """Payments on one card, until the shipped rules or the score block one: its number."""
    for number in range(20):
        answer = await house.decide(on_one_card(make_payment, number))
        if orjson.loads(answer.body)["action"] == "block":
            return number
    pytest.fail("no payment was blocked")


async def test_our_own_block_is_counted_and_survives_a_restart(house: House, make_payment: Make) -> None:
    await until_blocked(house, make_payment)
    assert (await house.features(on_one_card(make_payment, 90)))["card_blocked_1h"] == 1
    house.store.close()
    house.open()
    assert (await house.features(on_one_card(make_payment, 91)))["card_blocked_1h"] == 2


async def test_a_payment_never_sees_its_own_block(house: House, make_payment: Make) -> None:
    number = await until_blocked(house, make_payment)
    later = await house.features(on_one_card(make_payment, number, stage=Stage.POST_AUTH))
    assert later["card_blocked_1h"] == 0


async def test_a_block_that_is_lost_is_taken_back(house: House, make_payment: Make) -> None:
    await until_blocked(house, make_payment)
    house.pipeline = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await house.decide(on_one_card(make_payment, 90))
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 91)))["card_blocked_1h"] == 1


async def test_a_lost_block_decided_again_counts_from_when_it_was_recorded(house: House, make_payment: Make) -> None:
    await until_blocked(house, make_payment)
    failing = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await failing.decide(call(on_one_card(make_payment, 90).received(house.now)))
    house.now += timedelta(seconds=50)
    answer = await failing.decide(call(on_one_card(make_payment, 90).received(house.now)))
    assert orjson.loads(answer.body)["action"] == "block"
    await doubts_are_settled()
    house.now += timedelta(minutes=60) - timedelta(seconds=20)
    live = (await house.features(on_one_card(make_payment, 91)))["card_blocked_1h"]
    house.store.close()
    house.open()
    rebuilt = (await house.features(on_one_card(make_payment, 91, stage=Stage.POST_AUTH)))["card_blocked_1h"]
    assert (live, rebuilt) == (1, 1)


async def test_a_later_stages_block_that_is_lost_goes_alone(house: House, make_payment: Make) -> None:
    number = await until_blocked(house, make_payment)
    house.pipeline = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await house.decide(on_one_card(make_payment, 0, stage=Stage.POST_AUTH))
    await doubts_are_settled()
    seen = await house.features(on_one_card(make_payment, 90))
    # The first payment stands, and that its later stage was blocked does not.
    assert (seen["card_blocked_1h"], seen["card_payments_1h"]) == (1, number + 1)


class OtherWriter:
    """The real ledger, in which another process was first to use each header key."""

    def __init__(self, ledger: Any, first: DecisionRecord) -> None:
        self.ledger, self.first = ledger, first

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def append(self, record: DecisionRecord) -> DecisionRecord:
        assert record.id != self.first.id
        await asyncio.sleep(0)
        return self.first


async def test_a_header_key_that_another_payment_won_undoes_the_correction(house: House, make_payment: Make) -> None:
    won = await house.decide(make_payment(transaction_id="tx-other", card=Card(token="tok_other")))
    first = await house.store.ledger.get(won.decision_id)
    assert first is not None
    await house.decide(on_one_card(make_payment, 1))
    beaten = house.pipeline_over(OtherWriter(house.store.ledger, first))
    with pytest.raises(IdempotencyKeyReused):
        await beaten.decide(call(on_one_card(make_payment, 2, supersedes="tx-1").received(START)))
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1
