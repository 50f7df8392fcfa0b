"""The default set in the memory counters against the oracle, with every feature that it is made of in play."""

import asyncio
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.features import Value
from engine.stores.memory import MemoryCounters
from engine.velocity import VELOCITIES, StatusEvent
from tests.oracle.velocity_oracle import SECOND, Oracle, Seen, Stream, steps, stream_of

INPUTS = tuple(sorted({name for velocity in VELOCITIES for name in velocity.inputs}))
STATUSES = sorted({velocity.status for velocity in VELOCITIES if velocity.status})
LOOKED_FOR = dict(pair for velocity in VELOCITIES for pair in velocity.where)
SIMILAR: tuple[Value, ...] = ("a", "a", "a", "b", "c", None)
"""Few values, so that keys meet, and now and then none."""


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """A stream whose items have values of their own for every input, an event those of its payment."""
    known: dict[tuple[str, bool, str], dict[str, Value]] = {}
    made: list[tuple[str, Seen]] = []
    # A step waits for up to 21 of these: of ten minutes for the short windows, of a day for the long ones.
    length = draw(st.sampled_from((600, 86_400)))
    for action, seen in stream_of(draw(steps(second=length * SECOND, least=10, most=40))):
        name = (seen.merchant_id, seen.test_mode, seen.payment_id)
        if name not in known:
            values: dict[str, Value] = {each: draw(st.sampled_from(SIMILAR)) for each in INPUTS}
            looked_for = {each: draw(st.sampled_from((value, value, "a"))) for each, value in LOOKED_FOR.items()}
            amount = {"amount_in_usd": draw(st.sampled_from((0, 250, 99_999, None)))}
            known[name] = values | looked_for | amount
        if isinstance(seen, StatusEvent):
            made.append((action, replace(seen, values=known[name], status=draw(st.sampled_from(STATUSES)))))
        else:
            made.append((action, replace(seen, values=known[name])))
    return made


async def played(stream: Stream) -> None:
    counters, oracle = MemoryCounters(VELOCITIES), Oracle(VELOCITIES)
    for action, now in stream:
        what, _, superseded = action.partition(" ")
        if isinstance(now, StatusEvent):
            if what == "record":
                assert await counters.record(now) == oracle.record(now)
        elif what == "forget":
            await counters.forget(now.merchant_id, test_mode=now.test_mode, payment_id=now.payment_id)
            oracle.forget(now)
        elif what == "read":
            assert await counters.read(now, superseded=superseded or None) == oracle.read(now, superseded)
        elif what == "observe":
            found = await counters.observe(now, superseded=superseded or None)
            assert found == oracle.observe(now, superseded)


@given(streams())
@settings(max_examples=60)
def test_every_number_of_the_default_set_is_the_oracles(stream: Stream) -> None:
    asyncio.run(played(stream))
