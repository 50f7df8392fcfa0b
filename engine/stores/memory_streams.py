"""What is held of one merchant in one mode, or of all merchants: the stream of payments, and one for each status."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from engine.features import Value
from engine.stores.memory_having import having
from engine.stores.memory_linked import Linked, Stream
from engine.stores.memory_plan import Row, StreamPlans
from engine.stores.memory_scope import Scope, Sought
from engine.velocity import Observation, Status, StatusEvent

SWEEP: Final = 64
"""Payments that came to a status again from which on those that left the windows are looked for."""


_Came = tuple[int, int, list[Value]]
"""An event to one status: its ordinal, its time, and what it is counted by."""


class Streams:
    """Each stream is a scope; a payment's own events are left out of what it reads, as the payment itself is.

    `remembered_us` says by status, None for payments, how long ago an id was seen that is still the same payment's.
    """

    __slots__ = ("_again", "_linked", "_plans", "_statuses", "_sweep_at", "payments")

    def __init__(self, plans: StreamPlans) -> None:
        """Begin with nothing seen."""
        self._plans = plans
        self.payments = Scope(plans.payments)
        self._statuses: dict[Status, Scope] = {status: Scope(plan) for status, plan in plans.statuses}
        self._linked = [Linked(each, self.payments, self._statuses) for each in plans.linked]
        self._again: dict[tuple[Status, str], list[_Came]] = {}
        """Of the payments that came to a status more than once: all events that stand, the counted one first."""
        self._sweep_at = SWEEP

    def row(self, seen: Observation | StatusEvent) -> list[Value]:
        """What is counted and read by."""
        return [*map(seen.values.get, self._plans.inputs)]

    def advance(self, at_us: int) -> None:
        """Let time pass: drop a little of what left the windows."""
        self.payments.advance(at_us)
        for scope in self._statuses.values():
            if scope.has_begun:
                scope.advance(at_us)

    def read(
        self,
        row: Row,
        sought: Sought,
        at_us: int,
        names: tuple[str, str | None],
        remembered_us: Mapping[Status | None, int],
    ) -> list[Value]:
        """What is read at a time without the payments of these ids: the own and the superseded one.

        `sought` is what the stream of payments holds of the row.
        """
        payments, values = self.payments, self._plans.blank.of(row)
        resets = self._resets(row, at_us, names, remembered_us) if self._plans.resets else ()
        excluded = _excluded(payments, names, at_us - remembered_us[None])
        payments.read(sought, values, at_us, excluded, resets)
        read: list[Stream | None] = [(sought[1], excluded)]
        for status, scope in self._statuses.items():
            if not scope.has_begun:
                read.append(None)
            else:
                its, excluded = scope.seek(row), _excluded(scope, names, at_us - remembered_us[status])
                scope.read(its, values, at_us, excluded, resets)
                read.append((its[1], excluded))
        for linked in self._linked:
            values += linked.read(row, at_us, read)
        return values

    def having(self, ids: Mapping[str, Value], before: str | None) -> Iterator[tuple[str, list[str]]]:
        """The ids of the payments held that have one of these values by name, the latest first, and what they share.

        `before` is the payment behind which is begun. Raises KeyError where it is not held.
        """
        payments, ordinal = self.payments, None
        if before is not None:
            ordinal = payments.ordinal_of(before)
            if ordinal is None:
                raise KeyError(before)
        for each, names in having(payments, self._plans, ids, ordinal):
            payment_id = payments.columns.id_of(each)
            if payment_id is not None:
                yield payment_id, names

    def append(
        self, payment_id: str, at_us: int, sequence: int, row: list[Value], sought: Sought | None = None
    ) -> None:
        """Count a payment; `sought` is what the stream of payments holds of its row, where that was looked up."""
        self.payments.append(payment_id, at_us, sequence, row, sought)

    def scope(self, status: Status | None) -> Scope | None:
        """The stream of a status, of payments (None); None where nothing asks for it."""
        return self.payments if status is None else self._statuses.get(status)

    def came_again(self, status: Status, payment_id: str, events: Sequence[_Came]) -> None:
        """Hold that a payment came to a status again and again, where the stream holds the first and their places."""
        self._again[status, payment_id] = [*events]

    def asks_for(self, status: Status | None) -> bool:
        """Whether some velocity looks at the stream of a status, or of payments (None)."""
        return bool(self._plans.payments.groups) if status is None else status in self._statuses

    def is_known(self, event: StatusEvent, remembered_us: Mapping[Status | None, int]) -> bool | None:
        """Whether its payment came to the status before; None where nothing asks for the status."""
        scope = self._statuses.get(event.status)
        if scope is None:
            return None
        return scope.find(event.payment_id, event.at_us - remembered_us[event.status]) is not None

    def record(self, event: StatusEvent, payment_id: str, *, is_known: bool) -> None:
        """Count an event under an id; where its payment came to the status before, as one that may count later."""
        scope, name, row = self._statuses[event.status], (event.status, payment_id), self.row(event)
        scope.advance(event.at_us)
        own = scope.ordinal_of(payment_id) if is_known else None
        if own is None:
            self._again.pop(name, None)
            scope.append(payment_id, event.at_us, 0, row, like=self.payments.profile(payment_id))
            return
        # Its place is kept, so that it is counted there where the first is taken back.
        came = self._again.setdefault(name, self._came_once(scope, payment_id))
        came.append((scope.reserve(event.at_us), event.at_us, row))
        self._sweep()

    def retract(self, event: StatusEvent, payment_id: str) -> None:
        """Take back one event; the payment is counted at the first that stands."""
        scope, name = self._statuses.get(event.status), (event.status, payment_id)
        if scope is None:
            return
        came = self._again.get(name) or self._came_once(scope, payment_id)
        told = event.at_us, scope.counted_by(self.row(event))
        found = [index for index, (_, at_us, row) in enumerate(came) if (at_us, scope.counted_by(row)) == told]
        if not found:
            return
        del came[found[-1]]
        if found[-1] == 0:
            scope.forget(payment_id)
            if came and not scope.is_dropped(came[0][0]):
                ordinal, _, row = came[0]
                scope.place(payment_id, ordinal, row)
        if len(came) <= 1:
            self._again.pop(name, None)

    def forget(self, payment_id: str) -> None:
        """Take out the payment and its events as if they had never been."""
        self.payments.forget(payment_id)
        for status, scope in self._statuses.items():
            scope.forget(payment_id)
            self._again.pop((status, payment_id), None)

    def held(self) -> tuple[int, int]:
        """How many payments are held, and how many key values in all streams."""
        scopes = (self.payments, *self._statuses.values())
        return self.payments.held()[0], sum(scope.held()[1] for scope in scopes)

    def since(self, span_us: int) -> Iterator[tuple[Status | None, str]]:
        """The payments counted within a span before the newest of their stream, by status; None is the payments'."""
        for status, scope in ((None, self.payments), *self._statuses.items()):
            for payment_id in scope.since(scope.now_us - span_us):
                yield status, payment_id

    def _resets(
        self, row: Row, at_us: int, names: tuple[str, str | None], remembered_us: Mapping[Status | None, int]
    ) -> list[int | None]:
        """When each counting that starts anew did so last, None where it never did."""
        times = []
        for status, group in self._plans.resets:
            scope = self._statuses[status]
            excluded = _excluded(scope, names, at_us - remembered_us[status])
            times.append(scope.last_us(group, row, at_us, excluded))
        return times

    def _came_once(self, scope: Scope, payment_id: str) -> list[_Came]:
        """What is held as the one event of a payment, with its whole row: it may be counted anew."""
        ordinal = scope.ordinal_of(payment_id)
        if ordinal is None:
            return []
        row: list[Value] = [*scope.row(ordinal)]
        row += [None] * (len(self._plans.inputs) - len(row))
        for index, amount in scope.amounts(ordinal):
            row[index] = amount
        return [(ordinal, scope.counted_at_us(ordinal), row)]

    def _sweep(self) -> None:
        """Drop the events of payments of which none can be counted any more: O(1) an event, amortised."""
        if len(self._again) < self._sweep_at:
            return
        scopes = self._statuses
        held = {name: came for name, came in self._again.items() if not scopes[name[0]].is_dropped(came[-1][0])}
        self._again = held
        self._sweep_at = max(SWEEP, 2 * len(held))


def _excluded(scope: Scope, names: tuple[str, str | None], since_us: int) -> tuple[int, ...]:
    """The ordinals of the payments of these ids, those that are held."""
    payment_id, superseded = names
    own = scope.find(payment_id, since_us)
    other = None if superseded is None or superseded == payment_id else scope.find(superseded, since_us)
    if own is None:
        return () if other is None else (other,)
    return (own,) if other is None else (own, other)
