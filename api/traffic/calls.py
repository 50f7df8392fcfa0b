"""A shop's calls: one keep-alive connection a thread, by the standard library."""

import json
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from engine.decision import Action
from engine.errors import AssayError
from models.simulator import Event, EventKind

TIMEOUT_SECONDS: Final = 30.0
_SECURE: Final = "https"
_PATHS: Final = {
    EventKind.PAYMENT: "/v1/decisions",
    EventKind.CHARGEBACK: "/v1/chargebacks",
    EventKind.FRAUD_WARNING: "/v1/fraud-warnings",
}


class TargetInvalid(AssayError):
    """What was given is no server's URL."""

    code = "target_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What one call came to: `status` 0 is no answer, `action` and `decision_id` are None where nothing was decided."""

    event: Event
    status: int
    seconds: float
    action: Action | None = None
    decision_id: str | None = None
    code: str | None = None
    detail: str | None = None

    @property
    def is_fine(self) -> bool:
        """Whether the server did what it was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Caller:
    """Makes the calls to one server with one key, from any thread."""

    def __init__(self, url: str, key: str) -> None:
        """Raises TargetInvalid where the URL names no server."""
        self._server = _checked(url)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._of_thread = threading.local()
        self._opened: list[HTTPConnection] = []

    def close(self) -> None:
        """Close all connections; no call may be under way."""
        for connection in self._opened:
            connection.close()

    def call(self, event: Event, decision_id: str | None) -> Called:
        """Ask about a payment, report an outcome of the decision with this id, or what a scheme reports."""
        is_payment = event.kind is EventKind.PAYMENT
        path = _PATHS.get(event.kind) or f"/v1/decisions/{decision_id}/outcome"
        began = time.perf_counter()
        try:
            status, said = self._post(path, json.dumps(event.body).encode())
        except (OSError, HTTPException) as error:
            return Called(event=event, status=0, seconds=time.perf_counter() - began, detail=str(error))
        seconds = time.perf_counter() - began
        is_decided = is_payment and status == HTTPStatus.OK
        return Called(
            event=event,
            status=status,
            seconds=seconds,
            action=Action(said["action"]) if is_decided else None,
            decision_id=said["id"] if is_decided else None,
            code=said.get("code"),
            detail=said.get("detail"),
        )

    def _post(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Over this thread's connection; a server may have closed an idle one, so a broken one is made anew once."""
        connection: HTTPConnection | None = getattr(self._of_thread, "connection", None)
        if connection is not None:
            try:
                return self._posted(connection, path, body)
            except (OSError, HTTPException):
                connection.close()
        self._of_thread.connection = connection = self._connection()
        self._opened.append(connection)
        return self._posted(connection, path, body)

    def _posted(self, connection: HTTPConnection, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        connection.request("POST", path, body, self._headers)
        response = connection.getresponse()
        return response.status, _object_in(response.read())

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._server.scheme == _SECURE else HTTPConnection
        return kind(self._server.hostname or "", self._server.port, timeout=TIMEOUT_SECONDS)


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_server = parts.scheme in {"http", _SECURE} and bool(parts.hostname) and parts.path in {"", "/"}
        _ = parts.port
    except ValueError:
        is_server = False
    if not is_server:
        raise TargetInvalid(f"--to '{url}' is no server's URL; give scheme, host and port: http://127.0.0.1:8080.")
    return parts


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}
