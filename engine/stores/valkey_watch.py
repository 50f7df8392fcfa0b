"""Watches Valkey beside its counters: finds it down, or cold, and fills it from the ledger by itself."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

import structlog

from engine.errors import CountersUnavailable, CountersWarming, LedgerUnavailable, StoreInvalid
from engine.stores.valkey import ValkeyCounters
from engine.stores.valkey_space import Space, WaitsFor
from engine.velocity.watch import CountersState

LOOK_SECONDS: Final = 0.5
"""Between two looks."""
ANSWER_SECONDS: Final = 0.25
"""What has not answered a look by then is down."""
OWNED_MS: Final = 5_000
"""So long after its last look an installation is taken for gone."""
RETRY_SECONDS: Final = 5.0
"""After a filling for which the ledger could not be read."""
SETTLED_SECONDS: Final = 2.5
"""What was under way when a filling begins is waited for no longer: the longest budget of a call is 2 s."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the watch asks of whoever has the ledger and the calls under way."""

    owner: str
    """Names the installation: two that count in one Valkey database would count for each other."""
    newest: Callable[[], int]
    """The newest sequence in the ledger."""
    mark: Callable[[], str]
    """Says up to where the ledger is: another one, wherever something was recorded since, or another ledger is."""
    settled: WaitsFor
    """Waits until what is under way has ended: then the ledger has it, or never will."""
    is_in_doubt: Callable[[], bool]
    """Whether something is counted of which it is not known whether it was recorded."""


class ValkeyWatch:
    """Looks twice a second, on the event loop of the counters.

    Until the first look is done nothing is asked of Valkey: whether what it holds is up to date is not known. It is
    where the installation was stopped in order and its ledger is as it was then; else all is counted anew.
    """

    def __init__(self, counters: ValkeyCounters, past: Past) -> None:
        """Nothing is looked at before it is entered."""
        self._counters = counters
        self._past = past
        self._owner = f"{counters.prefix}:owner"
        self._is_taken_over = False
        self._look: asyncio.Future[tuple[Space, ...]] | None = None
        self._filling: asyncio.Future[bool] | None = None
        self._watching: asyncio.Future[None] | None = None
        self._woken = asyncio.Event()
        self._changed = asyncio.Event()
        self._cause = "It was not looked at yet."
        self._ended = ""
        """Why the last filling ended: said once, however often it is tried."""
        self._looked = False
        self.state = CountersState.WARMING
        self.fillings = 0
        counters.wait_for(self._settled)

    @property
    def failures(self) -> int:
        """How many calls of the counters had no answer, or a refusal."""
        return self._counters.line.failed

    async def until_ready(self) -> None:
        """Wait until everything is counted. Raises CountersUnavailable where Valkey does not answer."""
        while self.state is not CountersState.READY:
            if self.state is CountersState.DOWN:
                raise CountersUnavailable(self._cause)
            self._changed.clear()
            await self._changed.wait()

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._counters.line.pause("Valkey was not looked at yet.")
        self._watching = asyncio.ensure_future(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave a mark where all is counted, so that the next start need not fill."""
        assert self._watching is not None, "it was not entered"
        # The driver's own calls under a look go on to their end: they are never cut off.
        ended = [task for task in (self._watching, self._filling, self._look) if task is not None]
        for task in ended:
            task.cancel()
        await asyncio.wait(ended)
        if self.state is CountersState.READY:
            with suppress(CountersUnavailable):
                await self._leave()
        await self._counters.close()

    async def _watch(self) -> None:
        while True:
            self._woken.clear()
            await self._once()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_SECONDS)

    async def _once(self) -> None:
        """Look; begin to fill what is cold."""
        try:
            cold = await self._looked_at()
        except (CountersUnavailable, LedgerUnavailable, StoreInvalid) as error:
            self._counters.line.pause(str(error))
            self._note(CountersState.DOWN, str(error))
            return
        self._counters.line.resume()
        if not cold:
            self._counters.settle()
            self._note(CountersState.READY, "")
        elif self._filling is None:
            self._note(CountersState.WARMING, "Valkey holds nothing, or may lack something.")
            self._filling = asyncio.ensure_future(self._fill(cold))
            self._filling.add_done_callback(self._filled)
        else:
            self._note(CountersState.WARMING, "Valkey is being filled.")

    async def _looked_at(self) -> tuple[Space, ...]:
        """The spaces that are to be filled. Raises CountersUnavailable, also where no answer comes in time."""
        if self._look is None:
            self._look = asyncio.ensure_future(self._cold())
        await asyncio.wait({self._look}, timeout=ANSWER_SECONDS)
        if not self._look.done():
            raise CountersUnavailable("Valkey does not answer in time.")
        look, self._look = self._look, None
        return look.result()

    async def _cold(self) -> tuple[Space, ...]:
        await self._own()
        spaces, filler = self._counters.spaces(), self._counters.filler
        if not self._is_taken_over:
            mark = self._past.mark()
            for space in spaces:
                await space.take_over(mark)
            self._is_taken_over = True
        if self._filling is not None:
            await filler.ask_together([space.holding() for space in spaces])
        answers = await filler.ask_together([space.probing() for space in spaces])
        for answer in answers:
            if isinstance(answer, CountersUnavailable) and not isinstance(answer, CountersWarming):
                raise answer
        return tuple(
            space for space, answer in zip(spaces, answers, strict=True) if isinstance(answer, CountersWarming)
        )

    async def _own(self) -> None:
        """Say that this installation counts here, which shows that Valkey takes writes as well."""
        owner, filler = self._past.owner, self._counters.filler
        if await filler.ask("SET", self._owner, owner, "NX", "PX", OWNED_MS):
            return
        standing = await filler.ask("GET", self._owner)
        if standing is not None and standing.decode() != owner:
            raise CountersUnavailable(
                f"Another installation counts in this Valkey database ({standing.decode()}): name another, as in /1."
            )
        await filler.ask("PEXPIRE", self._owner, OWNED_MS)

    async def _fill(self, cold: tuple[Space, ...]) -> bool:
        """Fill them, one after the other; whether all is filled: what fails is tried again by a later look."""
        began = time.monotonic()
        payments = 0
        try:
            for space in cold:
                payments += await self._counters.fill(space, self._past.newest())
        except CountersUnavailable as error:
            # Another worker is at it, what was filled was lost again, or Valkey fails: the next look tells.
            if str(error) != self._ended:
                log.warning("counters_filling_ended", cause=str(error))
            self._ended = str(error)
        except (LedgerUnavailable, StoreInvalid) as error:
            log.error("counters_filling_failed", code=error.code, cause=str(error))  # noqa: TRY400 - it says it all
            await asyncio.sleep(RETRY_SECONDS)
        else:
            self.fillings += 1
            self._ended = ""
            log.info("counters_filled", payments=payments, seconds=round(time.monotonic() - began, 1))
            return True
        return False

    def _filled(self, filling: asyncio.Future[bool]) -> None:
        """Look at once at what was filled; what failed is begun again by the next look in its turn."""
        self._filling = None
        if filling.cancelled():
            return
        if (fault := filling.exception()) is not None:
            log.error("counters_filling_failed", error=type(fault).__name__)
        elif filling.result():
            self._woken.set()

    async def _settled(self) -> None:
        """Wait for what is under way, within reason: a disk that hangs must not keep all velocities unknown."""
        await asyncio.wait({asyncio.ensure_future(_awaited(self._past.settled))}, timeout=SETTLED_SECONDS)

    async def _leave(self) -> None:
        await self._settled()
        if self._past.is_in_doubt() or self._counters.owed():
            return
        mark = self._past.mark()
        for space in self._counters.spaces():
            await space.leave(mark)
        await self._counters.filler.ask("DEL", self._owner)

    def _note(self, state: CountersState, cause: str) -> None:
        """Take the state, and say in the log where it changed."""
        self._cause = cause
        self._changed.set()
        if (state, True) == (self.state, self._looked):
            return
        self.state, self._looked = state, True
        match state:
            case CountersState.READY:
                log.info("counters_ready")
            case CountersState.WARMING:
                log.warning("counters_warming", cause=cause)
            case CountersState.DOWN:
                log.error("counters_down", cause=cause)


async def _awaited(waits_for: WaitsFor) -> None:
    await waits_for()
