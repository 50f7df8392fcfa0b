"""Group commit: what waits is committed together, in one transaction, before any of its callers is answered.

One transaction carries rows of several statements: decisions, outcomes and labels that come at once cost one sync of
the disk.

Rows are inserted on the event loop's thread and only the COMMIT, which waits for the disk, runs in a worker thread.
Measured with 32 callers, 400 us of work a request and a disk that syncs in 0.4 ms: handing everything to the worker
is no faster, and beside a loop that never idles both it and a plain hand-over of the COMMIT starve (p99 above 1 s).
A waiting thread is woken whenever the loop polls its sockets, finds the GIL taken again, and so never gets to demand
it: not within the 5 ms that Python has it wait, but within the 1 ms that the server sets (`api/serving.py`). Should
it starve all the same, the loop lends it `GRACE_SECONDS` in every `REST_SECONDS`.

A quick disk is waited for at once, up to `PATIENCE_SECONDS`: so it is soonest done, and nothing else was begun. Where
a sync takes 2 to 4 ms that took a sixth of the throughput: such a disk is not waited for.
"""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Any, Generic, NamedTuple, TypeVar

import structlog

from engine.errors import LedgerUnavailable
from engine.stores.sql.sqlite import unavailable
from engine.stores.sql.writer import Row, Writer

# While each turn of the loop brings more, a commit waits for them: each one costs the loop half a millisecond. At 1,000
# arrivals a second the median latency was 7.2 ms without this, 2.9 ms with it, the 99th percentile 16.8 and 13.3 ms.
GATHER_SECONDS = 0.003
QUIET_TURNS = 2
"""A turn is quiet that brought nothing more. A call that came with others is read in one and decided in the next."""
PATIENCE_SECONDS = 0.002
QUICK_SECONDS = 0.001
"""A disk is quick where its commits take no longer, of late."""
REST_SECONDS = 0.004
GRACE_SECONDS = 0.0005
# Making and inserting a row takes 40 us, and the loop does nothing else meanwhile: a batch stays near 10 ms.
BATCH_ROWS_MAX = 256
# Anybody may ask whether the disk takes commits, so asking writes at most once in this time.
PROOF_SECONDS = 1.0
CHECK_TIMEOUT_SECONDS = 1.0
# A disk that is nearly full takes a check's one page and no record: a failed record outweighs a check so long.
FAILED_SECONDS = 5.0

# What a batch can fail of: the disk, or a value that SQLite cannot hold.
_FAULTS = (sqlite3.Error, ValueError, OverflowError)
_HANGS = f"No commit ended within {CHECK_TIMEOUT_SECONDS} s: see the disk."

log = structlog.get_logger()

_T = TypeVar("_T")


class Waiting(NamedTuple, Generic[_T]):
    """Rows, or what `row_of` makes them of, and the future on which their caller waits.

    The future is the caller's alone: a caller that is cancelled cancels it, and the rows are committed all the same.
    `settled` makes the answer from how many of the rows are new; from None where that was not counted for them alone,
    because rows of several callers were inserted in one go and not all were new.
    """

    statement: str
    rows: Sequence[Any]
    row_of: Callable[[Any], Row] | None
    settled: Callable[[int | None], _T]
    is_counted_alone: bool
    answer: asyncio.Future[_T]

    def bound(self) -> Iterable[Row]:
        """The rows to insert."""
        return self.rows if self.row_of is None else map(self.row_of, self.rows)

    def settle(self, new: int | None) -> None:
        """Answer the caller, if it still waits and its loop still runs."""
        if self.answer.done() or self.answer.get_loop().is_closed():
            return
        try:
            self.answer.set_result(self.settled(new))
        except LedgerUnavailable as error:
            self.fail(error)

    def fail(self, error: LedgerUnavailable) -> None:
        """Tell the caller that nothing was recorded; each gets an error of its own, as each traceback is."""
        if not self.answer.done() and not self.answer.get_loop().is_closed():
            self.answer.set_exception(LedgerUnavailable(*error.args).with_traceback(error.__traceback__))


_Waitings = Sequence[Waiting[Any]]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What waits for one commit, in groups inserted in one go and how many rows of each were new.

    With none, a write that only shows that the disk takes one.
    """

    groups: Sequence[_Waitings]
    news: Sequence[int]
    commit: Future[None]


class GroupCommit:
    """The queue before the writer. It belongs to one event loop, and `close` to that loop's thread."""

    def __init__(self, writer: Writer) -> None:
        """Begin with nothing that waits."""
        self.commits = 0
        self.failures = 0
        self.appended: Counter[str] = Counter()
        """New rows made durable, by statement."""
        self._writer = writer
        self._queue: list[Waiting[Any]] = []
        self._batch: _Batch | None = None
        self._checks: set[asyncio.Future[None]] = set()
        self._proved_at = -inf
        self._failed_at = -inf
        self._commit_seconds = 0.0
        """How long a commit takes: the later ones count more."""
        self._is_begin_due = False
        self._is_closed = False
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="assay-commit")

    async def append(
        self,
        statement: str,
        rows: Sequence[Any],
        settled: Callable[[int | None], _T],
        *,
        row_of: Callable[[Any], Row] | None = None,
        is_counted_alone: bool = False,
    ) -> _T:
        """Insert rows, at most BATCH_ROWS_MAX, by a statement that leaves out what is not new; the answer once durable.

        `settled` makes the answer (see Waiting); rows that are counted alone are inserted apart from other callers'.
        `row_of` makes a row of each of `rows` when all that wait are inserted: what is done for many in a row finds its
        tables in the processor's caches.
        Raises LedgerUnavailable.
        """
        self._require_open()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_T] = loop.create_future()
        self._queue.append(Waiting(statement, rows, row_of, settled, is_counted_alone, answer))
        self._begin_soon(loop)
        return await answer

    async def check(self) -> None:
        """Return once a commit ended well; at once where one did within PROOF_SECONDS.

        All that ask meanwhile share the batch under way, or one that writes nothing new. Raises LedgerUnavailable where
        the commit fails, or does not end within CHECK_TIMEOUT_SECONDS.
        """
        self._require_open()
        now = time.monotonic()
        if now - self._failed_at < FAILED_SECONDS:
            raise LedgerUnavailable(f"Recording failed within the last {FAILED_SECONDS:g} s: see the disk.")
        if now - self._proved_at < PROOF_SECONDS:
            return
        loop = asyncio.get_running_loop()
        proved: asyncio.Future[None] = loop.create_future()
        self._checks.add(proved)
        self._begin_soon(loop)
        try:
            await asyncio.wait_for(proved, CHECK_TIMEOUT_SECONDS)
        except TimeoutError as error:
            raise LedgerUnavailable(_HANGS) from error
        finally:
            self._checks.discard(proved)

    def close(self) -> None:
        """Commit what waits, answer its callers, stop the worker. Again is no fault."""
        self._is_closed = True
        while self._batch is not None or self._queue:
            if self._batch is None:
                self._begin()
            else:
                _is_done(self._batch.commit, None)
                self._finish(self._batch)
        self._settle_checks(_closed())
        self._worker.shutdown()

    def _require_open(self) -> None:
        if self._is_closed:
            raise _closed()

    def _begin_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        # Not at once: callers that are ready in this turn of the loop join the batch, and so while more come.
        if self._batch is None and not self._is_begin_due:
            self._is_begin_due = True
            loop.call_soon(self._begin_when_quiet, loop, 0, 0, time.monotonic())

    def _begin_when_quiet(self, loop: asyncio.AbstractEventLoop, waited: int, quiet: int, since: float) -> None:
        """Begin after QUIET_TURNS of the loop one after another, or once the first has waited for GATHER_SECONDS."""
        quiet = quiet + 1 if len(self._queue) == waited else 0
        if quiet < QUIET_TURNS and time.monotonic() - since < GATHER_SECONDS:
            loop.call_soon(self._begin_when_quiet, loop, len(self._queue), quiet, since)
            return
        self._is_begin_due = False
        if self._batch is None and (self._queue or self._checks):
            self._begin()
        if (batch := self._batch) is None:
            self._continue(loop)
        elif self._commit_seconds <= QUICK_SECONDS and _is_done(batch.commit, PATIENCE_SECONDS):
            self._finish(batch)
            self._continue(loop)
        else:
            batch.commit.add_done_callback(lambda _: self._finish_on(loop, batch))
            loop.call_later(REST_SECONDS, self._lend, loop, batch)

    def _lend(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        if self._batch is batch and not _is_done(batch.commit, GRACE_SECONDS):
            loop.call_later(REST_SECONDS, self._lend, loop, batch)

    def _finish_on(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        def finish() -> None:
            self._finish(batch)
            self._continue(loop)

        # The loop may be closed before the disk is done; then nobody waits, and `close` finishes the batch.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(finish)

    def _continue(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._queue or self._checks:
            self._begin_soon(loop)

    def _begin(self) -> None:
        if not self._queue:
            self._batch = _Batch((), (), self._worker.submit(self._writer.touch, CHECK_TIMEOUT_SECONDS))
            return
        groups, inserts = _made(self._next_groups())
        try:
            news = self._writer.insert(inserts)
        except _FAULTS as error:
            self._proved_at = -inf
            failed = unavailable(error)
            self._note_failure(error)
            _fail(groups, failed)
            return
        self._batch = _Batch(groups, news, self._worker.submit(self._commit))

    def _commit(self) -> None:
        """In the worker: commit, and note how long it took."""
        started = time.monotonic()
        try:
            self._writer.commit()
        finally:
            self._commit_seconds += (time.monotonic() - started - self._commit_seconds) / 8

    def _next_groups(self) -> list[_Waitings]:
        """Take from the queue what one batch holds, grouped by statement."""
        groups: dict[object, list[Waiting[Any]]] = {}
        rows = taken = 0
        for waiting in self._queue:
            rows += len(waiting.rows)
            if rows > BATCH_ROWS_MAX and taken:
                break
            taken += 1
            key = taken if waiting.is_counted_alone else waiting.statement
            groups.setdefault(key, []).append(waiting)
        del self._queue[:taken]
        return list(groups.values())

    def _finish(self, batch: _Batch) -> None:
        """Answer the batch's callers; called more than once, because the loop and `close` may both find it done."""
        if self._batch is not batch:
            return
        self._batch = None
        self._proved_at = -inf
        try:
            batch.commit.result()
        except (*_FAULTS, TimeoutError) as error:
            failed = LedgerUnavailable(_HANGS) if isinstance(error, TimeoutError) else unavailable(error)
            if batch.groups:
                self._note_failure(error)
            self._settle_checks(failed)
            _fail(batch.groups, failed)
            return
        self._proved_at = time.monotonic()
        self._settle_checks(None)
        if not batch.groups:
            return
        if self._failed_at > -inf:
            log.info("ledger_recovered")
            self._failed_at = -inf
        self.commits += 1
        for group, new in zip(batch.groups, batch.news, strict=True):
            self.appended[group[0].statement] += new
            are_all_new = new == sum(len(each.rows) for each in group)
            for waiting in group:
                waiting.settle(len(waiting.rows) if are_all_new else new if len(group) == 1 else None)

    def _note_failure(self, error: BaseException) -> None:
        if isinstance(error, sqlite3.Error | TimeoutError):
            self.failures += 1
            if self._failed_at == -inf:
                # Once until it recovers; the driver's words name the disk's trouble and hold no data.
                log.error("ledger_fails", error=type(error).__name__, cause=str(error))
            self._failed_at = time.monotonic()

    def _settle_checks(self, error: LedgerUnavailable | None) -> None:
        checks, self._checks = self._checks, set()
        for check in checks:
            if check.done() or check.get_loop().is_closed():
                continue
            if error is None:
                check.set_result(None)
            else:
                check.set_exception(LedgerUnavailable(*error.args))


def _made(groups: Sequence[_Waitings]) -> tuple[Sequence[_Waitings], list[tuple[str, list[Row]]]]:
    """The rows to insert, by statement, and their callers. Whose rows cannot be made is told so, and no other."""
    able: list[_Waitings] = []
    inserts: list[tuple[str, list[Row]]] = []
    for group in groups:
        made = [(each, rows) for each in group if (rows := _rows_of(each)) is not None]
        if made:
            able.append([each for each, _ in made])
            inserts.append((group[0].statement, [row for _, rows in made for row in rows]))
    return able, inserts


def _rows_of(waiting: Waiting[Any]) -> list[Row] | None:
    """Its rows; None where they cannot be made, which its caller is told."""
    try:
        return [*waiting.bound()]
    except Exception as error:
        # Whatever it is, no caller may be left without an answer, least of all those that came with it.
        log.exception("record_failed")
        waiting.fail(LedgerUnavailable(f"What is to be recorded could not be written down: {type(error).__name__}."))
        return None


def _closed() -> LedgerUnavailable:
    return LedgerUnavailable("The ledger is closed: the service is stopping. Retry with the same key.")


def _is_done(commit: Future[None], timeout_seconds: float | None) -> bool:
    """Whether the commit ended, well or not, after waiting for it so long; the wait lends the GIL."""
    with suppress(TimeoutError):
        commit.exception(timeout_seconds)
    return commit.done()


def _fail(groups: Sequence[_Waitings], error: LedgerUnavailable) -> None:
    for group in groups:
        for each in group:
            each.fail(error)
