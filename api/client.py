"""The commands' own client of a running server: a few calls by the standard library."""

import http.client
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from api.operator import operator_key, server_url
from engine.errors import AssayError

TIMEOUT_SECONDS = 30
_JSON = {"Content-Type": "application/json"}


class CallFailed(AssayError):
    """The server did not do what it was asked: the problem's detail and, where it gave one, its code."""

    code = "call_failed"

    def __init__(self, message: str, problem_code: str | None = None) -> None:
        """`problem_code` is the answer's own; None where there was no answer, or none of ours."""
        super().__init__(message)
        self.problem_code = problem_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Caller(ABC):
    """Calls routes with one key: a server's, or those of this process."""

    __slots__ = ()

    @abstractmethod
    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One call. Raises OSError where nobody answers."""

    def checked(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """One call that must succeed: the body of its answer. Raises CallFailed, saying why."""
        try:
            reply = self.call(method, path, body, **headers)
        except OSError as error:
            raise CallFailed(f"The server did not answer: {error}.") from error
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            return reply.body
        problem = _problem_in(reply.body)
        said = problem.get("detail") or f"status {reply.status}"
        if reply.status == HTTPStatus.UNAUTHORIZED:
            said = f"{said} Restart the server: it makes the operator's key anew."
        raise CallFailed(f"The server refused: {said}", problem.get("code"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(Caller):
    """Calls one server with one key."""

    url: str
    key: str

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One call. Raises OSError where the server does not answer."""
        return _called(self.url, method, path, body, {"Authorization": f"Bearer {self.key}", **_JSON, **headers})


def _problem_in(body: bytes) -> dict[str, str]:
    try:
        problem = json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    fields = problem.items() if isinstance(problem, dict) else ()
    return {name: value for name, value in fields if isinstance(value, str)}


def _called(url: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return Reply(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=response.read(),
        )
    except http.client.HTTPException as error:
        # What answers speaks no HTTP, or broke off: no server of ours answered.
        raise ConnectionError(f"no HTTP answer ({type(error).__name__})") from error
    finally:
        connection.close()


def client_of(folder: Path, in_use: AssayError) -> Client:
    """The client of the server that holds the folder, with the operator's key; the error given where none answers."""
    url = server_url(folder)
    if url is None:
        raise in_use
    try:
        # Without the key: it is for a server that answers.
        is_alive = _called(url, "GET", "/healthz", None, {}).status == HTTPStatus.OK
    except OSError as error:
        raise in_use from error
    if not is_alive:
        raise in_use
    return Client(url=url, key=operator_key(folder))
