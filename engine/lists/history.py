"""Lists as they were: rebuilt as of the sequence that a decision saw (law 1)."""

from typing import Final

from engine.lists.entry import OPERATOR
from engine.lists.in_force import NO_LISTS, AllLists, MerchantLists
from engine.lists.store import ListStore

_MERCHANTS_MAX: Final = 100
"""As many are held at once; those of others are rebuilt when they are asked for again."""


class ListHistory:
    """Rebuilds merchants' lists. Asked in rising order, each change is applied once."""

    def __init__(self, store: ListStore) -> None:
        """`store` keeps every entry that ever was."""
        self._store = store
        self._last: dict[str, tuple[int, AllLists]] = {}

    def of(self, merchant_id: str, sequence: int) -> MerchantLists:
        """The lists that the merchant's payments met at this sequence; 0 is before there were any.

        Raises LedgerUnavailable.
        """
        if sequence == 0:
            return NO_LISTS
        at, lists = self._last.pop(merchant_id, (0, AllLists()))
        if at > sequence:
            at, lists = 0, AllLists()
        if at < sequence:
            lists = lists.changed(self._store.delta(at, sequence, (OPERATOR, merchant_id)))
        if len(self._last) >= _MERCHANTS_MAX:
            self._last.pop(next(iter(self._last)))
        self._last[merchant_id] = (sequence, lists)
        return lists.of(merchant_id)
