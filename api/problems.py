"""RFC 9457 problems: what a caller reads when there is no decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from fastapi import Response

from engine.errors import Fault

MEDIA_TYPE = "application/problem+json"


TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Body too large",
    422: "Wrong input",
    429: "Too many calls",
    431: "Head too large",
    500: "Our fault",
    503: "Not available",
}
"""The statuses in words, our own: Python's differ from version to version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem: a stable code, the HTTP status, what is wrong, and where in the request."""

    status: int
    code: str
    detail: str
    errors: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, object] = field(default_factory=dict)
    """More members of the problem, by name: what the caller needs in order to go on."""

    def response(self, request_id: str) -> Response:
        """The problem as an HTTP response."""
        body = {
            "type": f"urn:assay:problem:{self.code}",
            "title": TITLES[self.status],
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            "errors": [{"pointer": fault.pointer, "code": fault.code, "detail": fault.detail} for fault in self.errors],
            **self.beside,
        }
        return Response(orjson.dumps(body), self.status, dict(self.headers), MEDIA_TYPE)


class ProblemRaised(Exception):
    """A problem on its way to the edge's error handler."""

    def __init__(self, problem: Problem) -> None:
        """Carry the problem."""
        super().__init__(problem.detail)
        self.problem = problem
