"""The commands' own client of a running server: a few calls by the standard library."""

import http.client
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from api.operator import operator_key, server_url
from engine.errors import DataFolderInUse

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Calls one server with one key."""

    url: str
    key: str

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One call. Raises OSError where the server does not answer."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        try:
            sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Reply(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=response.read(),
            )
        finally:
            connection.close()


def client_of(folder: Path, in_use: DataFolderInUse) -> Client:
    """The client of the server that holds the folder, with the operator's key; the error given where none answers."""
    url = server_url(folder)
    if url is None:
        raise in_use
    client = Client(url=url, key=operator_key(folder))
    try:
        client.call("GET", "/healthz")
    except OSError as error:
        raise in_use from error
    return client
