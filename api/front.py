"""The front: the hot route's way past the web framework, and everything else's way into it.

FastAPI's way to an endpoint (middlewares, routing, dependencies, response model) took nearly a fifth of a decision's
time when measured. A BytesRoute needs none of it, so it is called directly; its declaration still draws the OpenAPI
document.
"""

from collections.abc import Iterable

from fastapi import FastAPI, Request
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from api.auth import BytesRoute, authenticate
from api.errors import problem_of, request_id
from api.problems import ProblemRaised
from engine.errors import AssayError


class Front:
    """Calls the endpoint of a BytesRoute directly; passes every other request on."""

    def __init__(self, framework: FastAPI, routes: Iterable[BaseRoute]) -> None:
        """`routes` are the declared ones; those that are no BytesRoute are left to the framework."""
        self._framework = framework
        self._direct = {
            (method, route.path): route
            for route in routes
            if isinstance(route, BytesRoute)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        route = self._direct.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._framework(scope, receive, send)
            return
        scope["app"] = self._framework
        request = Request(scope, receive)
        try:
            scope["assay.key"] = authenticate(request, route.needed)
            response = await route.endpoint(request)
        except (AssayError, ProblemRaised) as error:
            response = problem_of(error).response(request_id(request))
        await response(scope, receive, send)
