"""Schemes' reports over the real store: labelled at once, counted once their payment is known."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest

from api.clock import new_outcome_id, new_report_id
from engine.errors import CaseContradicted, DeadlineExceeded, LedgerUnavailable
from engine.feedback import Feedback
from engine.ledger import Label
from engine.outcome import Outcome
from engine.payment import Stage
from engine.scheme_feedback import SchemeFeedback, Told
from engine.scheme_report import CaseResult, CaseStage, SchemeReport, SchemeReportKind
from models.labels import label_after
from tests.engine.pipelines import START, House, Make, on_one_card
from tests.engine.test_scheme_report import report as report_of

WARNING = {"kind": SchemeReportKind.FRAUD_WARNING, "stage": CaseStage.WARNING}


def render(outcome: Outcome, report: SchemeReport) -> bytes:
    return orjson.dumps({"id": outcome.id, "case_id": report.case_id})


def taking(house: House, reports: Any = None, outcomes: Any = None, budget_seconds: float = 60) -> SchemeFeedback:
    """What takes reports, and is told of payments."""
    feedback = Feedback(
        outcomes=outcomes or house.store.outcomes,
        ledger=house.store.ledger,
        counters=house.counters,
        times=house.times,
        new_id=new_outcome_id,
        doubt_seconds=0,
        budget_seconds=60,
    )
    taken = SchemeFeedback(
        reports=reports or house.store.scheme_reports,
        ledger=house.store.ledger,
        feedback=feedback,
        times=house.times,
        label_after=label_after,
        render=render,
        budget_seconds=budget_seconds,
    )
    house.pipeline.tell(taken.arrived)
    return taken


def chargeback(house: House, number: int, **changes: Any) -> SchemeReport:
    kind = changes.get("kind", SchemeReportKind.CHARGEBACK)
    fields = {
        "id": new_report_id(kind, house.now),
        "merchant_id": "shop-a",
        "transaction_id": f"tx-{number}",
        "case_id": f"case-{number}",
        "occurred_at": house.now - timedelta(days=1),
        "received_at": house.now,
    }
    return report_of(**(fields | changes))


async def told(taken: SchemeFeedback, *reports: SchemeReport) -> list[Told]:
    return [*await taken.report([(f"/chargebacks/{index}", each) for index, each in enumerate(reports)])]


async def seen(house: House, make_payment: Make, number: int, name: str = "card_disputed_7d") -> Any:
    return (await house.features(on_one_card(make_payment, number)))[name]


def labels_of(house: House) -> list[Label]:
    return list(house.store.labels.labels_as_of(house.now + timedelta(days=999)))


async def test_a_chargeback_counts_from_its_receipt_for_others_on_the_card(house: House, make_payment: Make) -> None:
    taken = taking(house)
    await house.decide(on_one_card(make_payment, 1))
    house.now += timedelta(days=60)
    assert await seen(house, make_payment, 2) == 0
    (found,) = await told(taken, chargeback(house, 1))
    assert found.decision is not None
    assert found.decision.key.transaction_id == "tx-1"
    assert await seen(house, make_payment, 3) == 1
    house.now += timedelta(days=7)
    assert await seen(house, make_payment, 4) == 0, "the window is of the receipt"


async def test_a_warning_and_a_chargeback_are_counted_apart(house: House, make_payment: Make) -> None:
    taken = taking(house)
    await house.decide(on_one_card(make_payment, 1))
    await told(taken, chargeback(house, 1, **WARNING))
    features = await house.features(on_one_card(make_payment, 2))
    assert (features["card_fraud_warning_1h"], features["card_disputed_7d"]) == (1, 0)
    assert (features["ip_fraud_warning_24h"], features["ip_disputed_24h"]) == (1, 0)
    await told(taken, chargeback(house, 1))
    features = await house.features(on_one_card(make_payment, 3))
    assert (features["card_fraud_warning_30d"], features["card_disputed_30d"]) == (1, 1)
    assert features["email_disputed_30d"] == 0, "each has its own mailbox"


async def test_all_steps_of_a_case_and_all_cases_of_a_payment_count_once(house: House, make_payment: Make) -> None:
    taken = taking(house)
    await house.decide(on_one_card(make_payment, 1))
    steps = [
        chargeback(house, 1),
        chargeback(house, 1, stage=CaseStage.REPRESENTMENT, result=CaseResult.LOST),
        chargeback(house, 1, case_id="another"),
    ]
    assert [each.is_new for each in await told(taken, *steps)] == [True] * 3
    assert [each.is_new for each in await told(taken, *steps)] == [False] * 3
    assert await seen(house, make_payment, 2) == 1
    outcomes = await house.store.outcomes.of_transaction("shop-a", "tx-1", test_mode=False)
    assert sorted(orjson.loads(each.answer)["case_id"] for each in outcomes) == ["another", "case-1"]


async def test_one_that_comes_before_its_payment_is_labelled_at_once_and_counted_when_it_comes(
    house: House, make_payment: Make
) -> None:
    taken = taking(house)
    (found,) = await told(taken, chargeback(house, 1))
    assert found.decision is None
    assert taken.waiting == 1
    assert [(label.transaction_id, label.is_fraud) for label in labels_of(house)] == [("tx-1", True)]
    house.now += timedelta(days=8)
    await house.decide(on_one_card(make_payment, 1))
    await taken.settled()
    assert taken.waiting == 0
    assert await seen(house, make_payment, 2) == 1, "counted when its payment came, not when it was told"
    assert [label.received_at for label in labels_of(house)] == [START]


async def test_its_own_payment_never_sees_it(house: House, make_payment: Make) -> None:
    taken = taking(house)
    await told(taken, chargeback(house, 1))
    await house.decide(on_one_card(make_payment, 1))
    await taken.settled()
    own = await house.features(on_one_card(make_payment, 1, stage=Stage.POST_AUTH))
    assert own["card_disputed_7d"] == 0


async def test_a_restart_counts_the_same(house: House, make_payment: Make) -> None:
    taken = taking(house)
    await house.decide(on_one_card(make_payment, 1))
    house.now += timedelta(days=2)
    await told(taken, chargeback(house, 1), chargeback(house, 7))
    assert await seen(house, make_payment, 2) == 1
    house.store.close()
    house.open()
    taken = taking(house)
    assert taken.waiting == 1
    assert await seen(house, make_payment, 3) == 1
    house.now += timedelta(days=7)
    assert await seen(house, make_payment, 4) == 0


async def until_matched(house: House, transaction_id: str) -> None:
    for _ in range(5_000):
        if await house.store.outcomes.of_transaction("shop-a", transaction_id, test_mode=False):
            return
        await asyncio.sleep(0.001)
    pytest.fail("it was never matched")


class Failing:
    """A store whose appends fail for a while."""

    def __init__(self, store: Any) -> None:
        self.store, self.fails = store, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def append(self, outcome: Outcome) -> Outcome:
        if self.fails:
            raise LedgerUnavailable("no space")
        written: Outcome = await self.store.append(outcome)
        return written

    async def append_reports(self, reports: Any, labels: Any) -> None:
        if self.fails:
            raise LedgerUnavailable("no space")
        await self.store.append_reports(reports, labels)


async def test_what_a_crash_left_undone_is_done_when_it_is_told_again(house: House, make_payment: Make) -> None:
    outcomes = Failing(house.store.outcomes)
    taken = taking(house, outcomes=outcomes)
    await house.decide(on_one_card(make_payment, 1))
    with pytest.raises(LedgerUnavailable):
        await told(taken, chargeback(house, 1))
    outcomes.fails = False
    (found,) = await told(taken, chargeback(house, 1))
    assert (found.is_new, found.decision is None) == (False, False)
    assert await seen(house, make_payment, 2) == 1
    assert len(labels_of(house)) == 1


async def test_what_a_crash_left_undone_is_done_by_the_next_start(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    with pytest.raises(LedgerUnavailable):
        await told(taking(house, outcomes=Failing(house.store.outcomes)), chargeback(house, 1))
    house.store.close()
    house.open()
    taken = taking(house)
    assert taken.waiting == 1
    await taken.catch_up(house.now)
    assert taken.waiting == 0
    assert await seen(house, make_payment, 2) == 1


async def test_a_payment_whose_report_waits_and_that_nobody_told_of_is_caught_up_with(
    house: House, make_payment: Make
) -> None:
    """As after an import of history: it was decided at its own time, and the report was learnt later."""
    taken = taking(house)
    await told(taken, chargeback(house, 1))
    house.pipeline.tell(lambda _: None)
    await house.decide(on_one_card(make_payment, 1))
    assert await seen(house, make_payment, 2) == 0
    house.now += timedelta(days=1)
    await taken.catch_up(house.now)
    assert await seen(house, make_payment, 3) == 1
    await taken.catch_up(house.now)
    assert await seen(house, make_payment, 4) == 1


async def test_nothing_stands_where_the_ledger_fails(house: House) -> None:
    reports = Failing(house.store.scheme_reports)
    taken = taking(house, reports=reports)
    with pytest.raises(LedgerUnavailable):
        await told(taken, chargeback(house, 1))
    assert labels_of(house) == []
    reports.fails = False
    assert [each.is_new for each in await told(taken, chargeback(house, 1))] == [True]


async def test_a_contradiction_refuses_all_that_came_with_it(house: House) -> None:
    taken = taking(house)
    await told(taken, chargeback(house, 1))
    with pytest.raises(CaseContradicted) as refused:
        await told(taken, chargeback(house, 2), chargeback(house, 1, amount_minor=1))
    assert [fault.pointer for fault in refused.value.faults] == ["/chargebacks/1/amount_minor"]
    assert (
        await house.store.scheme_reports.of_case(SchemeReportKind.CHARGEBACK, "shop-a", "case-2", test_mode=False) == []
    )


async def test_won_and_lost_in_one_request_is_a_contradiction(house: House) -> None:
    won = chargeback(house, 1, stage=CaseStage.ARBITRATION, result=CaseResult.WON)
    lost = chargeback(house, 1, stage=CaseStage.ARBITRATION, result=CaseResult.LOST)
    with pytest.raises(CaseContradicted):
        await told(taking(house), won, lost)


async def test_fifty_equal_reports_at_once_are_one_and_of_two_that_differ_one_stands(
    house: House, make_payment: Make
) -> None:
    taken = taking(house)
    await house.decide(on_one_card(make_payment, 1))
    answers = await asyncio.gather(*(told(taken, chargeback(house, 1)) for _ in range(50)))
    assert sum(each.is_new for (each,) in answers) == 1
    assert len({each.report.id for (each,) in answers}) == 1
    assert await seen(house, make_payment, 2) == 1
    both = [told(taken, chargeback(house, 3, stage=CaseStage.ARBITRATION, result=result)) for result in CaseResult]
    ended = await asyncio.gather(*both, return_exceptions=True)
    assert [isinstance(each, CaseContradicted) for each in ended] == [False, True]


async def test_a_payment_that_arrives_while_its_report_is_recorded_is_matched(house: House, make_payment: Make) -> None:
    taken = taking(house)
    numbers = range(1, 30)
    await asyncio.gather(
        *(told(taken, chargeback(house, number)) for number in numbers),
        *(house.decide(on_one_card(make_payment, number)) for number in numbers),
    )
    await taken.settled()
    assert taken.waiting == 0
    assert await seen(house, make_payment, 99) == len(numbers)


async def test_one_that_is_not_recorded_in_time_is_found_later(house: House, make_payment: Make) -> None:
    await house.decide(on_one_card(make_payment, 1))
    taken = taking(house, budget_seconds=0)
    with pytest.raises(DeadlineExceeded):
        await told(taken, chargeback(house, 1))
    await until_matched(house, "tx-1")
    (found,) = await told(taking(house), chargeback(house, 1))
    assert not found.is_new
    assert await seen(house, make_payment, 2) == 1


async def test_a_payment_that_another_replaced_is_not_counted(house: House, make_payment: Make) -> None:
    taken = taking(house)
    await house.decide(on_one_card(make_payment, 1))
    await house.decide(on_one_card(make_payment, 2, supersedes="tx-1"))
    (found,) = await told(taken, chargeback(house, 1))
    assert found.decision is not None
    assert await seen(house, make_payment, 3) == 0


async def test_live_and_test_mode_and_merchants_are_apart(house: House, make_payment: Make) -> None:
    taken = taking(house)
    await house.decide(on_one_card(make_payment, 1))
    found = await told(
        taken, chargeback(house, 1, test_mode=True), chargeback(house, 1, merchant_id="shop-2"), chargeback(house, 1)
    )
    assert [each.decision is not None for each in found] == [False, False, True]
