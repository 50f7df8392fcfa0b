"""One plan's counts in Valkey: one script a payment, filled from the ledger anew where they were lost."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from secrets import token_hex
from typing import Any, Final
from urllib.parse import quote

from engine.errors import CountersUnavailable, CountersWarming
from engine.features import Value
from engine.stores.valkey_batches import batches
from engine.stores.valkey_line import Argument, Command, Line
from engine.stores.valkey_owed import Owed
from engine.stores.valkey_plan import ValkeyPlan, token
from engine.stores.valkey_scripts import library
from engine.velocity import Observation, Reading, Recorded, StatusEvent, Total, Velocity
from engine.velocity.spec import Average, FirstSeen, LastSeen

FILLING_MS: Final = 5_000
"""So long after its last sign of life whoever fills the counters is taken for dead."""
VERSION_LEAST: Final = 7
"""Functions came with Redis 7.0, which every Valkey has behind it."""
NOT_COUNTED: Final = "not_in_valkey"
"""The cause of what no script counts."""
_LIMB: Final = 10**12
_EXACT: Final = 2**53
_MERCHANT_TAG: Final = "{{{merchant}:{mode}}}"
_NETWORK_TAG: Final = "{{*:{mode}}}"


WaitsFor = Callable[[], Awaitable[None]]


async def nothing_is_under_way() -> None:
    """Nothing to wait for."""


async def require_usable(line: Line) -> None:
    """Raise CountersUnavailable where it is too old, or may drop keys as it likes."""
    server, memory = await line.ask_together([("INFO", "server"), ("INFO", "memory")])
    version = _told(server, "redis_version")
    if int(version.partition(".")[0]) < VERSION_LEAST:
        raise CountersUnavailable(
            f"Valkey is of version {version}: its functions are of {VERSION_LEAST}.0. Upgrade it."
        )
    policy = _told(memory, "maxmemory_policy")
    if policy != "noeviction":
        raise CountersUnavailable(
            f"Valkey's maxmemory-policy is {policy}: counts are exact with noeviction alone. Set that there."
        )


class Space:
    """What Valkey counts by one plan, under one name. Each call is one script, so it is one step to all others.

    Raises CountersUnavailable where Valkey does not answer in time, is out of memory or refuses; CountersWarming where
    it holds nothing, or what it holds may lack something: until `rebuild` has counted all from the ledger anew. That
    is so after FLUSHALL, and after every restart or failover, which may have lost the last writes.

    Sums are exact, however large; a single amount beyond 2^53 is our bug, for a payment's is far less.
    Keys of a merchant and mode share the tag `{merchant:mode}`, those of the network `{*:mode}`, and the sequence is
    one for all: so this is for one Valkey, not for a Cluster.
    """

    def __init__(self, line: Line, filler: Line, plan: ValkeyPlan, prefix: str, of: str = "") -> None:
        """`filler` fills: its round trips are longer, so it waits for seconds, not for milliseconds.

        `of` tells apart those of one plan, under a prefix.
        """
        self._line = line
        self._filler = filler
        self._plan = plan
        self._library = library(plan.lua)
        self._name = name = ":".join((prefix, self._library.fingerprint, *([quote(of, safe="")] if of else [])))
        self._state = f"{name}:state"
        self._lock = f"{name}:filling"
        self._mark = f"{name}:mark"
        self._inputs = plan.inputs
        self._uncounted = {each.name: NOT_COUNTED for each in plan.velocities if each not in plan.counted}
        self.owed = Owed(self._count_late, self.give_up)

    @property
    def velocities(self) -> tuple[Velocity, ...]:
        """What is read of it, in this order."""
        return self._plan.velocities

    async def load(self) -> None:
        """Have Valkey know the functions. Raises CountersUnavailable, also where it may drop keys as it likes."""
        await require_usable(self._filler)
        try:
            await self._filler.ask("FUNCTION LOAD", self._library.text)
        except CountersUnavailable as error:
            if "already exists" not in str(error):
                raise

    def probing(self) -> Command:
        """The command that CountersWarming answers where readings are refused, and all is to be counted anew."""
        return "FCALL", self._library.function("probe"), 1, self._state

    def holding(self) -> Command:
        """The command that keeps others from filling for a while, where somebody does."""
        return "PEXPIRE", self._lock, FILLING_MS

    async def is_ready(self) -> bool:
        """Whether readings are given; where not, `rebuild` is to be called."""
        try:
            await self._filler.ask(*self.probing())
        except CountersWarming:
            return False
        return True

    async def rebuild(
        self,
        history: Iterable[Recorded | None],
        *,
        newest: int = 0,
        settled: WaitsFor = nothing_is_under_way,
    ) -> int:
        """Count anew all that `history` has; gives how many payments. Then readings are given again.

        From the beginning on, whatever is observed or recorded is counted too, by every worker, while its reading is
        refused. `settled` waits for what was under way by then, so that the ledger has it, and only then `history` is
        begun with, in another thread: nothing is missed or counted twice
        (as long as it takes less time than ids are remembered for; a payment that comes to one status three times,
        the last time meanwhile, counts from the first that is met).
        `newest` is the newest sequence that was ever given. None in the history is a pause. Raises CountersWarming
        where another worker is filling, or what was filled was lost again; and what `history` does.
        """
        await self.load()
        nonce = token_hex(3)
        if not await self._filler.ask("SET", self._lock, nonce, "NX", "PX", FILLING_MS):
            raise CountersWarming("Another worker fills the counters from the ledger.")
        try:
            filling = f"filling:{nonce}"
            await self._filler.ask("HSET", f"{self._state}:{nonce}", "sequence", newest)
            await self._switch(self._state, "", filling, trusted=nonce)
            # What failed until now is in the ledger when that is read, or never will be.
            self.owed.forget()
            await settled()
            counted = 0
            async with batches(history) as read:
                async for batch in read:
                    counted += await self._restore(batch, nonce)
                    await self._filler.ask("PEXPIRE", self._lock, FILLING_MS)
            # Only where it is still this filling: what was flushed meanwhile is not ready.
            if not await self._switch(self._state, filling, f"ready:{nonce}", trusted=nonce):
                raise CountersWarming("What was filled was lost again.")
            return counted
        finally:
            with suppress(CountersUnavailable):
                await self._switch(self._lock, nonce, "")

    async def drop_others(self) -> None:
        """Drop what was counted by the same plan before the last filling."""
        kept = await self._filler.ask("GET", self._state)
        if kept is not None:
            await self._drop(except_of=kept.decode().partition(":")[2])

    async def drop(self) -> None:
        """Drop everything: nothing is read of it any more."""
        await self._filler.ask("DEL", self._state)
        await self._drop(except_of=None)

    async def leave(self, mark: str) -> None:
        """Note, where all is counted, up to where the ledger was: whoever comes next trusts what is held by that."""
        state = await self._filler.ask("GET", self._state)
        if state is not None and state.startswith(b"ready:"):
            await self._filler.ask("SET", self._mark, f"{state.decode()} {mark}")

    async def take_over(self, mark: str) -> None:
        """Trust what is held where its mark says that the ledger has not changed since; else nothing is ready.

        What was trusted in this run of Valkey still is; a mark serves once.
        """
        await self.load()
        left, state = await self._filler.ask("GETDEL", self._mark), await self._filler.ask("GET", self._state)
        if state is None or left is None or left.decode() != f"{state.decode()} {mark}":
            await self._switch(self._state, "", "")

    def observing(self, observation: Observation, superseded: str | None, function: str = "observe") -> Command:
        """The command that counts and reads; or `read`s alone."""
        return (
            *self._call(function, observation),
            _payment(observation.payment_id),
            b"" if superseded is None else _payment(superseded),
            observation.at_us,
            *self._row(observation),
        )

    def reading(self, found: Any) -> Reading:  # noqa: ANN401 - what Valkey answers
        """The reading in the answer to `observing`, or what stands in its place is raised."""
        if isinstance(found, CountersUnavailable):
            raise found
        sequence, at_us, is_counted, values = found
        counted = zip(self._plan.counted, values, strict=True)
        return Reading(
            values=tuple(None if each.name in self._uncounted else _value(*next(counted)) for each in self.velocities),
            velocities=self.velocities,
            sequence=sequence,
            counted_at_us=int(at_us),
            is_counted=bool(is_counted),
            causes=self._uncounted,
        )

    def counts(self, event: StatusEvent) -> bool:
        """Whether something is counted of events to this status."""
        return event.status.value in self._plan.remembers_us

    async def take_back(self, event: StatusEvent) -> None:
        """Retract an event, whether it was counted or is owed."""
        await self.owed.take_back(lambda seen: seen == event)
        await self.change("retract", event)

    async def change(self, what: str, event: StatusEvent) -> int:
        """`record` or `retract` an event; whether something changed."""
        changed: int = await self._line.ask(*self._call("change", event), what, *self._told(event, event.status.value))
        return changed

    async def forget(self, merchant_id: str, payment_id: str, *, test_mode: bool) -> None:
        """Take a payment and its events back, whether they were counted or are owed."""
        name = (merchant_id, test_mode, payment_id)
        await self.owed.take_back(lambda seen: (seen.merchant_id, seen.test_mode, seen.payment_id) == name)
        keys = self._keys(merchant_id, test_mode=test_mode)
        await self._line.ask("FCALL", self._library.function("change"), 3, *keys, "forget", _payment(payment_id))

    async def _count_late(self, seen: Observation | StatusEvent) -> None:
        if isinstance(seen, StatusEvent):
            await self.change("late_event", seen)
        else:
            await self._line.ask(*self._call("change", seen), "late", *self._told(seen, 0))

    async def give_up(self) -> None:
        """Read nothing until all is counted anew."""
        await self._switch(self._state, "", "")

    async def _restore(self, batch: Sequence[Recorded], nonce: str) -> int:
        """Count a batch in one round trip; gives how many payments were counted."""
        commands: list[Command] = []
        are_payments: list[bool] = []
        for recorded in batch:
            if isinstance(recorded, tuple):
                sequence, seen = recorded
                commands.append((*self._call("change", seen), "restore", *self._told(seen, sequence), nonce))
            elif self.counts(recorded):
                told = self._told(recorded, recorded.status.value)
                commands.append((*self._call("change", recorded), "restore_event", *told, nonce))
            else:
                continue
            are_payments.append(isinstance(recorded, tuple))
        counted = await self._filler.ask_together(commands) if commands else []
        for each in counted:
            if isinstance(each, CountersUnavailable):
                raise each
        return sum(each for each, is_payment in zip(counted, are_payments, strict=True) if is_payment)

    async def _switch(self, key: str, found: str, wanted: str, *, trusted: str = "") -> bool:
        """Give a key another value where it has this one ("": any), and say which filling is trusted."""
        return bool(await self._filler.ask("FCALL", self._library.function("switch"), 1, key, found, wanted, trusted))

    async def _drop(self, except_of: str | None) -> None:
        kept = {self._state.encode(), self._lock.encode(), self._mark.encode()} if except_of else set()
        cursor = b""
        while cursor != b"0":
            cursor, keys = await self._filler.ask("SCAN", cursor or 0, "MATCH", f"{self._name}:*", "COUNT", 1_000)
            gone = [key for key in keys if key not in kept and (not except_of or f":{except_of}".encode() not in key)]
            if gone:
                await self._filler.ask("UNLINK", *gone)

    def _call(self, function: str, seen: Observation | StatusEvent) -> Command:
        keys = self._keys(seen.merchant_id, test_mode=seen.test_mode)
        return ("FCALL", self._library.function(function), 3, *keys)

    def _keys(self, merchant_id: str, *, test_mode: bool) -> tuple[str, str, str]:
        mode = "test" if test_mode else "live"
        merchant = _MERCHANT_TAG.format(merchant=quote(merchant_id, safe=""), mode=mode)
        return self._state, f"{self._name}:{merchant}", f"{self._name}:{_NETWORK_TAG.format(mode=mode)}"

    def _told(self, seen: Observation | StatusEvent, first: str | int) -> tuple[Argument, ...]:
        return _payment(seen.payment_id), first, seen.at_us, *self._row(seen)

    def _row(self, seen: Observation | StatusEvent) -> tuple[bytes | int, ...]:
        """Every input's token, and the amounts, empty where unknown."""
        get = seen.values.get
        amounts = (_amount(get(name)) for name in self._inputs.amounts)
        return b"".join([token(get(name)) for name in self._inputs.row]), *amounts


def _told(info: Any, name: str) -> str:  # noqa: ANN401 - what Valkey answers
    """A field of an answer to INFO."""
    if isinstance(info, CountersUnavailable):
        raise info
    for line in info.decode().splitlines():
        field, _, value = line.partition(":")
        if field == name:
            return str(value)
    return ""


def _payment(payment_id: str) -> bytes:
    return token(payment_id)


def _amount(value: Value) -> int | bytes:
    if value is None:
        return b""
    assert isinstance(value, int), f"an amount is hundredths of the unit, not {value!r}"
    assert abs(value) <= _EXACT, f"an amount of {value} is more than any payment may have"
    return int(value)


def _value(velocity: Velocity, found: Any) -> Value:  # noqa: ANN401 - a script's answer
    """A velocity's value from what its script found."""
    if found is None:
        return None
    match velocity.aggregate:
        case Total():
            hi, lo, _ = found
            total: int = hi * _LIMB + lo
            return total
        case Average():
            hi, lo, count = found
            return (2 * (hi * _LIMB + lo) + count) // (2 * count) if count else None
        case FirstSeen() | LastSeen():
            age_us: int = found
            return age_us // 1_000_000
        case _:
            value: int = found
            return value
