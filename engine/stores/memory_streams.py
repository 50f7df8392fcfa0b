"""What is held of one merchant in one mode: the stream of its payments, and one for each status they come to."""

from collections.abc import Iterator
from typing import Final

from engine.features import Value
from engine.stores.memory_plan import Plans, Row
from engine.stores.memory_scope import Scope
from engine.velocity import Observation, Reading, Status, StatusEvent

SWEEP: Final = 64
"""Payments that came to a status again from which on those that left the windows are looked for."""


class Streams:
    """Each stream is a scope; a payment's own events are left out of what it reads, as the payment itself is."""

    __slots__ = ("_again", "_payments", "_plans", "_statuses", "_sweep_at")

    def __init__(self, plans: Plans) -> None:
        """Begin with nothing seen."""
        self._plans = plans
        self._payments = Scope(plans.payments)
        self._statuses: dict[Status, Scope] = {status: Scope(plan) for status, plan in plans.statuses}
        self._again: dict[tuple[Status, str], list[int]] = {}
        """Of the payments that came to a status more than once: the times of all events that still stand."""
        self._sweep_at = SWEEP

    def observe(self, observation: Observation, sequence: int) -> Reading:
        """Count the payment under this sequence, once per id, and read every velocity without it."""
        payments, at_us, row = self._payments, observation.at_us, self._row(observation)
        starts = payments.starts(at_us)
        payments.advance(at_us, starts)
        own = payments.find(observation.payment_id, starts)
        values = payments.read(row, starts, own)
        for scope in self._statuses.values():
            if scope.is_empty():
                values += scope.read(row, starts, None)
            else:
                its_starts = scope.starts(at_us)
                scope.advance(at_us, its_starts)
                values += scope.read(row, its_starts, scope.find(observation.payment_id, its_starts))
        if own is not None:
            return self._repeat(values, own)
        payments.append(observation.payment_id, at_us, sequence, row)
        return Reading(values=self._plans.arrange(values), sequence=sequence, counted_at_us=at_us, is_counted=True)

    def read(self, observation: Observation, sequence: int) -> Reading:
        """Read as `observe` would now, and change nothing."""
        at_us, row = observation.at_us, self._row(observation)
        starts = self._payments.starts(at_us)
        own = self._payments.find(observation.payment_id, starts)
        values = self._payments.read(row, starts, own)
        for scope in self._statuses.values():
            its_starts = scope.starts(at_us)
            values += scope.read(row, its_starts, scope.find(observation.payment_id, its_starts))
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
        name = (event.status, event.payment_id)
        own = scope.find(event.payment_id, starts)
        if own is not None:
            self._again.setdefault(name, [scope.counted_at_us(own)]).append(event.at_us)
            self._sweep()
            return False
        self._again.pop(name, None)
        scope.append(event.payment_id, event.at_us, 0, self._row(event))
        return True

    def retract(self, event: StatusEvent) -> None:
        """Take back one event; the payment stays counted, at its first time, while another event of it stands."""
        scope = self._statuses.get(event.status)
        counted_at_us = None if scope is None else scope.time_of(event.payment_id)
        if scope is None or counted_at_us is None:
            return
        name = (event.status, event.payment_id)
        times = self._again.get(name, [counted_at_us])
        if event.at_us in times:
            times.remove(event.at_us)
            if not times:
                self._again.pop(name, None)
                scope.forget(event.payment_id)

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

    def _row(self, seen: Observation | StatusEvent) -> Row:
        return [*map(seen.values.get, self._plans.inputs)]

    def _repeat(self, values: list[Value], own: int) -> Reading:
        return Reading(
            values=self._plans.arrange(values),
            sequence=self._payments.sequence(own),
            counted_at_us=self._payments.counted_at_us(own),
            is_counted=False,
        )

    def _sweep(self) -> None:
        """Drop the times of payments that are held no more: O(1) an event, amortised."""
        if len(self._again) < self._sweep_at:
            return
        held = {name: times for name, times in self._again.items() if self._statuses[name[0]].time_of(name[1])}
        self._again = held
        self._sweep_at = max(SWEEP, 2 * len(held))
