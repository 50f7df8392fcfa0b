"""Lists: typed values that allow or block a payment, or that rules name; kept so that any earlier state comes back."""

from engine.lists.entry import (
    ALLOW,
    BLOCK,
    OPERATOR,
    Change,
    Entry,
    EntryType,
    ListedEntry,
    ListedName,
    ListName,
    NamedList,
    Terms,
    list_of_id,
)
from engine.lists.history import ListHistory
from engine.lists.in_force import NO_LISTS, AllLists, Delta, MerchantLists
from engine.lists.screening import IDENTIFIERS, Hit, screen
from engine.lists.store import ListChange, ListStore

__all__ = [
    "ALLOW",
    "BLOCK",
    "IDENTIFIERS",
    "NO_LISTS",
    "OPERATOR",
    "AllLists",
    "Change",
    "Delta",
    "Entry",
    "EntryType",
    "Hit",
    "ListChange",
    "ListHistory",
    "ListName",
    "ListStore",
    "ListedEntry",
    "ListedName",
    "MerchantLists",
    "NamedList",
    "Terms",
    "list_of_id",
    "screen",
]
