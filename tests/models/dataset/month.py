"""A generated month decided by a whole installation, at its own times, with outcomes, for the tests of skew."""

import asyncio
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.keys import new_key
from api.routes.decisions import call_of
from api.routes.keys import GATEWAY_SCOPES
from api.schemas import read_request
from api.wiring import Assembly
from engine.decision import Action
from engine.feedback import Report
from engine.outcome import OutcomeKind
from engine.payment import Stage
from models.simulator import Event, EventKind, Period, Timeline, World, card_testing, orders, shops

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 30
_ORDERS = 420


def play_month(assembly: Assembly) -> int:
    """Decide and report what happens in the month; how many calls."""
    return asyncio.run(_play(assembly))


async def _play(assembly: Assembly) -> int:
    seconds = DAYS * 86_400.0
    world = World(seed=9, shops=shops(3), shoppers=60)
    burst = card_testing(world, world.shops[0], START + timedelta(days=20), 40)
    firsts = orders(world, Period(start=START, seconds=seconds), _ORDERS / seconds)
    timeline = Timeline(iter(sorted([*firsts, *burst], key=lambda event: event.at)), START + timedelta(days=DAYS))
    latest: dict[str, str] = {}
    for number in itertools.count():
        event = timeline.take()
        if event is None:
            return number
        if event.kind is EventKind.PAYMENT:
            action = await _decided(assembly, event, latest)
            # Now and then the gateway asks for 3-D Secure of its own accord: its payments have later stages.
            is_asked = action is Action.ALLOW and event.stage is Stage.PRE_AUTH and number % 9 == 0
            timeline.answered(event, Action.CHALLENGE if is_asked else action)
        else:
            await _reported(assembly, event, latest[event.order.transaction_id], number)
            timeline.answered(event, Action.ALLOW)
    raise AssertionError("a month ends")


async def _decided(assembly: Assembly, event: Event, latest: dict[str, str]) -> Action:
    key, _ = new_key(name="month", test_mode=False, scopes=GATEWAY_SCOPES, merchants=None)
    asked = read_request(json.dumps(event.body).encode())
    # On two shared cores a deadline measures the neighbours.
    answer = await assembly.pipeline.decide(replace(call_of(asked, key, event.at), budget_ms=60_000))
    latest[event.order.transaction_id] = answer.decision_id
    said: dict[str, Any] = json.loads(answer.body)
    return Action(said["action"])


async def _reported(assembly: Assembly, event: Event, decision_id: str, number: int) -> None:
    decision = await assembly.ledger.get(decision_id)
    assert decision is not None
    report = Report(
        decision=decision,
        kind=OutcomeKind(event.body["type"]),
        occurred_at=None,
        received_at=event.at,
        fingerprint=str(number).encode(),
        details=b"{}",
        render=lambda _: b"{}",
    )
    await assembly.feedback.report(report)
