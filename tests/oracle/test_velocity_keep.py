"""Velocities kept later are those kept from the start, whatever happens while they are filled from the ledger."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.features import Value
from engine.stores import memory_fill
from engine.stores.memory import MemoryCounters
from engine.velocity import Count, Counters, Distinct, Observation, Recorded, Status, StatusEvent, Total, Velocity
from engine.velocity.spec import Average, LastSeen, Minimum
from tests.oracle.velocity_oracle import ACTIONS, EVERYTHING, MIXED, SCOPES, SECOND, VALUES, velocity

OWN = (
    velocity("tier_count", ("tier",), Count(), "5s"),
    velocity("tier_total", ("tier",), Total("amount_in_usd"), "20s"),
    velocity("tier_cards", ("tier",), Distinct("card"), "20s"),
    velocity("tier_blocked", ("tier",), Count(), "5s", Status.BLOCKED),
    velocity("tier_declined", ("tier", "card"), Count(), "3s", Status.DECLINED),
)
"""Of statuses and within windows that were counted before: what was not cannot be known to be under way."""
EVER = (
    velocity("tier_ever", ("tier",), Count(), "all"),
    velocity("tier_least_late", ("tier",), Minimum("amount_in_usd"), "5s", delay="1s"),
    velocity("tier_emails_ever", ("tier",), Distinct("email"), "all"),
    velocity("tier_e1", ("tier",), Average("amount_in_usd"), "20s", where=(("email", "e1"),)),
    velocity("tier_since_declined", ("tier",), LastSeen(), "20s", since=Status.DECLINED),
)
STATUSES = (Status.DECLINED, Status.BLOCKED, Status.REFUNDED)
PROBES = [
    {"card": card, "email": email, "ip_address": "i1", "tier": tier}
    for card in ("c1", "c2")
    for email in ("e1", "e2")
    for tier in ("gold", None)
]


@dataclass(slots=True)
class World:
    """A ledger, counters that are told to keep other velocities, and counters that keep them from the start."""

    counters: Counters
    wanted: Counters
    now_us: int = 1_000 * SECOND
    written: list[Recorded] = field(default_factory=list)
    under_way: list[Recorded] = field(default_factory=list)
    """Counted, and neither written nor taken back yet."""
    number: int = 0

    def history(self) -> Iterator[Recorded]:
        """What is written now of the one merchant, in order."""
        payments = [each for each in self.written if isinstance(each, tuple) and each[1].merchant_id == "shop"]
        events = [each for each in self.written if isinstance(each, StatusEvent) and each.merchant_id == "shop"]
        yield from sorted(payments, key=lambda each: each[0])
        yield from sorted(events, key=lambda each: each.at_us)

    async def observe(self, step: "Step") -> None:
        self.number += 1
        one = Observation(
            payment_id=f"p{self.number}",
            merchant_id=step.scope[0],
            test_mode=step.scope[1],
            at_us=self.now_us,
            values=step.values,
        )
        paid = [each for each in (*self.written, *self.under_way) if isinstance(each, tuple)]
        if step.back and paid:
            earlier = paid[-min(step.back, len(paid))][1]
            one = replace(earlier, at_us=self.now_us, values=step.values)
        reading = await self.counters.observe(one)
        await self.wanted.observe(one)
        if reading.is_counted:
            self.under_way.append((reading.sequence, one))

    async def record(self, step: "Step") -> None:
        # Of written payments, and each once: what a payment has twice and one of them in doubt is its own test.
        paid = [each[1] for each in self.written if isinstance(each, tuple)]
        if not paid:
            return
        of = paid[-min(step.back + 1, len(paid))]
        events = [each for each in (*self.written, *self.under_way) if isinstance(each, StatusEvent)]
        if any(name(each) == name(of) and each.status is step.status for each in events):
            return
        event = StatusEvent(
            payment_id=of.payment_id,
            merchant_id=of.merchant_id,
            test_mode=of.test_mode,
            status=step.status,
            at_us=self.now_us,
            values=of.values,
        )
        await self.counters.record(event)
        await self.wanted.record(event)
        self.under_way.append(event)

    async def settle(self, step: "Step", *, is_lost: bool) -> None:
        """One of those under way is written, or is lost and taken back."""
        if not self.under_way:
            return
        one = self.under_way.pop(step.back % len(self.under_way))
        if not is_lost:
            self.written.append(one)
            return
        for counters in (self.counters, self.wanted):
            if isinstance(one, StatusEvent):
                await counters.retract(one)
            else:
                seen = one[1]
                await counters.forget(seen.merchant_id, test_mode=seen.test_mode, payment_id=seen.payment_id)

    async def play(self, step: "Step") -> None:
        self.now_us += step.wait_us
        match step.action:
            case "record" | "read":
                await self.record(step)
            case "forget" | "retract":
                await self.settle(step, is_lost=True)
            case "restart":
                await self.settle(step, is_lost=False)
            case _:
                await self.observe(step)
                await self.settle(step, is_lost=False)

    async def assert_same(self) -> None:
        for merchant_id, test_mode in SCOPES:
            for values in PROBES:
                probe = Observation(
                    payment_id="probe", merchant_id=merchant_id, test_mode=test_mode, at_us=self.now_us, values=values
                )
                assert await self.counters.read(probe) == await self.wanted.read(probe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    action: str
    wait_us: int
    scope: tuple[str, bool]
    values: dict[str, Value]
    back: int
    status: Status
    turns: int
    """How often the event loop turns after it, so that filling goes on."""


STEPS = st.lists(
    st.builds(
        Step,
        action=st.sampled_from(ACTIONS),
        wait_us=st.sampled_from((0, 0, 1, SECOND // 2, SECOND, 3 * SECOND)),
        scope=st.sampled_from((SCOPES[0], *SCOPES[:2])),
        values=st.builds(
            lambda values, tier: {**values, "tier": tier}, VALUES, st.sampled_from(("gold", "gold", "none", None))
        ),
        back=st.sampled_from((0, 0, 0, 1, 2, 3, 5)),
        status=st.sampled_from(STATUSES),
        turns=st.sampled_from((0, 0, 1, 2, 5)),
    ),
    min_size=25,
    max_size=60,
)


def name(one: Observation | StatusEvent) -> tuple[str, bool, str]:
    return one.merchant_id, one.test_mode, one.payment_id


@pytest.fixture(autouse=True, scope="module")
def hurried() -> Iterator[None]:
    """Every payment is a slice of its own, and the ledger is read again until nothing is under way."""
    kept = memory_fill.SLICE_SECONDS, memory_fill.PAUSES_SECONDS
    memory_fill.SLICE_SECONDS, memory_fill.PAUSES_SECONDS = 0.0, (0.0,) * 10_000  # type: ignore[misc, assignment]
    yield
    memory_fill.SLICE_SECONDS, memory_fill.PAUSES_SECONDS = kept  # type: ignore[misc]


async def keep_amid(before: Sequence[Velocity], after: Sequence[Velocity], steps: list[Step], start: int) -> None:
    default = EVERYTHING if set(EVERYTHING) <= set(before) else MIXED
    world = World(MemoryCounters(default, {"shop": before}), MemoryCounters(default, {"shop": after}))
    await play_amid(world, after, steps, start)


async def play_amid(
    world: World, after: Sequence[Velocity], steps: list[Step], start: int, *, then: int | None = None
) -> None:
    """Play the steps, the later ones while others are kept, and the first `then` of them once more."""
    for step in steps[:start]:
        await world.play(step)
    keeping = asyncio.create_task(world.counters.keep("shop", after, world.history))
    for step in steps[start:]:
        await world.play(step)
        for _ in range(step.turns):
            await asyncio.sleep(0)
    while world.under_way:
        await world.settle(replace(NOTHING, back=len(world.under_way)), is_lost=len(world.under_way) % 3 == 0)
    await keeping
    await world.assert_same()
    for step in steps[:then]:
        world.now_us += step.wait_us
        for values in PROBES:
            world.number += 1
            now = Observation(
                payment_id=f"p{world.number}", merchant_id="shop", test_mode=False, at_us=world.now_us, values=values
            )
            assert await world.counters.observe(now) == await world.wanted.observe(now)


NOTHING = Step(action="read", wait_us=0, scope=SCOPES[0], values={}, back=0, status=Status.BLOCKED, turns=0)


@given(STEPS, st.integers(min_value=0, max_value=60))
@settings(max_examples=200, deadline=None)
def test_kept_later_is_kept_from_the_start(steps: list[Step], start: int) -> None:
    asyncio.run(keep_amid(MIXED, (*MIXED, *OWN), steps, start))


@given(STEPS, st.integers(min_value=0, max_value=60))
@settings(max_examples=100, deadline=None)
def test_kept_no_more_is_as_never_kept(steps: list[Step], start: int) -> None:
    asyncio.run(keep_amid((*MIXED, *OWN), MIXED, steps, start))


@given(STEPS, st.integers(min_value=0, max_value=60), st.booleans())
@settings(max_examples=50, deadline=None)
def test_the_whole_specification_is_kept_later(steps: list[Step], start: int, is_ended: bool) -> None:
    """With what is counted over all merchants, which goes on as it was."""
    sets = [EVERYTHING, (*EVERYTHING, *OWN, *EVER)]
    before, after = reversed(sets) if is_ended else sets
    asyncio.run(keep_amid(before, after, steps, start))
