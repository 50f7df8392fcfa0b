"""What follows from an answer: a gateway does what docs/api.md asks of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from engine.decision import Action
from engine.outcome import OutcomeKind
from engine.payment import Stage
from models.simulator import Event, EventKind, Period, Timeline, World, orders, shops, stream
from models.simulator.journey import ATTEMPTS_MAX, following

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
FORWARDED = (Action.ALLOW, Action.REVIEW)


@pytest.fixture(scope="module")
def first() -> list[Event]:
    """First requests of some thousand orders."""
    world = World(seed=5, shops=shops(4), shoppers=500)
    return list(islice(orders(world, Period(start=START), 1.0), 3_000))


def one(events: list[Event], **fate: object) -> Event:
    return next(event for event in events if all(getattr(event.order.fate, name) == fate[name] for name in fate))


@pytest.mark.parametrize("action", FORWARDED)
def test_what_is_forwarded_gets_the_banks_word(first: list[Event], action: Action) -> None:
    (authorized,) = following(one(first, decline_code=None), action)
    assert (authorized.kind, authorized.outcome) == (EventKind.OUTCOME, OutcomeKind.AUTHORIZED)
    (declined,) = following(one(first, decline_code="do_not_honor"), action)
    assert declined.body["type"] == "declined"
    assert declined.body["decline_code"] == "do_not_honor"
    assert declined.at > START


def test_what_is_blocked_ends(first: list[Event]) -> None:
    assert all(following(event, Action.BLOCK) == () for event in first[:200])


def test_a_challenge_is_followed_by_its_result_or_by_nothing(first: list[Event]) -> None:
    (asked,) = following(one(first, challenge_result="Y"), Action.CHALLENGE)
    assert asked.stage is Stage.POST_3DS
    assert asked.body["event"]["stage"] == "post_3ds"
    assert asked.body["authentication"]["trans_status"] == "Y"
    assert asked.body["authentication"]["liability_shift"] is True
    (failed,) = following(one(first, challenge_result="N"), Action.CHALLENGE)
    assert failed.body["credit_card"]["was_3d_secure_successful"] is False
    assert following(one(first, challenge_result=""), Action.CHALLENGE) == ()
    assert following(asked, Action.CHALLENGE) == (), "nobody is challenged twice"
    assert following(asked, Action.ALLOW)[0].outcome in {OutcomeKind.AUTHORIZED, OutcomeKind.DECLINED}


def test_a_shop_that_screens_after_calls_again_with_the_issuers_checks(first: list[Event]) -> None:
    asked = next(each for each in first if each.order.shop.screens_after and each.order.fate.decline_code is None)
    assert "avs_result" not in asked.body["credit_card"]
    (authorized,) = following(asked, Action.ALLOW)
    (after,) = following(authorized, Action.ALLOW)
    assert (after.stage, after.body["payment"]["was_authorized"]) == (Stage.POST_AUTH, True)
    assert after.body["credit_card"]["avs_result"] == asked.order.fate.avs_result
    assert following(after, Action.ALLOW)[0].outcome is OutcomeKind.CAPTURED
    assert following(after, Action.BLOCK)[0].outcome is OutcomeKind.REFUNDED


def test_goods_are_captured_when_they_leave_and_tickets_at_once(first: list[Event]) -> None:
    def captured_after(category: str) -> timedelta:
        asked = next(
            each for each in first if each.order.shop.category == category and each.order.fate.decline_code is None
        )
        (authorized,) = following(asked, Action.ALLOW)
        (captured,) = following(authorized, Action.ALLOW)
        assert captured.outcome is OutcomeKind.CAPTURED
        return captured.at - authorized.at

    assert captured_after("apparel") > timedelta(hours=2)
    assert captured_after("tickets") < timedelta(minutes=1)


def test_retries_are_payments_of_their_own_that_name_the_first_attempt() -> None:
    world = World(seed=5, shops=shops(4), shoppers=500)
    made = list(stream(orders(world, Period(start=START, seconds=86_400), 0.05)))
    payments = [event for event in made if event.kind is EventKind.PAYMENT and event.stage is Stage.PRE_AUTH]
    again = [event for event in payments if event.order.attempt > 1]
    ids = {event.order.transaction_id for event in payments}
    assert len(ids) == len(payments)
    assert len(again) > 50
    for event in again:
        assert event.body["payment"]["attempt_of"] == event.order.first_id in ids
        assert event.order.transaction_id != event.order.first_id
    assert max(event.order.attempt for event in again) == ATTEMPTS_MAX
    codes = Counter(event.body["decline_code"] for event in made if event.outcome is OutcomeKind.DECLINED)
    assert codes.most_common(1)[0][0] == "insufficient_funds"
    assert 0.05 < codes.total() / len(payments) < 0.2


def test_a_timeline_waits_for_answers_and_ends_with_its_time(first: list[Event]) -> None:
    asked = one(first, decline_code=None)
    timeline = Timeline(iter([asked]), until=asked.at + timedelta(hours=1))
    assert timeline.next_at == asked.at
    assert timeline.take() is asked
    assert timeline.take() is None, "nothing follows before it is answered"
    timeline.answered(asked, Action.ALLOW)
    assert timeline.next_at is not None
    while (event := timeline.take()) is not None:
        timeline.answered(event, Action.ALLOW)

    refunded = one(first, decline_code=None)
    late = Timeline(iter([refunded]), until=refunded.at)
    late.answered(refunded, Action.ALLOW)
    assert late.dropped == 1
