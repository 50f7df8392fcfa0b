"""The outermost layer: counts every problem by its code, and logs those that are ours, a line each."""

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics

FAULT_STATUS = 400
OUR_STATUS = 500
NO_CODE = "none"

log = structlog.get_logger()


class Observed:
    """Watches what leaves, whichever layer made it: the body limit's refusal and the last resort's too."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap the application."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, and look at an answer that is a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if message["status"] >= FAULT_STATUS:
                    status = message["status"]
            elif status:
                self._note(status, _code(message.get("body", b"")), scope)
                status = 0
            await send(message)

        await self._app(scope, receive, watched)

    def _note(self, status: int, code: str, scope: Scope) -> None:
        self._metrics.problems[code, status] += 1
        if status > OUR_STATUS:
            # A bug of ours, 500, has its own line where it was caught. Neither path nor query: they are the caller's.
            log.warning("problem", status=status, code=code, request_id=scope.get("assay.request_id", ""))


def _code(body: bytes) -> str:
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return NO_CODE
    code = problem.get("code") if isinstance(problem, dict) else None
    return code if isinstance(code, str) else NO_CODE
