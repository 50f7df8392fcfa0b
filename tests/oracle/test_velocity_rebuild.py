"""Counters rebuilt from the ledger read what those read that were there all along, and the oracle with them."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.custom import CustomField, CustomType
from engine.ledger import DecisionRecord, VersionKind
from engine.outcome import Outcome, OutcomeKind
from engine.payment import EPOCH, PaymentKey, Stage
from engine.rebuild import rebuild, rebuild_of
from engine.stores.memory import MemoryCounters
from engine.stores.memory_ledger import MemoryLedger, MemoryOutcomes
from engine.velocity import Observation, Reading, Status, StatusEvent
from tests.oracle.velocity_oracle import EVERYTHING, SCOPES, SECOND, Oracle, Step, steps

INPUTS = ("card", "email", "ip_address", "amount_in_usd")
TIER = CustomField(name="tier", type=CustomType.STRING, is_velocity_key=True)
PROBES = [
    {"card": card, "email": email, "ip_address": ip}
    for card in ("c1", "c2")
    for email in ("e1", "e2")
    for ip in ("i1", "i2")
]
KINDS = {
    Status.DECLINED: OutcomeKind.DECLINED,
    Status.AUTHORIZED: OutcomeKind.AUTHORIZED,
    Status.DISPUTED: OutcomeKind.DISPUTED,
    Status.FRAUD_WARNING: OutcomeKind.FRAUD_WARNING,
}


@dataclass(slots=True)
class House:
    """A ledger, counters and the oracle, to which the same things happen."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    counters: MemoryCounters = field(default_factory=lambda: MemoryCounters(EVERYTHING))
    oracle: Oracle = field(default_factory=lambda: Oracle(EVERYTHING))
    outcomes: MemoryOutcomes = field(init=False)
    decided: list[tuple[Observation, DecisionRecord]] = field(default_factory=list)
    came: set[tuple[str, Status]] = field(default_factory=set)
    superseded: set[str] = field(default_factory=set)
    now_us: int = 1_000 * SECOND

    def __post_init__(self) -> None:
        self.outcomes = MemoryOutcomes(self.ledger)
        self.ledger.keep_version(VersionKind.SNAPSHOT, "v1", orjson.dumps({"catalog": "c1"}))
        self.ledger.keep_version(VersionKind.CATALOG, "c1", orjson.dumps([{"name": name} for name in INPUTS]))

    async def play(self, step: Step, number: int) -> None:
        self.now_us += step.wait_us
        decided = self.decided[-min(step.back, len(self.decided))] if step.back and self.decided else None
        match step.action:
            case "record":
                if decided is not None:
                    await self.report(decided, step.status)
            case "forget" if decided is not None and self.may_be_superseded(decided[0]):
                await self.decide(step, number, supersedes=decided[0])
            case "read" | "retract":
                await self.lose(step, number)
            case _:
                await self.decide(step, number, again=decided)

    def may_be_superseded(self, one: Observation) -> bool:
        """Once, and while it is remembered: nobody takes back what is a month old."""
        return one.payment_id not in self.superseded and self.oracle.is_remembered(one, self.now_us)

    def seen(self, step: Step, number: int) -> Observation:
        merchant_id, test_mode = step.scope
        return Observation(
            payment_id=f"p{number}",
            merchant_id=merchant_id,
            test_mode=test_mode,
            at_us=self.now_us,
            values=step.values,
        )

    async def decide(
        self,
        step: Step,
        number: int,
        again: tuple[Observation, DecisionRecord] | None = None,
        supersedes: Observation | None = None,
    ) -> None:
        """Decide a new payment or a later stage of one, and block where the step's status says so."""
        now, stage = self.seen(step, number), Stage.PRE_AUTH
        if again is not None:
            now = replace(again[0], at_us=self.now_us, values=step.values)
            stages = [record.key.stage for one, record in self.decided if one.payment_id == now.payment_id]
            if len(stages) == len(Stage):
                return
            stage = [*Stage][len(stages)]
        if supersedes is not None:
            now = replace(now, merchant_id=supersedes.merchant_id, test_mode=supersedes.test_mode)
        left_out = None if supersedes is None else supersedes.payment_id
        is_counted = now.payment_id not in self.superseded
        if is_counted:
            reading = await self.counters.observe(now, superseded=left_out)
            assert reading == self.oracle.observe(now, left_out)
        else:
            reading = await self.counters.read(now, superseded=left_out)
            assert reading == self.oracle.read(now, left_out)
        is_blocked = step.status is Status.BLOCKED and (now.payment_id, Status.BLOCKED) not in self.came
        if is_blocked and is_counted:
            await self.record(now, Status.BLOCKED)
        record = self.record_of(now, reading, stage, supersedes, action="block" if is_blocked else "allow")
        await self.ledger.append(record)
        self.decided.append((now, record))
        if supersedes is not None:
            self.superseded.add(supersedes.payment_id)
            self.oracle.forget(supersedes)
            await self.counters.forget(
                supersedes.merchant_id, test_mode=supersedes.test_mode, payment_id=supersedes.payment_id
            )

    async def report(self, decided: tuple[Observation, DecisionRecord], status: Status) -> None:
        """Report an outcome, each kind once a payment."""
        now, record = decided
        if status not in KINDS or (now.payment_id, status) in self.came or now.payment_id in self.superseded:
            return
        await self.record(replace(now, at_us=self.now_us), status)
        await self.outcomes.append(
            Outcome(
                id=f"out_{len(self.outcomes)}",
                decision_id=record.id,
                merchant_id=now.merchant_id,
                test_mode=now.test_mode,
                transaction_id=now.payment_id,
                kind=KINDS[status],
                occurred_at=None,
                received_at=EPOCH + timedelta(microseconds=self.now_us),
                idempotency_key=None,
                fingerprint=status.encode(),
                details=b"{}",
                answer=b"",
            )
        )

    async def lose(self, step: Step, number: int) -> None:
        """A payment is counted and blocked, and its decision never becomes durable."""
        now = self.seen(step, number)
        assert await self.counters.observe(now) == self.oracle.observe(now)
        await self.record(now, Status.BLOCKED)
        await self.counters.forget(now.merchant_id, test_mode=now.test_mode, payment_id=now.payment_id)
        self.oracle.forget(now)

    async def record(self, now: Observation, status: Status) -> None:
        self.came.add((now.payment_id, status))
        event = StatusEvent(
            payment_id=now.payment_id,
            merchant_id=now.merchant_id,
            test_mode=now.test_mode,
            status=status,
            at_us=now.at_us,
            values=now.values,
        )
        assert await self.counters.record(event) == self.oracle.record(event)

    def record_of(
        self, now: Observation, reading: Reading, stage: Stage, supersedes: Observation | None, action: str
    ) -> DecisionRecord:
        said: dict[str, object] = {
            "action": action,
            "score": None,
            "level": "normal",
            "reasons": [],
            "rules": "",
            "features": [now.values.get(name) for name in INPUTS],
            "causes": {},
            "degraded": [],
            "versions": "v1",
            "lists": 0,
        }
        at = EPOCH + timedelta(microseconds=now.at_us)
        return DecisionRecord(
            id=f"dec_{len(self.decided)}",
            key=PaymentKey(
                merchant_id=now.merchant_id, test_mode=now.test_mode, transaction_id=now.payment_id, stage=stage
            ),
            at=at,
            sequence=reading.sequence,
            counted_at=EPOCH + timedelta(microseconds=reading.counted_at_us),
            idempotency_key=None,
            fingerprint=b"",
            payment=orjson.dumps({"custom": {"tier": now.values.get("email") or 7}}),
            decision=orjson.dumps(said),
            answer=b"",
            supersedes=None if supersedes is None else supersedes.payment_id,
        )

    async def assert_same(self, rebuilt: MemoryCounters) -> None:
        for merchant_id, test_mode in SCOPES:
            for number, values in enumerate(PROBES):
                probe = Observation(
                    payment_id=f"probe{number}",
                    merchant_id=merchant_id,
                    test_mode=test_mode,
                    at_us=self.now_us,
                    values=values,
                )
                expected = self.oracle.read(probe)
                assert (await self.counters.read(probe)).values == expected.values
                assert (await rebuilt.read(probe)).values == expected.values
            for one, _ in self.decided[-5:]:
                if (one.merchant_id, one.test_mode) == (merchant_id, test_mode):
                    later = replace(one, at_us=self.now_us)
                    assert (await rebuilt.read(later)).values == self.oracle.read(later).values


async def rebuilt_is_the_same(stream: list[Step]) -> None:
    house = House()
    for number, step in enumerate(stream):
        await house.play(step, number)
    rebuilt, last_at = MemoryCounters(EVERYTHING), {}  # type: ignore[var-annotated]
    rebuilt.restore(rebuild(house.ledger, house.outcomes, EVERYTHING, last_at))
    await house.assert_same(rebuilt)
    outcomes = [outcome for outcome, _ in house.outcomes.recent(timedelta(days=1))]
    for scope in {(one.merchant_id, one.test_mode) for one, _ in house.decided}:
        times = [record.at for one, record in house.decided if (one.merchant_id, one.test_mode) == scope]
        times += [each.received_at for each in outcomes if (each.merchant_id, each.test_mode) == scope]
        assert last_at[scope] == max(times), "time goes on from the newest of payments and outcomes"


@given(steps(least=25))
@settings(max_examples=200)
def test_rebuilt_counters_read_the_same(stream: list[Step]) -> None:
    asyncio.run(rebuilt_is_the_same(stream))


@given(steps(least=10, most=30), st.sampled_from(("shop", "other")))
@settings(max_examples=50)
def test_a_field_declared_today_has_a_past(stream: list[Step], merchant_id: str) -> None:
    """The catalogue of their day had no tier: it is read from the payments, and one merchant's alone are given."""

    async def play() -> None:
        house = House()
        for number, step in enumerate(stream):
            await house.play(step, number)
        history = rebuild_of(merchant_id, house.ledger, house.outcomes, EVERYTHING, declared=(TIER,))
        for each in history:
            if each is None:
                continue
            one = each if isinstance(each, StatusEvent) else each[1]
            assert one.merchant_id == merchant_id
            if not isinstance(each, StatusEvent):
                assert one.values["custom_tier"] in {
                    now.values.get("email") for now, _ in house.decided if now.payment_id == one.payment_id
                }

    asyncio.run(play())


def test_a_later_stage_blocked_is_learnt_at_its_own_time() -> None:
    """The stage's record stands beside its payment's first, before payments that came between."""

    async def play() -> None:
        house = House()
        first = step_at("observe", Status.DECLINED)
        await house.play(first, 0)
        await house.play(replace(first, wait_us=SECOND, status=Status.BLOCKED), 1)
        await house.play(replace(first, wait_us=SECOND, status=Status.BLOCKED, back=2), 2)
        events = [
            each for each in rebuild(house.ledger, house.outcomes, EVERYTHING, {}) if isinstance(each, StatusEvent)
        ]
        assert [(event.payment_id, event.at_us) for event in events] == [
            ("p1", 1_001 * SECOND),
            ("p0", 1_002 * SECOND),
        ]

    asyncio.run(play())


def step_at(action: str, status: Status) -> Step:
    values = {"card": "c1", "email": "e1", "ip_address": "i1"}
    return Step(action=action, wait_us=0, scope=("shop", False), values=dict(values), back=0, status=status)
