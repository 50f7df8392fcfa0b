"""Counters filled from columns, segments and the ledger behind them, are those that are filled one by one."""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.custom import CustomField, CustomType
from engine.ledger import DecisionRecord, VersionKind
from engine.outcome import Outcome, OutcomeKind
from engine.payment import EPOCH, Stage
from engine.rebuild import longest, rebuild
from engine.stores.history import history_of
from engine.stores.memory import MemoryCounters
from engine.stores.recorded_columns import RecordedColumns
from engine.stores.segments import manifest_of, write_segments
from engine.stores.sql import Store, open_store
from engine.velocity import Count, Observation, Reading, Status, StatusEvent, Velocity
from tests.oracle.test_velocity_oracle import dropping
from tests.oracle.test_velocity_rebuild import INPUTS, KINDS, House
from tests.oracle.velocity_oracle import EVERYTHING, MIXED, SECOND, Step, steps, stream_of, velocity

TYPES = ("string", "string", "string", "money")
TIER = CustomField(name="tier", type=CustomType.STRING, is_velocity_key=True)
OWN = (velocity("tier_count", ("custom_tier",), Count(), "20s"),)
DECLARED = {"other": (TIER,)}
LATE = 7
"""Every so many payments come with the newest sequence known, as where counting ran out of time."""


@dataclass(slots=True)
class Careless(House):
    """Its payments come to a status again and again, and some with the sequence of one before."""

    def __post_init__(self) -> None:
        super(Careless, self).__post_init__()
        catalog = [{"name": name, "type": kind, "values": []} for name, kind in zip(INPUTS, TYPES, strict=True)]
        self.ledger = type(self.ledger)()
        self.outcomes = type(self.outcomes)(self.ledger)
        self.ledger.keep_version(VersionKind.SNAPSHOT, "v1", orjson.dumps({"catalog": "c1"}))
        self.ledger.keep_version(VersionKind.CATALOG, "c1", orjson.dumps(catalog))

    async def report(self, decided: tuple[Observation, DecisionRecord], status: Status) -> None:
        now, record = decided
        if status not in KINDS or now.payment_id in self.superseded:
            return
        await self.record(replace(now, at_us=self.now_us), status)
        await self.outcomes.append(self.outcome(record, KINDS[status]))
        await self.outcomes.append(self.outcome(record, OutcomeKind.CAPTURED))

    def outcome(self, record: DecisionRecord, kind: OutcomeKind) -> Outcome:
        return Outcome(
            id=f"out_{len(self.outcomes)}",
            decision_id=record.id,
            merchant_id=record.key.merchant_id,
            test_mode=record.key.test_mode,
            transaction_id=record.key.transaction_id,
            kind=kind,
            occurred_at=None,
            received_at=EPOCH + timedelta(microseconds=self.now_us),
            idempotency_key=None,
            fingerprint=f"{len(self.outcomes)}".encode(),
            details=b"{}",
            answer=b"",
        )

    def record_of(
        self, now: Observation, reading: Reading, stage: Stage, supersedes: Observation | None, action: str
    ) -> DecisionRecord:
        record = super(Careless, self).record_of(now, reading, stage, supersedes, action)
        if len(self.decided) % LATE == LATE - 1:
            newest = max(each.sequence for _, each in self.decided)
            return replace(record, sequence=newest, counted_at=record.at)
        return record


@dataclass(frozen=True, slots=True)
class First:
    """The first rows alone, as a run of the segments' job finds them that comes before the others."""

    rows: Any
    upto: int

    def behind(self, position: int, limit: int) -> Sequence[tuple[int, Any]]:
        return [each for each in self.rows.behind(position, limit) if each[0] <= self.upto]


@dataclass(slots=True)
class Folders:
    """Data folders with a store that holds nothing yet, copied: to make one takes long."""

    base: Path
    numbers: Iterator[int] = field(default_factory=count)

    def store_of(self, house: House, decisions: int, outcomes: int) -> tuple[Path, Store]:
        """A store of what the house recorded, so many rows of it in segments."""
        if not (self.base / "empty").exists():
            open_store(self.base / "empty").close()
        folder = self.base / f"{next(self.numbers)}"
        shutil.copytree(self.base / "empty", folder)
        store = open_store(folder)
        for kind, version in ((VersionKind.SNAPSHOT, "v1"), (VersionKind.CATALOG, "c1")):
            store.ledger.keep_version(kind, version, house.ledger.version(kind, version) or b"")
        records = {record.id: record for _, record in house.decided}
        store.ledger.record_all([*records.values()])
        store.outcomes.record_all(sorted((each for each, _ in house.outcomes.recent(timedelta(days=9))), key=number_of))
        first = First(store.ledger, decisions), First(store.outcomes, outcomes)
        write_segments(folder, store.ledger, *first, datetime(2026, 1, 1, tzinfo=UTC))
        return folder, store


def number_of(outcome: Outcome) -> int:
    return int(outcome.id.removeprefix("out_"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    return Folders(tmp_path_factory.mktemp("folders"))


def one_by_one(store: Store, velocities: Sequence[Velocity]) -> tuple[MemoryCounters, dict[tuple[str, bool], datetime]]:
    counters, last_at = MemoryCounters(velocities, own(velocities)), dict[tuple[str, bool], datetime]()
    kept = (*velocities, *OWN)
    counters.restore(rebuild(store.ledger, store.outcomes, kept, last_at, declared=DECLARED))
    return counters, last_at


def from_columns(
    folder: Path, store: Store, velocities: Sequence[Velocity]
) -> tuple[MemoryCounters, dict[tuple[str, bool], datetime]]:
    kept = (*velocities, *OWN)
    columns = RecordedColumns(
        data=folder,
        manifest=manifest_of(folder),
        counted=store.counted,
        versions=store.ledger.version,
        inputs=tuple(sorted({name for each in kept for name in each.inputs})),
        with_payments=True,
    )
    history = history_of(columns, tuple(store.ledger.superseded()), longest(kept), DECLARED)
    counters = MemoryCounters(velocities, own(velocities))
    counters.load(history)
    return counters, {scope: EPOCH + timedelta(microseconds=at_us) for scope, at_us in history.newest_us.items()}


def own(velocities: Sequence[Velocity]) -> dict[str, Sequence[Velocity]]:
    return {"other": (*velocities, *OWN)}


async def same_goes_on(one: MemoryCounters, other: MemoryCounters, house: House, more: Sequence[Step]) -> None:
    """Whatever happens from now on, both answer alike: to what is new, and to what was recorded before."""
    before = [now for now, _ in house.decided[-8:]]
    for each in before:
        later = replace(each, at_us=house.now_us)
        assert await one.read(later) == await other.read(later)
    for number, (action, seen) in enumerate(stream_of(more)):
        at_us = seen.at_us - 1_000 * SECOND + house.now_us
        values = {**seen.values, "custom_tier": seen.values.get("email")}
        now: Any = replace(seen, payment_id=f"more-{seen.payment_id}", at_us=at_us, values=values)
        if before and number % 3 == 0:
            then = before[number % len(before)]
            now = replace(now, payment_id=then.payment_id, merchant_id=then.merchant_id, test_mode=then.test_mode)
        what, _, superseded = action.partition(" ")
        named = superseded or None
        for counters in (one, other):
            if what in ("forget", "restart"):
                await counters.forget(now.merchant_id, test_mode=now.test_mode, payment_id=now.payment_id)
        if isinstance(now, StatusEvent):
            if what == "retract":
                await one.retract(now)
                await other.retract(now)
            else:
                assert await one.record(now) == await other.record(now)
        elif what == "read":
            assert await one.read(now, superseded=named) == await other.read(now, superseded=named)
        else:
            assert await one.observe(now, superseded=named) == await other.observe(now, superseded=named)


@given(
    stream=steps(least=15),
    more=steps(least=10, most=40),
    velocities=st.sampled_from((EVERYTHING, MIXED)),
    shares=st.tuples(*(st.sampled_from((0.0, 0.3, 0.7, 1.0)),) * 2),
    limit=st.sampled_from((16, 2, 5)),
)
@settings(max_examples=100, deadline=None)
def test_columns_give_what_is_given_one_by_one(
    folders: Folders,
    stream: list[Step],
    more: list[Step],
    velocities: Sequence[Velocity],
    shares: tuple[float, float],
    limit: int,
) -> None:
    """Also where few items are many, so that crowds and entities are filled."""

    async def play() -> None:
        house = Careless()
        for number, step in enumerate(stream):
            await house.play(step, number)
        sizes = len(house.decided), len(house.outcomes)
        folder, store = folders.store_of(house, *(int(size * share) for size, share in zip(sizes, shares, strict=True)))
        try:
            plain, last_at = one_by_one(store, velocities)
            loaded, newest = from_columns(folder, store, velocities)
        finally:
            store.close()
            shutil.rmtree(folder)
        assert newest == last_at
        await same_goes_on(plain, loaded, house, more)

    with dropping(limit):
        asyncio.run(play())
