"""Calls of routes by the folder's server, or where none runs by the same code here, under the folder's lock."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from api.client import Caller, Reply, client_of
from api.operator import server_url
from api.settings import Settings
from engine.errors import DataFolderInUse
from engine.jobs import Jobs

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalClient(Caller):
    """Calls an application within this process, with one key."""

    app: "ASGIApp"
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

        async def receive() -> "Message":
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: "Message") -> None:
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
def caller_of(settings: Settings, routers: Sequence[str]) -> Iterator[Caller]:
    """What these routes are called through: the folder's server, or where none runs the folder itself.

    `routers` are modules of api.routes. They are loaded only where no server runs: that takes two seconds, which who
    stops a bad model should not wait for. Raises DataFolderInUse where another command holds the folder, StoreInvalid
    where there is none.
    """
    if server_url(settings.data) is not None:
        yield client_of(settings.data, _unanswered(settings.data))
        return
    from api.without_server import routes_called  # noqa: PLC0415 - see above

    with routes_called(settings, routers) as caller:
        yield caller


@contextmanager
def installation_caller(settings: Settings) -> Iterator[Caller]:
    """What all routes are called through: the folder's server, or where none runs the whole installation, opened here.

    Raises DataFolderInUse where another command holds it, and what opening an installation raises.
    """
    if server_url(settings.data) is not None:
        yield client_of(settings.data, _unanswered(settings.data))
        return
    from api.without_server import installation_called  # noqa: PLC0415 - as above

    with installation_called(settings) as caller:
        yield caller


def _unanswered(folder: Path) -> DataFolderInUse:
    return DataFolderInUse(f"{folder} is held by a server that does not answer; 'assay doctor' may say why")
