"""Whose rules a call is for: a merchant's own, or the operator's, which hold for every merchant."""

from typing import Annotated

from fastapi import Query, Request

from api.auth import key_of
from api.calls import MaybeText, merchant_of
from api.problems import Problem, ProblemRaised
from api.publishing import Publishing
from api.schemas.body import RequestInvalid
from engine.access import Scope
from engine.errors import Fault

Owner = Annotated[
    MaybeText,
    Query(
        min_length=1,
        max_length=255,
        description="Whose rules; left out: the key's own merchant's, or with a key for all merchants the operator's.",
    ),
]


def reads_rules_of(request: Request, merchant_id: str | None) -> str | None:
    """The owner whose rules the caller may read; None is the operator. Raises a 404 problem or RequestInvalid."""
    key = key_of(request)
    named = merchant_of(merchant_id, key, "merchant_id")
    if named is None and key.merchants is not None:
        detail = "Required: this key acts for more than one merchant."
        raise RequestInvalid(Fault(pointer="/merchant_id", code="missing", detail=detail))
    return named


def writes_rules_of(request: Request, merchant_id: str | None) -> str | None:
    """As `reads_rules_of`, for a call that changes them, which may be refused by a 403 problem too."""
    owner, key = reads_rules_of(request, merchant_id), key_of(request)
    if key.test_mode:
        detail = "Rules hold in live mode too: change them with a live key."
        raise ProblemRaised(Problem(status=403, code="key_too_narrow", detail=detail))
    if owner is None and Scope.INSTALLATION_WRITE not in key.scopes:
        detail = (
            f"The operator's rules hold for every merchant: the key needs the scope '{Scope.INSTALLATION_WRITE}' too."
        )
        raise ProblemRaised(Problem(status=403, code="scope_missing", detail=detail))
    return owner


def rules_of(request: Request) -> Publishing:
    """The rules of the installation that the request came to."""
    published: Publishing = request.app.state.assembly.rules
    return published


def named_version(if_match: str | None, stands: str) -> str | None:
    """The version that the header names: the one that stands where it is among them; None names any."""
    if if_match is None:
        return None
    named = [tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")]
    if "*" in named:
        return None
    return stands if stands in named else named[0]
