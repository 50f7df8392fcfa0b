"""A line to Valkey: one connection on which many calls are under way at once, each answered in time or failed."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Self

from valkey.asyncio import ConnectionPool
from valkey.asyncio.retry import Retry
from valkey.backoff import NoBackoff
from valkey.exceptions import AuthenticationError, ResponseError, ValkeyError

from engine.deadline import LOOK_SECONDS
from engine.errors import CountersUnavailable, CountersWarming

CALL_SECONDS: Final = 0.5
"""How long one call may take: the Pipeline waits for as long as the payment can, and leaves the call to end behind."""
CONNECT_SECONDS: Final = 1.0
SILENT_SECONDS: Final = 1.0
"""A connection on which calls are under way and nothing was heard for so long is given up."""

Argument = str | bytes | int
Command = tuple[Argument, ...]
_Answer = asyncio.Future[Any]


def open_line(url: str, *, call_seconds: float = CALL_SECONDS) -> "Line":
    """A line that is connected when it is first asked.

    Raises ValueError or TypeError where the URL, or an option in it, is none that the driver knows.
    """
    pool: Any = ConnectionPool.from_url(
        url,
        socket_timeout=CONNECT_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        lib_name="",
        lib_version="",
    )
    pool.make_connection()
    return Line(pool, call_seconds)


class Line:
    """Valkey answers in the order in which it is asked, so one connection serves all: a call is a write and a wait.

    What is not answered in time is failed, and its answer, should it come, is passed over: no call is cut off, and none
    is sent twice. `failed` is how many calls had no answer, or a refusal.
    """

    def __init__(self, pool: Any, call_seconds: float) -> None:  # noqa: ANN401 - the driver's are untyped
        """`pool` makes the connection."""
        self._pool = pool
        self._call_seconds = call_seconds
        self._connection: Any = None
        self._connecting: asyncio.Future[None] | None = None
        self._reading: asyncio.Future[None] | None = None
        self._under_way: deque[_Answer] = deque()
        self._heard_at = 0.0
        self._refused: str | None = None
        self.failed = 0

    def pause(self, cause: str) -> None:
        """Refuse every call at once, for this cause, until `resume`: nobody waits for what does not answer."""
        if self._refused is None:
            self._hang_up(cause)
        self._refused = cause

    def resume(self) -> None:
        """Call again."""
        self._refused = None

    async def ask(self, *command: Argument) -> Any:  # noqa: ANN401 - whatever Valkey answers
        """Its answer to a command. Raises CountersUnavailable or CountersWarming."""
        (answer,) = await self.ask_together((command,))
        if isinstance(answer, CountersUnavailable):
            raise answer
        return answer

    async def ask_together(self, commands: Sequence[Command]) -> list[Any]:
        """Its answers to some commands in one round trip: what `ask` would raise stands in its place.

        Raises CountersUnavailable where they could not be sent.
        """
        if self._refused is not None:
            self.failed += 1
            raise CountersUnavailable(self._refused)
        if self._connection is None:
            await self._connect()
        loop = asyncio.get_running_loop()
        connection = self._connection
        packed = connection.pack_commands(commands)
        if not self._under_way:
            self._heard_at = loop.time()
        answers: list[_Answer] = [loop.create_future() for _ in commands]
        # Nothing is awaited between this and the write: answers come in the order of the writes.
        self._under_way.extend(answers)
        # Where the loop was busy, what came in time is here and was only not looked at yet: so, a little later.
        timer = loop.call_later(self._call_seconds + LOOK_SECONDS, self._expire, answers)
        try:
            await connection.send_packed_command(packed, check_health=False)
            return [await answer for answer in answers]
        except (ValkeyError, OSError) as error:
            self._hang_up(str(error))
            raise self._meant(error) from error
        finally:
            timer.cancel()

    async def close(self) -> None:
        """Close the connection. Asked again, it is opened again."""
        ended = [task for task in (self._connecting, self._reading) if task is not None]
        self._hang_up("It was closed.")
        if ended:
            await asyncio.wait(ended)

    async def __aenter__(self) -> Self:
        """Nothing is connected yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def _connect(self) -> None:
        """Wait for the connection, which all that come meanwhile share. Raises CountersUnavailable."""
        if self._connecting is None:
            self._connecting = asyncio.ensure_future(self._connected())
            self._connecting.add_done_callback(self._ended_connecting)
        connecting = self._connecting
        await asyncio.wait({connecting}, timeout=self._call_seconds)
        if not connecting.done() or connecting.cancelled():
            self.failed += 1
            raise CountersUnavailable("Valkey does not answer: no connection in time.")
        connecting.result()

    async def _connected(self) -> None:
        connection = self._pool.make_connection()
        try:
            await connection.connect()
        except (ValkeyError, OSError) as error:
            raise self._meant(error) from error
        except asyncio.CancelledError:
            await connection.disconnect(nowait=True)
            raise
        # From here on there is always somebody who reads, and each call has a time of its own.
        connection.socket_timeout = None
        self._connection = connection
        self._reading = asyncio.ensure_future(self._read(connection))

    def _ended_connecting(self, connecting: asyncio.Future[None]) -> None:
        self._connecting = None
        if not connecting.cancelled():
            # Asked for, so that a failure that nobody waits for any more is not reported as forgotten.
            connecting.exception()

    async def _read(self, connection: Any) -> None:  # noqa: ANN401 - the driver's are untyped
        """Hand each answer to whoever waits for it, until the connection ends."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    answer = await connection.read_response(disconnect_on_error=False)
                except ResponseError as error:
                    answer = error
                self._heard_at = loop.time()
                waiting = self._under_way.popleft()
                if not waiting.done():
                    waiting.set_result(self._meant(answer) if isinstance(answer, ResponseError) else answer)
        except (ValkeyError, OSError) as error:
            self._hang_up(str(error))
        finally:
            with suppress(ValkeyError):
                await connection.disconnect()

    def _expire(self, answers: Sequence[_Answer]) -> None:
        """Fail what was not answered in time, and give up a connection on which nothing comes any more."""
        self._fail(answers, "no answer in time.")
        if self._under_way and asyncio.get_running_loop().time() - self._heard_at >= SILENT_SECONDS:
            self._hang_up("no answer in time.")

    def _hang_up(self, cause: str) -> None:
        """Fail all that is under way, and connect anew when asked again."""
        under_way, self._under_way = self._under_way, deque()
        self._fail(under_way, cause)
        for task in (self._connecting, self._reading):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        self._connection = self._reading = None

    def _fail(self, answers: Sequence[_Answer], cause: str) -> None:
        for answer in answers:
            if not answer.done():
                self.failed += 1
                answer.set_result(CountersUnavailable(f"Valkey does not answer: {cause}"))

    def _meant(self, error: Exception) -> CountersUnavailable:
        """What an error of the driver means."""
        if str(error).startswith(("WARMING", "Function not found")):
            return CountersWarming("The counters are not filled from the ledger yet.")
        self.failed += 1
        # Connecting, the driver wraps what was refused.
        if isinstance(error, ResponseError) or isinstance(error.__cause__ or error, AuthenticationError):
            return CountersUnavailable(f"Valkey refuses: {error}")
        return CountersUnavailable(f"Valkey does not answer: {error}")
