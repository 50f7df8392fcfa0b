"""The port to whoever sees to it that counters hold what the ledger says."""

from enum import StrEnum
from typing import Protocol, Self


class CountersState(StrEnum):
    """How counters are."""

    READY = "ready"
    WARMING = "warming"
    """They do not hold all of the past yet, and are being filled from the ledger."""
    DOWN = "down"
    """They do not answer, or refuse."""


class CountersWatch(Protocol):
    """Beside the counters while they are used: `async with` it, on the event loop that uses them."""

    @property
    def state(self) -> CountersState:
        """How they were when last looked at."""

    @property
    def fillings(self) -> int:
        """How often they were filled from the ledger."""

    @property
    def failures(self) -> int:
        """How many of their calls had no answer, or a refusal."""

    async def until_ready(self) -> None:
        """Wait until everything is counted. Raises CountersUnavailable where they do not answer."""

    async def __aenter__(self) -> Self:
        """Begin to look after them."""

    async def __aexit__(self, *_: object) -> None:
        """End it."""


class AlwaysReady:
    """Counters in memory are filled before anything is decided, and end with the process."""

    state = CountersState.READY
    fillings = 1
    failures = 0

    async def until_ready(self) -> None:
        """They are."""

    async def __aenter__(self) -> Self:
        """There is nothing to look after."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """There was nothing to look after."""
