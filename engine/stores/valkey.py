"""Velocities counted in Valkey (or Redis from 7.0 on), for several workers: one script a payment."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from secrets import token_hex
from typing import Any, Final, TypeVar
from urllib.parse import quote

from valkey.asyncio import BlockingConnectionPool, Valkey
from valkey.asyncio.retry import Retry
from valkey.backoff import NoBackoff
from valkey.exceptions import NoScriptError, ResponseError, ValkeyError

from engine.errors import CountersUnavailable, CountersWarming
from engine.features import Value
from engine.stores.valkey_owed import Owed
from engine.stores.valkey_plan import ValkeyPlan, token
from engine.stores.valkey_scripts import scripts
from engine.velocity import Observation, Reading, Recorded, StatusEvent, Total, Velocity
from engine.velocity.spec import Average, FirstSeen, LastSeen

CALL_SECONDS: Final = 0.025
"""How long one call may take: as long as the Pipeline waits for velocities."""
CONNECTIONS: Final = 16
BATCH: Final = 200
"""So much of the ledger is sent in one round trip when all is counted anew."""
FILLING_MS: Final = 30_000
"""So long after its last sign of life whoever fills the counters is taken for dead."""
_LIMB: Final = 10**12
_EXACT: Final = 2**53
_MERCHANT_TAG: Final = "{{{merchant}:{mode}}}"
_NETWORK_TAG: Final = "{{*:{mode}}}"

T = TypeVar("T")
_Argument = str | bytes | int


def open_client(url: str, *, call_seconds: float = CALL_SECONDS, connections: int = CONNECTIONS) -> Valkey:
    """A client whose calls end in time, by the driver's own timeouts, and are never sent twice."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=call_seconds,
        socket_timeout=call_seconds,
        socket_connect_timeout=call_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return Valkey.from_pool(pool)


class ValkeyCounters:
    """Counts in Valkey: what one worker counts, all read. Each call is one script, so it is one step to all others.

    Raises CountersUnavailable where Valkey does not answer in time, is out of memory or refuses; CountersWarming where
    it holds nothing, or what it holds may lack something: until `rebuild` has counted all from the ledger anew. That
    is so after FLUSHALL, and after every restart or failover, which may have lost the last writes.

    Sums are exact, however large; a single amount beyond 2^53 is our bug, for a payment's is far less.
    Keys of a merchant and mode share the tag `{merchant:mode}`, those of the network `{*:mode}`, and the sequence is
    one for all: so this is for one Valkey, not for a Cluster.
    """

    def __init__(
        self, client: Valkey, velocities: Sequence[Velocity], *, filler: Valkey | None = None, prefix: str = "assay"
    ) -> None:
        """Count for these velocities; what was counted for others under the same prefix is not touched.

        `filler` is the client that fills: its round trips are longer, so it waits for seconds, not for milliseconds.
        """
        self._client = client
        self._filler = filler or client
        self._plan = ValkeyPlan(tuple(velocities))
        self._scripts = scripts(self._plan.lua)
        self._prefix = f"{prefix}:{self._plan.fingerprint}"
        self._state = f"{self._prefix}:state"
        self._lock = f"{self._prefix}:filling"
        self._inputs = self._plan.inputs
        self._owed = Owed(self._count_late, self._give_up)

    async def observe(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        """Count the payment, once per id, and read every velocity without it and the one that it supersedes.

        Where this fails, it is counted late, as soon as Valkey answers: unless it is forgotten first.
        """
        try:
            return await self._read("observe", observation, superseded)
        except CountersUnavailable:
            self._owed.owe(observation)
            raise

    async def read(self, observation: Observation, *, superseded: str | None = None) -> Reading:
        """Read as `observe` would now, and change nothing."""
        return await self._read("read", observation, superseded)

    async def record(self, event: StatusEvent) -> bool:
        """Count that a payment came to a status, once per payment and status; whether this call counted it.

        Where this fails, it is counted late, as soon as Valkey answers: unless it is retracted first.
        """
        if event.status.value not in self._plan.remembers_us:
            return False
        try:
            return bool(await self._change("record", event, event.status.value))
        except CountersUnavailable:
            self._owed.owe(event)
            raise

    async def retract(self, event: StatusEvent) -> None:
        """Take an event back; the payment is counted at the first of its events to this status that stands."""
        if event.status.value in self._plan.remembers_us:
            await self._owed.take_back(lambda seen: seen == event)
            await self._change("retract", event, event.status.value)

    async def forget(self, merchant_id: str, *, test_mode: bool, payment_id: str) -> None:
        """Take the payment and its status events back as if they had never been."""
        name = (merchant_id, test_mode, payment_id)
        await self._owed.take_back(lambda seen: (seen.merchant_id, seen.test_mode, seen.payment_id) == name)
        keys = self._keys(merchant_id, test_mode=test_mode)
        await self._call("change", keys, ("forget", _payment(payment_id)))

    def owed(self) -> int:
        """How many payments and events this worker has still to count late."""
        return len(self._owed)

    async def is_ready(self) -> bool:
        """Whether readings are given; where not, `rebuild` is to be called."""
        state = await self._ask("GET", self._state)
        run_id: str = (await self._ask("INFO", "server"))["run_id"]
        return state is not None and state.startswith(b"ready:") and state.endswith(run_id.encode())

    async def keep(
        self,
        merchant_id: str,
        velocities: Sequence[Velocity],
        history: Callable[[], Iterator[Recorded | None]],  # noqa: ARG002 - the port's
    ) -> None:
        """Nothing else than what is kept already can be kept yet: a merchant's own velocities are our bug."""
        assert tuple(velocities) == self._plan.velocities, f"what {merchant_id} keeps is not counted in Valkey yet"

    async def rebuild(self, history: Iterable[Recorded | None], *, newest: int = 0) -> int:
        """Count anew all that `history` has; gives how many payments. Then readings are given again.

        From the beginning on, whatever is observed or recorded is counted too, by every worker, while its reading is
        refused: so `history` is to be read no earlier than it is asked for, and nothing is missed or counted twice
        (as long as it takes less time than ids are remembered for; a payment that comes to one status three times,
        the last time meanwhile, counts from the first that is met).
        `newest` is the newest sequence that was ever given. None in the history is a pause. Raises CountersWarming
        where another worker is filling, or what was filled was lost again; and what `history` does.
        """
        run_id = await self._trusted_run_id()
        await self._fill("SCRIPT LOAD", self._scripts["change"].text)
        nonce = token_hex(8)
        if not await self._fill("SET", self._lock, nonce, "NX", "PX", FILLING_MS):
            raise CountersWarming("Another worker fills the counters from the ledger.")
        try:
            filling = f"filling:{nonce}:{run_id}"
            await self._fill("HSET", f"{self._state}:{nonce}", "sequence", newest)
            await self._fill("SET", self._state, filling)
            counted = 0
            items = iter(history)
            while batch := list(islice(items, BATCH)):
                counted += await self._restore([each for each in batch if each is not None], nonce)
                await self._fill("PEXPIRE", self._lock, FILLING_MS)
            # Only where it is still this filling: what was flushed meanwhile is not ready.
            if not await self._fill("EVAL", _SWITCH, 1, self._state, filling, f"ready:{nonce}:{run_id}"):
                raise CountersWarming("What was filled was lost again.")
            await self._drop_but(nonce)
            return counted
        finally:
            with suppress(CountersUnavailable):
                await self._fill("EVAL", _SWITCH, 1, self._lock, nonce, "")

    async def _read(self, script: str, observation: Observation, superseded: str | None) -> Reading:
        keys = self._keys(observation.merchant_id, test_mode=observation.test_mode)
        sequence, at_us, is_counted, values = await self._call(
            script,
            keys,
            (
                int(script == "observe"),
                _payment(observation.payment_id),
                b"" if superseded is None else _payment(superseded),
                observation.at_us,
                *self._row(observation),
            ),
        )
        self._owed.settle()
        velocities = self._plan.velocities
        return Reading(
            values=tuple(_value(each, found) for each, found in zip(velocities, values, strict=True)),
            sequence=sequence,
            counted_at_us=int(at_us),
            is_counted=bool(is_counted),
        )

    async def _change(self, what: str, event: StatusEvent, first: str) -> int:
        keys = self._keys(event.merchant_id, test_mode=event.test_mode)
        changed: int = await self._call("change", keys, (what, *self._told(event, first)))
        return changed

    async def _count_late(self, seen: Observation | StatusEvent) -> None:
        if isinstance(seen, StatusEvent):
            await self._change("late_event", seen, seen.status.value)
        else:
            await self._call(
                "change", self._keys(seen.merchant_id, test_mode=seen.test_mode), ("late", *self._told(seen, 0))
            )

    async def _give_up(self) -> None:
        """Read nothing until all is counted anew."""
        await self._ask("DEL", self._state)

    async def _restore(self, batch: Sequence[Recorded], nonce: str) -> int:
        """Count a batch in one round trip; gives how many payments were counted."""
        pipeline: Any = self._filler.pipeline(transaction=False)
        are_payments: list[bool] = []
        for recorded in batch:
            seen: Observation | StatusEvent
            if isinstance(recorded, tuple):
                sequence, seen = recorded
                arguments = ("restore", *self._told(seen, sequence))
            elif recorded.status.value in self._plan.remembers_us:
                seen = recorded
                arguments = ("restore_event", *self._told(seen, recorded.status.value))
            else:
                continue
            keys = self._keys(seen.merchant_id, test_mode=seen.test_mode)
            pipeline.evalsha(self._scripts["change"].digest, len(keys), *keys, *arguments, nonce)
            are_payments.append(isinstance(recorded, tuple))
        counted = await self._answer(pipeline.execute(raise_on_error=False))
        for each in counted:
            if isinstance(each, Exception):
                raise _meant(each) from each
        return sum(each for each, is_payment in zip(counted, are_payments, strict=True) if is_payment)

    async def _call(self, script: str, keys: Sequence[str], arguments: Sequence[_Argument]) -> Any:  # noqa: ANN401
        """Run a script; where Valkey does not know it, load it and run it once more."""
        command = ("EVALSHA", self._scripts[script].digest, len(keys), *keys, *arguments)
        try:
            return await self._ask(*command)
        except NoScriptError:
            await self._load(script)
        try:
            return await self._ask(*command)
        except NoScriptError as error:
            raise CountersUnavailable("Valkey does not keep the script that counts.") from error

    async def _load(self, script: str) -> None:
        """Load a script. Valkey forgets scripts when it ends: what it holds then is older than what was counted."""
        run_id = (await self._ask("INFO", "server"))["run_id"]
        state = await self._ask("GET", self._state)
        if state is not None and state.decode().split(":")[2] != run_id:
            await self._ask("EVAL", _SWITCH, 1, self._state, state, "")
            raise CountersWarming("Valkey was started anew: what it holds may lack the last that was counted.")
        await self._ask("SCRIPT LOAD", self._scripts[script].text)

    async def _trusted_run_id(self) -> str:
        """Which run of Valkey this is. Raises CountersUnavailable where it may drop keys as it likes."""
        policy = (await self._ask("INFO", "memory")).get("maxmemory_policy")
        if policy != "noeviction":
            raise CountersUnavailable(f"Valkey's maxmemory-policy is {policy}: counts are exact with noeviction alone.")
        run_id: str = (await self._ask("INFO", "server"))["run_id"]
        return run_id

    async def _drop_but(self, nonce: str) -> None:
        """Drop what was counted for the same velocities before."""
        kept = {self._state.encode(), self._lock.encode()}
        cursor = -1
        while cursor:
            cursor, keys = await self._fill("SCAN", max(cursor, 0), "MATCH", f"{self._prefix}:*", "COUNT", 1_000)
            gone = [key for key in keys if f":{nonce}".encode() not in key and key not in kept]
            if gone:
                await self._fill("UNLINK", *gone)

    async def _ask(self, *command: _Argument) -> Any:  # noqa: ANN401 - whatever Valkey answers
        client: Any = self._client
        return await self._answer(client.execute_command(*command))

    async def _fill(self, *command: _Argument) -> Any:  # noqa: ANN401 - as above
        client: Any = self._filler
        return await self._answer(client.execute_command(*command))

    async def _answer(self, asked: Coroutine[Any, Any, T]) -> T:
        """What the driver answers. Its call has a task of its own, which a caller that is cancelled leaves to end."""
        try:
            return await asyncio.shield(asyncio.ensure_future(asked))
        except NoScriptError:
            raise
        except (ValkeyError, OSError) as error:
            raise _meant(error) from error

    def _keys(self, merchant_id: str, *, test_mode: bool) -> tuple[str, str, str]:
        mode = "test" if test_mode else "live"
        merchant = _MERCHANT_TAG.format(merchant=quote(merchant_id, safe=""), mode=mode)
        return self._state, f"{self._prefix}:{merchant}", f"{self._prefix}:{_NETWORK_TAG.format(mode=mode)}"

    def _told(self, seen: Observation | StatusEvent, first: str | int) -> tuple[_Argument, ...]:
        return _payment(seen.payment_id), first, seen.at_us, *self._row(seen)

    def _row(self, seen: Observation | StatusEvent) -> tuple[bytes | int, ...]:
        """Every input's token, and the amounts, empty where unknown."""
        get = seen.values.get
        amounts = (_amount(get(name)) for name in self._inputs.amounts)
        return b"".join([token(get(name)) for name in self._inputs.row]), *amounts


_SWITCH: Final = """#!lua
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] == "" then
  redis.call("DEL", KEYS[1])
else
  redis.call("SET", KEYS[1], ARGV[2])
end
return 1
"""


def _meant(error: Exception) -> CountersUnavailable:
    """What an error of the driver means."""
    if not isinstance(error, ResponseError):
        return CountersUnavailable(f"Valkey does not answer: {error}")
    if str(error).startswith("WARMING"):
        return CountersWarming("The counters are not filled from the ledger yet.")
    return CountersUnavailable(f"Valkey refuses: {error}")


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
