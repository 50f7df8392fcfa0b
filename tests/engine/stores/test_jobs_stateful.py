"""Jobs amid crashes, leases that go by, jumps of the clock and two workers: each ends once, by its newest worker."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from engine.errors import JobFinished, LeaseLost
from engine.jobs import ATTEMPTS_MAX, LEASE, JobFailure, Jobs, JobState, Lease, Progress
from tests.engine.stores.job_builders import NOON, Clocks, new_job, opened_jobs

LEASE_SECONDS = LEASE.total_seconds()
JOBS_MAX = 4
"""Few, so that much befalls each; that more are refused is tested elsewhere."""


@dataclass
class Kept:
    """What a job must be, said in the plainest way."""

    id: str
    merchant: str = ""
    begun: datetime | None = None
    state: str = "queued"
    holder: Lease | None = None
    until: float = 0.0
    fence: int = 0
    attempts: int = 0
    is_cancel_wanted: bool = False
    results: list[bytes] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.state in ("queued", "running")

    def end(self, state: str) -> None:
        self.state = "cancelled" if self.is_cancel_wanted else state
        self.holder = None

    def let_go(self) -> None:
        self.holder = None
        if self.is_cancel_wanted:
            self.state = "cancelled"
        else:
            self.state = "failed" if self.attempts >= ATTEMPTS_MAX else "queued"


class JobsMachine(RuleBasedStateMachine):
    """A store under two workers that may die at any time, and come back late with what they had."""

    leases: Bundle[Lease] = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="assay-jobs-"))
        self.clocks = Clocks()
        self.now = 0.0
        """What the leases' clock reads, from the first opening on."""
        self.at = NOON
        """What the edge's clock reads."""
        self.kept: list[Kept] = []
        self.opening: Any = opened_jobs(self.folder, self.clocks)
        self.jobs: Jobs = self.opening.__enter__()

    def teardown(self) -> None:
        for each in self.kept:
            assert len(each.results) <= 1
            assert self.jobs.result(each.id) == (each.results[0] if each.results else None)
        self.opening.__exit__(None, None, None)
        rmtree(self.folder)

    def of(self, job_id: str) -> Kept:
        return next(each for each in self.kept if each.id == job_id)

    def holds(self, lease: Lease) -> bool:
        return self.of(lease.job_id).holder == lease

    def is_due(self, kept: Kept) -> bool:
        return kept.state == "queued" or (kept.state == "running" and kept.until <= self.now)

    def begun_lately(self, kept: Kept) -> int:
        """Of its merchant's other jobs; what is sorted by it keeps its order of coming."""
        others = [each for each in self.kept if each.merchant == kept.merchant and each is not kept]
        lately = self.at - timedelta(hours=1)
        return sum(each.state == "running" or (each.begun or lately) > lately for each in others)

    @initialize()
    def begin_with_one(self) -> None:
        self.add("m-1")

    @precondition(lambda self: len(self.kept) < JOBS_MAX)
    @rule(merchant=st.sampled_from(["m-1", "m-2"]))
    def add(self, merchant: str) -> None:
        job = new_job(len(self.kept), merchant_id=merchant)
        self.jobs.add(job)
        self.kept.append(Kept(job.id, merchant))

    @rule(target=leases, owner=st.sampled_from(["a", "b"]))
    def take(self, owner: str) -> Any:
        was_due = self.jobs.is_due()
        taken = self.jobs.take(owner, self.at)
        expected = None
        found_any = False
        while due := sorted(filter(self.is_due, self.kept), key=self.begun_lately):
            found_any = True
            if due[0].state == "running":
                due[0].let_go()
            if due[0].state == "queued":
                expected = due[0]
                break
        assert was_due == (found_any or expected is not None)
        if expected is None:
            assert taken is None
            return multiple()
        assert taken is not None
        assert taken.job.id == expected.id
        expected.fence += 1
        expected.attempts += 1
        expected.begun = expected.begun or self.at
        expected.state, expected.until = "running", self.now + LEASE_SECONDS
        expected.holder = Lease(job_id=expected.id, owner=owner, fence=expected.fence)
        assert taken.lease == expected.holder
        return taken.lease

    @rule(lease=leases)
    def beat(self, lease: Lease) -> None:
        kept = self.of(lease.job_id)
        try:
            goes_on = self.jobs.beat(lease, Progress(done=1))
        except LeaseLost:
            assert not self.holds(lease)
        else:
            assert self.holds(lease)
            assert goes_on is not kept.is_cancel_wanted
            kept.until = self.now + LEASE_SECONDS

    @rule(lease=leases, words=st.binary(min_size=1, max_size=4), fails=st.booleans())
    def end(self, lease: Lease, words: bytes, fails: bool) -> None:
        """In time, late, or again: the lease stays among those that may be used."""
        kept = self.of(lease.job_id)
        try:
            if fails:
                self.jobs.fail(lease, NOON, JobFailure(code="x", detail="y"))
            else:
                self.jobs.succeed(lease, NOON, words)
        except LeaseLost:
            assert not self.holds(lease)
        else:
            assert self.holds(lease)
            kept.end("failed" if fails else "succeeded")
            if kept.state == "succeeded":
                kept.results.append(words)

    @rule(lease=leases, is_attempt_spent=st.booleans())
    def give_back(self, lease: Lease, is_attempt_spent: bool) -> None:
        kept = self.of(lease.job_id)
        try:
            self.jobs.give_back(lease, NOON, is_attempt_spent=is_attempt_spent)
        except LeaseLost:
            assert not self.holds(lease)
        else:
            assert self.holds(lease)
            kept.attempts -= not is_attempt_spent
            kept.let_go()

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        kept = data.draw(st.sampled_from(self.kept))
        try:
            self.jobs.cancel(kept.id, NOON + timedelta(seconds=1))
        except JobFinished:
            assert kept.state in ("succeeded", "failed")
        else:
            assert kept.state in ("queued", "running", "cancelled")
            kept.is_cancel_wanted = True
            if kept.state == "queued":
                kept.end("cancelled")

    @rule(seconds=st.sampled_from([LEASE_SECONDS / 2, LEASE_SECONDS - 0.5, LEASE_SECONDS]))
    def pass_by(self, seconds: float) -> None:
        self.clocks.pass_by(seconds)
        self.now += seconds

    @rule(minutes=st.sampled_from([20, 60]))
    def grow_late(self, minutes: int) -> None:
        """The edge's clock goes on: what began is longer ago."""
        self.at += timedelta(minutes=minutes)

    @rule(seconds=st.sampled_from([-7200.0, 7200.0]))
    def set_clock(self, seconds: float) -> None:
        """Somebody sets the machine's clock: no lease moves."""
        self.clocks.wall += seconds

    @rule(forgets=st.booleans())
    def crash(self, forgets: bool) -> None:
        """The process dies, and the file is opened anew; nothing is told to the jobs first, as after kill -9."""
        self.opening.__exit__(None, None, None)
        if forgets:
            self.clocks.monotonic = 1.0
        # The wall is put where the leases' clock stands, so that the two need not be told apart here.
        self.clocks.wall = 1_000_000.0 + self.now
        self.opening = opened_jobs(self.folder, self.clocks)
        self.jobs = self.opening.__enter__()

    @invariant()
    def each_is_as_it_must_be(self) -> None:
        found = self.jobs.page("test", None, test_mode=False, before=None, limit=JOBS_MAX)
        for each, (_, job) in zip(self.kept, reversed(found), strict=True):
            assert (job.id, job.state.value, job.attempts) == (each.id, each.state, each.attempts)
            assert job.is_cancel_wanted == each.is_cancel_wanted
            assert (job.finished_at is None) == each.is_open
        counts = self.jobs.open_counts()
        assert counts[JobState.RUNNING] == sum(each.state == "running" for each in self.kept)


JobsMachine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestJobsAmidCrashes = JobsMachine.TestCase
