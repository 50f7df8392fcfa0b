"""The Pipeline over the real store: decided once, counted once, the same bytes for ever."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.catalog import CATALOG, ruleset_for
from engine.decide import Snapshot, decide, snapshot_of
from engine.decision import recorded_decision
from engine.errors import IdempotencyInProgress, IdempotencyKeyReused, LedgerUnavailable
from engine.features import Features
from engine.payment import Device, Order, Payment, Stage
from engine.payment_record import payment_of
from engine.pipeline import Call, Outline
from engine.rules import Content, Declared
from engine.stores.sql.compression import RecordPart, compressed
from engine.velocity import VELOCITIES
from tests.engine.pipelines import START, FailingLedger, House, Make, SlowLedger, call, doubts_are_settled, on_one_card


async def test_an_equal_call_gets_the_same_bytes(house: House, make_payment: Make) -> None:
    first = await house.decide(make_payment())
    house.now = START + timedelta(hours=1)
    again = await house.decide(make_payment())
    assert (again.body, again.is_replayed, first.is_replayed) == (first.body, True, False)


async def test_the_same_key_with_another_body_is_refused(house: House, make_payment: Make) -> None:
    await house.decide(make_payment(), idempotency_key="k1")
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(make_payment(order=Order(amount_minor=1, currency="USD")))
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(make_payment(transaction_id="tx-2"), idempotency_key="k1")


async def test_a_new_header_key_with_a_known_transaction_is_a_retry(house: House, make_payment: Make) -> None:
    first = await house.decide(make_payment(), idempotency_key="k1")
    again = await house.decide(make_payment(), idempotency_key="k2")
    assert (again.body, again.is_replayed) == (first.body, True)


async def test_fifty_equal_calls_at_once_are_one_decision(house: House, make_payment: Make) -> None:
    answers = await asyncio.gather(*(house.decide(make_payment()) for _ in range(50)))
    assert len({answer.body for answer in answers}) == 1
    assert sum(not answer.is_replayed for answer in answers) == 1
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 0


async def test_a_parallel_burst_on_one_card_is_seen_as_0_to_49(house: House, make_payment: Make) -> None:
    answers = await asyncio.gather(*(house.decide(on_one_card(make_payment, number)) for number in range(50)))
    seen: list[Any] = []
    position = CATALOG.position("card_payments_10m")
    for answer in answers:
        record = await house.store.ledger.get(answer.decision_id)
        assert record is not None
        seen.append(recorded_decision(record.decision).values[position])
    assert sorted(seen) == list(range(50))


async def test_a_dry_run_neither_records_nor_counts(house: House, make_payment: Make) -> None:
    dry = await house.decide(on_one_card(make_payment, 1), is_dry_run=True)
    assert await house.store.ledger.get(dry.decision_id) is None
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 0


async def test_receipt_times_do_not_go_back_even_over_a_restart(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    house.now = START - timedelta(hours=2)
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_10m"] == 1
    house.store.close()
    house.open()
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_10m"] == 2


async def test_counters_are_rebuilt_from_the_ledger(house: House, make_payment: Make) -> None:
    for number in range(20):
        house.now = START + timedelta(minutes=7 * number)
        amount = Order(amount_minor=1000 + number, currency="USD")
        await house.decide(on_one_card(make_payment, number, order=amount))
    probe = on_one_card(make_payment, 99)
    names = [velocity.name for velocity in VELOCITIES]
    before = await _dry_features(house, probe)
    house.store.close()
    house.open()
    after = await _dry_features(house, probe)
    assert [before[name] for name in names] == [after[name] for name in names]
    assert after["card_payments_24h"] == 20


async def _dry_features(house: House, payment: Payment) -> Features:
    found: list[Features] = []

    def keep(outline: Outline) -> bytes:
        found.append(outline.decision.features)
        return b""

    await house.pipeline.decide(
        Call(payment=payment.received(house.now), fingerprint=b"", render=keep, is_dry_run=True)
    )
    return found[0]


async def test_recorded_features_and_snapshot_give_the_recorded_decision(
    house: House, make_payment: Make, snapshot: Snapshot
) -> None:
    """Law 1, byte for byte."""
    for number in range(8):
        answer = await house.decide(on_one_card(make_payment, number))
        record = await house.store.ledger.get(answer.decision_id)
        assert record is not None
        features = recorded_decision(record.decision).features(CATALOG)
        assert decide(payment_of(record.payment), features, snapshot).canonical() == record.decision


async def test_the_record_stays_small(house: House, make_payment: Make) -> None:
    """Law 9: the decision record takes at most 1.5 KB as it is kept."""
    for number in range(8):
        answer = await house.decide(on_one_card(make_payment, number))
    record = await house.store.ledger.get(answer.decision_id)
    assert record is not None
    kept = compressed(RecordPart.DECISION, record.decision)
    assert len(kept) <= 1536
    assert len(kept) + len(record.payment) + len(record.answer) <= 4096


async def test_a_decision_that_never_became_durable_is_taken_back(house: House, make_payment: Make) -> None:
    house.pipeline = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await house.decide(on_one_card(make_payment, 1))
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 0
    again = await house.decide(on_one_card(make_payment, 1))
    assert not again.is_replayed


async def test_a_retry_within_the_doubt_is_counted_once_and_stays(house: House, make_payment: Make) -> None:
    house.pipeline = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await house.decide(on_one_card(make_payment, 1))
    await house.decide(on_one_card(make_payment, 1))
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 1


async def test_an_equal_call_under_way_waits_within_its_budget(house: House, make_payment: Make) -> None:
    slow = SlowLedger(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    first = asyncio.ensure_future(house.decide(make_payment()))
    await asyncio.sleep(0)
    with pytest.raises(IdempotencyInProgress):
        await house.decide(make_payment(), budget_ms=30)
    waiting = asyncio.ensure_future(house.decide(make_payment()))
    await asyncio.sleep(0)
    slow.word.set()
    assert (await waiting).body == (await first).body


async def test_a_caller_that_hangs_up_leaves_the_decision_standing(house: House, make_payment: Make) -> None:
    slow = SlowLedger(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    first = asyncio.ensure_future(house.decide(on_one_card(make_payment, 1)))
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(house.decide(on_one_card(make_payment, 1)))
    await asyncio.sleep(0)
    first.cancel()
    slow.word.set()
    answer = await waiting
    assert answer.is_replayed
    assert (await house.decide(on_one_card(make_payment, 1))).body == answer.body
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 1


async def test_without_a_geo_database_the_decision_says_so(
    tmp_path: Path, snapshot: Snapshot, make_payment: Make
) -> None:
    house = House(tmp_path / "bare", replace(snapshot, reference=replace(snapshot.reference, ip=None)))
    try:
        answer = await house.decide(make_payment(device=Device(ip_address="73.15.20.30")))
        record = await house.store.ledger.get(answer.decision_id)
        assert record is not None
        assert orjson.loads(record.decision)["degraded"] == ["geo"]
    finally:
        house.store.close()


async def test_a_later_stage_that_is_lost_leaves_the_payment_counted(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    house.pipeline = house.pipeline_over(FailingLedger(house.store.ledger, 1))
    with pytest.raises(LedgerUnavailable):
        await house.decide(on_one_card(make_payment, 1, stage=Stage.POST_3DS))
    await doubts_are_settled()
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 1


async def test_stages_of_one_payment_count_once_and_decide_each(house: House, make_payment: Make) -> None:
    answers = [await house.decide(on_one_card(make_payment, 1, stage=stage)) for stage in Stage]
    assert len({answer.decision_id for answer in answers}) == 3
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 1


async def test_a_fault_of_ours_after_counting_counts_nothing(house: House, make_payment: Make) -> None:
    def break_down(outline: Outline) -> bytes:
        raise ZeroDivisionError(outline.id)

    broken = Call(payment=on_one_card(make_payment, 1).received(house.now), fingerprint=b"", render=break_down)
    with pytest.raises(ZeroDivisionError):
        await house.pipeline.decide(broken)
    assert (await house.features(on_one_card(make_payment, 2)))["card_payments_1h"] == 0


async def test_a_restart_after_an_ordinary_3ds_flow_counts_as_before(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    house.now = START + timedelta(minutes=1)
    await house.decide(on_one_card(make_payment, 2))
    house.now = START + timedelta(minutes=2)
    await house.decide(on_one_card(make_payment, 1, stage=Stage.POST_3DS))
    house.store.close()
    house.open()
    house.now = START + timedelta(minutes=10, seconds=30)
    features = await house.features(on_one_card(make_payment, 3))
    # The first payment counts at its first stage, which left the ten minutes.
    assert (features["card_payments_10m"], features["card_payments_1h"]) == (1, 2)


async def test_a_later_stage_brings_no_payment_back_into_a_window(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    house.now = START + timedelta(days=29)
    await house.decide(on_one_card(make_payment, 1, stage=Stage.POST_AUTH))
    house.now = START + timedelta(days=30)
    assert (await _dry_features(house, on_one_card(make_payment, 2)))["card_payments_30d"] == 0
    house.store.close()
    house.open()
    assert (await _dry_features(house, on_one_card(make_payment, 2)))["card_payments_30d"] == 0


async def test_a_key_that_another_payment_won_leaves_this_one_uncounted(house: House, make_payment: Make) -> None:
    slow = SlowLedger(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    first = asyncio.ensure_future(house.decide(on_one_card(make_payment, 1), idempotency_key="k"))
    await asyncio.sleep(0)
    slow.word.set()
    await first
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(on_one_card(make_payment, 2), idempotency_key="k")
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 1


async def test_counts_of_as_many_other_things_are_not_taken_for_those_of_the_rules(
    house: House, make_payment: Make
) -> None:
    def counting(within: str) -> Snapshot:
        text = f"Tag 'x' if count(by: card, within: {within}) > 100"
        content = Content(rules=(Declared(label="", id="x", name="x", text=text, reason="r"),))
        made = house.snapshot
        return snapshot_of(
            ruleset=ruleset_for(content, ()),
            lists=made.lists,
            scorer=made.scorer,
            policy=made.policy,
            reference=made.reference,
        )

    wanted, other = counting("90m"), counting("80m")
    house.snapshot = wanted
    pipeline = house.pipeline_over(house.store.ledger)
    for number, kept in enumerate((other, wanted)):
        payment = on_one_card(make_payment, number).received(house.now)
        await house.counters.keep(payment.merchant_id, kept.velocities, lambda: iter(()))
        answer = await pipeline.decide(call(payment))
        record = await house.store.ledger.get(answer.decision_id)
        assert record is not None
        values = recorded_decision(record.decision).values
        read = dict(zip((each.name for each in wanted.catalog), values, strict=True))
        assert (read["count_by_card_within_90m"] is None) == (kept is other)
