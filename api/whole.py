"""Calls that concern the whole installation, and no merchant's own: models hold for all."""

from fastapi import Request

from api.auth import key_of
from api.problems import Problem, ProblemRaised
from engine.access import ApiKey, Scope


def whole_key_of(request: Request) -> ApiKey:
    """The caller's key, which acts for all merchants in live mode. Raises a 403 problem."""
    key = key_of(request)
    if key.merchants is not None or key.test_mode:
        detail = "This concerns the whole installation: use a live key for all merchants."
        raise ProblemRaised(Problem(status=403, code="key_too_narrow", detail=detail))
    return key


def operator_key_of(request: Request) -> ApiKey:
    """As `whole_key_of`, for a call that changes what decides for every merchant."""
    key = whole_key_of(request)
    if Scope.INSTALLATION_WRITE not in key.scopes:
        detail = f"A model decides for every merchant: the key needs the scope '{Scope.INSTALLATION_WRITE}' too."
        raise ProblemRaised(Problem(status=403, code="scope_missing", detail=detail))
    return key
