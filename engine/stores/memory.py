"""Stores in this process's memory."""

from collections.abc import Iterable, Sequence

from engine.features import Value
from engine.stores.memory_plan import Row, plan
from engine.stores.memory_scope import Scope
from engine.velocity import Observation, Reading, Velocity


class MemoryCounters:
    """Velocities counted in this process, O(log n) a payment, rebuilt from the ledger at start.

    No method awaits, so each is one step to all others of the event loop; threads must not share it.
    """

    def __init__(self, velocities: Sequence[Velocity]) -> None:
        """Count for these velocities; readings keep their order."""
        self._plan = plan(velocities)
        self._scopes: dict[tuple[str, bool], Scope] = {}
        self._sequence = 0

    async def observe(self, observation: Observation) -> Reading:
        """Count the payment, once per id, and read every velocity without it."""
        scope = self._scope(observation)
        row, at_us = self._row(observation), observation.at_us
        starts = scope.starts(at_us)
        scope.advance(at_us, starts)
        own = scope.find(observation.payment_id, starts)
        values = scope.read(row, starts, own)
        if own is not None:
            return _repeat(values, scope, own)
        self._sequence += 1
        scope.append(observation.payment_id, at_us, self._sequence, row)
        return Reading(values=values, sequence=self._sequence, counted_at_us=at_us, is_counted=True)

    async def read(self, observation: Observation) -> Reading:
        """Read as `observe` would now, and change nothing."""
        scope = self._scopes.get((observation.merchant_id, observation.test_mode)) or Scope(self._plan)
        starts = scope.starts(observation.at_us)
        own = scope.find(observation.payment_id, starts)
        values = scope.read(self._row(observation), starts, own)
        if own is not None:
            return _repeat(values, scope, own)
        return Reading(values=values, sequence=self._sequence + 1, counted_at_us=observation.at_us, is_counted=False)

    async def forget(self, merchant_id: str, *, test_mode: bool, payment_id: str) -> None:
        """Take the payment back as if never observed."""
        scope = self._scopes.get((merchant_id, test_mode))
        if scope is not None:
            scope.forget(payment_id)

    def restore(self, observations: Iterable[tuple[int, Observation]]) -> int:
        """Count (sequence, observation) as recorded, in that order, without reading; gives how many were counted.

        The first of an id counts. What is left out because it is older than the longest window changes no reading.
        """
        counted = 0
        for sequence, observation in observations:
            scope = self._scope(observation)
            starts = scope.starts(observation.at_us)
            scope.advance(observation.at_us, starts)
            if scope.find(observation.payment_id, starts) is None:
                assert sequence > self._sequence, f"restored {sequence} after {self._sequence}"
                self._sequence = sequence
                scope.append(observation.payment_id, observation.at_us, sequence, self._row(observation))
                counted += 1
        return counted

    def held(self) -> tuple[int, int]:
        """How many payments and how many key values are held now."""
        counts = [scope.held() for scope in self._scopes.values()]
        return sum(payments for payments, _ in counts), sum(entities for _, entities in counts)

    def _scope(self, observation: Observation) -> Scope:
        key = observation.merchant_id, observation.test_mode
        scope = self._scopes.get(key)
        if scope is None:
            scope = self._scopes[key] = Scope(self._plan)
        return scope

    def _row(self, observation: Observation) -> Row:
        return [*map(observation.values.get, self._plan.inputs)]


def _repeat(values: tuple[Value, ...], scope: Scope, own: int) -> Reading:
    return Reading(
        values=values, sequence=scope.sequence(own), counted_at_us=scope.counted_at_us(own), is_counted=False
    )
