"""A new header key that came with a known payment is a key from then on: over restarts, races and faults."""

import asyncio
import itertools
from typing import Any

import pytest

from engine.errors import DeadlineExceeded, IdempotencyInProgress, IdempotencyKeyReused, LedgerUnavailable
from engine.ledger import KEYS_A_DECISION_MAX, DecisionRecord
from engine.payment import Order, PaymentKey
from tests.engine.pipelines import House, Make, SlowLedger, on_one_card

OTHER_BODY = Order(amount_minor=1, currency="USD")


class Around:
    """The real ledger, whose keys to remember wait for the word, or fail for a while."""

    def __init__(self, ledger: Any, failures: int = 0) -> None:
        self.ledger, self.word, self.asked = ledger, asyncio.Event(), 0
        self.failures = itertools.count(failures, -1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def remember_key(self, idempotency_key: str, record: DecisionRecord) -> DecisionRecord:
        self.asked += 1
        if next(self.failures) > 0:
            raise LedgerUnavailable("no space")
        await self.word.wait()
        named: DecisionRecord = await self.ledger.remember_key(idempotency_key, record)
        return named


class SlowLookUps:
    """The real ledger, behind a network that takes a turn of the loop."""

    def __init__(self, ledger: Any) -> None:
        self.ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    async def find(self, key: PaymentKey, idempotency_key: str | None) -> DecisionRecord | None:
        await asyncio.sleep(0)
        found: DecisionRecord | None = await self.ledger.find(key, idempotency_key)
        return found


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_key_of_a_retry_is_a_key(house: House, make_payment: Make, *, is_restarted: bool) -> None:
    first = await house.decide(make_payment(), idempotency_key="k1")
    assert (await house.decide(make_payment(), idempotency_key="k2")).body == first.body
    if is_restarted:
        house.store.close()
        house.open()
    for refused in (make_payment(order=OTHER_BODY), make_payment(transaction_id="tx-2")):
        with pytest.raises(IdempotencyKeyReused):
            await house.decide(refused, idempotency_key="k2")
    for key in ("k1", "k2", None):
        again = await house.decide(make_payment(), idempotency_key=key)
        assert (again.body, again.is_replayed) == (first.body, True)
    assert not (await house.decide(make_payment(transaction_id="tx-2"))).is_replayed


async def test_a_payment_that_had_no_header_key_gets_one_with_its_retry(house: House, make_payment: Make) -> None:
    await house.decide(make_payment())
    await house.decide(make_payment(), idempotency_key="k")
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(make_payment(transaction_id="tx-2"), idempotency_key="k")


async def test_a_call_that_is_refused_gives_no_key_away(house: House, make_payment: Make) -> None:
    await house.decide(make_payment(), idempotency_key="k1")
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(make_payment(order=OTHER_BODY), idempotency_key="k2")
    assert not (await house.decide(make_payment(transaction_id="tx-2"), idempotency_key="k2")).is_replayed


async def test_one_new_key_for_two_known_payments_at_once_is_of_one(house: House, make_payment: Make) -> None:
    payments = [on_one_card(make_payment, number) for number in (1, 2)]
    for payment in payments:
        await house.decide(payment)
    calls = (house.decide(payment, idempotency_key="k") for payment in payments)
    won, lost = await asyncio.gather(*calls, return_exceptions=True)
    assert not isinstance(won, BaseException)
    assert isinstance(lost, IdempotencyKeyReused)
    assert (await house.decide(payments[0], idempotency_key="k")).is_replayed
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(payments[1], idempotency_key="k")


async def test_one_new_key_for_a_payment_under_way_and_for_a_new_one_is_of_one(
    house: House, make_payment: Make
) -> None:
    slow = SlowLedger(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    first = asyncio.ensure_future(house.decide(on_one_card(make_payment, 1)))
    await asyncio.sleep(0)
    retry = asyncio.ensure_future(house.decide(on_one_card(make_payment, 1), idempotency_key="k"))
    await asyncio.sleep(0)
    other = asyncio.ensure_future(house.decide(on_one_card(make_payment, 2), idempotency_key="k"))
    await asyncio.sleep(0)
    slow.word.set()
    decided, replayed, new = await asyncio.gather(first, retry, other, return_exceptions=True)
    assert not isinstance(decided, BaseException)
    # Whichever was first: the key names one of the two payments, and the other one was told so.
    assert sum(isinstance(each, IdempotencyKeyReused) for each in (replayed, new)) == 1
    named = await house.store.ledger.find(make_payment(transaction_id="none").key, "k")
    assert named is not None
    assert named.key.transaction_id == ("tx-2" if isinstance(replayed, BaseException) else "tx-1")


async def test_who_waits_for_a_call_that_is_refused_is_decided(house: House, make_payment: Make) -> None:
    await house.decide(make_payment(), idempotency_key="k")
    await house.decide(make_payment(), idempotency_key="k2")
    slow = SlowLookUps(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    refused = asyncio.ensure_future(house.decide(make_payment(transaction_id="tx-2"), idempotency_key="k2"))
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(house.decide(make_payment(transaction_id="tx-2")))
    with pytest.raises(IdempotencyKeyReused):
        await refused
    assert not (await waiting).is_replayed


async def test_equal_retries_under_one_new_key_ask_once(house: House, make_payment: Make) -> None:
    first = await house.decide(make_payment())
    before = house.store.ledger.commits
    answers = await asyncio.gather(*(house.decide(make_payment(), idempotency_key="k") for _ in range(10)))
    assert {answer.body for answer in answers} == {first.body}
    assert house.store.ledger.commits == before + 1


async def test_a_caller_that_hangs_up_leaves_the_key_kept(house: House, make_payment: Make) -> None:
    await house.decide(make_payment())
    slow = Around(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    calling = asyncio.ensure_future(house.decide(make_payment(), idempotency_key="k"))
    await asyncio.sleep(0)
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    with pytest.raises(IdempotencyInProgress):
        await house.decide(make_payment(transaction_id="tx-2"), idempotency_key="k", budget_ms=30)
    slow.word.set()
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(make_payment(transaction_id="tx-2"), idempotency_key="k")


async def test_a_key_that_is_not_kept_in_time_is_no_answer_and_a_retry_gets_it(
    house: House, make_payment: Make
) -> None:
    first = await house.decide(make_payment())
    slow = Around(house.store.ledger)
    house.pipeline = house.pipeline_over(slow)
    with pytest.raises(DeadlineExceeded):
        await house.decide(make_payment(), idempotency_key="k", budget_ms=40)
    slow.word.set()
    assert (await house.decide(make_payment(), idempotency_key="k")).body == first.body


async def test_a_ledger_that_cannot_keep_the_key_is_said_and_the_first_key_still_answers(
    house: House, make_payment: Make
) -> None:
    first = await house.decide(make_payment(), idempotency_key="k1")
    failing = Around(house.store.ledger, failures=1)
    house.pipeline = house.pipeline_over(failing)
    with pytest.raises(LedgerUnavailable):
        await house.decide(make_payment(), idempotency_key="k2")
    for key in ("k1", None):
        assert (await house.decide(make_payment(), idempotency_key=key)).body == first.body
    failing.word.set()
    assert (await house.decide(make_payment(), idempotency_key="k2")).body == first.body
    assert failing.asked == 2


async def test_beyond_the_bound_a_retry_is_answered_all_the_same(house: House, make_payment: Make) -> None:
    first = await house.decide(make_payment(), idempotency_key="own")
    for number in range(KEYS_A_DECISION_MAX + 1):
        assert (await house.decide(make_payment(), idempotency_key=f"k-{number}")).body == first.body
    beyond = f"k-{KEYS_A_DECISION_MAX}"
    assert not (await house.decide(make_payment(transaction_id="tx-2"), idempotency_key=beyond)).is_replayed
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(make_payment(transaction_id="tx-3"), idempotency_key="k-0")


async def test_a_look_up_that_was_out_of_time_keeps_the_key_as_well(house: House, make_payment: Make) -> None:
    class Blind:
        """The real ledger, whose look-ups by key get no answer."""

        def __init__(self, ledger: Any) -> None:
            self.ledger = ledger

        def __getattr__(self, name: str) -> Any:
            return getattr(self.ledger, name)

        async def find(self, *_: Any) -> DecisionRecord | None:
            await asyncio.Event().wait()
            raise AssertionError

    first = await house.decide(make_payment(), idempotency_key="k1")
    house.pipeline = house.pipeline_over(Blind(house.store.ledger))
    assert (await house.decide(make_payment(), idempotency_key="k2")).body == first.body
    with pytest.raises(IdempotencyKeyReused):
        await house.decide(make_payment(transaction_id="tx-2"), idempotency_key="k2")
    house.store.close()
    house.open()
    assert (await house.features(on_one_card(make_payment, 3)))["card_payments_1h"] == 0
