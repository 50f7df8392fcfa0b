"""Calls of an installation that no server runs: the same application, in this process, under the folder's lock."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message

from api.app import create_app
from api.client import Client, Reply, client_of
from api.operator import operator_key, server_url
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.errors import DataFolderInUse, StoreInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class InProcess(Client):
    """Calls an application in this process, where no other task runs meanwhile."""

    assembly: Assembly
    app: ASGIApp

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One call, to its end."""
        parts = urlsplit(path)
        said = {"authorization": f"Bearer {self.key}", "content-type": "application/json", **headers}
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in said.items()],
            "server": ("localhost", 0),
            "client": ("localhost", 0),
        }
        return asyncio.run(self._answered(scope, body or b""))

    async def _answered(self, scope: dict[str, Any], body: bytes) -> Reply:
        answered: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            answered.append(message)

        await self.app(scope, receive, send)
        start = answered[0]
        return Reply(
            status=start["status"],
            headers={name.decode().lower(): value.decode() for name, value in start["headers"]},
            body=b"".join(each.get("body", b"") for each in answered[1:]),
        )


@contextmanager
def calling(settings: Settings) -> Iterator[Client]:
    """Calls of the folder's server with the operator's key, or where none runs of the installation itself.

    Raises StoreInvalid where there is no folder, DataFolderInUse where another command holds it.
    """
    folder = settings.data
    if not folder.exists():
        raise StoreInvalid(f"There is no data folder {folder}: check --data or ASSAY_DATA.")
    if server_url(folder) is not None:
        yield client_of(folder, DataFolderInUse(f"The server of {folder} does not answer: see its log."))
        return
    with assembled(settings) as assembly:
        app = create_app(assembly)
        yield InProcess(url="this installation", key=operator_key(folder), assembly=assembly, app=app)
