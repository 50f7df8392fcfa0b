"""What leaves for one call: its head has the request's id, and a problem is counted by its code, and logged if ours."""

from collections.abc import Awaitable

import orjson
import structlog
from starlette.types import Message, Scope, Send

from api.metrics import Metrics

FAULT_STATUS = 400
OUR_STATUS = 500
NO_CODE = "none"

log = structlog.get_logger()


class Leaving:
    """The `send` of one call: it sees what any layer behind it answers, the body limit's and the last resort's too.

    One for each call does what needs to see its answer: a layer for each need would be one more coroutine a message.
    """

    __slots__ = ("_metrics", "_request_id", "_send", "_status", "is_started")

    def __init__(self, scope: Scope, send: Send, metrics: Metrics) -> None:
        """`scope` has the request's id already; problems are counted in `metrics`."""
        self._request_id: str = scope["assay.request_id"]
        self._send = send
        self._metrics = metrics
        self._status = 0
        self.is_started = False
        """Whether a part of an answer has left."""

    def __call__(self, message: Message) -> Awaitable[None]:
        """Pass a message on, and look at an answer that is a problem."""
        if "headers" in message:
            self.is_started = True
            message["headers"] = [*message["headers"], (b"x-request-id", self._request_id.encode())]
            if message.get("status", 0) >= FAULT_STATUS:
                self._status = message["status"]
        elif self._status:
            self._note(self._status, _code(message.get("body", b"")))
            self._status = 0
        return self._send(message)

    def _note(self, status: int, code: str) -> None:
        self._metrics.problems[code, status] += 1
        if status > OUR_STATUS:
            # A bug of ours, 500, has its own line where it was caught. Neither path nor query: they are the caller's.
            log.warning("problem", status=status, code=code, request_id=self._request_id)


def _code(body: bytes) -> str:
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return NO_CODE
    code = problem.get("code") if isinstance(problem, dict) else None
    return code if isinstance(code, str) else NO_CODE
