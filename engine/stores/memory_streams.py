"""What is held of one merchant in one mode: the stream of its payments, and one for each status they come to."""

from collections.abc import Iterator
from typing import Final

from engine.features import Value
from engine.stores.memory_plan import Plans, Row
from engine.stores.memory_scope import Scope
from engine.velocity import Observation, Reading, Status, StatusEvent

SWEEP: Final = 64
"""Payments that came to a status again from which on those that left the windows are looked for."""


_Came = tuple[int, int, Row]
"""An event to one status: its ordinal, its time, and what it is counted by."""


class Streams:
    """Each stream is a scope; a payment's own events are left out of what it reads, as the payment itself is."""

    __slots__ = ("_again", "_payments", "_plans", "_statuses", "_sweep_at")

    def __init__(self, plans: Plans) -> None:
        """Begin with nothing seen."""
        self._plans = plans
        self._payments = Scope(plans.payments)
        self._statuses: dict[Status, Scope] = {status: Scope(plan) for status, plan in plans.statuses}
        self._again: dict[tuple[Status, str], list[_Came]] = {}
        """Of the payments that came to a status more than once: all events that stand, the counted one first."""
        self._sweep_at = SWEEP

    def observe(self, observation: Observation, sequence: int, superseded: str | None = None) -> Reading:
        """Count the payment under this sequence, once per id, and read every velocity without it and the superseded."""
        payments, at_us, row = self._payments, observation.at_us, self._row(observation)
        starts = payments.starts(at_us)
        payments.advance(at_us, starts)
        own = payments.find(observation.payment_id, starts)
        other = None if superseded is None else payments.find(superseded, starts)
        values = payments.read(row, starts, own, other)
        for scope in self._statuses.values():
            if scope.is_empty():
                values += scope.read(row, starts, None, None)
            else:
                its_starts = scope.starts(at_us)
                scope.advance(at_us, its_starts)
                its_own = scope.find(observation.payment_id, its_starts)
                other = None if superseded is None else scope.find(superseded, its_starts)
                values += scope.read(row, its_starts, its_own, other)
        if own is not None:
            return self._repeat(values, own)
        payments.append(observation.payment_id, at_us, sequence, row)
        return Reading(values=self._plans.arrange(values), sequence=sequence, counted_at_us=at_us, is_counted=True)

    def read(self, observation: Observation, sequence: int, superseded: str | None = None) -> Reading:
        """Read as `observe` would now, and change nothing."""
        at_us, row = observation.at_us, self._row(observation)
        starts = self._payments.starts(at_us)
        own = self._payments.find(observation.payment_id, starts)
        other = None if superseded is None else self._payments.find(superseded, starts)
        values = self._payments.read(row, starts, own, other)
        for scope in self._statuses.values():
            its_starts = scope.starts(at_us)
            its_own = scope.find(observation.payment_id, its_starts)
            other = None if superseded is None else scope.find(superseded, its_starts)
            values += scope.read(row, its_starts, its_own, other)
        if own is not None:
            return self._repeat(values, own)
        return Reading(values=self._plans.arrange(values), sequence=sequence, counted_at_us=at_us, is_counted=False)

    def restore(self, observation: Observation, sequence: int) -> bool:
        """Count the payment without reading; whether it was not held."""
        payments, at_us = self._payments, observation.at_us
        starts = payments.starts(at_us)
        payments.advance(at_us, starts)
        if payments.find(observation.payment_id, starts) is not None:
            return False
        payments.append(observation.payment_id, at_us, sequence, self._row(observation))
        return True

    def record(self, event: StatusEvent) -> bool:
        """Count the event, once per payment; a status that no velocity asks for is not counted."""
        scope = self._statuses.get(event.status)
        if scope is None:
            return False
        starts = scope.starts(event.at_us)
        scope.advance(event.at_us, starts)
        name, row = (event.status, event.payment_id), self._row(event)
        own = scope.find(event.payment_id, starts)
        if own is not None:
            # Its place is kept, so that it is counted there where the first is taken back.
            came = self._again.setdefault(name, [(own, scope.counted_at_us(own), scope.row(own))])
            came.append((scope.reserve(event.at_us), event.at_us, row))
            self._sweep()
            return False
        self._again.pop(name, None)
        scope.append(event.payment_id, event.at_us, 0, row)
        return True

    def retract(self, event: StatusEvent) -> None:
        """Take back one event; the payment is counted at the first that stands."""
        scope, name = self._statuses.get(event.status), (event.status, event.payment_id)
        if scope is None:
            return
        came = self._again.get(name) or self._came_once(scope, event.payment_id)
        kept = self._row(event)[: scope.columns]
        told = (event.at_us, kept)
        found = [index for index, (_, at_us, row) in enumerate(came) if (at_us, row[: len(kept)]) == told]
        if not found:
            return
        del came[found[-1]]
        if found[-1] == 0:
            scope.forget(event.payment_id)
            if came and not scope.is_dropped(came[0][0]):
                ordinal, _, row = came[0]
                scope.place(event.payment_id, ordinal, row)
        if len(came) <= 1:
            self._again.pop(name, None)

    def forget(self, payment_id: str) -> None:
        """Take out the payment and its events as if they had never been."""
        self._payments.forget(payment_id)
        for status, scope in self._statuses.items():
            scope.forget(payment_id)
            self._again.pop((status, payment_id), None)

    def held(self) -> tuple[int, int]:
        """How many payments are held, and how many key values in all streams."""
        scopes = (self._payments, *self._statuses.values())
        return self._payments.held()[0], sum(scope.held()[1] for scope in scopes)

    def since(self, span_us: int) -> Iterator[tuple[Status | None, str]]:
        """The payments counted within a span before the newest of their stream, by status; None is the payments'."""
        for status, scope in ((None, self._payments), *self._statuses.items()):
            for payment_id in scope.since(scope.now_us - span_us):
                yield status, payment_id

    def _row(self, seen: Observation | StatusEvent) -> list[Value]:
        return [*map(seen.values.get, self._plans.inputs)]

    def _repeat(self, values: list[Value], own: int) -> Reading:
        return Reading(
            values=self._plans.arrange(values),
            sequence=self._payments.sequence(own),
            counted_at_us=self._payments.counted_at_us(own),
            is_counted=False,
        )

    def _came_once(self, scope: Scope, payment_id: str) -> list[_Came]:
        ordinal = scope.ordinal_of(payment_id)
        return [] if ordinal is None else [(ordinal, scope.counted_at_us(ordinal), scope.row(ordinal))]

    def _sweep(self) -> None:
        """Drop the events of payments of which none can be counted any more: O(1) an event, amortised."""
        if len(self._again) < self._sweep_at:
            return
        scopes = self._statuses
        held = {name: came for name, came in self._again.items() if not scopes[name[0]].is_dropped(came[-1][0])}
        self._again = held
        self._sweep_at = max(SWEEP, 2 * len(held))
