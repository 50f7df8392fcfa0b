"""Receipt times: the clock of each merchant and mode, which never goes back (law 2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

_Scope = tuple[str, bool]
"""A merchant's id, and whether it is test mode."""


class ReceiptTimes:
    """The newest receipt time of each merchant and mode: payments and outcomes take theirs from here.

    Whoever takes a time counts what happened at it before anything else is awaited: then counters see times in order.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._last_at: dict[_Scope, datetime] = {}
        self.behind = timedelta()
        """How far the clock was behind the time last taken: more than moments, and it was ahead once or went back."""

    def restore(self, last_at: Mapping[_Scope, datetime]) -> None:
        """Take the newest times that the ledger holds, so that time does not go back over a restart."""
        for (merchant_id, test_mode), at in last_at.items():
            self.take(merchant_id, at, test_mode=test_mode)

    def peek(self, merchant_id: str, at: datetime, *, test_mode: bool) -> datetime:
        """The receipt time of what came in at `at`: that, or the newest one where a clock went back."""
        last = self._last_at.get((merchant_id, test_mode))
        return at if last is None or last <= at else last

    def take(self, merchant_id: str, at: datetime, *, test_mode: bool) -> datetime:
        """As `peek`, and no later one will be before it."""
        taken = self.peek(merchant_id, at, test_mode=test_mode)
        self._last_at[merchant_id, test_mode] = taken
        self.behind = taken - at
        return taken
