"""MemoryCounters against a slow and plainly right oracle, over generated streams: every number equal."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.features import Value
from engine.stores import (
    memory_entity,
    memory_few,
    memory_keys,
    memory_leaving,
    memory_planning,
    memory_scope,
    memory_streams,
    memory_windowed,
)
from engine.stores.marks import BLOCK, Marks
from engine.stores.memory import MemoryCounters
from engine.velocity import Count, Distinct, Observation, Reading, Status, StatusEvent, Velocity
from engine.velocity.spec import Average, FirstSeen, LastSeen, Maximum, Minimum, VelocityScope
from tests.oracle.velocity_oracle import (
    ACTIONS,
    EVERYTHING,
    FULL,
    MIXED,
    SECOND,
    VALUES,
    Oracle,
    Seen,
    Step,
    Stream,
    steps,
    stream_of,
    velocity,
)


async def run(velocities: Sequence[Velocity], stream: Stream) -> list[Reading]:
    """Play the stream to both, compare after every step, and give what was read."""
    counters, oracle, readings = MemoryCounters(velocities), Oracle(velocities), list[Reading]()
    now_us, is_ever = 0, any(velocity.window_us is None for velocity in velocities)
    for action, now in stream:
        now_us = max(now_us, now.at_us)
        if is_ever and action in ("forget", "retract") and not oracle.is_remembered(now, now_us):
            # What is not remembered any more stays for all time: nobody takes back what is a month old.
            continue
        if isinstance(now, StatusEvent):
            if action == "record":
                assert await counters.record(now) == oracle.record(now)
            else:
                await counters.retract(now)
                oracle.retract(now)
            continue
        what, _, superseded = action.partition(" ")
        match what:
            case "forget":
                await counters.forget(now.merchant_id, test_mode=now.test_mode, payment_id=now.payment_id)
                oracle.forget(now)
            case "restart":
                counters = MemoryCounters(velocities)
                assert counters.restore([*oracle.seen, *oracle.events]) == len(oracle.seen)
                oracle.restart()
            case "read":
                assert await counters.read(now, superseded=superseded or None) == oracle.read(now, superseded)
            case _:
                reading = await counters.observe(now, superseded=superseded or None)
                assert reading == oracle.observe(now, superseded)
                readings.append(reading)
    return readings


@given(steps(least=15))
@settings(max_examples=300)
def test_every_number_is_the_oracles(stream: list[Step]) -> None:
    asyncio.run(run(MIXED, stream_of(stream)))


@given(steps(least=15))
@settings(max_examples=150)
def test_every_number_of_the_whole_specification_is_the_oracles(stream: list[Step]) -> None:
    asyncio.run(run(EVERYTHING, stream_of(stream)))


RARE = {
    "forgotten after its predecessor was dropped": "o1@0 o2@10 o3@21 f3@21 f2@21 o4@22 o5@22 o4@22",
    "forgotten from the middle, then the last": "o1@0 o2@1 o3@2 f2@2 f3@2 o4@2 o1@2",
    "forgotten from the middle, the first out of the window": "o1@0 o2@4 o3@6 f2@6 o3@6",
    "forgotten from the middle, then the first": "o1@0 o2@1 o3@2 f2@2 f1@2 o3@3 o4@3",
    "again after the window, the first still to be dropped": " ".join(
        (*(f"o{number}@0" for number in range(1, 40)), "o39@30", "o50@30", "o51@30", "o39@30", "f39@30", "o52@31")
    ),
}
"""What generated streams seldom meet: o observes and f forgets the payment of that number at that second."""


@pytest.mark.parametrize("script", RARE.values(), ids=RARE)
def test_rare_cases_are_the_oracles(script: str) -> None:
    stream = []
    for word in script.split():
        name, second = word[1:].split("@")
        at_us = (1_000 + int(second)) * SECOND
        observation = Observation(payment_id=name, merchant_id="shop", test_mode=False, at_us=at_us, values=FULL)
        stream.append(("observe" if word[0] == "o" else "forget", observation))
    asyncio.run(run(MIXED, stream))


LIMITS = (
    (memory_scope, "COMPACT"),
    (memory_leaving, "EXPIRE"),
    (memory_entity, "COMPACT"),
    (memory_keys, "FEW"),
    (memory_windowed, "FEW"),
    (memory_few, "FEW"),
    (memory_few, "FEW_ALIKE"),
    (memory_few, "PROFILES"),
)


@contextmanager
def dropping(limit: int) -> Iterator[None]:
    """Everything is dropped as soon as it may be, two items or so make an entity, and a key is what changes."""
    kept = [getattr(module, name) for module, name in LIMITS]
    for (module, name), value in zip(LIMITS, (1, limit, limit, limit, limit, limit, 2 * limit, 1), strict=True):
        setattr(module, name, value)
    memory_streams.SWEEP = 0  # type: ignore[misc]
    changing = memory_planning.CHANGING
    memory_planning.CHANGING = frozenset({"email"} if limit % 2 else {"ip_address"})  # type: ignore[misc]
    try:
        yield
    finally:
        for (module, name), value in zip(LIMITS, kept, strict=True):
            setattr(module, name, value)
        memory_streams.SWEEP = 64  # type: ignore[misc]
        memory_planning.CHANGING = changing  # type: ignore[misc]


@given(steps(most=80), st.sampled_from((1, 2, 5)), st.sampled_from((MIXED, EVERYTHING)))
@settings(max_examples=200)
def test_dropping_changes_no_number(stream: list[Step], limit: int, velocities: Sequence[Velocity]) -> None:
    """As above, but with everything dropped as soon as it may be."""
    with dropping(limit):
        asyncio.run(run(velocities, stream_of(stream)))


DENSE = st.fixed_dictionaries(
    {
        "card": st.sampled_from(("c1", "c1", "c2")),
        "email": st.sampled_from(("e1", "e1", "e2", "e3", None)),
        "ip_address": st.sampled_from(("i1", "i1", "i2")),
        "amount_in_usd": st.sampled_from((0, 1, 250, 250, 2**70, None)),
    },
)


NETWORK = VelocityScope.NETWORK
MORE = (
    *EVERYTHING,
    velocity("card_late_emails_ever", ("card",), Distinct("email"), "all", delay="2s"),
    velocity("card_emails_ever_i1", ("card",), Distinct("email"), "all", where=(("ip_address", "i1"),)),
    velocity("card_least_ever", ("card",), Minimum("amount_in_usd"), "all"),
    velocity("card_late_average_ever", ("card",), Average("amount_in_usd"), "all", delay="1s"),
    velocity("card_late_last", ("card",), LastSeen(), "5s", Status.DECLINED, delay="1s"),
    velocity("card_network_most_late", ("card",), Maximum("amount_in_usd"), "5s", delay="1s", scope=NETWORK),
    velocity("card_network_emails_late", ("card",), Distinct("email"), "5s", delay="1s", scope=NETWORK),
    velocity("card_network_emails_ever", ("card",), Distinct("email"), "all", scope=NETWORK),
    velocity("card_network_declined_since", ("card",), Count(), "all", Status.DECLINED, since=Status.AUTHORIZED,
             scope=NETWORK),
    velocity("card_first_since", ("card",), FirstSeen(), "20s", since=Status.DECLINED),
)  # fmt: skip
"""Dimensions that meet one another too."""
STEPS = st.builds(
    Step,
    action=st.sampled_from((*ACTIONS, *("record",) * 6, "retract")),
    wait_us=st.sampled_from((0, 0, 1, SECOND, SECOND)),
    scope=st.sampled_from((("shop", False), ("shop", False), ("other", False))),
    values=DENSE,
    back=st.sampled_from((0, 0, 0, 1, 2, 3, 5, 8)),
    status=st.sampled_from((Status.DECLINED, Status.AUTHORIZED)),
    supersedes=st.sampled_from((0, 0, 0, 1, 2, 4)),
)


@given(
    st.lists(STEPS, min_size=20, max_size=60),
    st.sampled_from((0, 0, 0, 21 * SECOND)),
    st.sampled_from((0, 1, SECOND, 2 * SECOND)),
    st.sampled_from((1, 2, 8)),
)
@settings(max_examples=200)
def test_what_many_payments_share_is_the_oracles(stream: list[Step], quiet_us: int, behind_us: int, limit: int) -> None:
    """Hardly more than one card: entities are large, and what is left out of them is within.

    One merchant's times are behind another's: what is later is not in the network's windows yet.
    """
    stream[len(stream) // 2] = replace(stream[len(stream) // 2], wait_us=quiet_us)
    late = [
        (action, replace(seen, at_us=seen.at_us - behind_us) if seen.merchant_id == "other" else seen)
        for action, seen in stream_of(stream)
    ]
    with dropping(limit):
        asyncio.run(run(MORE, late))


@given(steps(), st.integers(min_value=0, max_value=60))
def test_what_comes_later_changes_no_earlier_number(stream: list[Step], length: int) -> None:
    whole = stream_of([serial(step) for step in stream])
    readings = asyncio.run(run(MIXED, whole))
    before = asyncio.run(run(MIXED, whole[:length]))
    assert before == readings[: len(before)]


@given(steps(), st.data())
def test_a_forgotten_payment_leaves_no_trace(stream: list[Step], data: st.DataObject) -> None:
    """What is read after it, and after what was learnt of it, is what is read where it never came."""
    whole = stream_of([replace(serial(step), back=0) for step in stream])
    at = data.draw(st.integers(min_value=0, max_value=len(whole)))
    until = data.draw(st.integers(min_value=at, max_value=len(whole)))
    status = data.draw(st.sampled_from((Status.DECLINED, Status.BLOCKED)))
    late = whole[at - 1][1].at_us if at else 1_000 * SECOND
    extra = Observation(payment_id="x", merchant_id="shop", test_mode=False, at_us=late, values=FULL)
    event = StatusEvent(payment_id="x", merchant_id="shop", test_mode=False, at_us=late, values=FULL, status=status)
    came: list[tuple[str, Seen]] = [("observe", extra), ("record", event)]
    with_it = [*whole[:at], *came, *whole[at:until], ("forget", extra), *whole[until:]]
    readings = [reading.values for reading in asyncio.run(run(MIXED, with_it))]
    without = [reading.values for reading in asyncio.run(run(MIXED, whole))]
    observed = sum(action == "observe" for action, _ in whole[:until])
    assert readings[observed + 1 :] == without[observed:]


def serial(step: Step) -> Step:
    """The step, where it counts something; else one that does."""
    return step if step.action == "record" else replace(step, action="observe", supersedes=0)


@given(
    steps(least=5),
    st.lists(st.tuples(st.sampled_from(("p1", "p2", "p3")), st.sampled_from((0, 0, 1, SECOND)), VALUES), min_size=2),
    st.integers(min_value=0),
)
def test_a_first_event_that_was_lost_leaves_no_trace(
    stream: list[Step], events: list[tuple[str, int, dict[str, Value]]], lost: int
) -> None:
    """Payments come to one status again and again; one event is lost, and all is as if only the others had come."""
    at_us, told = 1_000 * SECOND, list[tuple[str, Seen]]()
    for payment_id, wait_us, values in events:
        at_us += wait_us
        named = {"payment_id": payment_id, "merchant_id": "shop", "test_mode": False, "at_us": at_us}
        told.append(("record", StatusEvent(**named, values=values, status=Status.DECLINED)))  # type: ignore[arg-type]
    gone = told[lost % len(told)]
    after: list[tuple[str, Seen]] = [
        (action, replace(seen, at_us=seen.at_us + at_us - 1_000 * SECOND, payment_id=f"x{seen.payment_id}"))
        for action, seen in stream_of([replace(serial(step), action="observe") for step in stream])
    ]
    with_it = asyncio.run(run(MIXED, [*told, ("retract", gone[1]), *after]))
    told.remove(gone)
    assert with_it == asyncio.run(run(MIXED, [*told, *after]))


@given(
    st.lists(st.integers(min_value=0, max_value=1), min_size=1, max_size=40),
    st.integers(min_value=1, max_value=120),
    st.lists(st.tuples(st.integers(min_value=0), st.integers(min_value=0, max_value=1)), max_size=30),
    st.integers(min_value=0),
)
def test_marks_count_as_a_list_would(
    pattern: list[int], times: int, changes: list[tuple[int, int]], dropped: int
) -> None:
    plain, marks = pattern * times, Marks()
    for mark in plain:
        marks.append(mark)
    for position, mark in changes:
        marks.assign(position % len(plain), mark)
        plain[position % len(plain)] = mark
    edges = sorted({0, 1, BLOCK - 1, BLOCK, BLOCK + 1, len(plain) // 2, len(plain)}, reverse=True)
    positions = [edge for edge in edges if edge <= len(plain)]
    assert marks.counts_from(positions) == [sum(plain[position:]) for position in positions]
    for _ in range(dropped % min(len(plain), 3 * BLOCK // 2)):
        marks.pop()
        plain.pop()
    edges = sorted({0, 1, BLOCK - 1, BLOCK, BLOCK + 1, len(plain) // 2, len(plain)}, reverse=True)
    positions = [edge for edge in edges if edge <= len(plain)]
    assert marks.counts_from(positions) == [sum(plain[position:]) for position in positions]
    dropped %= len(plain)
    marks.drop(0, dropped)
    assert marks.counts_from([0]) == [sum(plain[dropped:])]
    for mark in pattern * 20:
        marks.append(mark)
    whole = [*plain[dropped:], *pattern * 20]
    assert marks.counts_from([len(whole) // 2, 3, 0]) == [sum(whole[start:]) for start in (len(whole) // 2, 3, 0)]
