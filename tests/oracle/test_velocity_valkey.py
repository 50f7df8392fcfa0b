"""ValkeyCounters on a real server against the oracle, over generated streams: every number equal."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings

from engine.velocity import Reading, StatusEvent, Velocity
from tests.oracle.velocity_oracle import EVERYTHING, Oracle, Seen, Step, Stream, reach_us, scope, steps, stream_of
from tests.valkey_server import ValkeyServer

pytest.importorskip("valkey")

from valkey.asyncio import Valkey

from engine.stores.valkey import ValkeyCounters, open_client

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
    async with open_client(server.url, call_seconds=10) as client:
        return await play(client, velocities, stream)


async def play(client: Valkey, velocities: Sequence[Velocity], stream: Stream) -> list[Reading]:
    counters = ValkeyCounters(client, velocities, prefix=f"t{next(_prefixes)}")
    await counters.rebuild([])
    oracle, readings = Forgetful(velocities), list[Reading]()
    for action, now in stream:
        what, _, superseded = action.partition(" ")
        timeless = what in ("forget", "retract", "restart")
        oracle.let_go(oracle.last_us[scope(now)] if timeless else now.at_us, scope(now))
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
                counters = ValkeyCounters(client, velocities, prefix=f"t{next(_prefixes)}")
                assert await counters.rebuild([*oracle.seen, *oracle.events]) == len(oracle.seen)
                oracle.restart()
                oracle.last_us.clear()
                for _, one in oracle.seen:
                    oracle.goes_on(one)
                for event in oracle.events:
                    oracle.goes_on(event)
            case "read":
                assert await counters.read(now, superseded=superseded or None) == oracle.read(now, superseded)
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
