"""Group commit: records that wait are committed together, in one transaction, before any of their callers is answered.

Rows are inserted on the event loop's thread and only the COMMIT, which waits for the disk, runs in a worker thread.
Measured with 32 callers, 400 us of work a request and a disk that syncs in 0.4 ms: handing everything to the worker
is no faster, and beside a loop that never idles both it and a plain hand-over of the COMMIT starve (p99 above 1 s).
A waiting thread is woken whenever the loop polls its sockets, finds the GIL taken again, and so never gets to demand
it. Hence the loop lends the worker a little time: first `PATIENCE_SECONDS`, in which a good disk is done (p99 then
5-15 ms), later `GRACE_SECONDS` in every `REST_SECONDS`, so that a slow one does not stop other requests.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from math import inf

import structlog

from engine.errors import LedgerUnavailable
from engine.ledger import DecisionRecord
from engine.stores.sql.sqlite import unavailable
from engine.stores.sql.writer import Row, Writer

PATIENCE_SECONDS = 0.002
REST_SECONDS = 0.004
GRACE_SECONDS = 0.0005
# Inserting a row takes 15 us, and the loop does nothing else meanwhile: a batch stays under 4 ms.
BATCH_ROWS_MAX = 256
# Anybody may ask whether the disk takes commits, so asking writes at most once in this time.
PROOF_SECONDS = 1.0
CHECK_TIMEOUT_SECONDS = 1.0
# A disk that is nearly full takes a check's one page and no decision: a failed decision outweighs a check so long.
FAILED_SECONDS = 5.0

# What a batch can fail of: the disk, or a value that SQLite cannot hold.
_FAULTS = (sqlite3.Error, ValueError, OverflowError)
_HANGS = f"No commit ended within {CHECK_TIMEOUT_SECONDS} s: see the disk."

log = structlog.get_logger()

Stored = Callable[[DecisionRecord], DecisionRecord]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record, its row, and the future on which its caller waits.

    The future is the caller's alone: a caller that is cancelled cancels it, and the record is committed all the same.
    """

    record: DecisionRecord
    row: Row
    answer: asyncio.Future[DecisionRecord]

    def settle(self, winner: DecisionRecord) -> None:
        """Answer the caller, if it still waits and its loop still runs."""
        if not self.answer.done() and not self.answer.get_loop().is_closed():
            self.answer.set_result(winner)

    def fail(self, error: LedgerUnavailable) -> None:
        """Tell the caller that nothing was recorded; each gets an error of its own, as each traceback is."""
        if not self.answer.done() and not self.answer.get_loop().is_closed():
            self.answer.set_exception(LedgerUnavailable(*error.args).with_traceback(error.__traceback__))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records whose transaction is being committed; with none, a write that only shows that the disk takes one."""

    waiting: Sequence[Waiting]
    new: int
    commit: Future[None]


class GroupCommit:
    """The queue before the writer. It belongs to one event loop, and `close` to that loop's thread."""

    def __init__(self, writer: Writer, statement: str, stored: Stored) -> None:
        """`statement` inserts a row where its keys are new; `stored` gives the record that stands under the keys."""
        self.commits = 0
        self.appended = 0
        self._writer = writer
        self._statement = statement
        self._stored = stored
        self._queue: list[Waiting] = []
        self._batch: _Batch | None = None
        self._checks: set[asyncio.Future[None]] = set()
        self._proved_at = -inf
        self._failed_at = -inf
        self._is_begin_due = False
        self._is_closed = False
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="assay-commit")

    async def append(self, record: DecisionRecord, row: Row) -> DecisionRecord:
        """The record that stands under these keys once it is durable. Raises LedgerUnavailable."""
        self._require_open()
        loop = asyncio.get_running_loop()
        waiting = Waiting(record, row, loop.create_future())
        self._queue.append(waiting)
        self._begin_soon(loop)
        return await waiting.answer

    async def check(self) -> None:
        """Return once a commit ended well; at once where one did within PROOF_SECONDS.

        All that ask meanwhile share the batch under way, or one that writes nothing new. Raises LedgerUnavailable where
        the commit fails, or does not end within CHECK_TIMEOUT_SECONDS.
        """
        self._require_open()
        now = time.monotonic()
        if now - self._failed_at < FAILED_SECONDS:
            raise LedgerUnavailable(f"A decision failed within the last {FAILED_SECONDS:g} s: see the disk.")
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
        # Not at once: callers that are ready in this turn of the loop join the batch.
        if self._batch is None and not self._is_begin_due:
            self._is_begin_due = True
            loop.call_soon(self._begin_and_lend, loop)

    def _begin_and_lend(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_begin_due = False
        if self._batch is None and (self._queue or self._checks):
            self._begin()
        if (batch := self._batch) is None:
            self._continue(loop)
        elif _is_done(batch.commit, PATIENCE_SECONDS):
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
        waiting, self._queue = self._queue[:BATCH_ROWS_MAX], self._queue[BATCH_ROWS_MAX:]
        if not waiting:
            self._batch = _Batch((), 0, self._worker.submit(self._writer.touch, CHECK_TIMEOUT_SECONDS))
            return
        try:
            new = self._writer.insert(self._statement, [each.row for each in waiting])
        except _FAULTS as error:
            self._proved_at = -inf
            failed = unavailable(error)
            self._note_failure(error)
            _fail(waiting, failed)
            return
        self._batch = _Batch(waiting, new, self._worker.submit(self._writer.commit))

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
            if batch.waiting:
                self._note_failure(error)
            self._settle_checks(failed)
            _fail(batch.waiting, failed)
            return
        self._proved_at = time.monotonic()
        self._settle_checks(None)
        if not batch.waiting:
            return
        if self._failed_at > -inf:
            log.info("ledger_recovered")
            self._failed_at = -inf
        self.commits += 1
        self.appended += batch.new
        for waiting in batch.waiting:
            if batch.new == len(batch.waiting):
                waiting.settle(waiting.record)
            else:
                self._settle_with_stored(waiting)

    def _note_failure(self, error: BaseException) -> None:
        if isinstance(error, sqlite3.Error | TimeoutError):
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

    def _settle_with_stored(self, waiting: Waiting) -> None:
        try:
            waiting.settle(self._stored(waiting.record))
        except LedgerUnavailable as error:
            waiting.fail(error)


def _closed() -> LedgerUnavailable:
    return LedgerUnavailable("The ledger is closed: the service is stopping. Retry with the same key.")


def _is_done(commit: Future[None], timeout_seconds: float | None) -> bool:
    """Whether the commit ended, well or not, after waiting for it so long; the wait lends the GIL."""
    with suppress(TimeoutError):
        commit.exception(timeout_seconds)
    return commit.done()


def _fail(waiting: Sequence[Waiting], error: LedgerUnavailable) -> None:
    for each in waiting:
        each.fail(error)
