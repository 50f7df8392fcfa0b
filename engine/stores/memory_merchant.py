"""What is held of one merchant in one mode, and of the network that it is part of."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from engine.features import Value
from engine.stores.memory_plan import Plans, Row
from engine.stores.memory_scope import Sought
from engine.stores.memory_streams import Streams
from engine.velocity import Observation, Reading, Status, StatusEvent

if TYPE_CHECKING:
    from engine.stores.history import MerchantHistory
    from engine.stores.memory_inputs import Inputs
    from engine.stores.memory_load import Counted


class Merchant:
    """Counts the merchant's stream, and what it counted in the network's, which all merchants of a mode share.

    The merchant's stream alone says what is a repeat. Without a network nothing is told of it: it knows already.
    """

    __slots__ = ("_network", "_plans", "_streams")

    def __init__(self, plans: Plans, network: Streams | None) -> None:
        """Begin with nothing seen of the merchant."""
        self._plans = plans
        self._streams = Streams(plans.merchant)
        self._network = network

    def joined(self, network: Streams | None) -> "Merchant":
        """The same, from now on with the network, to which all was told already."""
        self._network = network
        return self

    def observe(self, observation: Observation, sequence: int, superseded: str | None = None) -> Reading:
        """Count the payment under this sequence, once per id, and read every velocity without it and the superseded."""
        self._streams.advance(observation.at_us)
        if self._network is not None:
            self._network.advance(observation.at_us)
        row = self._streams.row(observation)
        sought = self._streams.payments.seek(row)
        reading = self._read(observation, (row, sought), sequence, superseded, is_counted=True)
        if reading.is_counted:
            self._append(observation, row, sequence, sought)
        return reading

    def read(self, observation: Observation, sequence: int, superseded: str | None = None) -> Reading:
        """Read as `observe` would now, and change nothing."""
        row = self._streams.row(observation)
        sought = self._streams.payments.seek(row)
        return self._read(observation, (row, sought), sequence, superseded, is_counted=False)

    def restore(self, observation: Observation, sequence: int) -> bool:
        """Count the payment without reading; whether it was not known."""
        payments, at_us = self._streams.payments, observation.at_us
        payments.advance(at_us)
        if payments.find(observation.payment_id, at_us - self._plans.remembered_us[None]) is not None:
            return False
        if self._network is not None:
            self._network.payments.advance(at_us)
        self._append(observation, self._streams.row(observation), sequence)
        return True

    def load(self, own: "MerchantHistory", inputs: "Inputs") -> "Counted":
        """Count the merchant's history, where nothing is counted; the network is told of nothing yet."""
        from engine.stores.memory_load import load  # noqa: PLC0415 - columns take a third of a second to load

        return load(self._streams, self._plans, own, inputs)

    def record(self, event: StatusEvent) -> bool:
        """Count the event, once per payment; a status that no velocity asks for is not counted."""
        is_known = self._streams.is_known(event, self._plans.remembered_us)
        if is_known is None:
            return False
        self._streams.record(event, event.payment_id, is_known=is_known)
        if self._network is not None and self._network.asks_for(event.status):
            self._network.record(event, self._name(event, event.payment_id), is_known=is_known)
        return not is_known

    def retract(self, event: StatusEvent) -> None:
        """Take back one event; the payment is counted at the first that stands."""
        self._streams.retract(event, event.payment_id)
        if self._network is not None:
            self._network.retract(event, self._name(event, event.payment_id))

    def forget(self, merchant_id: str, payment_id: str) -> None:
        """Take out the payment and its events as if they had never been."""
        self._streams.forget(payment_id)
        if self._network is not None:
            self._network.forget(_name(merchant_id, payment_id))

    def having(self, ids: Mapping[str, Value], before: str | None) -> Iterator[tuple[str, list[str]]]:
        """The merchant's payments that have one of these ids: see Streams."""
        return self._streams.having(ids, before)

    def held(self) -> tuple[int, int]:
        """How many payments are held, and how many key values in all streams of the merchant."""
        return self._streams.held()

    def since(self, span_us: int) -> Iterator[tuple[Status | None, str]]:
        """The payments counted within a span before the newest of their stream, by status; None is the payments'."""
        return self._streams.since(span_us)

    def _read(
        self,
        observation: Observation,
        own_row: tuple[Row, Sought],
        sequence: int,
        superseded: str | None,
        *,
        is_counted: bool,
    ) -> Reading:
        streams, network, plans, at_us = self._streams, self._network, self._plans, observation.at_us
        names = observation.payment_id, superseded
        values = streams.read(*own_row, at_us, names, plans.remembered_us)
        if plans.network is not None:
            assert network is not None, "the network's velocities are read where they are counted"
            shared = (self._name(observation, names[0]), superseded and self._name(observation, superseded))
            row = network.row(observation)
            values += network.read(row, network.payments.seek(row), at_us, shared, plans.remembered_us)
        own = streams.payments.find(observation.payment_id, at_us - plans.remembered_us[None])
        if own is not None:
            sequence, at_us, is_counted = streams.payments.sequence(own), streams.payments.counted_at_us(own), False
        return Reading(
            values=plans.arrange(values),
            velocities=plans.velocities,
            sequence=sequence,
            counted_at_us=at_us,
            is_counted=is_counted,
        )

    def _append(self, observation: Observation, row: list[Value], sequence: int, sought: Sought | None = None) -> None:
        at_us, payment_id = observation.at_us, observation.payment_id
        self._streams.append(payment_id, at_us, sequence, row, sought)
        if self._network is not None and self._network.asks_for(None):
            name = self._name(observation, payment_id)
            self._network.append(name, at_us, sequence, self._network.row(observation))

    @staticmethod
    def _name(seen: Observation | StatusEvent, payment_id: str) -> str:
        return _name(seen.merchant_id, payment_id)


def _name(merchant_id: str, payment_id: str) -> str:
    """A payment's id in the network: no merchant's id has a null in it."""
    return f"{merchant_id}\0{payment_id}"
