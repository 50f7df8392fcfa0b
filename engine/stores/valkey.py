"""Velocities counted in Valkey (or Redis from 7.0 on), for several workers: one round trip a payment."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from engine.errors import CountersUnavailable, CountersWarming
from engine.stores.valkey_line import Line
from engine.stores.valkey_plan import ValkeyPlan
from engine.stores.valkey_space import Space, WaitsFor, nothing_is_under_way
from engine.velocity import Observation, Reading, Recorded, StatusEvent, Velocity

History = Callable[[], Iterator[Recorded | None]]
"""Begins to read a merchant's past, or that of all, from the ledger."""


def _no_history() -> Iterator[Recorded | None]:
    return iter(())


class ValkeyCounters:
    """The counters port: what one worker counts, all read.

    The default velocities are counted for all in one space, what a merchant declares in a space of its own beside it;
    both are asked in one round trip. Where its own space is not filled yet, a reading has the default ones alone.
    """

    def __init__(
        self,
        line: Line,
        velocities: Sequence[Velocity],
        own: Mapping[str, tuple[Sequence[Velocity], History]] | None = None,
        *,
        history: History = _no_history,
        filler: Line | None = None,
        prefix: str = "assay",
    ) -> None:
        """Count for these velocities; `own` is what merchants keep, the default ones first, each with its past.

        `history` is the past of all. `filler` is the line that fills: its round trips are longer, so it waits for
        seconds, not for milliseconds. What was counted for others under the same prefix is not touched.
        """
        self.line = line
        self.filler = filler or line
        self.prefix = prefix
        self._base = Space(self.line, self.filler, ValkeyPlan(tuple(velocities)), prefix)
        self._histories: dict[Space, History] = {self._base: history}
        self._kept: dict[str, Space] = {}
        self._coming: dict[str, Space] = {}
        self._settled: WaitsFor = nothing_is_under_way
        self._sequence = 0
        self._working: set[asyncio.Future[None]] = set()
        for merchant_id, (kept, its_history) in (own or {}).items():
            if (space := self._own(merchant_id, kept)) is not None:
                self._kept[merchant_id] = space
                self._histories[space] = its_history

    @property
    def sequence(self) -> int:
        """The newest sequence that this worker was given."""
        return self._sequence

    def wait_for(self, settled: WaitsFor) -> None:
        """`settled` waits for what is under way when a filling begins: then the ledger has it."""
        self._settled = settled

    async def observe(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        """Count the payment, once per id, and read every velocity without it and the one that it supersedes.

        Where Valkey fails, it is counted late, as soon as that answers: unless it is forgotten first.
        """
        spaces = self._spaces(observation.merchant_id)
        try:
            if len(spaces) == 1:
                found = [await self.line.ask(*self._base.observing(observation, superseded))]
            else:
                found = await self.line.ask_together([each.observing(observation, superseded) for each in spaces])
        except CountersWarming:
            raise
        except CountersUnavailable:
            for space in spaces:
                space.owed.owe(observation)
            raise
        for space, answer in zip(spaces, found, strict=True):
            if _is_lost(answer):
                space.owed.owe(observation)
            else:
                space.owed.settle()
        reading = self._reading(observation.merchant_id, spaces, found)
        self._sequence = max(self._sequence, reading.sequence)
        return reading

    async def read(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        """Read as `observe` would now, and change nothing."""
        spaces = self._spaces(observation.merchant_id)
        found = await self.line.ask_together([each.observing(observation, superseded, "read") for each in spaces])
        self.settle()
        return self._reading(observation.merchant_id, spaces, found)

    async def record(self, event: StatusEvent) -> bool:
        """Count that a payment came to a status, once per payment and status; whether this call counted it.

        Where Valkey fails, it is counted late, as soon as that answers: unless it is retracted first.
        """
        is_counted = False
        failed: CountersUnavailable | None = None
        for space in self._spaces(event.merchant_id):
            if not space.counts(event):
                continue
            try:
                is_counted |= bool(await space.change("record", event))
            except CountersUnavailable as error:
                if _is_lost(error):
                    space.owed.owe(event)
                elif space is not self._base:
                    # It is being filled.
                    continue
                failed = failed or error
        if failed is not None:
            raise failed
        return is_counted

    async def retract(self, event: StatusEvent) -> None:
        """Take an event back; the payment is counted at the first of its events to this status that stands."""
        await self._all_of(
            [
                lambda space=space: space.take_back(event)  # type: ignore[misc]
                for space in self._spaces(event.merchant_id)
                if space.counts(event)
            ]
        )

    async def forget(self, merchant_id: str, *, test_mode: bool, payment_id: str) -> None:
        """Take the payment and its status events back as if they had never been."""
        await self._all_of(
            [
                lambda space=space: space.forget(merchant_id, payment_id, test_mode=test_mode)  # type: ignore[misc]
                for space in self._spaces(merchant_id)
            ]
        )

    async def keep(self, merchant_id: str, velocities: Sequence[Velocity], history: History) -> None:
        """Keep these velocities for a merchant, as if they had always been kept. Raises what `history` does.

        Where Valkey cannot be filled now, they are kept all the same, and unknown until it can be.
        """
        before, space = self._kept.get(merchant_id), self._own(merchant_id, velocities)
        if (before and before.velocities) == (space and space.velocities):
            return
        if space is not None:
            self._coming[merchant_id] = space
            self._histories[space] = history
            is_kept = False
            try:
                with suppress(CountersUnavailable):
                    await self.fill(space)
                is_kept = True
            finally:
                del self._coming[merchant_id]
                if not is_kept:
                    del self._histories[space]
        if before is not None:
            del self._histories[before]
            self._behind(before.drop())
        if space is None:
            del self._kept[merchant_id]
        else:
            self._kept[merchant_id] = space

    async def rebuild(self, history: Iterable[Recorded | None], *, newest: int = 0) -> int:
        """Count the default velocities anew from this history; gives how many payments. See `Space.rebuild`."""
        counted = await self._base.rebuild(history, newest=newest, settled=self._settled)
        await self._base.drop_others()
        return counted

    async def is_ready(self) -> bool:
        """Whether the default velocities are read; where not, they are to be counted anew."""
        return await self._base.is_ready()

    async def fill(self, space: Space, newest: int = 0) -> int:
        """Count a space anew from its history; gives how many payments."""
        newest = max(newest, self._sequence)
        counted = await space.rebuild(_begun(self._histories[space]), newest=newest, settled=self._settled)
        self._behind(space.drop_others())
        return counted

    def spaces(self) -> tuple[Space, ...]:
        """All that are in force, the one of all first."""
        return self._base, *self._kept.values()

    def settle(self) -> None:
        """Begin to count what is owed, now that Valkey answers."""
        for space in (*self.spaces(), *self._coming.values()):
            space.owed.settle()

    def owed(self) -> int:
        """How many payments and events this worker has still to count late."""
        return sum(len(space.owed) for space in self.spaces())

    async def close(self) -> None:
        """Close every connection."""
        if self._working:
            await asyncio.wait(self._working)
        await self.line.close()
        await self.filler.close()

    def _behind(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that nobody waits for; where it fails, keys expire by themselves."""

        async def done() -> None:
            with suppress(CountersUnavailable):
                await work

        task = asyncio.ensure_future(done())
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    def _own(self, merchant_id: str, velocities: Sequence[Velocity]) -> Space | None:
        base = self._base.velocities
        assert tuple(velocities[: len(base)]) == base, f"{merchant_id} keeps the default velocities first"
        own = tuple(velocities[len(base) :])
        if not own:
            return None
        return Space(self.line, self.filler, ValkeyPlan(own, beside=base), self.prefix, of=merchant_id)

    def _spaces(self, merchant_id: str) -> tuple[Space, ...]:
        """All that count for a merchant: the first and, where it has one, the second are read."""
        own = (self._kept.get(merchant_id), self._coming.get(merchant_id))
        return self._base, *(space for space in own if space is not None)

    def _reading(self, merchant_id: str, spaces: Sequence[Space], found: Sequence[Any]) -> Reading:
        reading = self._base.reading(found[0])
        own = self._kept.get(merchant_id)
        if own is None or len(spaces) == 1 or spaces[1] is not own or isinstance(found[1], CountersUnavailable):
            return reading
        return Reading(
            values=(*reading.values, *own.reading(found[1]).values),
            velocities=(*reading.velocities, *own.velocities),
            sequence=reading.sequence,
            counted_at_us=reading.counted_at_us,
            is_counted=reading.is_counted,
            causes=reading.causes,
        )

    async def _all_of(self, changes: Sequence[Callable[[], Any]]) -> None:
        """Do all; the first failure is raised in the end."""
        failed: CountersUnavailable | None = None
        for change in changes:
            try:
                await change()
            except CountersUnavailable as error:
                # What is not filled yet holds nothing that could be taken back.
                if _is_lost(error) or change is changes[0]:
                    failed = failed or error
        if failed is not None:
            raise failed


def _begun(history: History) -> Iterator[Recorded | None]:
    """The history, begun when it is first asked for."""
    yield from history()


def _is_lost(answer: object) -> bool:
    """Whether a call failed, and what it was to count is not counted: while all is filled anew, it is."""
    return isinstance(answer, CountersUnavailable) and not isinstance(answer, CountersWarming)
