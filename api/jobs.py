"""Jobs are done beside the server, one at a time, each in a process of its own of low priority.

In the server's own process a backtest would take turns with the decisions. The process reads the data folder; progress
and result are written here, where the folder's lock is held, under the lease that the job was taken by.
"""

import asyncio
import secrets
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

from api.clock import utc_now
from api.job_process import TOO_LARGE, Task, line_of
from api.logs import told
from engine.errors import LeaseLost, LedgerUnavailable
from engine.jobs import RESULT_BYTES_MAX, UNREADABLE, Job, JobFailure, Jobs, Lease, Progress, Taken

LOOK_SECONDS: Final = 0.5
"""Between two looks for a job where there was none."""
BEAT_SECONDS: Final = 1.0
"""Between two words about a job that runs; so long it may take until one that is cancelled stops."""
TIME_MAX_SECONDS: Final = 1_800.0
_LINE_BYTES_MAX: Final = RESULT_BYTES_MAX + 4_096

PROGRAM: Final = (sys.executable, "-P", "-c", "from api.job_kinds import main; main()")

TOO_LONG: Final = JobFailure(
    code="job_too_long",
    detail=f"It took longer than {TIME_MAX_SECONDS / 60:g} minutes: try a shorter period.",
)
CRASHED: Final = JobFailure(
    code="internal_error", detail="Something went wrong here: report the job's id and the server's log."
)

log = structlog.get_logger()


class Runner:
    """Takes jobs and has them done, until it is cancelled; the one under way is given back then."""

    def __init__(
        self,
        jobs: Jobs,
        folder: Path,
        ended: Counter[str] | None = None,
        *,
        program: Sequence[str] | None = None,
        now: Callable[[], datetime] = utc_now,
        time_max_seconds: float = TIME_MAX_SECONDS,
    ) -> None:
        """`ended` counts the jobs that ended, by state; `program` does one, PROGRAM where none is given."""
        self._jobs = jobs
        self._folder = folder
        self._ended = Counter[str]() if ended is None else ended
        self._program = PROGRAM if program is None else program
        self._now = now
        self._time_max_seconds = time_max_seconds
        self._owner = secrets.token_hex(8)
        self._stop = asyncio.Event()
        self._fails = False

    async def run(self) -> None:
        """Do what is due, one job after the other."""
        running = asyncio.ensure_future(self._run())
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            # What a thread is just writing is waited for: a job that was taken must be given back.
            self._stop.set()
            await running
            raise

    async def _run(self) -> None:
        while not self._stop.is_set():
            taken = await self._take()
            if taken is None:
                await self._stopped_within(LOOK_SECONDS)
            else:
                await self._do(taken.job, taken.lease)

    async def _take(self) -> Taken | None:
        try:
            if not self._jobs.is_due():
                return None
            return await asyncio.to_thread(self._jobs.take, self._owner, self._now())
        except LedgerUnavailable as error:
            self._note_failing(error)
            return None

    async def _do(self, job: Job, lease: Lease) -> None:
        try:
            line = self._line(job)
            if line is None:
                log.error("job_unreadable", job_id=job.id)
                await self._write(self._fail, lease, UNREADABLE)
            else:
                await self._done_by_child(line, lease, job.id)
        except LeaseLost:
            log.warning("job_lost", job_id=job.id)

    def _line(self, job: Job) -> bytes | None:
        """What the process is told; None where what was asked cannot be read."""
        try:
            task = Task(
                folder=self._folder,
                merchant_id=job.merchant_id,
                test_mode=job.test_mode,
                arguments=orjson.loads(job.arguments),
                at=job.created_at,
            )
            return line_of(job.kind, task)
        except (ValueError, TypeError):
            # No JSON, or JSON too deep to be said again.
            return None

    async def _done_by_child(self, line: bytes, lease: Lease, job_id: str) -> None:
        try:
            child = await Child.start(self._program, line)
        except OSError as error:
            log.error("job_not_started", job_id=job_id, cause=error.strerror)  # noqa: TRY400 - the words say it all
            await self._write(self._give_back, lease, is_attempt_spent=True)
            return
        try:
            await self._watch(child, lease, job_id)
        finally:
            await child.end()

    async def _watch(self, child: "Child", lease: Lease, job_id: str) -> None:
        """Tell of the process until it ends or has to. Raises LeaseLost."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._time_max_seconds
        while not child.has_ended():
            is_stopping = await self._stopped_within(BEAT_SECONDS, child.listening)
            if child.has_ended():
                break
            if is_stopping or not await self._goes_on(lease, child.progress):
                await self._write(self._give_back, lease, is_attempt_spent=False)
                return
            if loop.time() >= until:
                await self._write(self._fail, lease, TOO_LONG)
                return
        await self._conclude(child, lease, job_id)

    async def _goes_on(self, lease: Lease, progress: Progress) -> bool:
        """Note the progress; whether the job is wanted still."""
        try:
            goes_on = await asyncio.to_thread(self._jobs.beat, lease, progress)
        except LedgerUnavailable as error:
            # The lease is long: the next beat comes in time, or the one after that.
            self._note_failing(error)
            return True
        self._fails = False
        return goes_on

    def _note_failing(self, error: LedgerUnavailable) -> None:
        if not self._fails:
            # Once until it recovers.
            self._fails = True
            log.warning("jobs_wait", code=error.code, detail=str(error))

    async def _conclude(self, child: "Child", lease: Lease, job_id: str) -> None:
        if child.result is not None:
            await self._goes_on(lease, child.progress)
            await self._write(self._succeed, lease, child.result)
        elif child.failure is not None:
            if child.crash:
                log.error("job_crashed", job_id=job_id, error=child.crash["error"], where=child.crash["where"])
            await self._write(self._fail, lease, child.failure)
        else:
            log.warning("job_process_ended", job_id=job_id, code=await child.code())
            await self._write(self._give_back, lease, is_attempt_spent=True)

    async def _write(self, change: Callable[..., Job], *given: object, **named: object) -> None:
        """Make a change; where the disk does not take it, again and again until the server stops. Raises LeaseLost."""
        while True:
            try:
                job = await asyncio.to_thread(change, *given, **named)
            except LedgerUnavailable as error:
                self._note_failing(error)
                if await self._stopped_within(BEAT_SECONDS):
                    # It stays under its lease, and is taken anew when that is over.
                    return
            else:
                self._fails = False
                if not job.state.is_open:
                    self._ended[job.state.value] += 1
                return

    def _succeed(self, lease: Lease, result: bytes) -> Job:
        return self._jobs.succeed(lease, self._now(), result)

    def _fail(self, lease: Lease, failure: JobFailure) -> Job:
        return self._jobs.fail(lease, self._now(), failure)

    def _give_back(self, lease: Lease, *, is_attempt_spent: bool) -> Job:
        return self._jobs.give_back(lease, self._now(), is_attempt_spent=is_attempt_spent)

    async def _stopped_within(self, seconds: float, earlier: "asyncio.Future[None] | None" = None) -> bool:
        """Wait so long, or until `earlier` is done; whether the server stops."""
        stopping = asyncio.ensure_future(self._stop.wait())
        waited: list[asyncio.Future[Any]] = [stopping] if earlier is None else [stopping, earlier]
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        return self._stop.is_set()


class Child:
    """The process that does a job, and what it has said so far."""

    def __init__(self, process: Process) -> None:
        """Listen to a process that was started; `start` starts one."""
        self.progress = Progress()
        self.result: bytes | None = None
        self.failure: JobFailure | None = None
        self.crash: dict[str, str] = {}
        """Type and place of a fault of ours."""
        self._is_given_up = False
        self._process = process
        self.listening = asyncio.ensure_future(self._listen())

    @classmethod
    async def start(cls, program: Sequence[str], line: bytes) -> "Child":
        """Start it and tell it what to do, which `line_of` says. Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            *program, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_LINE_BYTES_MAX
        )
        assert process.stdin is not None
        # It may have ended already; then it says nothing, and that is seen.
        process.stdin.write(line)
        return cls(process)

    def has_ended(self) -> bool:
        """Whether it has said all."""
        return self.listening.done()

    async def code(self) -> int:
        """The exit code of one that has said all."""
        return await self._process.wait()

    async def end(self) -> None:
        """Kill it if it still runs: it has nothing to lose."""
        self._kill()
        await self.listening
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    def _kill(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                # A line past all bounds.
                self._give_up(TOO_LARGE)
                continue
            if not line.endswith(b"\n"):
                # Its end, or amid a line where it was killed.
                return
            if self._is_given_up:
                # What is left is read to its end, else the pipe is never closed.
                continue
            try:
                self._note(orjson.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                self._give_up(CRASHED)
                self.crash = told(error)

    def _give_up(self, failure: JobFailure) -> None:
        """Whatever it says from here on, it failed."""
        self._is_given_up, self.result, self.failure = True, None, failure
        self._kill()

    def _note(self, said: Any) -> None:  # noqa: ANN401 - a line of JSON may hold anything
        """Take what it says. Raises ValueError, TypeError or KeyError where it is none of our lines."""
        if "done" in said:
            self.progress = _progress(said["done"], said["total"], said["words"])
        elif "result" in said:
            result = orjson.dumps(said["result"])
            if len(result) > RESULT_BYTES_MAX:
                self._give_up(TOO_LARGE)
            else:
                self.result = result
        elif "failure" in said:
            self.failure = JobFailure(code=_text(said["failure"]["code"]), detail=_text(said["failure"]["detail"]))
        else:
            crash = {name: _text(said["crash"][name]) for name in ("error", "where")}
            self.failure, self.crash = CRASHED, crash


def _progress(done: object, total: object, words: object) -> Progress:
    if not isinstance(done, int) or not isinstance(total, int | None):
        raise TypeError("progress is told in whole numbers")
    return Progress(done=done, total=total, words=_text(words))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is told as one")
    return value
