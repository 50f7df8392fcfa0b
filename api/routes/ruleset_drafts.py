"""Drafts of rulesets: kept under a name, without any effect."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.calls import require_query
from api.problems import Problem, ProblemRaised
from api.routes.rulesets import REFUSED, IfMatch
from api.rule_owners import Owner, named_version, reads_rules_of, rules_of, writes_rules_of
from api.schemas import PROBLEM_RESPONSES
from api.schemas.body import RequestInvalid
from api.schemas.ruleset import ContentBody, DraftList, DraftShown, shown_draft
from engine.access import Scope
from engine.errors import Fault, RulesetChanged
from engine.rulesets import DRAFTS_MAX, Draft

router = APIRouter(tags=["Rules"], route_class=ScopedRoute)

_READ = {SCOPE_FIELD: Scope.RULES_READ.value}
_WRITE = {SCOPE_FIELD: Scope.RULES_WRITE.value}
_NO_DRAFT = ""

DraftName = Annotated[str, Path(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$", description="a-z, 0-9 and -.")]


@router.get("/v1/rulesets/drafts", summary="List drafts", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def list_drafts(request: Request, merchant_id: Owner = None) -> DraftList:
    """The owner's drafts by name."""
    require_query(request, "merchant_id")
    owner = reads_rules_of(request, merchant_id)
    return DraftList(drafts=[shown_draft(each) for each in rules_of(request).rulesets.drafts(owner)])


@router.get("/v1/rulesets/drafts/{name}", summary="Read a draft", openapi_extra=_READ, responses=PROBLEM_RESPONSES)
async def read_draft(request: Request, response: Response, name: DraftName, merchant_id: Owner = None) -> DraftShown:
    """A draft, with its version as ETag."""
    require_query(request, "merchant_id")
    found = rules_of(request).rulesets.draft(reads_rules_of(request, merchant_id), name)
    if found is None:
        raise _no_draft()
    response.headers["ETag"] = f'"{found.content.version}"'
    return shown_draft(found)


@router.put(
    "/v1/rulesets/drafts/{name}",
    summary="Save a draft",
    openapi_extra=_WRITE,
    responses={**PROBLEM_RESPONSES, **REFUSED},
)
async def save_draft(
    request: Request,
    response: Response,
    name: DraftName,
    wanted: ContentBody,
    merchant_id: Owner = None,
    if_match: IfMatch = None,
) -> DraftShown:
    """Keeps a draft in place of the one of this name. Its rules may be at fault: `/v1/rulesets/check` says how."""
    require_query(request, "merchant_id")
    owner, rulesets = writes_rules_of(request, merchant_id), rules_of(request).rulesets
    before = rulesets.draft(owner, name)
    stands = _NO_DRAFT if before is None else before.content.version
    if (replaces := named_version(if_match, stands)) not in (None, stands):
        raise RulesetChanged(f"The draft is {stands or 'not there'}, not {replaces}: look at it, then save again.")
    if before is None and len(rulesets.drafts(owner)) >= DRAFTS_MAX:
        detail = f"There are {DRAFTS_MAX} drafts already: remove one."
        raise RequestInvalid(Fault(pointer="/name", code="too_many", detail=detail))
    saved = Draft(
        owner=owner,
        name=name,
        content=wanted.to_content(),
        saved_at=request.app.state.now(),
        saved_by=key_of(request).id,
    )
    rulesets.save_draft(saved)
    response.headers["ETag"] = f'"{saved.content.version}"'
    return shown_draft(saved)


@router.delete(
    "/v1/rulesets/drafts/{name}",
    status_code=204,
    summary="Remove a draft",
    openapi_extra=_WRITE,
    responses=PROBLEM_RESPONSES,
)
async def remove_draft(request: Request, name: DraftName, merchant_id: Owner = None) -> Response:
    """Removes a draft; what was published of it stays."""
    require_query(request, "merchant_id")
    if not rules_of(request).rulesets.remove_draft(writes_rules_of(request, merchant_id), name):
        raise _no_draft()
    return Response(status_code=204)


def _no_draft() -> ProblemRaised:
    return ProblemRaised(Problem(status=404, code="draft_not_found", detail="There is no such draft."))
