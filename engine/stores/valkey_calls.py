"""Calls of Valkey: in time, never sent twice, never cut off, and what its errors mean."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

from valkey.asyncio import BlockingConnectionPool, Valkey
from valkey.asyncio.retry import Retry
from valkey.backoff import NoBackoff
from valkey.exceptions import ResponseError, ValkeyError

from engine.errors import CountersUnavailable, CountersWarming

CALL_SECONDS: Final = 0.025
"""How long one call may take: as long as the Pipeline waits for velocities."""
CONNECTIONS: Final = 16

T = TypeVar("T")
Argument = str | bytes | int
Command = tuple[Argument, ...]


def open_client(url: str, *, call_seconds: float = CALL_SECONDS, connections: int = CONNECTIONS) -> Valkey:
    """A client whose calls end in time, by the driver's own timeouts, and are never sent twice.

    Raises ValueError or TypeError where the URL, or an option in it, is none that the driver knows.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=call_seconds,
        socket_timeout=call_seconds,
        socket_connect_timeout=call_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    pool.make_connection()
    return Valkey.from_pool(pool)


class Calls:
    """Calls over one client; `failed` is how many had no answer, or a refusal."""

    def __init__(self, client: Valkey) -> None:
        """Begin with none called."""
        self._client: Any = client
        self._refused: str | None = None
        self.failed = 0

    def pause(self, cause: str) -> None:
        """Refuse every call at once, for this cause, until `resume`: nobody waits for what does not answer."""
        self._refused = cause

    def resume(self) -> None:
        """Call again."""
        self._refused = None

    async def ask(self, *command: Argument) -> Any:  # noqa: ANN401 - whatever Valkey answers
        """Its answer to a command. Raises CountersUnavailable or CountersWarming."""
        self._require_resumed()
        return await self._answer(self._client.execute_command(*command))

    async def ask_together(self, commands: Sequence[Command]) -> list[Any]:
        """Its answers to some commands in one round trip: what `ask` would raise stands in its place.

        Raises CountersUnavailable where there is no answer.
        """
        self._require_resumed()
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        answers: list[Any] = await self._answer(pipeline.execute(raise_on_error=False))
        return [self._meant(each) if isinstance(each, Exception) else each for each in answers]

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def _require_resumed(self) -> None:
        if self._refused is not None:
            self.failed += 1
            raise CountersUnavailable(self._refused)

    async def _answer(self, asked: Coroutine[Any, Any, T]) -> T:
        """What the driver answers. Its call has a task of its own, which a caller that is cancelled leaves to end."""
        try:
            return await asyncio.shield(asyncio.ensure_future(asked))
        except (ValkeyError, OSError) as error:
            raise self._meant(error) from error

    def _meant(self, error: Exception) -> CountersUnavailable:
        """What an error of the driver means."""
        if str(error).startswith(("WARMING", "Function not found")):
            return CountersWarming("The counters are not filled from the ledger yet.")
        self.failed += 1
        if isinstance(error, ResponseError):
            return CountersUnavailable(f"Valkey refuses: {error}")
        return CountersUnavailable(f"Valkey does not answer: {error}")
