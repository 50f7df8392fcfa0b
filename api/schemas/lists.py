"""Lists at the edge: what is sent and shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.list_values import VALUE_LENGTH_MAX
from engine.listing import Added, Taking
from engine.lists import IDENTIFIERS, OPERATOR, Entry, EntryType, ListedEntry, ListedName, ListName
from engine.lists.entry import NAME_LENGTH_MAX, REASON_LENGTH_MAX
from engine.payment import EPOCH, ID_LENGTH_MAX, MICROSECOND

ENTRIES_A_CALL_MAX: Final = 500

_EXAMPLE: Final[dict[str, Any]] = {"type": "email", "value": "j.doe+shop@gmail.com", "reason": "Chargeback 10.4"}
_SHOWN_EXAMPLE: Final[dict[str, Any]] = {
    "id": "ent_0f2c6c1f4d6a4b1e9a7d3c55",
    "list_id": "shop-9:block",
    "type": "email",
    "value": "jdoe@gmail.com",
    "reason": "Chargeback 10.4",
    "expires_at": None,
    "added_at": "2026-11-23T17:00:00.123456Z",
    "added_by": "k3v9x2m1q8ab",
    "added_sequence": 17,
    "removed_at": None,
    "removed_by": None,
    "removed_sequence": None,
}
_TYPE = "What the value is: "
_MERCHANT = "The merchant whose list it is; null is the operator's, for all merchants."


class NewList(BaseModel):
    """A named list to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"merchant_id": "shop-9", "name": "trusted", "type": "customer"}]},
    )

    merchant_id: Annotated[str, Field(min_length=1, max_length=ID_LENGTH_MAX)] | None = Field(
        default=None,
        description=f"{_MERCHANT} Left out, it is the key's own merchant; a key for several merchants has to say it.",
    )
    name: str = Field(
        min_length=1,
        max_length=NAME_LENGTH_MAX,
        description="As rules write it behind @: letters, digits, _ and -, beginning with a letter.",
    )
    type: EntryType = Field(description="The type of all of its entries.")


class ListShown(BaseModel):
    """A list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "shop-9:trusted",
                    "merchant_id": "shop-9",
                    "name": "trusted",
                    "kind": "named",
                    "type": "customer",
                    "entries": 12,
                    "sequence": 17,
                    "created_at": "2026-11-23T17:00:00.123456Z",
                    "created_by": "k3v9x2m1q8ab",
                }
            ]
        }
    )

    id: str = Field(description="`merchant:name`, or the name alone where the list is the operator's.")
    merchant_id: str | None = Field(description=_MERCHANT)
    name: str
    kind: str = Field(description="allow and block act on payments by themselves; named is for rules (`in @name`).")
    type: EntryType | None = Field(description="The type of all entries; null: any, of allow and block lists.")
    entries: int = Field(description="How many there are, those that expired and were not removed yet among them.")
    sequence: int = Field(description="Of the newest change of any list of this merchant; decisions record it.")
    created_at: datetime | None = Field(description="Null for allow and block lists: every merchant has them.")
    created_by: str | None = Field(description="The id of the key that made it.")


class ListPage(BaseModel):
    """The lists of a merchant, or the operator's."""

    data: list[ListShown]
    has_more: bool = Field(description="Always false: a merchant has at most 102 lists.")


class EntryBody(BaseModel):
    """A value to be in a list."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    value: str = Field(min_length=1, max_length=VALUE_LENGTH_MAX, description="As docs/lists.md says for its type.")
    type: EntryType | None = Field(default=None, description=f"{_TYPE}needed in allow and block lists alone.")
    reason: str | None = Field(
        default=None, max_length=REASON_LENGTH_MAX, description="Why. Who reads the decision reads it."
    )
    expires_at: str | None = Field(
        default=None,
        max_length=64,
        description="RFC 3339: from then on it holds no payment. Null: it holds until it is removed.",
        examples=["2027-01-31T00:00:00Z"],
    )


class NewEntries(BaseModel):
    """Values to be in a list: all of them, or, where one is wrong, none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"entries": [_EXAMPLE]}]})

    entries: list[EntryBody] = Field(min_length=1, max_length=ENTRIES_A_CALL_MAX)


class FromPayment(BaseModel):
    """A payment whose identifiers are to be in a list."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"transaction_id": "order-1041", "types": ["email", "token", "device"], "reason": "Chargeback"}
            ]
        },
    )

    transaction_id: str = Field(min_length=1, max_length=ID_LENGTH_MAX)
    merchant_id: str | None = Field(
        default=None,
        max_length=ID_LENGTH_MAX,
        description="The merchant of the payment: needed for the operator's lists alone.",
    )
    types: list[EntryType] | None = Field(
        default=None,
        min_length=1,
        max_length=len(IDENTIFIERS),
        description=f"Which identifiers; left out, all: {', '.join(IDENTIFIERS)}. Never country, domain, bin or cidr, "
        "which strangers share.",
    )
    reason: str | None = Field(default=None, max_length=REASON_LENGTH_MAX, description="Why, for each entry.")
    expires_at: str | None = Field(default=None, max_length=64, description="RFC 3339, for each entry.")


class EntryShown(BaseModel):
    """An entry as it is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHOWN_EXAMPLE]})

    id: str = Field(description="The same for the same value in the same list.")
    list_id: str
    type: EntryType
    value: str = Field(description="In the form that payments are compared in.")
    reason: str | None
    expires_at: datetime | None
    added_at: datetime
    added_by: str = Field(description="The id of the key that added it.")
    added_sequence: int
    removed_at: datetime | None = Field(description="Null: it is in the list now.")
    removed_by: str | None
    removed_sequence: int | None


class EntryTaken(EntryShown):
    """An entry, and what became of it."""

    outcome: Taking = Field(
        description="added; updated: it was there on other terms, and those sent hold from now on; unchanged."
    )


class EntriesAdded(BaseModel):
    """What became of values that were to be in a list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "list_id": "shop-9:block",
                    "sequence": 17,
                    "added": 1,
                    "updated": 0,
                    "unchanged": 0,
                    "data": [{**_SHOWN_EXAMPLE, "outcome": "added"}],
                    "missing": [],
                }
            ]
        }
    )

    list_id: str
    sequence: int = Field(description="Of the newest change of any list of this merchant.")
    added: int
    updated: int
    unchanged: int
    data: list[EntryTaken] = Field(description="In the order sent, each value once.")
    missing: list[EntryType] = Field(description="Of a payment's identifiers those that it did not carry.")


class Reject(BaseModel):
    """A line of a CSV that was not taken."""

    line: int = Field(description="Counted from 1; the heading is the first.")
    field: str
    code: str
    detail: str


class EntriesImported(BaseModel):
    """What became of a CSV: good lines are in the list, the others are named."""

    list_id: str
    sequence: int = Field(description="Of the newest change of any list of this merchant.")
    added: int
    updated: int
    unchanged: int
    rejected: int = Field(description="How many lines.")
    rejects: list[Reject] = Field(description="Every fault, in the order of the lines.")


class EntryPage(BaseModel):
    """Entries, newest first."""

    data: list[EntryShown]
    has_more: bool
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null at the end.")


def shown_list(
    name: ListName, kind: EntryType | None, listed: ListedName | None, entries: int, sequence: int
) -> dict[str, Any]:
    """A list's public fields."""
    return {
        "id": name.id,
        "merchant_id": None if name.scope == OPERATOR else name.scope,
        "name": name.name,
        "kind": name.name if name.is_built_in else "named",
        "type": kind,
        "entries": entries,
        "sequence": sequence,
        "created_at": None if listed is None else listed.made.at,
        "created_by": None if listed is None else listed.made.by,
    }


def shown_entry(listed: ListedEntry) -> dict[str, Any]:
    """An entry's public fields."""
    entry, removed = listed.entry, listed.removed
    expires_at_us = entry.terms.expires_at_us
    return {
        "id": entry.id,
        "list_id": entry.list.id,
        "type": entry.type,
        "value": entry.value,
        "reason": entry.terms.reason,
        "expires_at": None if expires_at_us is None else EPOCH + expires_at_us * MICROSECOND,
        "added_at": listed.added.at,
        "added_by": listed.added.by,
        "added_sequence": listed.added.sequence,
        "removed_at": None if removed is None else removed.at,
        "removed_by": None if removed is None else removed.by,
        "removed_sequence": None if removed is None else removed.sequence,
    }


def counts(added: Added) -> dict[str, int]:
    """How many values were added, updated and left as they were."""
    return {each.value: added.takings.count(each) for each in Taking}


def shown_takings(
    entries: Sequence[Entry], added: Added, kept: Sequence[ListedEntry], missing: Sequence[EntryType] = ()
) -> dict[str, Any]:
    """The answer to values that were to be in a list; `kept` are the entries as they are in it now."""
    by_id = {each.entry.id: each for each in kept}
    # Of a value that was sent twice, what became of it first: it was not there, or it was.
    firsts: dict[str, Taking] = {}
    for entry, taking in zip(entries, added.takings, strict=True):
        firsts.setdefault(entry.id, taking)
    return {
        "sequence": added.sequence,
        **counts(added),
        "data": [
            {**shown_entry(by_id[entry_id]), "outcome": taking}
            for entry_id, taking in firsts.items()
            if entry_id in by_id
        ],
        "missing": list(missing),
    }
