"""Rebuilding from the ledger: counters are a cache of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import chain, count
from typing import Final

import orjson

from engine.custom import CustomField
from engine.decision import Action, RecordedDecision, recorded_decision
from engine.features import Value
from engine.ledger import DecisionRecord, Ledger, Outcomes, PaymentName
from engine.outcome import Outcome
from engine.payment import EPOCH, MICROSECOND
from engine.recorded import RecordedFeatures
from engine.velocity import Observation, Recorded, Status, StatusEvent, Velocity
from engine.velocity.statuses import STATUSES

ALL: Final = timedelta(days=100 * 365)
"""Longer than any ledger."""

_Scope = tuple[str, bool]


def rebuild(
    ledger: Ledger,
    outcomes: Outcomes,
    velocities: Sequence[Velocity],
    last_at: MutableMapping[_Scope, datetime],
    *,
    declared: Mapping[str, Sequence[CustomField]] | None = None,
) -> Iterator[Recorded]:
    """Every payment and event that a window can still reach, as counted then; each stream in the order of time.

    `velocities` are what any merchant keeps, `declared` the custom fields by merchant. Windows reach back from the
    newest receipt time of each merchant and mode; `last_at` takes it. What another payment superseded is left out.
    Features are read as they were recorded, by the catalogue of their day, and custom fields as the payment said them:
    so a field declared today has a past. Raises LedgerUnavailable.

    A payment that came to one status again and again counts from the first time that a window reaches: so where that
    is not the first of all, it leaves the windows later than it would have without a restart.
    """
    history, window = _History(ledger, velocities, last_at, declared or {}), longest(velocities)
    for recorded in chain(history.payments(ledger.recent(window)), history.outcomes(outcomes.recent(window))):
        if recorded is not None:
            yield recorded


def rebuild_of(
    merchant_id: str,
    ledger: Ledger,
    outcomes: Outcomes,
    velocities: Sequence[Velocity],
    *,
    declared: Sequence[CustomField] = (),
) -> Iterator[Recorded | None]:
    """As `rebuild`, one merchant's alone, in small steps: None is one that found nothing to count, to pause at.

    So that whoever fills counters amid payments holds up none of them, however long the ledger. Raises
    LedgerUnavailable.
    """
    history, window = _History(ledger, velocities, {}, {merchant_id: declared}, merchant_id), longest(velocities)
    yield from history.payments(ledger.recent_of(merchant_id, window))
    yield from history.outcomes(outcomes.recent_of(merchant_id, window))


def newest_at(ledger: Ledger, outcomes: Outcomes) -> dict[_Scope, datetime]:
    """The newest receipt time of each merchant and mode, without a rebuild. Raises LedgerUnavailable."""
    newest: dict[_Scope, datetime] = {}
    told = (
        (outcome.merchant_id, outcome.test_mode, outcome.received_at) for outcome, _ in outcomes.recent(MICROSECOND)
    )
    decided = ((each.key.merchant_id, each.key.test_mode, each.at) for each in ledger.recent(MICROSECOND))
    for merchant_id, test_mode, at in chain(decided, told):
        newest[merchant_id, test_mode] = max(at, newest.get((merchant_id, test_mode), at))
    return newest


def longest(velocities: Sequence[Velocity]) -> timedelta:
    """How far back some velocity looks; all of the ledger where one looks at all time."""
    windows = [velocity.window_us for velocity in velocities]
    if None in windows:
        return ALL
    return max(timedelta(microseconds=(each.window_us or 0) + each.delay_us) for each in velocities)


class _History:
    """What one rebuild has read so far."""

    def __init__(
        self,
        ledger: Ledger,
        velocities: Sequence[Velocity],
        last_at: MutableMapping[_Scope, datetime],
        declared: Mapping[str, Sequence[CustomField]],
        merchant_id: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._inputs = sorted({name for velocity in velocities for name in velocity.inputs})
        self._last_at = last_at
        self._declared = declared
        self._merchant_id = merchant_id
        self._features = RecordedFeatures(ledger)
        self._positions: dict[str, tuple[tuple[str, int], ...]] = {}
        self._superseded: set[PaymentName] | None = None

    def payments(self, records: Iterable[DecisionRecord | None]) -> Iterator[Recorded | None]:
        """The payments in the order of observe, each once, and that some were blocked, at each stage's own time.

        None is a record that gave none, or the pause that stood in its place.
        """
        sequence, seen = None, set[PaymentName]()
        newest_us: dict[_Scope, int] = defaultdict(int)
        blocked: dict[_Scope, list[tuple[int, int, StatusEvent]]] = defaultdict(list)
        ties = count()
        for record in records:
            if record is None:
                yield None
                continue
            key = record.key
            scope, name = (key.merchant_id, key.test_mode), (key.merchant_id, key.test_mode, key.transaction_id)
            if not self._is_wanted(scope, name, record.at):
                yield None
                continue
            if record.sequence != sequence:
                sequence, seen = record.sequence, set()
            decision = recorded_decision(record.decision)
            values = self._values(record, decision)
            if decision.action is Action.BLOCK:
                event = _event(record, Status.BLOCKED, record.at, values)
                heappush(blocked[scope], (event.at_us, next(ties), event))
            # Where counting ran out of time a payment has the sequence of one before: time must not go back for that.
            at_us = newest_us[scope] = max(newest_us[scope], _us(record.counted_at))
            # A later stage was blocked after payments that are still to come.
            while blocked[scope] and blocked[scope][0][0] <= at_us:
                yield heappop(blocked[scope])[-1]
            if name not in seen:
                seen.add(name)
                yield record.sequence, _observation(record, at_us, values)
            else:
                yield None
        for events in blocked.values():
            while events:
                yield heappop(events)[-1]

    def outcomes(self, reported: Iterable[tuple[Outcome, DecisionRecord] | None]) -> Iterator[StatusEvent | None]:
        """What was learnt of payments, in the order of receipt; None as of payments."""
        for each in reported:
            event = None
            if each is not None:
                outcome, record = each
                scope = (outcome.merchant_id, outcome.test_mode)
                status = STATUSES.get(outcome.kind)
                if self._is_wanted(scope, (*scope, outcome.transaction_id), outcome.received_at) and status is not None:
                    values = self._values(record, recorded_decision(record.decision))
                    event = _event(record, status, outcome.received_at, values)
            yield event

    def _is_wanted(self, scope: _Scope, name: PaymentName, at: datetime) -> bool:
        """Whether it is counted; its time was taken in any case."""
        self._last_at[scope] = max(at, self._last_at.get(scope, at))
        if self._superseded is None:
            # Read after the decisions were begun with, so that no superseded one can be among these unknown.
            self._superseded = set(self._ledger.superseded(self._merchant_id))
        return name not in self._superseded

    def _values(self, record: DecisionRecord, decision: RecordedDecision) -> dict[str, Value]:
        positions = self._positions.get(decision.versions_id)
        if positions is None:
            known = {name: position for position, name in enumerate(self._features.names(decision.versions_id))}
            positions = tuple((name, known[name]) for name in self._inputs if name in known)
            self._positions[decision.versions_id] = positions
        values = {name: decision.values[position] for name, position in positions}
        declared = self._declared.get(record.key.merchant_id)
        if declared:
            custom = orjson.loads(record.payment).get("custom", {})
            values |= {field.feature_name: field.value(custom) for field in declared}
        return values


def _observation(record: DecisionRecord, at_us: int, values: Mapping[str, Value]) -> Observation:
    return Observation(
        payment_id=record.key.transaction_id,
        merchant_id=record.key.merchant_id,
        test_mode=record.key.test_mode,
        at_us=at_us,
        values=values,
    )


def _event(record: DecisionRecord, status: Status, at: datetime, values: Mapping[str, Value]) -> StatusEvent:
    return StatusEvent(
        payment_id=record.key.transaction_id,
        merchant_id=record.key.merchant_id,
        test_mode=record.key.test_mode,
        status=status,
        at_us=_us(at),
        values=values,
    )


def _us(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
