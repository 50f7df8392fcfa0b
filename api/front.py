"""The front: the hot routes' way past the web framework, and everything else's way into it.

FastAPI's way to an endpoint (middlewares, routing, dependencies, response model) took nearly a fifth of a decision's
time when measured, and half of an outcome's. A BytesRoute needs none of it, so it is called directly; its declaration
still draws the OpenAPI document.
"""

from collections.abc import Iterable
from math import ceil

from fastapi import FastAPI, Request
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from api.admission import KeyRates
from api.auth import BytesRoute, authenticate
from api.calls import JsonBytes
from api.clock import monotonic_ns
from api.errors import problem_of, request_id
from api.one_write import ANSWER
from api.problems import Problem, ProblemRaised
from engine.access import ApiKey, ApiKeys
from engine.errors import AssayError, RateLimited


class Front:
    """Calls the endpoint of a BytesRoute directly; passes every other request on."""

    def __init__(self, framework: FastAPI, routes: Iterable[BaseRoute]) -> None:
        """`routes` are the declared ones; those that are no BytesRoute are left to the framework.

        The framework has its keys and their rates already.
        """
        self._framework = framework
        # Asked for once: its state takes a call for each name.
        self._keys: ApiKeys = framework.state.keys
        self._key_rates: KeyRates = framework.state.key_rates
        named = [(method, route) for route in routes if isinstance(route, BytesRoute) for method in route.methods or ()]
        self._direct = {(method, route.path): route for method, route in named}
        self._patterns = [(method, route.path_regex, route) for method, route in named if "{" in route.path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        route = self._find(scope) if scope["type"] == "http" else None
        if route is None:
            await self._framework(scope, receive, send)
            return
        scope["app"] = self._framework
        request = Request(scope, receive)
        try:
            scope["assay.key"] = key = authenticate(request, route.needed, self._keys)
            if not scope["path_params"]:
                # A decision counts against the key's rate; what becomes of it does not.
                _require_rate(self._key_rates, key)
            response = await route.endpoint(request)
        except (AssayError, ProblemRaised) as error:
            response = problem_of(error).response(request_id(request))
        if response.__class__ is JsonBytes and ANSWER in scope:
            await send({"type": ANSWER, "headers": response.raw_headers, "body": response.body})
            return
        # What any response may have beside its bytes, none of these has.
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": response.body})

    def _find(self, scope: Scope) -> BytesRoute | None:
        """The BytesRoute of a call, whose parameters of the path it notes."""
        method, path = scope["method"], scope["path"]
        scope["path_params"] = {}
        if (route := self._direct.get((method, path))) is not None:
            return route
        for wanted, pattern, candidate in self._patterns:
            if wanted == method and (match := pattern.match(path)):
                scope["path_params"] = match.groupdict()
                return candidate
        return None


def _require_rate(rates: KeyRates, key: ApiKey) -> None:
    """Raise a 429 problem where the key made more calls than it may; nothing of the body was looked at."""
    seconds = rates.seconds_to_wait(key.id, monotonic_ns())
    if seconds:
        detail = "This key asks for more decisions a second than it may (ASSAY_KEY_RATE). Retry after the time given."
        headers = {"Retry-After": str(ceil(seconds))}
        raise ProblemRaised(Problem(status=429, code=RateLimited.code, detail=detail, headers=headers))
