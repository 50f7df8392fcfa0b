"""Pure ASGI middleware: a limit on the body before anything reads it; and the ids of requests."""

import secrets
from collections.abc import Iterable
from itertools import count

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem

BODY_BYTES_MAX = 64 * 1024
LARGER_BODIES = (("/v1/rulesets/", 1024 * 1024), ("/v1/backtests", 1024 * 1024))
"""Where more may come, by the beginning of the path: 200 rules of 4 KB and their reasons."""

_LARGER_PATHS = tuple(begins for begins, _ in LARGER_BODIES)
_PROCESS = secrets.token_hex(4)
_NUMBERS = count(1)


def new_request_id() -> str:
    """An id under which a request is found in the logs; it is ours, never the caller's."""
    return f"req_{_PROCESS}{next(_NUMBERS):08x}"


class BodyLimit:
    """Refuse a body over the path's limit: by its declared length at once, else as soon as that much has come in."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit and pass it on whole, so that no handler sees half of one."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS", "DELETE"}:
            await self._app(scope, receive, send)
            return
        most = _most(scope["path"])
        if _declared_length(scope["headers"], most) > most:
            await _refuse(scope, receive, send, most)
            return
        chunks: list[bytes] = []
        size, is_more = 0, True
        while is_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > most:
                await _refuse(scope, receive, send, most)
                return
            chunks.append(chunk)
            is_more = message.get("more_body", False)
        whole = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        # The hot route takes the body from here; the framework reads it again.
        scope["assay.body"] = whole
        is_read = False

        async def replay() -> Message:
            nonlocal is_read
            if is_read:
                return await receive()
            is_read = True
            return {"type": "http.request", "body": whole, "more_body": False}

        await self._app(scope, replay, send)


def _most(path: str) -> int:
    """How many bytes the body of a call may have."""
    if not path.startswith(_LARGER_PATHS):
        return BODY_BYTES_MAX
    return next(most for begins, most in LARGER_BODIES if path.startswith(begins))


def _declared_length(headers: Iterable[tuple[bytes, bytes]], most: int) -> int:
    for name, value in headers:
        if name == b"content-length":
            return int(value) if value.isdigit() else most + 1
    return 0


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    detail = f"A request body has at most {most} bytes; leave out what the fields do not ask for."
    response = Problem(status=413, code="body_too_large", detail=detail, headers={"Connection": "close"}).response(
        scope.get("assay.request_id", "")
    )
    await response(scope, receive, send)
