"""Rulesets: the one in force, another in its place, and those before."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.calls import MaybeText, require_query
from api.problems import Problem, ProblemRaised
from api.publishing import Publishing
from api.rule_owners import Owner, named_version, reads_rules_of, rules_of, writes_rules_of
from api.schemas import PROBLEM_RESPONSES
from api.schemas.body import RequestInvalid
from api.schemas.rule_check import RulesetCheckShown, found_in_rules, found_in_set
from api.schemas.ruleset import (
    NUMBER_MAX,
    ApproveBody,
    ContentBody,
    DifferenceShown,
    HistoryShown,
    PublishBody,
    PublishedShown,
    RollbackBody,
    RulesetShown,
    RulesetStands,
    shown_content,
    shown_difference,
    shown_unpublished,
    shown_version,
)
from engine.access import Scope
from engine.card_data import holds_card_number
from engine.catalog import catalog_for
from engine.errors import Fault
from engine.in_force import uncountable_for
from engine.rules import Content, Ruleset, check_rules
from engine.rulesets import Publication, PublishedRuleset, difference, faults_of, in_shadow

HISTORY_LIMIT_MAX: Final = 100
_NUMBER: Final = r"[1-9][0-9]{0,8}"
_DRAFT: Final = "draft:"

router = APIRouter(tags=["Rules"], route_class=ScopedRoute)

_READ = {SCOPE_FIELD: Scope.RULES_READ.value}
_WRITE = {SCOPE_FIELD: Scope.RULES_WRITE.value}
_ETAG: dict[str, Any] = {
    "description": "The ruleset.",
    "headers": {"ETag": {"description": "The newest version, in quotes.", "schema": {"type": "string"}}},
}
REFUSED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, description in {
        409: "It needs to be confirmed (`figures` says why), or this key cannot approve it.",
        412: "Another version is the newest than the one named by `If-Match`.",
        429: "Other publications are being looked at, or one of the same rules: see Retry-After.",
    }.items()
}

IfMatch = Annotated[
    str | None, Header(description="The ETag of the newest version that was read; left out, whichever it is.")
]


@router.get("/v1/rulesets", summary="Read a ruleset", openapi_extra=_READ, responses={200: _ETAG, **PROBLEM_RESPONSES})
async def read_ruleset(request: Request, response: Response, merchant_id: Owner = None) -> RulesetStands:
    """The operator's or a merchant's own ruleset in force, and the newer version that awaits approval."""
    require_query(request, "merchant_id")
    owner, desk = reads_rules_of(request, merchant_id), rules_of(request)
    newest = desk.rulesets.newest(owner)
    response.headers["ETag"] = f'"{desk.snapshots.rules_standing(owner)}"'
    waiting = None if newest is None or newest.is_effective else _shown(desk, newest)
    left_out = desk.snapshots.left_out.get(owner)
    return RulesetStands(in_force=_in_force(desk, owner), left_out=left_out, awaiting_approval=waiting)


@router.get(
    "/v1/rulesets/history", summary="List a ruleset's versions", openapi_extra=_READ, responses=PROBLEM_RESPONSES
)
async def list_rulesets(
    request: Request,
    merchant_id: Owner = None,
    limit: Annotated[int, Query(ge=1, le=HISTORY_LIMIT_MAX)] = 20,
    cursor: Annotated[MaybeText, Query(pattern=f"^{_NUMBER}$", description="Of the page before.")] = None,
) -> HistoryShown:
    """The versions that were published, newest first, without their rules."""
    require_query(request, "merchant_id", "limit", "cursor")
    owner, desk = reads_rules_of(request, merchant_id), rules_of(request)
    before = None if cursor is None else int(cursor)
    # One more than is shown tells whether there are more.
    found = desk.rulesets.history(owner, before=before, limit=limit + 1)
    return HistoryShown.of([_version(desk, each) for each in found], [each.number for each in found], limit)


@router.get(
    "/v1/rulesets/versions/{number}",
    summary="Read a version of a ruleset",
    openapi_extra=_READ,
    responses=PROBLEM_RESPONSES,
)
async def read_version(
    request: Request, number: Annotated[int, Path(ge=1, le=NUMBER_MAX)], merchant_id: Owner = None
) -> RulesetShown:
    """A version with its rules."""
    require_query(request, "merchant_id")
    owner, desk = reads_rules_of(request, merchant_id), rules_of(request)
    return _shown(desk, _found(desk, owner, number))


@router.get("/v1/rulesets/diff", summary="Compare two rulesets", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def compare_rulesets(
    request: Request,
    merchant_id: Owner = None,
    before: Annotated[
        MaybeText, Query(alias="from", pattern=f"^(?:{_NUMBER}|{_DRAFT}.+)$", description="As `to`.", max_length=70)
    ] = None,
    after: Annotated[
        MaybeText,
        Query(
            alias="to",
            pattern=f"^(?:{_NUMBER}|{_DRAFT}.+)$",
            description="A version's number, or `draft:` and a draft's name; left out: the one in force.",
            max_length=70,
        ),
    ] = None,
) -> DifferenceShown:
    """What the second says that the first does not, rule by rule."""
    require_query(request, "merchant_id", "from", "to")
    owner, desk = reads_rules_of(request, merchant_id), rules_of(request)
    return shown_difference(difference(*(_content(desk, owner, each) for each in (before, after))))


@router.post("/v1/rulesets/check", summary="Check a ruleset", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def check_ruleset(request: Request, wanted: ContentBody, merchant_id: Owner = None) -> RulesetCheckShown:
    """Every fault of a ruleset, with its place; nothing is kept."""
    require_query(request, "merchant_id")
    owner, desk = reads_rules_of(request, merchant_id), rules_of(request)
    content, snapshots = wanted.to_content(), desk.snapshots
    declared = () if owner is None else snapshots.of(owner).custom_fields
    catalog = await asyncio.to_thread(catalog_for, content.rules, declared)
    found = await asyncio.to_thread(check_rules, content.rules, catalog, snapshots.list_names(owner))
    of_set = faults_of(owner, snapshots.operator, content)
    uncounted = await asyncio.to_thread(uncountable_for, owner, content.rules, declared)
    faults = [*found_in_set((*of_set, *uncounted)), *found_in_rules(found)]
    return RulesetCheckShown(is_sound=not faults, faults=faults, version=content.version)


@router.post(
    "/v1/rulesets/publish",
    summary="Publish a ruleset",
    openapi_extra=_WRITE,
    responses={200: _ETAG, **PROBLEM_RESPONSES, **REFUSED},
)
async def publish_ruleset(
    request: Request, response: Response, wanted: PublishBody, merchant_id: Owner = None, if_match: IfMatch = None
) -> PublishedShown:
    """Puts a whole ruleset in force for every decision from now on, or has it await another key's approval.

    What blocks more than it should by the figures of the last week needs `confirm`.
    """
    require_query(request, "merchant_id")
    owner, desk = writes_rules_of(request, merchant_id), rules_of(request)
    standing = _content(desk, owner, None)
    content = _wanted(desk, owner, wanted)
    if wanted.in_shadow:
        content = in_shadow(standing, content, None if owner is None else desk.snapshots.operator)
    replaces = named_version(if_match, desk.snapshots.rules_standing(owner))
    ruleset = await desk.snapshots.rehearse_rules(owner, content, replaces=replaces)
    if not wanted.confirm and not wanted.dry_run:
        await _require_no_figures(desk, owner, ruleset)
    shown: RulesetShown
    if wanted.dry_run:
        unpublished = shown_unpublished(owner, content)
        shown = RulesetShown.model_validate({**unpublished, "content": shown_content(content)})
    else:
        publication = Publication(
            owner=owner,
            content=content,
            at=request.app.state.now(),
            by=key_of(request).id,
            note=_fit(wanted.note),
            awaits=desk.needs_approval(owner),
        )
        published = await desk.snapshots.publish_rules(publication, replaces=replaces)
        shown = _in_force(desk, owner) if published is None else _shown(desk, published)
    response.headers["ETag"] = f'"{desk.snapshots.rules_standing(owner)}"'
    changes = shown_difference(difference(standing, content))
    return PublishedShown.model_validate({**shown.model_dump(), "dry_run": wanted.dry_run, "changes": changes})


@router.post(
    "/v1/rulesets/rollback",
    summary="Put an earlier ruleset in force again",
    openapi_extra=_WRITE,
    responses={200: _ETAG, **PROBLEM_RESPONSES, **REFUSED},
)
async def roll_back(
    request: Request, response: Response, wanted: RollbackBody, merchant_id: Owner = None, if_match: IfMatch = None
) -> PublishedShown:
    """Publishes again, at once, what an earlier version said: it was in force before, and needs no approval."""
    require_query(request, "merchant_id")
    owner, desk = writes_rules_of(request, merchant_id), rules_of(request)
    standing = _content(desk, owner, None)
    earlier = _unpublished(desk, owner) if wanted.number == 0 else _effective(desk, owner, wanted.number)
    publication = Publication(
        owner=owner,
        content=earlier,
        at=request.app.state.now(),
        by=key_of(request).id,
        note=_fit(wanted.note),
        restores=wanted.number,
    )
    replaces = named_version(if_match, desk.snapshots.rules_standing(owner))
    published = await desk.snapshots.publish_rules(publication, replaces=replaces)
    response.headers["ETag"] = f'"{desk.snapshots.rules_standing(owner)}"'
    changes = shown_difference(difference(standing, earlier))
    shown = _in_force(desk, owner) if published is None else _shown(desk, published)
    return PublishedShown.model_validate({**shown.model_dump(), "dry_run": False, "changes": changes})


@router.post(
    "/v1/rulesets/approve",
    summary="Approve a ruleset",
    openapi_extra=_WRITE,
    responses={200: _ETAG, **PROBLEM_RESPONSES, **REFUSED},
)
async def approve_ruleset(
    request: Request, response: Response, wanted: ApproveBody, merchant_id: Owner = None
) -> RulesetShown:
    """Puts the newest version, which awaits approval, in force: by another key than the one that published it."""
    require_query(request, "merchant_id")
    owner, desk = writes_rules_of(request, merchant_id), rules_of(request)
    _found(desk, owner, wanted.number)
    at, by = request.app.state.now(), key_of(request).id
    approved = await desk.snapshots.approve_rules(owner, wanted.number, at=at, by=by)
    response.headers["ETag"] = f'"{approved.version}"'
    return _shown(desk, approved)


async def _require_no_figures(desk: Publishing, owner: str | None, ruleset: Ruleset) -> None:
    """Raise a 409 problem where the ruleset's figures ask for a second look."""
    figures = None if desk.guard is None else await desk.guard(owner, ruleset)
    if figures is not None:
        said = ", ".join(f"{name} {value}" for name, value in figures.items() if isinstance(value, int | float | str))
        detail = f"By these figures look again: {said}. Then publish with confirm: true."
        beside = {"figures": dict(figures)}
        raise ProblemRaised(Problem(status=409, code="confirmation_required", detail=detail, beside=beside))


def _wanted(desk: Publishing, owner: str | None, wanted: PublishBody) -> Content:
    sent = wanted.to_content()
    return _content(desk, owner, f"{_DRAFT}{wanted.draft}") if sent is None else sent


def _content(desk: Publishing, owner: str | None, named: str | None) -> Content:
    """What a version or a draft says; None: the owner's ruleset in force."""
    if named is None:
        in_force = desk.rulesets.in_force(owner)
        if in_force is not None:
            return in_force.content
        return _unpublished(desk, owner)
    if named.startswith(_DRAFT):
        draft = desk.rulesets.draft(owner, named.removeprefix(_DRAFT))
        if draft is None:
            raise ProblemRaised(Problem(status=404, code="draft_not_found", detail="There is no such draft."))
        return draft.content
    return _found(desk, owner, int(named)).content


def _found(desk: Publishing, owner: str | None, number: int) -> PublishedRuleset:
    found = desk.rulesets.find(owner, number)
    if found is None:
        raise ProblemRaised(Problem(status=404, code="ruleset_not_found", detail="There is no version of this number."))
    return found


def _effective(desk: Publishing, owner: str | None, number: int) -> Content:
    found = _found(desk, owner, number)
    if not found.is_effective:
        detail = f"Version {number} was never in force: publish it, or have it approved."
        raise RequestInvalid(Fault(pointer="/number", code="value_invalid", detail=detail))
    return found.content


def _unpublished(desk: Publishing, owner: str | None) -> Content:
    """What holds where an owner publishes nothing: of the operator what was read from its file."""
    return desk.snapshots.parts.ruleset.content if owner is None else Content()


def _in_force(desk: Publishing, owner: str | None) -> RulesetShown:
    in_force = desk.rulesets.in_force(owner)
    if in_force is not None:
        return _shown(desk, in_force)
    content = _content(desk, owner, None)
    return RulesetShown.model_validate({**shown_unpublished(owner, content), "content": shown_content(content)})


def _shown(desk: Publishing, published: PublishedRuleset) -> RulesetShown:
    return RulesetShown.model_validate({**_version(desk, published), "content": shown_content(published.content)})


def _version(desk: Publishing, published: PublishedRuleset) -> dict[str, Any]:
    newest = desk.rulesets.newest(published.owner)
    is_newest = newest is not None and newest.number == published.number
    return shown_version(published, desk.rulesets.in_force(published.owner), is_newest=is_newest)


def _fit(note: str) -> str:
    if holds_card_number(note):
        detail = "This looks like a card number: say why you publish."
        raise RequestInvalid(Fault(pointer="/note", code="card_data_refused", detail=detail))
    return note
