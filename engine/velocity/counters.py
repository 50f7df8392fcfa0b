"""The port to whatever counts payments: memory, Valkey."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.features import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One payment as counters see it."""

    payment_id: str
    """Unique within its merchant and mode; every stage and retry of one payment carries the same."""
    merchant_id: str
    test_mode: bool
    at_us: int
    """Receipt time in microseconds since the epoch; never earlier than the one before of this merchant and mode."""
    values: Mapping[str, Value]
    """The velocities' inputs by feature name; None or absent is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The velocities of one payment."""

    values: tuple[Value, ...]
    """In the order of the velocities that the store was made with; None where the key is unknown."""
    sequence: int
    """The payment's place in the order of `observe`, increasing; a repeat has that of its first."""
    counted_at_us: int
    """When the payment was counted: by this call, or at its first; what it is counted at after a restart too."""
    is_counted: bool
    """Whether this call counted the payment; a repeat and a dry run count nothing."""


class Counters(Protocol):
    """Counts payments per merchant and mode: what one of them does, another never sees.

    A payment is remembered for the longest window in use; an id that comes again after that is a new payment.
    """

    async def observe(self, observation: Observation) -> Reading:
        """Count the payment and read every velocity at its time, itself excluded.

        A repeated id (a retry, a later stage) counts nothing, whatever its values, and reads by its own time and key.
        """
        ...

    async def read(self, observation: Observation) -> Reading:
        """Read as `observe` would now, and count nothing: `sequence` is the one that it would get."""
        ...

    async def forget(self, merchant_id: str, *, test_mode: bool, payment_id: str) -> None:
        """Take back a payment whose decision never became durable, as if never observed; an unknown id is fine.

        Its sequence is not given again, and the merchant's time does not go back.
        """
        ...
