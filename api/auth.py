"""API keys at the edge: reading them from a request, and routes that none may enter without a scope."""

from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.keys import key_in_force
from api.problems import Problem, ProblemRaised
from engine.access import ApiKey, ApiKeys, Scope

SCOPE_FIELD = "x-assay-scope"


def key_of(request: Request) -> ApiKey:
    """The key that the route authenticated."""
    key = request.scope["assay.key"]
    assert isinstance(key, ApiKey)
    return key


class ScopedRoute(APIRoute):
    """A route that nobody enters without a key that has its scope; a route without a scope does not start."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the check."""
        scope = Scope((self.openapi_extra or {})[SCOPE_FIELD])
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            request.scope["assay.key"] = authenticate(request, scope, request.app.state.keys)
            return await handler(request)

        return guarded


class BytesRoute(ScopedRoute):
    """A scoped route whose endpoint takes the request alone and gives a response of bytes: `api/front.py` calls it."""

    @cached_property
    def needed(self) -> Scope:
        """The scope that the caller's key must have; each call asks for it."""
        return Scope((self.openapi_extra or {})[SCOPE_FIELD])


def header(request: Request, name: bytes) -> str | None:
    """A header's value, None where it was not sent; of a repeated one the first. `name` is in lower case."""
    for sent, value in request.scope["headers"]:
        if sent == name:
            text: str = value.decode("latin-1")
            return text
    return None


def authenticate(request: Request, scope: Scope, keys: ApiKeys) -> ApiKey:
    """The key that a request carries, of those kept. Raises a 401 or 403 problem."""
    scheme, _, text = (header(request, b"authorization") or "").partition(" ")
    if not text:
        raise ProblemRaised(
            Problem(
                status=401,
                code="key_missing",
                detail="Send an API key: 'Authorization: Bearer assay_live_...' ('assay keys create' makes one).",
                headers={"WWW-Authenticate": "Bearer"},
            )
        )
    key = key_in_force(keys, text.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise _refused()
    if scope not in key.scopes:
        raise ProblemRaised(
            Problem(status=403, code="scope_missing", detail=f"This key lacks the scope '{scope}' that the call needs.")
        )
    return key


def _refused() -> ProblemRaised:
    # One answer for unknown, wrong, expired and revoked keys: it tells a guesser nothing.
    return ProblemRaised(
        Problem(
            status=401,
            code="key_refused",
            detail="The API key is unknown, expired or revoked.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    )
