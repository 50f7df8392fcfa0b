"""A year of made-up payments, outcomes and chargebacks, each decided and reported at its own time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import orjson

from api.clock import new_report_id
from api.keys import new_key
from api.routes.decisions import call_of
from api.routes.keys import GATEWAY_SCOPES
from api.schemas import read_request
from api.schemas.chargeback import read_reports
from api.schemas.outcome import outcome_bytes, read_outcome
from api.wiring import Playing
from engine.decision import Action
from engine.feedback import Report
from engine.ledger import DecisionRecord
from engine.payment import Stage
from engine.scheme_report import SchemeReportKind
from models.simulator import KINDS, Event, EventKind, Period, Timeline, Truth, World, with_fraud

DAYS: Final = 365
PAYMENTS_A_DAY: Final = 70
FRAUD: Final = 0.03
"""More than most shops have: a year of small shops has few payments, and a model learns from the fraud among them."""
_SEED: Final = 20251123
_SHOPPERS: Final = 3_000
NO_HURRY_MS: Final = 600_000
"""Nobody is kept at a checkout by a history."""


@dataclass(slots=True)
class Played:
    """What a year came to: first requests by what they truly were and how they were answered, and later reports."""

    payments: int = 0
    decisions: Counter[tuple[Truth, Action]] = field(default_factory=Counter)
    events: Counter[EventKind] = field(default_factory=Counter)


def year_before(now: datetime, days: int = DAYS, payments_a_day: int = PAYMENTS_A_DAY) -> tuple[Timeline, Period]:
    """The year's events up to a few minutes before `now`; the same but for when they are."""
    end = now - timedelta(minutes=10)
    period = Period(start=end - timedelta(days=days), seconds=timedelta(days=days).total_seconds())
    world = World(seed=_SEED, shops=KINDS, shoppers=_SHOPPERS, run="year")
    first = with_fraud(world, period, payments_a_day / timedelta(days=1).total_seconds(), FRAUD)
    return Timeline(first, end), period


class YearPlayer:
    """Plays events into an installation as a gateway and its acquirer send them, one after the other."""

    def __init__(self, playing: Playing) -> None:
        """Play into this one."""
        self._playing = playing
        self._key, _ = new_key(name="year", test_mode=False, scopes=GATEWAY_SCOPES, merchants=None)
        self._decisions: dict[str, DecisionRecord] = {}

    async def play(self, timeline: Timeline, advance: Callable[[datetime, Played], object]) -> Played:
        """Play to the end; `advance` is told how far it is after each event. Raises LedgerUnavailable."""
        played = Played()
        while (event := timeline.take()) is not None:
            action = await self._play(event)
            timeline.answered(event, action)
            _count(played, event, action)
            advance(event.at, played)
        return played

    async def _play(self, event: Event) -> Action:
        """Decide a payment, or report what became of one; a report's action is of no account."""
        body = orjson.dumps(event.body)
        if event.kind is EventKind.PAYMENT:
            return await self._decide(event, body)
        if event.kind is EventKind.OUTCOME:
            await self._report(event, body)
        else:
            await self._dispute(event, body)
        return Action.ALLOW

    async def _decide(self, event: Event, body: bytes) -> Action:
        call = replace(call_of(read_request(body), self._key, event.at), budget_ms=NO_HURRY_MS)
        answer = await self._playing.pipeline.decide(call)
        record = await self._playing.ledger.get(answer.decision_id)
        assert record is not None, "what was decided is recorded"
        self._decisions[event.order.transaction_id] = record
        return Action(orjson.loads(answer.body)["action"])

    async def _report(self, event: Event, body: bytes) -> None:
        decision = self._decisions[event.order.transaction_id]
        read = read_outcome(body, event.at).beside(decision.payment)
        await self._playing.feedback.report(
            Report(
                decision=decision,
                kind=read.kind,
                occurred_at=read.occurred_at,
                received_at=event.at,
                fingerprint=read.fingerprint,
                details=read.details,
                render=lambda outcome: outcome_bytes(outcome, read),
            )
        )

    async def _dispute(self, event: Event, body: bytes) -> None:
        kind = SchemeReportKind(event.kind.value)
        read, _ = read_reports(kind, body, event.at, self._playing.reason_codes)
        reports = [
            (
                each.pointer,
                each.build(
                    id=new_report_id(kind, event.at),
                    merchant_id=event.order.shop.merchant_id,
                    test_mode=False,
                    received_at=event.at,
                ),
            )
            for each in read
        ]
        await self._playing.scheme_feedback.report(reports)


def _count(played: Played, event: Event, action: Action) -> None:
    played.events[event.kind] += 1
    if event.kind is EventKind.PAYMENT:
        played.payments += event.stage is Stage.PRE_AUTH
        played.decisions[event.order.aftermath.truth, action] += 1
