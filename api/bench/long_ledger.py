"""A ledger that is long: some payments decided for real, with what became of them, and these records again and again.

Deciding a million would take a quarter of an hour. So a span of some hours is decided, and what was recorded is written
again for each span after it: at its own times, under its own ids, and where a shopper comes once with own keys.
"""

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import orjson

from api.bench.installation import shipped_settings
from api.bench.payments import payments
from api.clock import new_decision_id, new_outcome_id
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from api.schemas.outcome import outcome_bytes, read_outcome
from api.wiring import Assembly, assembled
from api.wiring.measuring import opened_history
from engine.access import Scope
from engine.decision import Action
from engine.errors import DeadlineExceeded
from engine.feedback import Report
from engine.ledger import DecisionRecord
from engine.outcome import Outcome
from engine.recorded import RecordedFeatures

DAYS: Final = 29.9
"""Within the longest windows of the default set, so that all payments are held."""
SPANS_MAX: Final = 1_000
_BATCH: Final = 5_000
_AT_ONCE: Final = 32
"""Decided together, so that they share a commit."""
_PATIENT_MS: Final = 60_000
"""Nobody waits for these answers."""
_DECLINED, _REFUNDED = 0.08, 0.04
_BANK, _REFUND = timedelta(seconds=2), timedelta(hours=5)
_OWN: Final = (
    "card", "email_normalized", "ip_normalized", "device", "phone_normalized", "billing_address", "shipping_address",
    "customer",
)  # fmt: skip
"""What those who come once have of their own; networks, domains, BINs and countries they share."""
_RETURNING: Final = re.compile(r"-c[0-9]+-")
"""In the account's name of a customer who comes back."""

_Item = TypeVar("_Item")


def setup(count: int, decided: int) -> str:
    """How it is made, in words."""
    return (
        f"A ledger of {count:,} payments over {DAYS:g} days up to now: {decided:,} decided by the pipeline and "
        f"reported on (of those not blocked {_DECLINED:.0%} declined, the others authorized; {_REFUNDED:.0%} "
        "refunded), then the same records for each span of time after, with times and ids of their own, and with keys "
        "of their own for shoppers that come once."
    )


async def make_ledger(
    folder: Path, count: int, decided: int, seed: int, now: datetime, ruleset: Path | None = None
) -> None:
    """Fill a new data folder with so many payments, `decided` of them for real; whole spans of them.

    What a payment of the last reports came to is not known yet. `ruleset` None: the shipped one decides.
    """
    spans = count // decided
    assert count == spans * decided, "whole spans"
    assert spans < SPANS_MAX, "a span is three digits"
    span = timedelta(days=DAYS) / spans
    settings = shipped_settings(folder).model_copy(update={"ruleset": ruleset})
    with assembled(settings) as assembly:
        await _decide(assembly, decided, seed, now - span * spans, span)
    with opened_history(folder) as (ledger, outcomes):
        features = RecordedFeatures(ledger)
        records = list(ledger.recent(timedelta(days=DAYS)))
        made = _Made(
            records=records,
            own=_own(records, [features.of(each) for each in records]),
            outcomes=[outcome for outcome, _ in outcomes.recent(timedelta(days=DAYS))],
        )
        for number in range(1, spans):
            again = made.again(number, span * number)
            for batch in _batches(again.records):
                ledger.record_all(batch)
            for some in _batches(again.outcomes):
                outcomes.record_all(some)


async def _decide(assembly: Assembly, count: int, seed: int, start: datetime, span: timedelta) -> None:
    """Decide payments spread over the span, some at a time, each reported on when its bank has answered."""
    key = new_key(name="bench", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
    random, due = Random(seed), list[tuple[datetime, int, str, str]]()  # noqa: S311 - made-up data
    bodies = islice(payments(seed, start, count / span.total_seconds()), count)
    numbers = itertools.count()
    while some := list(islice(bodies, _AT_ONCE)):
        times = [min(datetime.fromisoformat(body["event"]["time"]), start + span) for body in some]
        while due and due[0][0] <= times[0]:
            ready = [heappop(due) for _ in range(min(len(due), _AT_ONCE)) if due[0][0] <= times[0]]
            await asyncio.gather(*(_report(assembly, at, kind, id_) for at, _, kind, id_ in ready))
        asked = [call_of(read_request(orjson.dumps(body)), key, at) for body, at in zip(some, times, strict=True)]
        calls = [replace(call, budget_ms=_PATIENT_MS) for call in asked]
        for at, answer in zip(times, await asyncio.gather(*map(assembly.pipeline.decide, calls)), strict=True):
            if orjson.loads(answer.body)["action"] == Action.BLOCK:
                continue
            kind = "declined" if random.random() < _DECLINED else "authorized"
            heappush(due, (at + _BANK, next(numbers), kind, answer.decision_id))
            if kind == "authorized" and random.random() < _REFUNDED:
                heappush(due, (at + _REFUND, next(numbers), "refunded", answer.decision_id))


async def _report(assembly: Assembly, at: datetime, kind: str, decision_id: str) -> None:
    decision = await assembly.ledger.get(decision_id)
    assert decision is not None, "decided before"
    read = read_outcome(orjson.dumps({"type": kind}), at).beside(decision.payment)
    report = Report(
        decision=decision,
        kind=read.kind,
        occurred_at=read.occurred_at,
        received_at=at,
        fingerprint=read.fingerprint,
        details=read.details,
        render=partial(outcome_bytes, read=read),
    )
    while True:
        # A busy disk may take longer than a gateway would wait; the same report again gets the one recorded.
        with suppress(DeadlineExceeded):
            await assembly.feedback.report(report)
            return


def _own(records: Sequence[DecisionRecord], features: Sequence[Mapping[str, object]]) -> list[tuple[bytes, ...]]:
    """Of each payment the texts that no other has: its id, and the keys of who does not come back."""
    texts = [{str(values[name]) for name in _OWN if values[name] is not None} for values in features]
    known = Counter(text for those in texts for text in those)
    found = []
    for record, those, values in zip(records, texts, features, strict=True):
        comes_back = _RETURNING.search(str(values["customer"])) is not None
        own = [] if comes_back else sorted(text.encode() for text in those if known[text] == 1)
        found.append((record.key.transaction_id.encode(), *own))
    return found


def _renamed(text: bytes, number: int) -> bytes:
    """Another text of the same length: an IP address of the same network, else with the number in it."""
    first, dot, last = text.rpartition(b".")
    if dot and last.isdigit():
        return b"%s.%d" % (first, (int(last) + number) % 256)
    return b"%s%03d%s" % (text[:1], number, text[4:])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What was recorded in one span."""

    records: Sequence[DecisionRecord]
    outcomes: Sequence[Outcome]
    own: Sequence[tuple[bytes, ...]]

    def again(self, number: int, later: timedelta) -> "_Made":
        """The same for a later span."""
        last = self.records[-1].sequence
        records, renamed = [], {}
        for record, own in zip(self.records, self.own, strict=True):
            again = _again(record, own, number, later, last * number)
            renamed[record.id] = again
            records.append(again)
        outcomes = []
        for outcome in self.outcomes:
            at, of = outcome.received_at + later, renamed[outcome.decision_id]
            id_ = new_outcome_id(at)
            answer = outcome.answer.replace(outcome.id.encode(), id_.encode())
            answer = answer.replace(outcome.decision_id.encode(), of.id.encode())
            outcomes.append(
                replace(
                    outcome,
                    id=id_,
                    decision_id=of.id,
                    transaction_id=of.key.transaction_id,
                    received_at=at,
                    answer=answer,
                )
            )
        return _Made(records=records, outcomes=outcomes, own=())


def _again(
    record: DecisionRecord, own: Sequence[bytes], number: int, later: timedelta, sequence: int
) -> DecisionRecord:
    at, (payment, decision, answer) = record.at + later, (record.payment, record.decision, record.answer)
    for text in own:
        other = _renamed(text, number)
        payment, decision, answer = (each.replace(text, other) for each in (payment, decision, answer))
    id_ = new_decision_id(at)
    return replace(
        record,
        id=id_,
        key=record.key._replace(transaction_id=_renamed(own[0], number).decode()),
        at=at,
        sequence=record.sequence + sequence,
        counted_at=record.counted_at + later,
        payment=payment.replace(record.at.isoformat().encode(), at.isoformat().encode()),
        decision=decision,
        answer=answer.replace(record.id.encode(), id_.encode()),
    )


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
