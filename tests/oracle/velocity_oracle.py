"""The slow and plainly right oracle of the velocities, and the streams that it is asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from engine.features import Value
from engine.velocity import Aggregate, Count, Distinct, Observation, Reading, Status, StatusEvent, Total, Velocity
from engine.velocity.spec import (
    Average,
    FirstSeen,
    LastSeen,
    Linked,
    Maximum,
    Minimum,
    NewPairs,
    Shared,
    VelocityScope,
)
from tests.oracle.linked_oracle import Component, component, is_of

SECOND = 1_000_000
SCOPES = (("shop", False), ("shop", True), ("other", False))

FULL: dict[str, Value] = {"card": "c1", "email": "e1", "ip_address": "i1", "amount_in_usd": 7}

Seen = Observation | StatusEvent
Stream = Sequence[tuple[str, Seen]]
"""Actions and what they are done to; one that supersedes a payment names it: "observe p3"."""


def velocity(
    name: str,
    key: tuple[str, ...],
    aggregate: Aggregate,
    window: str,
    status: Status | None = None,
    **more: Any,
) -> Velocity:
    return Velocity(name=name, key=key, aggregate=aggregate, window=window, doc="For the tests.", status=status, **more)


MIXED = (
    velocity("pair_count", ("card", "ip_address"), Count(), "3s"),
    velocity("card_declined", ("card",), Count(), "5s", Status.DECLINED),
    velocity("card_emails", ("card",), Distinct("email"), "20s"),
    velocity("card_count", ("card",), Count(), "5s"),
    velocity("card_declined_total", ("card",), Total("amount_in_usd"), "8s", Status.DECLINED),
    velocity("card_total", ("card",), Total("amount_in_usd"), "20s"),
    velocity("ip_blocked_cards", ("ip_address",), Distinct("card"), "5s", Status.BLOCKED),
    velocity("email_cards", ("email",), Distinct("card"), "5s"),
    velocity("pair_emails", ("ip_address", "card"), Distinct("email"), "20s"),
    velocity("email_ips", ("email",), Distinct("ip_address"), "3s"),
    velocity("email_total", ("email",), Total("amount_in_usd"), "3s"),
    velocity("email_declined_1s", ("email",), Count(), "1s", Status.DECLINED),
    velocity("card_count_1s", ("card",), Count(), "1s"),
    velocity("card_ips", ("card",), Distinct("ip_address"), "5s"),
    velocity("pair_blocked", ("ip_address", "email"), Count(), "3s", Status.BLOCKED),
)
"""Windows of seconds, so that streams of seconds outlive the longest; keys of one and two, windows that differ."""


EVERYTHING = (
    *MIXED,
    velocity("card_average", ("card",), Average("amount_in_usd"), "5s"),
    velocity("card_least", ("card",), Minimum("amount_in_usd"), "8s"),
    velocity("email_most", ("email",), Maximum("amount_in_usd"), "20s"),
    velocity("card_first", ("card",), FirstSeen(), "20s"),
    velocity("card_first_ever", ("card",), FirstSeen(), "all"),
    velocity("card_last", ("card",), LastSeen(), "all"),
    velocity("pair_last", ("card", "ip_address"), LastSeen(), "5s"),
    velocity("email_ever", ("email",), Count(), "all"),
    velocity("email_total_ever", ("email",), Total("amount_in_usd"), "all"),
    velocity("email_cards_ever", ("email",), Distinct("card"), "all"),
    velocity("ip_most_ever", ("ip_address",), Maximum("amount_in_usd"), "all"),
    velocity("card_declined_last", ("card",), LastSeen(), "20s", Status.DECLINED),
    velocity("card_declined_average", ("card",), Average("amount_in_usd"), "20s", Status.DECLINED),
    velocity("card_late_count", ("card",), Count(), "5s", delay="3s"),
    velocity("card_late_emails", ("card",), Distinct("email"), "20s", delay="1s"),
    velocity("card_late_total_ever", ("card",), Total("amount_in_usd"), "all", delay="3s"),
    velocity("card_late_first", ("card",), FirstSeen(), "8s", delay="3s"),
    velocity("card_late_most", ("card",), Maximum("amount_in_usd"), "8s", delay="1s"),
    velocity("card_late_declined", ("card",), Count(), "5s", Status.DECLINED, delay="3s"),
    velocity("card_i1", ("card",), Count(), "20s", where=(("ip_address", "i1"),)),
    velocity("card_i1_emails", ("card",), Distinct("email"), "5s", where=(("ip_address", "i1"),)),
    velocity("card_250_i2", ("card",), Total("amount_in_usd"), "20s", where=(("amount_in_usd", 250), ("email", "e1"))),
    velocity("ip_i1_blocked", ("email",), Count(), "20s", Status.BLOCKED, where=(("ip_address", "i1"),)),
    velocity("card_network", ("card",), Count(), "5s", scope=VelocityScope.NETWORK),
    velocity("card_network_emails", ("card",), Distinct("email"), "20s", scope=VelocityScope.NETWORK),
    velocity("card_network_declined", ("card",), Count(), "20s", Status.DECLINED, scope=VelocityScope.NETWORK),
    velocity("card_network_last", ("card",), LastSeen(), "all", scope=VelocityScope.NETWORK),
    velocity("card_disputed", ("card",), Count(), "20s", Status.DISPUTED),
    velocity("card_disputed_ever", ("card",), Count(), "all", Status.DISPUTED),
    velocity("ip_warned", ("ip_address",), Count(), "20s", Status.FRAUD_WARNING),
    velocity("ip_warned_cards", ("ip_address",), Distinct("card"), "8s", Status.FRAUD_WARNING),
    velocity("card_since_good", ("card",), Count(), "20s", since=Status.AUTHORIZED),
    velocity("card_declined_since_good", ("card",), Count(), "20s", Status.DECLINED, since=Status.AUTHORIZED),
    velocity("email_declined_cards_since_good", ("email",), Distinct("card"), "all", Status.DECLINED,
             since=Status.AUTHORIZED),
    velocity("card_total_since_good_network", ("card",), Total("amount_in_usd"), "20s", since=Status.AUTHORIZED,
             scope=VelocityScope.NETWORK),
)  # fmt: skip
"""Every aggregate, window, status, delay, filter and scope; what a store cannot count yet stays out of its tests."""


@dataclass(slots=True)
class Came:
    """A payment that came to a status: all events that stand, of which the first counts."""

    standing: list[StatusEvent]

    @property
    def event(self) -> StatusEvent:
        return self.standing[0]


@dataclass(slots=True)
class Oracle:
    """Keeps everything, compares everything with everything."""

    velocities: Sequence[Velocity]
    seen: list[tuple[int, Observation]] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)
    events: list[StatusEvent] = field(default_factory=list)
    """All events that stand, in their order."""
    sequence: int = 0
    components: dict[tuple[tuple[str, ...], int], Component] = field(default_factory=dict)
    """What is linked with the payment that is read now."""

    def first(self, now: Observation) -> tuple[int, Observation] | None:
        longest = max(reach_us(velocity) for velocity in self.velocities)
        same = [
            (sequence, one) for sequence, one in self.seen if name(one) == name(now) and one.at_us > now.at_us - longest
        ]
        return same[-1] if same else None

    def read(self, now: Observation, superseded: str | None = None) -> Reading:
        own = self.first(now)
        self.components.clear()
        others = [
            one
            for sequence, one in self.seen
            if (own is None or sequence != own[0]) and not self.is_named(one, now, superseded)
        ]
        values = tuple(self.value(velocity, now, others, superseded) for velocity in self.velocities)
        sequence, first = own or (self.sequence + 1, now)
        return Reading(
            values=values,
            velocities=tuple(self.velocities),
            sequence=sequence,
            counted_at_us=first.at_us,
            is_counted=False,
        )

    def value(self, velocity: Velocity, now: Observation, others: Sequence[Seen], superseded: str | None) -> Value:
        key = [now.values.get(name) for name in velocity.key]
        if isinstance(velocity.aggregate, Linked):
            if not any(each is not None for each in key):
                return None
            events = None if velocity.status is None else self.stream(velocity.status, now, (), superseded)
            known = (velocity.key, velocity.aggregate.within_us)
            if known not in self.components:
                own = [one for one in others if scope(one) == scope(now)]
                self.components[known] = component(*known, now, own)
            return linked(velocity, now, self.components[known], events)
        if None in key:
            return None
        others = [
            one for one in self.stream(velocity.status, now, others, superseded) if matches(velocity, key, one, now)
        ]
        end = now.at_us - velocity.delay_us
        start = -1 if velocity.window_us is None else end - velocity.window_us
        if velocity.since is not None:
            anew = [e.at_us for e in self.stream(velocity.since, now, (), superseded) if has_key(velocity, key, e, now)]
            start = max(start, *(at_us for at_us in anew if at_us <= now.at_us), -1)
        inside = [one for one in others if start < one.at_us <= end]
        return aggregated(velocity.aggregate, [one.values for one in inside], [now.at_us - one.at_us for one in inside])

    def stream(
        self, status: Status | None, now: Observation, payments: Sequence[Seen], superseded: str | None
    ) -> Sequence[Seen]:
        if status is None:
            return payments
        came = [each.event for each in self.came if each.event.status is status]
        return [e for e in came if not self.is_named(e, now, now.payment_id) and not self.is_named(e, now, superseded)]

    def is_named(self, one: Seen, now: Observation, payment_id: str | None) -> bool:
        """Whether it is, or is an event of, a payment of this id that is still remembered: else it is another's."""
        if payment_id is None or name(one) != (*scope(now), payment_id):
            return False
        return one.at_us > now.at_us - self.remembered_us(one)

    def remembered_us(self, one: Seen) -> int:
        """How long its id is remembered."""
        looking = self.velocities
        if isinstance(one, StatusEvent):
            looking = [each for each in looking if one.status in (each.status, each.since)]
        return max(map(reach_us, looking), default=0)

    def is_remembered(self, seen: Seen, now_us: int) -> bool:
        """Whether all that is held of its payment and events may still be taken back."""
        held: list[Seen] = [*(one for _, one in self.seen), *self.events]
        return all(one.at_us > now_us - self.remembered_us(one) for one in held if name(one) == name(seen))

    def observe(self, now: Observation, superseded: str | None = None) -> Reading:
        reading = self.read(now, superseded)
        if self.first(now) is not None:
            return reading
        self.sequence += 1
        self.seen.append((self.sequence, now))
        return replace(reading, is_counted=True)

    def record(self, event: StatusEvent) -> bool:
        windows = [reach_us(each) for each in self.velocities if event.status in (each.status, each.since)]
        if not windows:
            return False
        self.events.append(event)
        for came in self.came:
            if is_same(came.event, event) and came.event.at_us > event.at_us - max(windows):
                came.standing.append(event)
                return False
        self.came.append(Came([event]))
        return True

    def retract(self, event: StatusEvent) -> None:
        for came in self.came[::-1]:
            if is_same(came.event, event):
                alike = [each for each in came.standing if is_alike(each, event)]
                if alike:
                    came.standing.remove(alike[-1])
                    self.events.remove(alike[-1])
                if not came.standing:
                    self.came.remove(came)
                return

    def forget(self, now: Observation) -> None:
        if (own := self.first(now)) is not None:
            self.seen.remove(own)
        self.came = [each for each in self.came if name(each.event) != name(now)]
        self.events = [each for each in self.events if name(each) != name(now)]

    def restart(self) -> None:
        """Begin anew with what the ledger would hold."""
        self.sequence = max((sequence for sequence, _ in self.seen), default=0)
        events, self.events, self.came = self.events, [], []
        for event in events:
            self.record(event)


def reach_us(velocity: Velocity) -> int:
    """How long an id is remembered for this velocity: all time is no reason to remember ids for ever."""
    return 0 if velocity.window_us is None else velocity.window_us + velocity.delay_us


def has_key(velocity: Velocity, key: Sequence[Value], one: Seen, now: Observation) -> bool:
    is_scope = one.test_mode == now.test_mode if velocity.scope is VelocityScope.NETWORK else scope(one) == scope(now)
    return is_scope and [one.values.get(name) for name in velocity.key] == key


def matches(velocity: Velocity, key: Sequence[Value], one: Seen, now: Observation) -> bool:
    return has_key(velocity, key, one, now) and all(one.values.get(name) == value for name, value in velocity.where)


def linked(velocity: Velocity, now: Observation, found: Component, events: Sequence[Seen] | None) -> Value:
    """What is made of what is linked, or of the events of its ids."""
    aggregate = velocity.aggregate
    assert isinstance(aggregate, Linked)
    if isinstance(aggregate.of, NewPairs):
        return found.new_pairs
    if isinstance(aggregate.of, Shared):
        return found.shared
    items = found.payments
    if events is not None:
        start = now.at_us - (velocity.window_us or 0)
        inside = [one for one in events if scope(one) == scope(now) and start < one.at_us <= now.at_us]
        items = [event for event in inside if any(is_of(one, event) for one in found.followed)]
    return aggregated(aggregate.of, [one.values for one in items], [now.at_us - one.at_us for one in items])


def aggregated(aggregate: Aggregate, items: Sequence[Mapping[str, Value]], ages_us: Sequence[int]) -> Value:
    """What an aggregate makes of the items in the window and of how long ago each was."""
    assert not isinstance(aggregate, Linked), "what is linked is found before"
    amounts: list[int] = []
    if isinstance(aggregate, Total | Average | Minimum | Maximum):
        amounts = [amount for values in items if isinstance(amount := values.get(aggregate.amount), int)]
    match aggregate:
        case Count():
            return len(items)
        case Total():
            return sum(amounts)
        case Average():
            return (2 * sum(amounts) + len(amounts)) // (2 * len(amounts)) if amounts else None
        case Minimum():
            return min(amounts, default=None)
        case Maximum():
            return max(amounts, default=None)
        case Distinct(value=value):
            return len({values.get(value) for values in items} - {None})
        case FirstSeen():
            return max(ages_us) // SECOND if ages_us else None
        case LastSeen():
            return min(ages_us) // SECOND if ages_us else None


def scope(one: Seen) -> tuple[str, bool]:
    return one.merchant_id, one.test_mode


def name(one: Seen) -> tuple[str, bool, str]:
    return one.merchant_id, one.test_mode, one.payment_id


def is_same(one: StatusEvent, other: StatusEvent) -> bool:
    return name(one) == name(other) and one.status is other.status


def is_alike(one: StatusEvent, other: StatusEvent) -> bool:
    """Whether two events to one status are one and the same, as far as counters can tell."""
    return one.at_us == other.at_us and all(one.values.get(each) == other.values.get(each) for each in FULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens next: `observe`, `read`, `forget` or `record`, to the payment `back` steps ago, 0 is a new one;
    `retract` takes back the event recorded that many before the last; or `restart`.
    """

    action: str
    wait_us: int
    scope: tuple[str, bool]
    values: dict[str, Value]
    back: int
    status: Status
    supersedes: int = 0
    """An observe or a read is done in the place of the payment so many steps ago; 0 is none."""


ACTIONS = ("observe",) * 9 + ("read", "forget", "forget", "restart") + ("record",) * 5 + ("retract",) * 2
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "card": st.sampled_from(("c1", "c1", "c2", "c3", None)),
        "email": st.sampled_from(("e1", "e1", "e2", "e3", None)),
        "ip_address": st.sampled_from(("i1", "i2", None)),
        "amount_in_usd": st.sampled_from((0, 1, 250, 99_999, None)),
    },
)


def steps(second: int = SECOND, least: int = 0, most: int = 60) -> st.SearchStrategy[list[Step]]:
    waits = st.sampled_from((0, 0, 0, 1, second // 2, second, second, 3 * second, 7 * second, 21 * second))
    step = st.builds(
        Step,
        action=st.sampled_from(ACTIONS),
        wait_us=waits,
        scope=st.sampled_from((SCOPES[0], *SCOPES)),
        values=VALUES,
        back=st.sampled_from((0, 0, 0, 1, 2, 3, 5, 8)),
        status=st.sampled_from(
            (
                *(Status.DECLINED, Status.DECLINED, Status.BLOCKED, Status.AUTHORIZED),
                *(Status.DISPUTED, Status.FRAUD_WARNING),
            )
        ),
        supersedes=st.sampled_from((0, 0, 0, 1, 2, 4)),
    )
    return st.lists(step, min_size=least, max_size=most)


def stream_of(steps: Sequence[Step]) -> list[tuple[str, Seen]]:
    """The steps with times and ids: a repeat takes the id of an earlier step, with values of its own."""
    at_us, made, recorded = 1_000 * SECOND, list[tuple[str, Seen]](), list[StatusEvent]()
    for number, step in enumerate(steps):
        at_us += step.wait_us
        action, payment_id, (merchant_id, test_mode) = step.action, f"p{number}", step.scope
        # A forget takes back a step before, and a record tells of one; only as the very first it finds nothing.
        back = min(max(step.back, int(action in ("forget", "record"))), number)
        if back:
            merchant_id, test_mode, payment_id = name(made[-back][1])
        named = {"payment_id": payment_id, "merchant_id": merchant_id, "test_mode": test_mode, "at_us": at_us}
        seen: Seen = Observation(**named, values=step.values)  # type: ignore[arg-type]
        if action == "record":
            seen = StatusEvent(**named, values=step.values, status=step.status)  # type: ignore[arg-type]
            recorded.append(seen)
        elif action == "retract":
            if recorded:
                seen = recorded[-1 - min(step.back, len(recorded) - 1)]
            else:
                action = "observe"
        if action in ("observe", "read") and 0 < step.supersedes <= number:
            action += f" {made[-step.supersedes][1].payment_id}"
        made.append((action, seen))
    return made
