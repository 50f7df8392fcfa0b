"""What a list is and what stands in it. Pure data; whose it is: a merchant's, or the operator's for all merchants."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from engine.card_data import holds_card_number
from engine.errors import Fault

OPERATOR: Final = ""
"""The scope of the operator's lists, where a merchant's is the merchant's id, which is never empty."""
ALLOW, BLOCK = "allow", "block"
BUILT_IN: Final = (ALLOW, BLOCK)
"""Every scope has one of each, whether anything is in them or not."""

LIST_ENTRIES_MAX: Final = 100_000
ENTRIES_MAX: Final = 500_000
"""Of an installation, in all lists together."""
NAMED_LISTS_MAX: Final = 100
"""Of a scope."""
REASON_LENGTH_MAX: Final = 200
NAME_LENGTH_MAX: Final = 64

_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{NAME_LENGTH_MAX - 1}}}")
_ID_CHARACTERS: Final = 24


class EntryType(StrEnum):
    """What a value is, and so what it is compared with and how it is written."""

    EMAIL = "email"
    DOMAIN = "domain"
    BIN = "bin"
    IP = "ip"
    CIDR = "cidr"
    TOKEN = "token"  # noqa: S105 - a card's token, and not one here
    COUNTRY = "country"
    CUSTOMER = "customer"
    DEVICE = "device"
    PHONE = "phone"
    ADDRESS = "address"
    STRING = "string"
    CASE_SENSITIVE_STRING = "case_sensitive_string"


NAMED_ONLY: Final = frozenset({EntryType.STRING, EntryType.CASE_SENSITIVE_STRING})
"""Types that say nothing of what they are compared with: the rule that names the list does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Until when an entry holds (microseconds since the epoch; None: for ever), and why it was made."""

    expires_at_us: int | None = None
    reason: str | None = None

    def hold_at(self, at_us: int) -> bool:
        """Whether it holds for a payment of this time."""
        return self.expires_at_us is None or at_us < self.expires_at_us


@dataclass(frozen=True, slots=True, kw_only=True)
class ListName:
    """Which list: its scope and its name there."""

    scope: str
    name: str

    @property
    def id(self) -> str:
        """As it is called in paths: the name alone is the operator's list, `merchant:name` a merchant's."""
        return self.name if self.scope == OPERATOR else f"{self.scope}:{self.name}"

    @property
    def is_built_in(self) -> bool:
        """Whether it is an allow or a block list, and not one that rules name."""
        return self.name in BUILT_IN


def list_of_id(list_id: str) -> ListName:
    """The list of an id: names hold no colon, so the last one ends the merchant's id."""
    scope, _, name = list_id.rpartition(":")
    return ListName(scope=scope, name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A value in one list, in the form that payments are compared in (`engine.lists.values`)."""

    list: ListName
    type: EntryType
    value: str
    terms: Terms

    @property
    def id(self) -> str:
        """The same for the same value in the same list, also after it was removed and added again."""
        said = f"{self.list.id}\0{self.type}\0{self.value}"
        return f"ent_{sha256(said.encode()).hexdigest()[:_ID_CHARACTERS]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """A list that rules name with `@`; all of its entries are of one type."""

    list: ListName
    type: EntryType


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The number, the time and the author (a key's id) of what changed lists: one for all that one call changed."""

    sequence: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """An entry as it is kept: never edited, but for what removed it."""

    position: int
    entry: Entry
    added: Change
    removed: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedName:
    """A named list as it is kept."""

    named: NamedList
    made: Change


def reason_fault(reason: str, pointer: str) -> Fault | None:
    """What is wrong with a reason: it is shown to who reads the decision."""
    if not 1 <= len(reason) <= REASON_LENGTH_MAX or not reason.isprintable() or not reason.strip():
        detail = f"Send 1 to {REASON_LENGTH_MAX} characters, none a control, or leave it out."
        return Fault(pointer=pointer, code="value_invalid", detail=detail)
    if holds_card_number(reason):
        detail = "This holds what looks like a card number; say why without it."
        return Fault(pointer=pointer, code="card_data_refused", detail=detail)
    return None


def name_fault(name: str, pointer: str) -> Fault | None:
    """What is wrong with a named list's name: rules write it behind `@`."""
    if name.lower() in BUILT_IN:
        detail = "Every merchant has an allow and a block list already: give this one another name."
        return Fault(pointer=pointer, code="value_invalid", detail=detail)
    if not _NAME.fullmatch(name):
        detail = f"Send 1 to {NAME_LENGTH_MAX} of A-Z, a-z, 0-9, _ and -, beginning with a letter."
        return Fault(pointer=pointer, code="value_invalid", detail=detail)
    return None
