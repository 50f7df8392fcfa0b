"""The port to whatever counts payments: memory, Valkey."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol

from engine.features import Value
from engine.velocity.spec import Status, Velocity


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
class StatusEvent:
    """A payment came to a status: an event of its own, which later payments see and this one never does."""

    payment_id: str
    merchant_id: str
    test_mode: bool
    status: Status
    at_us: int
    """When we learnt it, in microseconds since the epoch; never earlier than what this merchant and mode saw before."""
    values: Mapping[str, Value]
    """The features of the payment's decision by name; None or absent is unknown."""


_NO_CAUSES: Final[Mapping[str, str]] = MappingProxyType({})


def _no_causes() -> Mapping[str, str]:
    return _NO_CAUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The velocities of one payment."""

    values: tuple[Value, ...]
    """In the order of the velocities kept for the merchant; None where the key is unknown."""
    velocities: tuple[Velocity, ...] = field(repr=False)
    """Those that were kept for the merchant when they were read: what the values are of."""
    sequence: int
    """The payment's place in the order of `observe`, increasing; a repeat has that of its first."""
    counted_at_us: int
    """When the payment was counted: by this call, or at its first; what it is counted at after a restart too."""
    is_counted: bool
    """Whether this call counted the payment; a repeat and a dry run count nothing."""
    causes: Mapping[str, str] = field(default_factory=_no_causes, repr=False)
    """By name of a velocity why it is unknown, where these counters do not count it."""


Recorded = tuple[int, Observation] | StatusEvent
"""What counters are filled from: a payment with its sequence, or an event. Each stream in the order of time."""


class Counters(Protocol):
    """Counts payments per merchant and mode: what one of them does, another never sees.

    A payment is remembered for the longest window in use; an id that comes again after that is a new payment.
    """

    async def observe(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        """Count the payment and read every velocity at its time, itself excluded.

        A repeated id (a retry, a later stage) counts nothing, whatever its values, and reads by its own time and key.
        `superseded` is the id of a payment that is not read either; it stays counted until it is forgotten.
        """
        ...

    async def read(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        """Read as `observe` would now, and count nothing: `sequence` is the one that it would get."""
        ...

    async def record(self, event: StatusEvent) -> bool:
        """Count that a payment came to a status, once per payment and status: whether this call counted it."""
        ...

    async def retract(self, event: StatusEvent) -> None:
        """Take back an event that never became durable; one that is not there is fine.

        Where another event of the payment to this status stands, it is counted at the first of those.
        """
        ...

    async def forget(self, merchant_id: str, *, test_mode: bool, payment_id: str) -> None:
        """Take back a payment that never became durable, or was superseded, as if never observed; unknown ids are fine.

        Its status events go with it.
        Its sequence is not given again, and the merchant's time does not go back.
        """
        ...

    async def keep(
        self, merchant_id: str, velocities: Sequence[Velocity], history: Callable[[], Iterator[Recorded | None]]
    ) -> None:
        """Keep these velocities for a merchant, in both modes, as if they had always been kept.

        They are the default set followed by the merchant's own; the default set alone drops its own. `history` begins
        to read the merchant's payments and events from the ledger each time that it is called, once or more; counting
        goes on by the velocities before until all is counted anew. Then they switch in one step, the last of the call.
        None in it is a step that counts nothing, after which others may have their turn.
        An event under way meanwhile is only known of where its status was counted before: the default set counts all.
        Velocities that are kept already cost nothing. Raises what `history` does; then those before are kept on.
        """
        ...
