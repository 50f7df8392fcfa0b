import asyncio
import gc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from engine.custom import CustomField, CustomType
from engine.errors import LedgerUnavailable
from engine.features import Value
from engine.stores.memory import MemoryCounters
from engine.velocity import VELOCITIES, Count, Counters, Observation, Recorded, Status, StatusEvent, Total, Velocity
from engine.velocity.spec import FirstSeen, Linked, NewPairs, Shared, VelocityScope
from tests.oracle.velocity_oracle import velocity

if TYPE_CHECKING:
    from _typeshed import TraceFunction

HOUR = 3_600_000_000
NOW = 1_800_000_000_000_000
FULL: dict[str, Value] = {name: "1" for velocity in VELOCITIES for name in velocity.inputs} | {"amount_in_usd": 1_250}
KEYS = len({velocity.key for velocity in VELOCITIES if not isinstance(velocity.aggregate, Linked)})
"""What is linked is found by the keys of others."""


def of_one(velocity: Velocity) -> Value:
    """What a velocity reads where one payment of its key was seen, at the same time, and nothing learnt of it."""
    made = velocity.aggregate.of if isinstance(velocity.aggregate, Linked) else velocity.aggregate
    if velocity.status or isinstance(made, FirstSeen | NewPairs | Shared):
        return 0
    return 1_250 if isinstance(made, Total) else 1


def of_none(velocity: Velocity) -> Value:
    """What a velocity reads where its key was not seen."""
    made = velocity.aggregate.of if isinstance(velocity.aggregate, Linked) else velocity.aggregate
    return None if isinstance(made, FirstSeen) else 0


NONE = {velocity.name: of_none(velocity) for velocity in VELOCITIES}


def observation(
    payment_id: str,
    values: Mapping[str, Value] | None = None,
    at_us: int = NOW,
    merchant_id: str = "shop",
    *,
    test_mode: bool = False,
) -> Observation:
    return Observation(
        payment_id=payment_id,
        merchant_id=merchant_id,
        test_mode=test_mode,
        at_us=at_us,
        values=FULL if values is None else values,
    )


@pytest.fixture
def counters() -> MemoryCounters:
    return MemoryCounters(VELOCITIES)


async def observe(
    counters: Counters, one: Observation, velocities: Sequence[Velocity] = VELOCITIES
) -> dict[str, Value]:
    reading = await counters.observe(one)
    return dict(zip((velocity.name for velocity in velocities), reading.values, strict=True))


async def test_a_burst_on_one_card_is_seen_as_0_to_49(counters: MemoryCounters) -> None:
    readings = await asyncio.gather(*(observe(counters, observation(f"p{number}")) for number in range(50)))
    assert {reading["card_payments_10m"] for reading in readings} == set(range(50))


async def test_a_payment_is_not_counted_for_itself_and_a_tie_is(counters: MemoryCounters) -> None:
    first = await observe(counters, observation("p1"))
    assert first == NONE
    second = await observe(counters, observation("p2"))
    assert second["card_payments_10m"] == 1
    assert second["card_amount_usd_10m"] == 1_250
    assert second["ip_distinct_cards_10m"] == 1


async def test_a_window_is_open_at_its_start(counters: MemoryCounters) -> None:
    await counters.observe(observation("p1"))
    at_the_edge = await counters.read(observation("p2", at_us=NOW + HOUR - 1))
    just_past = await counters.read(observation("p2", at_us=NOW + HOUR))
    position = [velocity.name for velocity in VELOCITIES].index("card_payments_1h")
    assert (at_the_edge.values[position], just_past.values[position]) == (1, 0)


async def test_a_repeat_counts_nothing_and_reads_without_itself(counters: MemoryCounters) -> None:
    await counters.observe(observation("p1", FULL | {"email_normalized": "e0"}))
    first = await counters.observe(observation("p2"))
    again = await counters.observe(observation("p2", at_us=NOW + 1))
    assert again == replace(first, is_counted=False)
    later = await observe(counters, observation("p4", FULL | {"email_normalized": "e4"}, NOW + 1))
    assert later["card_payments_10m"] == 2
    assert later["card_distinct_emails_10m"] == 2


async def test_unknowns_stay_unknown_and_share_no_counter(counters: MemoryCounters) -> None:
    nothing = dict.fromkeys(FULL)
    await counters.observe(observation("p1", nothing))
    await counters.observe(observation("p2", {}))
    assert set((await observe(counters, observation("p3", {}))).values()) == {None}
    await counters.observe(observation("p4", {"card": "1"}))
    reading = await observe(counters, observation("p5"))
    assert reading["card_payments_10m"] == 1
    assert reading["card_amount_usd_10m"] == 0
    assert reading["card_distinct_emails_10m"] == 0
    assert reading["email_payments_10m"] == 0


async def test_merchants_and_modes_never_see_each_other(counters: MemoryCounters) -> None:
    for merchant_id, test_mode in (("shop", False), ("shop", True), ("other", False)):
        reading = await observe(counters, observation("p1", merchant_id=merchant_id, test_mode=test_mode))
        assert reading == NONE


async def test_a_dry_run_counts_nothing(counters: MemoryCounters) -> None:
    dry = await counters.read(observation("p1", at_us=NOW + HOUR))
    assert await counters.read(observation("p1", at_us=NOW + HOUR)) == dry
    counted = await counters.observe(observation("p1"))
    assert counted == replace(dry, counted_at_us=NOW, is_counted=True)


async def test_what_is_forgotten_was_never_there(counters: MemoryCounters) -> None:
    await counters.observe(observation("p1"))
    await counters.observe(observation("p2"))
    await counters.forget("shop", test_mode=False, payment_id="p2")
    await counters.forget("shop", test_mode=False, payment_id="p2")
    await counters.forget("nobody", test_mode=False, payment_id="p1")
    reading = await counters.observe(observation("p2"))
    assert reading.values == tuple(map(of_one, VELOCITIES))
    assert reading.sequence == 3


async def test_time_does_not_go_back(counters: MemoryCounters) -> None:
    await counters.observe(observation("p1"))
    await counters.observe(observation("p2", at_us=NOW - 1, merchant_id="other"))
    with pytest.raises(AssertionError):
        await counters.observe(observation("p3", at_us=NOW - 1))


async def test_sequences_go_on_after_the_highest_restored(counters: MemoryCounters) -> None:
    # Where counting ran out of time, a payment is recorded with the sequence of the one before.
    held = [(7, observation("p1")), (9, observation("p2")), (9, observation("p2")), (9, observation("p2b"))]
    assert counters.restore(held) == 3
    assert (await counters.observe(observation("p1"))).sequence == 7
    assert (await counters.observe(observation("p3"))).sequence == 10
    with pytest.raises(AssertionError):
        counters.restore([(8, observation("p4"))])


def event(status: Status, payment_id: str = "p1", at_us: int = NOW, *, test_mode: bool = False) -> StatusEvent:
    return StatusEvent(
        payment_id=payment_id, merchant_id="shop", test_mode=test_mode, status=status, at_us=at_us, values=FULL
    )


@pytest.mark.parametrize("status", sorted({each.status for each in VELOCITIES if each.status}))
async def test_what_was_learnt_of_a_payment_is_seen_by_others_alone(counters: MemoryCounters, status: Status) -> None:
    window = "30d" if status in (Status.REFUNDED, Status.DISPUTED) else "1h"
    name = f"card_{status}_{window}"
    await observe(counters, observation("p1"))
    assert await counters.record(event(status))
    assert not await counters.record(event(status)), "once per payment and status"
    assert (await observe(counters, observation("p1")))[name] == 0, "a later stage"
    seen = await observe(counters, observation("p2"))
    assert seen[name] == 1
    others = {f"card_{other}_1h" for other in (Status.AUTHORIZED, Status.DECLINED, Status.BLOCKED)} - {name}
    assert {seen[other] for other in others} == {0}
    assert (await observe(counters, observation("p3", test_mode=True)))[name] == 0


async def test_a_status_counts_from_when_we_learnt_it(counters: MemoryCounters) -> None:
    await observe(counters, observation("p1"))
    await counters.record(event(Status.DECLINED, at_us=NOW + 20 * HOUR))
    late = await observe(counters, observation("p2", at_us=NOW + 20 * HOUR + HOUR - 1))
    assert (late["card_declined_1h"], late["card_payments_1h"]) == (1, 0)
    assert (await observe(counters, observation("p3", at_us=NOW + 21 * HOUR)))["card_declined_1h"] == 0


async def test_what_is_taken_back_was_never_learnt(counters: MemoryCounters) -> None:
    await observe(counters, observation("p1"))
    await counters.record(event(Status.BLOCKED))
    await counters.record(event(Status.BLOCKED, at_us=NOW + 1))
    await counters.retract(event(Status.BLOCKED))
    seen = await observe(counters, observation("p2", at_us=NOW + 1))
    assert seen["card_blocked_1h"] == 1, "the other event stands"
    await counters.retract(event(Status.BLOCKED, at_us=NOW + 1))
    await counters.retract(event(Status.BLOCKED, "unknown"))
    assert (await observe(counters, observation("p3", at_us=NOW + 1)))["card_blocked_1h"] == 0


async def test_what_was_learnt_of_a_payment_is_forgotten_with_it(counters: MemoryCounters) -> None:
    await observe(counters, observation("p1"))
    await counters.record(event(Status.DECLINED))
    await counters.forget("shop", test_mode=False, payment_id="p1")
    assert (await observe(counters, observation("p2")))["card_declined_24h"] == 0
    assert await counters.record(event(Status.DECLINED)), "as if never recorded"


async def test_a_payment_under_way_when_filling_begins_is_waited_for() -> None:
    """Its sequence is before that of a payment written already: read without it, time would go back."""
    counters = MemoryCounters(VELOCITIES)
    own = CustomField(name="tier", type=CustomType.STRING, is_velocity_key=True).velocities()
    values = FULL | {"custom_tier": "gold"}
    seen = [observation(f"p{number}", values, NOW + number) for number in range(4)]
    read: list[int] = []

    def history() -> Iterator[Recorded]:
        # The second was counted before the beginning, and is written when the ledger is read a second time.
        read.append(len(read))
        yield from [(1, seen[0]), (2, seen[1]), (3, seen[2]), (4, seen[3])][:: 2 if len(read) == 1 else 1]

    for one in seen[:3]:
        await counters.observe(one)
    keeping = asyncio.create_task(counters.keep("shop", (*VELOCITIES, *own), history))
    await asyncio.sleep(0)
    await counters.observe(seen[3])
    await keeping
    reading = await counters.read(observation("probe", values, NOW + 9))
    assert len(read) == 2
    assert reading.values[len(VELOCITIES)] == reading.values[0] == 4


async def test_an_event_taken_back_while_filling_stays_taken_back() -> None:
    counters = MemoryCounters(VELOCITIES)
    own = CustomField(name="tier", type=CustomType.STRING, is_velocity_key=True).velocities()
    history: list[Recorded] = [(1, observation("p1")), (2, observation("p2"))]
    for each in history:
        assert isinstance(each, tuple)
        await counters.observe(each[1])
    keeping = asyncio.create_task(counters.keep("shop", (*VELOCITIES, *own), lambda: iter(history)))
    await asyncio.sleep(0)
    for payment_id in ("p1", "p2"):
        await counters.record(event(Status.DECLINED, payment_id))
    await counters.retract(event(Status.DECLINED, "p1"))
    await keeping
    reading = await observe(counters, observation("p3"), (*VELOCITIES, *own))
    assert (reading["card_payments_1h"], reading["card_declined_1h"]) == (2, 1)


async def test_keeping_what_is_kept_reads_nothing_and_a_failed_reading_changes_nothing() -> None:
    counters = MemoryCounters(VELOCITIES)
    await counters.observe(observation("p1"))

    def failing() -> Iterator[Recorded]:
        yield 1, observation("p1")
        raise LedgerUnavailable("The ledger is not available: for the test. Retry.")

    await counters.keep("shop", VELOCITIES, failing)
    own = CustomField(name="tier", type=CustomType.STRING, is_velocity_key=True).velocities()
    with pytest.raises(LedgerUnavailable):
        await counters.keep("shop", (*VELOCITIES, *own), failing)
    reading = await counters.observe(observation("p2"))
    assert len(reading.values) == len(VELOCITIES)
    assert reading.values[0] == 1


async def test_amounts_have_no_limit(counters: MemoryCounters) -> None:
    huge = 2**62
    for number in range(4):
        await counters.observe(observation(f"p{number}", FULL | {"amount_in_usd": huge}))
    assert (await observe(counters, observation("p9")))["card_amount_usd_30d"] == 4 * huge


async def test_one_velocity_alone() -> None:
    counters = MemoryCounters(
        [Velocity(name="v", key=("card", "device"), aggregate=Count(), window="1h", doc="For the tests.")]
    )
    await counters.observe(observation("p1"))
    assert (await counters.observe(observation("p2"))).values == (1,)
    assert (await counters.observe(observation("p3", {"card": "1"}))).values == (None,)


async def test_a_quiet_year_is_dropped_a_little_at_a_time(counters: MemoryCounters) -> None:
    """Nothing of what is long gone stays, however many cards there were."""
    for number in range(5_000):
        values: dict[str, Value] = {
            "card": f"c{number}",
            "email_normalized": f"e{number}",
            "ip_normalized": f"i{number}",
            "amount_in_usd": 1,
        }
        await counters.observe(observation(f"p{number}", values))
    for number in range(5_000):
        await counters.observe(observation(f"q{number}", at_us=NOW + 8_760 * HOUR + number * 24 * HOUR))
    assert counters.held() == (30, KEYS)


async def test_the_garbage_collector_walks_next_to_nothing_of_what_is_held(counters: MemoryCounters) -> None:
    """Fifteen objects a payment once held up the server for a third of a second."""
    await counters.observe(observation("first"))
    gc.collect()
    before = len(gc.get_objects())
    for number in range(4_000):
        values: dict[str, Value] = {
            "card": f"c{number * 7 // 10}",
            "email": f"e{number * 7 // 10}",
            "ip_address": f"i{number % 900}",
            "amount_in_usd": number,
        }
        await counters.observe(observation(f"p{number}", values, NOW + number))
    gc.collect()
    assert len(gc.get_objects()) - before < 100


async def test_a_merchants_own_velocities_go_with_the_networks() -> None:
    """Its rows have other features in other places than those of the network."""
    shared = velocity("card_network", ("card",), Count(), "1h", scope=VelocityScope.NETWORK)
    own = velocity("tier_own", ("tier", "email"), Count(), "1h")
    counters = MemoryCounters([shared], {"shop": [own, shared]})
    values: dict[str, Value] = {"card": "c1", "tier": "gold", "email": "e1"}
    await counters.observe(observation("p1", values))
    await counters.observe(observation("p1", values, merchant_id="other"))
    assert (await counters.observe(observation("p2", values))).values == (1, 2)
    assert (await counters.observe(observation("p2", values, merchant_id="other"))).values == (3,)


async def test_what_is_counted_over_all_merchants_is_the_same_for_each() -> None:
    shared = velocity("card_network", ("card",), Count(), "1h", scope=VelocityScope.NETWORK)
    own = velocity("email_network", ("email",), Count(), "1h", scope=VelocityScope.NETWORK)
    MemoryCounters([shared], {"shop": [shared]})
    for velocities in ([own], [own, shared], VELOCITIES):
        with pytest.raises(AssertionError, match="the same for each"):
            MemoryCounters([shared], {"shop": velocities})


async def test_the_network_sees_other_merchants_and_never_another_mode() -> None:
    shared = velocity("card_network", ("card",), Count(), "1h", scope=VelocityScope.NETWORK)
    counters = MemoryCounters([shared, velocity("card_own", ("card",), Count(), "1h")])
    assert (await counters.observe(observation("p1", merchant_id="a"))).values == (0, 0)
    assert (await counters.observe(observation("p1", merchant_id="b"))).values == (1, 0), "another payment's id"
    assert (await counters.observe(observation("p1", merchant_id="b"))).values == (1, 0), "a later stage"
    assert (await counters.observe(observation("p2", merchant_id="b", test_mode=True))).values == (0, 0)
    await counters.forget("a", test_mode=False, payment_id="p1")
    assert (await counters.observe(observation("p3", merchant_id="c"))).values == (1, 0)


@contextmanager
def counting_lines() -> Iterator[Callable[[], int]]:
    """Counts the lines run: work, as the machine's speed does not change it."""
    lines = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> "TraceFunction":
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: lines
    finally:
        sys.settrace(before)


async def lines_of(counters: MemoryCounters, one: Observation) -> int:
    with counting_lines() as lines:
        await counters.observe(one)
    return lines()


async def test_a_hot_key_costs_little_more_than_a_cold_one(counters: MemoryCounters) -> None:
    """200,000 payments of one IP address within the window: the trees are ten deep, so a thousand lines more."""
    payments = 200_000
    values: dict[str, Value] = {"email_normalized": "e1", "ip_normalized": "i1", "amount_in_usd": 1_250}
    counters.restore(
        (number + 1, observation(f"p{number}", values | {"card": f"c{number % 90_000}"}, NOW + number * 10_000_000))
        for number in range(payments)
    )
    end = NOW + payments * 10_000_000
    hot = await lines_of(counters, observation("hot", values | {"card": "c77"}, end))
    cold_values: dict[str, Value] = {
        "card": "c78",
        "email_normalized": "new",
        "ip_normalized": "new",
        "amount_in_usd": 1,
    }
    cold = await lines_of(counters, observation("cold", cold_values, end))
    repeated = await lines_of(counters, observation("hot", values | {"card": "c77"}, end))
    assert max(hot, repeated) < cold + 1_500
