"""API keys at the edge: making them, reading them from a request, and routes that none may enter without a scope."""

import hashlib
import re
import secrets
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.problems import Problem, ProblemRaised
from engine.access import ApiKey, ApiKeys, Scope

SCOPE_FIELD = "x-assay-scope"
SHOWN_MODE = {False: "live", True: "test"}

_KEY = re.compile(r"assay_(live|test)_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_key(
    *,
    name: str,
    test_mode: bool,
    scopes: frozenset[Scope],
    merchants: frozenset[str] | None,
    expires_in: timedelta | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown once and kept nowhere. 256 random bits need no slow hash."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    key = ApiKey(
        id=key_id,
        name=name,
        secret_sha256=hashlib.sha256(secret.encode()).digest(),
        test_mode=test_mode,
        scopes=scopes,
        merchants=merchants,
        created_at=now,
        expires_at=None if expires_in is None else now + expires_in,
    )
    return key, f"assay_{SHOWN_MODE[test_mode]}_{key_id}_{secret}"


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
            request.scope["assay.key"] = authenticate(request, scope)
            return await handler(request)

        return guarded


class BytesRoute(ScopedRoute):
    """A scoped route whose endpoint takes the request alone and gives a response of bytes: `api/front.py` calls it."""

    @property
    def needed(self) -> Scope:
        """The scope that the caller's key must have."""
        return Scope((self.openapi_extra or {})[SCOPE_FIELD])


def header(request: Request, name: bytes) -> str | None:
    """A header's value, None where it was not sent; of a repeated one the first. `name` is in lower case."""
    for sent, value in request.scope["headers"]:
        if sent == name:
            text: str = value.decode("latin-1")
            return text
    return None


def authenticate(request: Request, scope: Scope) -> ApiKey:
    """The key that a request carries. Raises a 401 or 403 problem."""
    keys: ApiKeys = request.app.state.keys
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


def key_in_force(keys: ApiKeys, text: str) -> ApiKey | None:
    """The key that this text opens; None where it is no key's, or of one that is expired or revoked."""
    match = _KEY.fullmatch(text)
    key = None if match is None else keys.key(match[2])
    if match is None or key is None or SHOWN_MODE[key.test_mode] != match[1]:
        return None
    return key if key.opens_with(match[3], datetime.now(UTC)) else None


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
