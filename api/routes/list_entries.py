"""Entries of lists: added one by one, by CSV or from a payment, read as of any change, removed."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.auth import ScopedRoute, header, key_of
from api.calls import MaybeText, merchant_of, require_query
from api.clock import monotonic_ns
from api.problems import Problem, ProblemRaised
from api.routes.lists import READ, WRITE, ListId, list_of, listing_of, now_of, writer_of
from api.schemas import PROBLEM_RESPONSES
from api.schemas.body import RequestInvalid
from api.schemas.findings import FINDINGS_MAX, Wrong
from api.schemas.list_csv import Line, read_csv, too_many
from api.schemas.list_values import VALUE_LENGTH_MAX, Written, entry_of, terms_of, value_of
from api.schemas.lists import (
    ENTRIES_A_CALL_MAX,
    EntriesAdded,
    EntriesImported,
    EntryPage,
    EntryShown,
    FromPayment,
    NewEntries,
    Reject,
    counts,
    shown_entry,
    shown_takings,
)
from api.schemas.reading import tree_of
from api.watching import SentId
from engine.errors import Fault
from engine.ledger import Ledger
from engine.lists import IDENTIFIERS, OPERATOR, Entry, EntryType, ListName, Terms
from engine.lists.entry import NAMED_ONLY
from engine.lists.payment import identifiers_of
from engine.recorded import RecordedFeatures

PAGE_MAX = 1_000
_CSV = "text/csv"
_SEQUENCE_DIGITS_MAX = 15
_WATCHED = frozenset({EntryType.CUSTOMER, EntryType.DEVICE})

router = APIRouter(tags=["Lists"], route_class=ScopedRoute)

_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/NewEntries"},
            "examples": {
                "one": {
                    "summary": "One value, for ever",
                    "value": {"entries": [{"type": "email", "value": "j.doe@gmail.com", "reason": "Chargeback 10.4"}]},
                },
                "several": {
                    "summary": "Two, one of them for some time",
                    "value": {
                        "entries": [
                            {"type": "token", "value": "tok_8f2Kq0"},
                            {"type": "ip", "value": "8.8.4.4", "expires_at": "2099-01-31T00:00:00Z"},
                        ]
                    },
                },
            },
        },
        _CSV: {
            "schema": {"type": "string"},
            "examples": {
                "csv": {
                    "summary": "A heading, then a value a line",
                    "value": "type,value,reason,expires_at\nemail,j.doe@gmail.com,Chargeback 10.4,\n",
                }
            },
        },
    },
}


@router.post(
    "/v1/lists/{list_id:path}/entries/from_payment",
    status_code=201,
    summary="Put a payment's identifiers in a list",
    openapi_extra=WRITE,
    responses=PROBLEM_RESPONSES,
)
async def add_from_payment(request: Request, list_id: ListId, wanted: FromPayment) -> EntriesAdded:
    """Puts every identifier that a payment carried in a list, or those of the `types` that are asked for.

    They are its e-mail address, IP address, card, customer, device, phone and addresses, of all of its stages.
    """
    key = writer_of(request)
    name, list_type = list_of(request, list_id)
    wanted_types = _identifier_types(wanted, name, list_type)
    merchant_id = name.scope
    if merchant_id == OPERATOR:
        merchant_id = merchant_of(wanted.merchant_id, key, "merchant_id") or ""
        if not merchant_id:
            detail = "Required for an operator's list."
            raise RequestInvalid(Fault(pointer="/merchant_id", code="missing", detail=detail))
    elif wanted.merchant_id not in (None, merchant_id):
        detail = "The list is another merchant's: leave this out."
        raise RequestInvalid(Fault(pointer="/merchant_id", code="value_invalid", detail=detail))
    ledger: Ledger = request.app.state.ledger
    records = await ledger.of_transaction(merchant_id, wanted.transaction_id, test_mode=False)
    if not records:
        detail = "There is no such payment, or it was decided in test mode."
        raise ProblemRaised(Problem(status=404, code="transaction_not_found", detail=detail))
    recorded = RecordedFeatures(ledger)
    found = identifiers_of([recorded.of(record) for record in records], wanted_types)
    terms = terms_of(wanted.reason, wanted.expires_at, "", now_of(request))
    if not isinstance(terms, Terms):
        raise RequestInvalid(*terms)
    entries = [Entry(list=name, type=kind, value=value, terms=terms) for kind, value in found]
    missing = [kind for kind in wanted_types if kind not in {each.type for each in entries}]
    return await _added(request, name, entries, key.id, missing)


@router.post(
    "/v1/lists/{list_id:path}/entries",
    status_code=201,
    summary="Put values in a list",
    response_model=EntriesAdded | EntriesImported,
    openapi_extra={**WRITE, "requestBody": _BODY},
    responses=PROBLEM_RESPONSES,
)
async def add_entries(request: Request, list_id: ListId) -> EntriesAdded | EntriesImported:
    """Puts values in a list, JSON or CSV; in force for every decision from now on. Sending a value again is no fault.

    Of JSON all values are taken or, where one is wrong, none; of CSV the good lines, and the others are named.
    """
    key = writer_of(request)
    name, list_type = list_of(request, list_id)
    media = (header(request, b"content-type") or "").partition(";")[0].strip().lower()
    body: bytes = request.scope["assay.body"]
    if media == _CSV:
        return await _imported(request, name, list_type, read_csv(body))
    wanted = _read(body)
    entries: list[Entry] = []
    faults: list[Fault] = []
    for index, each in enumerate(wanted.entries):
        written = Written(
            pointer=f"/entries/{index}",
            value=each.value,
            type=each.type,
            reason=each.reason,
            expires_at=each.expires_at,
        )
        found = entry_of(written, name, list_type, now_of(request))
        if isinstance(found, Entry):
            entries.append(found)
        else:
            faults += found
    if faults:
        raise RequestInvalid(*faults[:FINDINGS_MAX])
    _watch(request, entries, key.id)
    return await _added(request, name, entries, key.id)


@router.get(
    "/v1/lists/{list_id:path}/entries",
    summary="List the entries of a list",
    openapi_extra=READ,
    responses=PROBLEM_RESPONSES,
)
async def list_entries(
    request: Request,
    list_id: ListId,
    value: Annotated[
        MaybeText,
        Query(max_length=VALUE_LENGTH_MAX, description="This value alone, however it is written; in a URL + is %2B."),
    ] = None,
    type_: Annotated[
        MaybeText, Query(alias="type", description="The value's type; left out, any that it can be.")
    ] = None,
    as_of: Annotated[
        MaybeText,
        Query(
            pattern=rf"^[0-9]{{1,{_SEQUENCE_DIGITS_MAX}}}$",
            description="A sequence: what was in the list then. Left out: what is in it now.",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")] = 100,
    cursor: Annotated[
        MaybeText,
        Query(
            pattern=rf"^[1-9][0-9]{{0,{_SEQUENCE_DIGITS_MAX - 1}}}$", description="`next_cursor` of the page before."
        ),
    ] = None,
) -> EntryPage:
    """Entries, newest first; those that expired are among them until they are removed."""
    require_query(request, "value", "type", "as_of", "limit", "cursor")
    name, list_type = list_of(request, list_id)
    ids = None if value is None else _ids(name, list_type, value, type_)
    if value is None and type_ is not None:
        raise RequestInvalid(Fault(pointer="/type", code="value_invalid", detail="It goes with value: send both."))

    def page() -> Sequence[Any]:
        # One more than is shown tells whether there are more.
        return listing_of(request).store.entries(
            name,
            as_of=None if as_of is None else int(as_of),
            ids=ids,
            before=None if cursor is None else int(cursor),
            limit=limit + 1,
        )

    found = await asyncio.to_thread(page)
    has_more = len(found) > limit
    return EntryPage(
        data=[EntryShown.model_validate(shown_entry(each)) for each in found[:limit]],
        has_more=has_more,
        next_cursor=str(found[limit - 1].position) if has_more else None,
    )


@router.delete(
    "/v1/lists/{list_id:path}/entries/{entry_id}",
    status_code=204,
    summary="Remove an entry",
    openapi_extra=WRITE,
    responses=PROBLEM_RESPONSES,
)
async def remove_entry(
    request: Request, list_id: ListId, entry_id: Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f/]+$")]
) -> Response:
    """Takes an entry out of a list; what it did and when stays on record."""
    key = writer_of(request)
    name, _ = list_of(request, list_id)
    listing = listing_of(request)
    if not await listing.remove(name, [entry_id], at=now_of(request), by=key.id):
        raise ProblemRaised(
            Problem(status=404, code="entry_not_found", detail="There is no such entry in the list now.")
        )
    return Response(status_code=204)


def _read(body: bytes) -> NewEntries:
    try:
        return NewEntries.model_validate(tree_of(body))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**detail, "loc": ("body", *detail["loc"])} for detail in details]) from None


async def _imported(
    request: Request, name: ListName, list_type: EntryType | None, lines: Sequence[Line]
) -> EntriesImported:
    if (refusal := too_many(lines, ENTRIES_A_CALL_MAX)) is not None:
        raise refusal
    entries: list[Entry] = []
    rejects: list[Reject] = []
    for line in lines:
        found = (
            [line.written]
            if isinstance(line.written, Fault)
            else entry_of(line.written, name, list_type, now_of(request))
        )
        if isinstance(found, Entry):
            entries.append(found)
        else:
            rejects += [
                Reject(line=line.number, field=each.pointer[1:], code=each.code, detail=each.detail) for each in found
            ]
    key = key_of(request)
    _watch(request, entries, key.id)
    added = await listing_of(request).add(name, entries, at=now_of(request), by=key.id)
    return EntriesImported(
        list_id=name.id,
        sequence=added.sequence,
        **counts(added),
        rejected=len(lines) - len(entries),
        rejects=rejects,
    )


async def _added(
    request: Request, name: ListName, entries: Sequence[Entry], by: str, missing: Sequence[EntryType] = ()
) -> EntriesAdded:
    listing = listing_of(request)
    added = await listing.add(name, entries, at=now_of(request), by=by)
    ids = [entry.id for entry in entries]
    kept = await asyncio.to_thread(listing.store.entries, name, ids=ids, limit=len(ids) or 1)
    return EntriesAdded.model_validate({"list_id": name.id, **shown_takings(entries, added, kept, missing)})


def _identifier_types(wanted: FromPayment, name: ListName, list_type: EntryType | None) -> tuple[EntryType, ...]:
    """The identifiers to take of a payment. Raises RequestInvalid."""
    # A customer's id is a merchant's own, and says nothing at another.
    possible = [each for each in IDENTIFIERS if name.scope != OPERATOR or each is not EntryType.CUSTOMER]
    if list_type is not None:
        possible = [each for each in possible if each is list_type]
    types = tuple(possible) if wanted.types is None else tuple(dict.fromkeys(wanted.types))
    if not types or any(each not in possible for each in types):
        pointer = "" if wanted.types is None else "/types"
        said = ", ".join(possible) or "none: its type is shared by strangers, or no payment's"
        raise RequestInvalid(Fault(pointer=pointer, code="value_invalid", detail=f"This list takes {said}."))
    return types


def _watch(request: Request, entries: Sequence[Entry], key_id: str) -> None:
    """Raise where ids that a key sends look like card numbers more often than chance has it."""
    ids = (
        SentId(entry.type.value, f"/entries/{index}/value", entry.value)
        for index, entry in enumerate(entries)
        if entry.type in _WATCHED
    )
    request.app.state.watched_ids.check(key_id, ids, monotonic_ns())


def _ids(name: ListName, list_type: EntryType | None, value: str, said: str | None) -> list[str]:
    """The ids that entries of this value have. Raises RequestInvalid where it is none of the type that was said."""
    if said is not None and said not in tuple(EntryType):
        detail = f"Send one of: {', '.join(EntryType)}."
        raise RequestInvalid(Fault(pointer="/type", code="value_unknown", detail=detail))
    kinds = [EntryType(said)] if said is not None else [each for each in EntryType if each not in NAMED_ONLY]
    if list_type is not None:
        kinds = [list_type]
    ids: list[str] = []
    for kind in kinds:
        found = value_of(kind, value)
        if isinstance(found, str):
            ids.append(Entry(list=name, type=kind, value=found, terms=Terms()).id)
        elif len(kinds) == 1 or found.code == "card_data_refused":
            detail = found.detail if isinstance(found, Wrong) else found.warning
            raise RequestInvalid(Fault(pointer="/value", code=found.code, detail=detail))
    return ids
