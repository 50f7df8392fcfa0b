"""Policies: the one in force, another in its place, and those before."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response

from api.auth import SCOPE_FIELD, ScopedRoute, key_of
from api.calls import MaybeText, require_query
from api.problems import Problem, ProblemRaised
from api.schemas import PROBLEM_RESPONSES
from api.schemas.merchants import MerchantId
from api.schemas.policy import PolicyBody, PolicyHistory, PolicyPut, PolicyShown, changes, shown_policy
from api.wiring import Assembly
from engine.access import Scope
from engine.policy import Policy

HISTORY_LIMIT_MAX = 100
_CURSOR_DIGITS_MAX = 10

router = APIRouter(tags=["Policies"], route_class=ScopedRoute)

_READ = {SCOPE_FIELD: Scope.DECISIONS_READ.value}
_WRITE = {SCOPE_FIELD: Scope.POLICIES_WRITE.value}
_ETAG: dict[str, Any] = {
    "description": "The policy.",
    "headers": {"ETag": {"description": "The version, in quotes.", "schema": {"type": "string"}}},
}
_CHANGED: dict[int | str, dict[str, Any]] = {
    412: {
        "description": "Another policy is in force than the one named by `If-Match`.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}

_Merchant = Annotated[MerchantId, Path(max_length=255)]


# An id may hold a slash; so the longer path comes first, and takes what ends in it.
@router.get(
    "/v1/policies/{merchant_id:path}/history",
    summary="List a policy's versions",
    openapi_extra=_READ,
    responses=PROBLEM_RESPONSES,
)
async def list_policies(
    request: Request,
    merchant_id: _Merchant,
    limit: Annotated[int, Query(ge=1, le=HISTORY_LIMIT_MAX)] = 20,
    cursor: Annotated[
        MaybeText,
        Query(pattern=rf"^[1-9][0-9]{{0,{_CURSOR_DIGITS_MAX - 1}}}$", description="Of the page before."),
    ] = None,
) -> PolicyHistory:
    """The versions that were published, newest first."""
    require_query(request, "limit", "cursor")
    _require_merchant(request, merchant_id)
    before = None if cursor is None else int(cursor)
    # One more than is shown tells whether there are more.
    found = _assembly(request).policies.history(merchant_id, before=before, limit=limit + 1)
    shown = [shown_policy(merchant_id, each) for each in found]
    return PolicyHistory.of(shown, [each.number for each in found], limit)


@router.get(
    "/v1/policies/{merchant_id:path}",
    summary="Read a policy",
    openapi_extra=_READ,
    responses={200: _ETAG, **PROBLEM_RESPONSES},
)
async def read_policy(request: Request, response: Response, merchant_id: _Merchant) -> PolicyShown:
    """The policy in force; a merchant without one of its own has the default, number 0."""
    _require_merchant(request, merchant_id)
    shown = PolicyShown.model_validate(shown_policy(merchant_id, _assembly(request).policies.current(merchant_id)))
    response.headers["ETag"] = f'"{shown.version}"'
    return shown


@router.put(
    "/v1/policies/{merchant_id:path}",
    summary="Publish a policy",
    openapi_extra=_WRITE,
    responses={200: _ETAG, **PROBLEM_RESPONSES, **_CHANGED},
)
async def publish_policy(
    request: Request,
    response: Response,
    merchant_id: _Merchant,
    wanted: PolicyBody,
    *,
    dry_run: Annotated[bool, Query(description="Check, and say what would change; change nothing.")] = False,
    if_match: Annotated[
        str | None, Header(description="The ETag of the policy that this one replaces; left out, whichever it is.")
    ] = None,
) -> PolicyPut:
    """Puts a whole policy in force, in live and test mode, for every decision from now on; all fields are checked."""
    # A mistyped dry_run would publish.
    require_query(request, "dry_run")
    key = key_of(request)
    _require_merchant(request, merchant_id)
    if key.test_mode:
        detail = "A policy holds in live mode too: publish it with a live key."
        raise ProblemRaised(Problem(status=403, code="key_too_narrow", detail=detail))
    assembly, policy = _assembly(request), wanted.to_policy()
    before = assembly.policies.current(merchant_id)
    stood = Policy() if before is None else before.policy
    replaces = None if if_match is None else _named(if_match, stood.version)
    at = request.app.state.now()
    if dry_run:
        await assembly.snapshots.rehearse(merchant_id, policy, replaces=replaces)
        shown = {**shown_policy(merchant_id, before), "version": policy.version, "policy": wanted}
    else:
        published = await assembly.snapshots.publish(merchant_id, policy, at=at, by=key.id, replaces=replaces)
        shown = shown_policy(merchant_id, published)
    response.headers["ETag"] = f'"{policy.version}"'
    return PolicyPut.model_validate({**shown, "dry_run": dry_run, "changes": changes(stood, policy)})


def _named(if_match: str, stands: str) -> str | None:
    """The version that the header names: the one that stands where it is among them; None names any."""
    named = [tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")]
    if "*" in named:
        return None
    return stands if stands in named else named[0]


def _require_merchant(request: Request, merchant_id: str) -> None:
    if not key_of(request).acts_for(merchant_id):
        # Another tenant's policy answers as one that is not there (law 12).
        detail = "There is no such merchant for this key."
        raise ProblemRaised(Problem(status=404, code="merchant_not_found", detail=detail))


def _assembly(request: Request) -> Assembly:
    assembly: Assembly = request.app.state.assembly
    return assembly
