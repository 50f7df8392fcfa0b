"""Lists: those of a merchant or of the operator, and named ones made and deleted."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.calls import MaybeText, merchant_of, require_query
from api.problems import Problem, ProblemRaised
from api.schemas import PROBLEM_RESPONSES
from api.schemas.body import RequestInvalid
from api.schemas.lists import ListPage, ListShown, NewList, shown_list
from engine.access import ApiKey, Scope
from engine.errors import Fault
from engine.listing import Listing
from engine.lists import ALLOW, BLOCK, OPERATOR, EntryType, ListedName, ListName, NamedList, list_of_id
from engine.lists.entry import NAME_LENGTH_MAX, name_fault
from engine.payment import ID_LENGTH_MAX

router = APIRouter(tags=["Lists"], route_class=ScopedRoute)

READ = {SCOPE_FIELD: Scope.LISTS_READ.value}
WRITE = {SCOPE_FIELD: Scope.LISTS_WRITE.value}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "The name is taken, or rules name the list.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}

ListId = Annotated[
    str,
    Path(
        max_length=ID_LENGTH_MAX + 1 + NAME_LENGTH_MAX,
        pattern=r"^[^\x00-\x1f]+$",
        description="`merchant:block`, `merchant:allow` or `merchant:name`; without a merchant, the operator's.",
        examples=["shop-9:block"],
    ),
]


@router.post(
    "/v1/lists",
    status_code=201,
    summary="Make a named list",
    openapi_extra=WRITE,
    responses={**PROBLEM_RESPONSES, **CONFLICT},
)
async def create_list(request: Request, wanted: NewList) -> ListShown:
    """Makes a list that rules can name (`in @name`); allow and block lists are there already."""
    key = writer_of(request)
    scope = _scope_of(key, wanted.merchant_id, is_said="merchant_id" in wanted.model_fields_set)
    if (fault := name_fault(wanted.name, "/name")) is not None:
        raise RequestInvalid(fault)
    named = NamedList(list=ListName(scope=scope, name=wanted.name), type=wanted.type)
    await listing_of(request).create(named, at=now_of(request), by=key.id)
    return await _shown(request, named.list, named.type)


@router.get("/v1/lists", summary="List the lists of a merchant", openapi_extra=READ, responses=PROBLEM_RESPONSES)
async def list_lists(
    request: Request,
    merchant_id: Annotated[
        MaybeText,
        Query(
            max_length=ID_LENGTH_MAX,
            description="Whose; left out, the key's own merchant, or with a key for all merchants the operator.",
        ),
    ] = None,
) -> ListPage:
    """The allow and the block list, then the named ones, oldest first."""
    require_query(request, "merchant_id")
    scope = _scope_of(key_of(request), merchant_id, is_said=merchant_id is not None)
    listing = listing_of(request)
    named = await asyncio.to_thread(listing.store.named, scope)
    names = [(ListName(scope=scope, name=name), None, None) for name in (ALLOW, BLOCK)]
    rows = [*names, *((each.named.list, each.named.type, each) for each in named)]
    return ListPage(data=[_shown_with(listing, *row) for row in rows], has_more=False)


@router.get("/v1/lists/{list_id:path}", summary="Read a list", openapi_extra=READ, responses=PROBLEM_RESPONSES)
async def read_list(request: Request, list_id: ListId) -> ListShown:
    """What a list is, and how much is in it."""
    return await _shown(request, *list_of(request, list_id))


@router.delete(
    "/v1/lists/{list_id:path}",
    status_code=204,
    summary="Delete a named list",
    openapi_extra=WRITE,
    responses={**PROBLEM_RESPONSES, **CONFLICT},
)
async def delete_list(request: Request, list_id: ListId) -> Response:
    """Deletes a named list with all that is in it, unless rules in force name it. Past decisions keep what they saw."""
    key = writer_of(request)
    name, _ = list_of(request, list_id)
    if name.is_built_in:
        detail = "Every merchant has an allow and a block list: remove their entries instead."
        raise ProblemRaised(Problem(status=409, code="list_built_in", detail=detail))
    await listing_of(request).drop(name, at=now_of(request), by=key.id)
    return Response(status_code=204)


def listing_of(request: Request) -> Listing:
    """The installation's lists."""
    listing: Listing = request.app.state.assembly.lists
    return listing


def now_of(request: Request) -> datetime:
    """The time of the call, UTC."""
    now: datetime = request.app.state.now()
    return now


def writer_of(request: Request) -> ApiKey:
    """The caller's key. Raises a 403 problem where it is a test key: a list holds in live mode too."""
    key = key_of(request)
    if key.test_mode:
        detail = "A list holds in live mode too: change it with a live key."
        raise ProblemRaised(Problem(status=403, code="key_too_narrow", detail=detail))
    return key


def list_of(request: Request, list_id: str) -> tuple[ListName, EntryType | None]:
    """The list of an id and the type of its entries. Raises a 404 problem where there is none for the key (law 12)."""
    name, key = list_of_id(list_id), key_of(request)
    is_theirs = key.merchants is None if name.scope == OPERATOR else key.acts_for(name.scope)
    if is_theirs and len(name.scope) <= ID_LENGTH_MAX:
        if name.is_built_in:
            return name, None
        named = listing_of(request).lists.scope(name.scope).named.get(name.name)
        if named is not None:
            return name, named.type
    raise ProblemRaised(Problem(status=404, code="list_not_found", detail="There is no such list for this key."))


def _scope_of(key: ApiKey, merchant_id: str | None, *, is_said: bool) -> str:
    """Whose lists are meant. Raises a 404 problem, or RequestInvalid where it has to be said."""
    if is_said and merchant_id is None:
        if key.merchants is not None:
            detail = "There is no operator's list for this key; name a merchant."
            raise ProblemRaised(Problem(status=404, code="merchant_not_found", detail=detail))
        return OPERATOR
    found = merchant_of(merchant_id, key, "merchant_id")
    if found is not None:
        return found
    if key.merchants is None and not is_said:
        return OPERATOR
    raise RequestInvalid(
        Fault(pointer="/merchant_id", code="missing", detail="Required: this key acts for several merchants.")
    )


async def _shown(request: Request, name: ListName, kind: EntryType | None) -> ListShown:
    listing = listing_of(request)
    named = () if name.is_built_in else await asyncio.to_thread(listing.store.named, name.scope)
    return _shown_with(listing, name, kind, next((each for each in named if each.named.list == name), None))


def _shown_with(listing: Listing, name: ListName, kind: EntryType | None, listed: ListedName | None) -> ListShown:
    held = listing.lists.scope(name.scope)
    entries = len(held.entries.get(name.name, ()))
    return ListShown.model_validate(shown_list(name, kind, listed, entries, held.sequence))
