"""ValkeyCounters on a real server against the oracle, over generated streams: every number equal."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import CountersWarming
from engine.velocity import Observation, Reading, Recorded, Status, StatusEvent, Velocity
from tests.oracle.velocity_oracle import (
    EVERYTHING,
    SECOND,
    Oracle,
    Seen,
    Step,
    Stream,
    reach_us,
    scope,
    steps,
    stream_of,
)
from tests.valkey_server import ValkeyServer

pytest.importorskip("valkey")

from engine.stores import valkey_batches
from engine.stores.valkey import ValkeyCounters
from engine.stores.valkey_line import Line, open_line

SERVER = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
_prefixes = count()


@dataclass(slots=True)
class Forgetful(Oracle):
    """The oracle, which no longer knows ids once they are not remembered: what has them then is another payment.

    By the id, the oracle leaves out and forgets what is older too: only velocities of all time can tell. A payment is
    forgotten at its stream's last time, for the port gives none.
    """

    last_us: defaultdict[tuple[str, bool], int] = field(default_factory=lambda: defaultdict(int))
    unknown: int = 0

    def let_go(self, at_us: int, of: tuple[str, bool]) -> None:
        longest = max(map(reach_us, self.velocities))
        self.seen = [
            (sequence, replace(one, payment_id=self.nameless()))
            if scope(one) == of and one.at_us <= at_us - longest
            else (sequence, one)
            for sequence, one in self.seen
        ]
        for came in self.came:
            status = came.event.status
            reach = max(reach_us(each) for each in self.velocities if status in (each.status, each.since))
            if scope(came.event) == of and came.event.at_us <= at_us - reach:
                known, payment_id = came.standing, self.nameless()
                came.standing = [replace(each, payment_id=payment_id) for each in known]
                for before, after in zip(known, came.standing, strict=True):
                    self.events[self.events.index(before)] = after

    def nameless(self) -> str:
        self.unknown += 1
        return f"nameless {self.unknown}"

    def goes_on(self, seen: Seen) -> None:
        self.last_us[scope(seen)] = max(self.last_us[scope(seen)], seen.at_us)


async def run(server: ValkeyServer, velocities: Sequence[Velocity], stream: Stream) -> list[Reading]:
    """Play the stream to both, compare after every step, and give what was read."""
    async with open_line(server.url, call_seconds=10) as line:
        return await play(line, velocities, stream)


async def play(line: Line, velocities: Sequence[Velocity], stream: Stream) -> list[Reading]:
    counters = ValkeyCounters(line, velocities, prefix=f"t{next(_prefixes)}")
    await counters.rebuild([])
    oracle, readings = Forgetful(velocities), list[Reading]()
    for action, now in stream:
        what, _, superseded = action.partition(" ")
        is_passing = what in ("observe", "record")
        oracle.let_go(now.at_us if is_passing else oracle.last_us[scope(now)], scope(now))
        if isinstance(now, StatusEvent):
            if action == "record":
                is_counted = oracle.record(now)
                assert await counters.record(now) == is_counted
                if any(now.status in (each.status, each.since) for each in velocities):
                    oracle.goes_on(now)
            else:
                await counters.retract(now)
                oracle.retract(now)
            continue
        match what:
            case "forget":
                await counters.forget(now.merchant_id, test_mode=now.test_mode, payment_id=now.payment_id)
                oracle.forget(replace(now, at_us=oracle.last_us[scope(now)]))
            case "restart":
                counters = ValkeyCounters(line, velocities, prefix=f"t{next(_prefixes)}")
                assert await counters.rebuild([*oracle.seen, *oracle.events]) == len(oracle.seen)
                oracle.restart()
                oracle.last_us.clear()
                for _, one in oracle.seen:
                    oracle.goes_on(one)
                for event in oracle.events:
                    oracle.goes_on(event)
            case "read":
                # To read lets no time pass.
                then = deepcopy(oracle)
                then.let_go(now.at_us, scope(now))
                assert await counters.read(now, superseded=superseded or None) == then.read(now, superseded)
            case _:
                reading = await counters.observe(now, superseded=superseded or None)
                assert reading == oracle.observe(now, superseded)
                oracle.goes_on(now)
                readings.append(reading)
    return readings


@given(stream=steps(least=15))
@SERVER
def test_every_number_is_the_oracles(valkey_server: ValkeyServer, stream: list[Step]) -> None:
    asyncio.run(run(valkey_server, EVERYTHING, stream_of(stream)))


RARE = {
    "a value's last is forgotten, the one before is out of the window": "o1@0 o2@6 f2@6 o3@7",
    "first and last are trimmed": "o1@0 o2/i2@1 o3@22 o4/e2@43 o5@64",
    "the first ever is trimmed": "o1@0 o2@21 o3@42 o4@43",
    "forgotten from the middle of a sum": "o1@0 o2@1 o3@2 f2@2 o4@3 o5@6 f1@6 o6@7",
    "a first event is lost, a later one stands": "o1@0 d1@1 d1@3 r1@4 o2@5 o3@8",
    "two events of one time, the last is lost": "o1@0 d1@1 d1@1 r1@4 o2@5 r1@5 o3@5",
    "an event stands before one of the same card": "d1@1 d1@3 a9@4 d2@5 l1@6 o3@7",
    "a success starts anew": "o1@0 d1@1 o2@2 a2@3 o3@4 d3@4 o4@5 o2@6",
    "a success is lost": "o1@0 o2@1 a2@2 o3@3 f2@3 o4@4",
    "a success of the payment itself, and one before": "o1@0 a1@1 o2@2 a2@3 o3@3 o2@4 o1@4",
    "all again after everything left": "o1@0 a1@0 d1@0 o1@50 f1@50 d1@90 o2@91",
}
"""What generated streams seldom meet: o observes, f forgets, a and d record that it was authorized or declined, r and l
take back the payment's last and first event; which payment, where it differs its e-mail and IP address, and at which
second.
"""


@pytest.mark.parametrize("script", RARE.values(), ids=RARE)
def test_rare_cases_are_the_oracles(valkey_server: ValkeyServer, script: str) -> None:
    stream, told = list[tuple[str, Seen]](), defaultdict[str, list[StatusEvent]](list)
    for number, word in enumerate(script.split()):
        what, payment_id, other, second = word[0], word[1], word[2 : word.index("@")], int(word[word.index("@") + 1 :])
        seen = Observation(
            payment_id=payment_id,
            merchant_id="shop",
            test_mode=False,
            at_us=(1_000 + second) * SECOND,
            values={
                "card": "c1",
                "email": "e2" if "e2" in other else "e1",
                "ip_address": "i2" if "i2" in other else "i1",
                "amount_in_usd": 7 * 3**number,
            },
        )
        if what in "ad":
            status = Status.AUTHORIZED if what == "a" else Status.DECLINED
            fields = {
                each: getattr(seen, each) for each in ("payment_id", "merchant_id", "test_mode", "at_us", "values")
            }
            told[payment_id].append(StatusEvent(**fields, status=status))
            stream.append(("record", told[payment_id][-1]))
        elif what in "rl":
            stream.append(("retract", told[payment_id].pop(-1 if what == "r" else 0)))
        else:
            stream.append(("forget" if what == "f" else "observe", seen))
    asyncio.run(run(valkey_server, EVERYTHING, stream))


@given(stream=steps(least=20), begins=st.integers(min_value=0, max_value=20))
@settings(SERVER, max_examples=40)
def test_filled_amid_payments_it_has_all_of_them(valkey_server: ValkeyServer, stream: list[Step], begins: int) -> None:
    asyncio.run(Filling(Forgetful(EVERYTHING), begins).play(valkey_server, stream_of(stream)))


@dataclass(slots=True)
class Filling:
    """Counters are filled from the ledger at some step; what comes later comes meanwhile, half of it durably."""

    oracle: Forgetful
    begins: int
    ledger: list[Recorded] = field(default_factory=list)
    meanwhile: list[tuple[Recorded, bool]] = field(default_factory=list)
    """With whether it becomes durable before the filling ends."""

    async def play(self, server: ValkeyServer, stream: Stream) -> None:
        for number, (action, now) in enumerate(stream):
            self.oracle.let_go(now.at_us, scope(now))
            if (item := self.happen(action.partition(" ")[0], now)) is not None:
                if number < self.begins:
                    self.ledger.append(item)
                else:
                    self.meanwhile.append((item, number % 2 == 0))
        async with open_line(server.url, call_seconds=10) as line:
            counters = ValkeyCounters(line, EVERYTHING, prefix=f"t{next(_prefixes)}")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(valkey_batches, "BATCH", 2)
                await self.fill(counters)
            await self.assert_same(counters, stream)

    def happen(self, what: str, now: Seen) -> Recorded | None:
        """Tell the oracle, and give what the ledger would have of it."""
        if isinstance(now, StatusEvent):
            # What a payment comes to twice counts from the first that a filling meets.
            is_again = any(scope(each) == scope(now) and each.payment_id == now.payment_id for each in self.told())
            if what != "record" or is_again:
                return None
            self.oracle.record(now)
        else:
            # No filling takes as long as ids are remembered.
            is_again = any(is_same_payment(each, now) for each, _ in self.meanwhile)
            if what != "observe" or is_again or not (reading := self.oracle.observe(now)).is_counted:
                return None
            self.oracle.goes_on(now)
            return reading.sequence, now
        self.oracle.goes_on(now)
        return now

    def told(self) -> Iterator[StatusEvent]:
        for item in (*self.ledger, *(each for each, _ in self.meanwhile)):
            if isinstance(item, StatusEvent):
                yield item

    async def fill(self, counters: ValkeyCounters) -> None:
        written: list[Recorded] = []
        going: list[Any] = []
        loop = asyncio.get_running_loop()

        async def go_on() -> None:
            for item, is_durable in self.meanwhile:
                with suppress(CountersWarming):
                    await (counters.record(item) if isinstance(item, StatusEvent) else counters.observe(item[1]))
                if is_durable:
                    written.append(item)

        def history() -> Iterator[Recorded]:
            # It is read in a thread of its own.
            going.append(asyncio.run_coroutine_threadsafe(go_on(), loop))
            yield from (each for each in self.ledger if isinstance(each, tuple))
            yield from (each for each in self.ledger if isinstance(each, StatusEvent))
            yield from written

        await counters.rebuild(history(), newest=1_000)
        await asyncio.wrap_future(going[0])

    async def assert_same(self, counters: ValkeyCounters, stream: Stream) -> None:
        """Of every key that was seen, by a payment of its own."""
        at_us = max((seen.at_us for _, seen in stream), default=0)
        for _, seen in stream:
            self.oracle.let_go(at_us, scope(seen))
            probe = replace(
                Observation(payment_id="probe", merchant_id="", test_mode=False, at_us=at_us, values=seen.values),
                merchant_id=seen.merchant_id,
                test_mode=seen.test_mode,
            )
            assert (await counters.read(probe)).values == self.oracle.read(probe).values


def is_same_payment(item: Recorded, now: Observation) -> bool:
    return isinstance(item, tuple) and scope(item[1]) == scope(now) and item[1].payment_id == now.payment_id
