"""Calls of routes without a server: the same code and the same answers, by the folder's lock."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message

from api import errors
from api.app import create_app
from api.client import Caller, Reply, client_of
from api.clock import utc_now
from api.middleware import BodyLimit
from api.operator import operator_key
from api.settings import Settings
from api.watching import WatchedIds
from api.wiring import assembled, opened
from engine.errors import DataFolderInUse
from engine.jobs import Jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalClient(Caller):
    """Calls an application within this process, with one key."""

    app: ASGIApp
    key: str
    runner: asyncio.Runner
    jobs: Jobs

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One call."""
        said = {name.lower(): value for name, value in headers.items()}
        sent = {"authorization": f"Bearer {self.key}", "content-type": "application/json", **said}
        return self.runner.run(self._called(method, path, body or b"", sent))

    async def _called(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        parts, status, heads, chunks = urlsplit(path), 0, dict[str, str](), list[bytes]()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                heads.update({name.decode(): value.decode() for name, value in message["headers"]})
            else:
                chunks.append(message.get("body", b""))

        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": None,
            "server": None,
        }
        await self.app(scope, receive, send)
        return Reply(status=status, headers=heads, body=b"".join(chunks))


@contextmanager
def caller_of(settings: Settings, routers: Sequence[APIRouter]) -> Iterator[Caller]:
    """What routes of lists and rules are called through: the folder's server, or where none runs the folder itself.

    Raises DataFolderInUse where another command holds it, StoreInvalid where there is none.
    """
    with ExitStack() as resources:
        try:
            parts = resources.enter_context(opened(settings))
        except DataFolderInUse as in_use:
            yield client_of(settings.data, in_use)
            return
        runner = resources.enter_context(asyncio.Runner())
        app = FastAPI(strict_content_type=False, redirect_slashes=False)
        app.state.assembly, app.state.ledger, app.state.keys = parts, parts.ledger, parts.keys
        app.state.now, app.state.watched_ids = utc_now, WatchedIds()
        for router in routers:
            app.include_router(router)
        errors.install(app)
        yield LocalClient(app=BodyLimit(app), key=operator_key(settings.data), runner=runner, jobs=parts.jobs)


@contextmanager
def installation_caller(settings: Settings) -> Iterator[Caller]:
    """What all routes are called through: the folder's server, or where none runs the whole installation, opened here.

    Raises DataFolderInUse where another command holds it, and what opening an installation raises.
    """
    with ExitStack() as resources:
        try:
            assembly = resources.enter_context(assembled(settings, is_live=False))
        except DataFolderInUse as in_use:
            yield client_of(settings.data, in_use)
            return
        # Ended before the store is closed: what was begun is committed by then.
        runner = resources.enter_context(asyncio.Runner())
        yield LocalClient(app=create_app(assembly), key=operator_key(settings.data), runner=runner, jobs=assembly.jobs)
