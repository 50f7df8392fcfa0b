"""The commands' own client of a running server: a few calls by the standard library."""

import http.client
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from api.operator import operator_key, server_url
from engine.errors import AssayError, Overloaded

TIMEOUT_SECONDS = 30
OVERLOADED_WAITS_SECONDS: Final = (1, 2, 4)
"""How long a call that was turned away waits before the next try, unless the server says how long."""
_WAIT_MAX_SECONDS: Final = 10
_JSON = {"Content-Type": "application/json"}


class CallFailed(AssayError):
    """The server did not do what it was asked: the problem's detail and, where it gave one, its code."""

    code = "call_failed"

    def __init__(self, message: str, problem_code: str | None = None, figures: Mapping[str, Any] | None = None) -> None:
        """`problem_code` and `figures` are the answer's own; None where there was no answer, or none of ours."""
        super().__init__(message)
        self.problem_code = problem_code
        self.figures = figures


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
            reply = self._let_in(method, path, body, headers)
        except OSError as error:
            raise CallFailed(f"The server did not answer: {error}.") from error
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            return reply.body
        problem = _problem_in(reply.body)
        said = problem.get("detail") or f"status {reply.status}"
        if reply.status == HTTPStatus.UNAUTHORIZED:
            said = f"{said} Restart the server: it makes the operator's key anew."
        figures = problem.get("figures")
        raise CallFailed(
            f"The server refused: {said}", problem.get("code"), figures if isinstance(figures, dict) else None
        )

    def _let_in(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        """The answer to a call, tried again where the server turned it away: then it did nothing of it."""
        reply = self.call(method, path, body, **headers)
        for seconds in OVERLOADED_WAITS_SECONDS:
            if reply.status != HTTPStatus.SERVICE_UNAVAILABLE or _problem_in(reply.body).get("code") != Overloaded.code:
                break
            said = reply.headers.get("retry-after", "")
            time.sleep(min(int(said) if said.isdecimal() else seconds, _WAIT_MAX_SECONDS))
            reply = self.call(method, path, body, **headers)
        return reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(Caller):
    """Calls one server with one key."""

    url: str
    key: str

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One call. Raises OSError where the server does not answer."""
        return _called(self.url, method, path, body, {"Authorization": f"Bearer {self.key}", **_JSON, **headers})


def _problem_in(body: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    fields = problem if isinstance(problem, dict) else {}
    said = {name: value for name, value in fields.items() if name in {"detail", "code"} and isinstance(value, str)}
    return {**said, "figures": fields.get("figures")}


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
