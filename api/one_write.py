"""Answers that leave in one write and as one message.

ASGI has an answer's head and body sent apart. Uvicorn writes each for itself and searches each name and value of the
head for characters that may not be there, which takes longer than all else it does for an answer. What we made and know
to be right needs none of it.
"""

from collections.abc import Awaitable
from typing import Final, cast

from starlette.types import Message
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

ANSWER: Final = "assay.answer"
"""The type of the one message: `headers`, of lower-case names and ours alone, which say the length; and `body`. Its
status is 200. As a key of the scope it says that the server takes such a message."""
_OK: Final = 200


class OneWriteCycle(RequestResponseCycle):
    """Uvicorn's cycle of a request and its answer, which takes an answer as one message too."""

    def send(self, message: Message) -> Awaitable[None]:  # type: ignore[override]
        """Send a part of an answer, or all of it."""
        if message["type"] == ANSWER:
            return self._answer(message)
        return super().send(cast("ASGISendEvent", message))

    async def _answer(self, message: Message) -> None:
        """Write the same bytes as Uvicorn; where the connection ends, or takes no more now, Uvicorn does it."""
        headers, body = message["headers"], message["body"]
        if not self.keep_alive or self.disconnected or self.flow.write_paused or self.access_log:
            await super().send({"type": "http.response.start", "status": _OK, "headers": headers})
            await super().send({"type": "http.response.body", "body": body})
            return
        lines = [STATUS_LINE[_OK]]
        for name, value in (*self.default_headers, *headers):
            lines += (name, b": ", value, b"\r\n")
        lines += (b"\r\n", body)
        self.response_started = self.response_complete = True
        self.transport.write(b"".join(lines))
        self.message_event.set()
        self.on_response()
