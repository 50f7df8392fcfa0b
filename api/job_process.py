"""The process that does one job: told what on standard input, telling progress and the end on standard output.

It reads the data folder alone; what becomes of the job, the server that started it writes. It goes after the server in
everything (who is ended first where memory runs out, processor time unless somebody waits). A line is one JSON object.
"""

import os
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final

import orjson

from api.logs import told
from engine.errors import AssayError
from engine.jobs import RESULT_BYTES_MAX, JobFailure, Progress

NICENESS: Final = 10
OOM_SCORE: Final = 900
"""Of 1,000: where memory runs out, Linux ends this process and not the server."""
_OOM_FILE: Final = Path("/proc/self/oom_score_adj")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a job is to do."""

    folder: Path
    merchant_id: str
    test_mode: bool
    arguments: Any
    """As JSON holds them; their kind reads them."""
    at: datetime
    """When it was asked for, UTC: what is relative in the arguments counts from here."""


Tell = Callable[[Progress], None]
Work = Callable[[Task, Tell], Any]
"""Does a job: its result as what JSON can hold. Raises AssayError where it fails for a cause of the caller's."""

TOO_LARGE: Final = JobFailure(
    code="result_too_large",
    detail=f"The result has more than {RESULT_BYTES_MAX // 1024} KiB: try fewer rules, or a shorter period.",
)


def line_of(kind: str, task: Task) -> bytes:
    """What the process is told."""
    told_ = {
        "kind": kind,
        "folder": str(task.folder),
        "merchant_id": task.merchant_id,
        "test_mode": task.test_mode,
        "arguments": task.arguments,
        "at": task.at.isoformat(),
    }
    return orjson.dumps(told_) + b"\n"


def work(kinds: Mapping[str, Work], awaited: Collection[str] = ()) -> None:
    """Do the job that standard input names, then end; where standard input ends first, end at once.

    For the kinds that are `awaited` somebody waits: they take their turns with all else.
    """
    pipe = _pipe_kept()
    sys.excepthook = partial(_tell_crash, pipe)
    asked = orjson.loads(sys.stdin.buffer.readline())
    _be_ended_first()
    if asked["kind"] not in awaited:
        os.nice(NICENESS)
    threading.Thread(target=_end_with_server, daemon=True).start()
    task = Task(
        folder=Path(asked["folder"]),
        merchant_id=asked["merchant_id"],
        test_mode=asked["test_mode"],
        arguments=asked["arguments"],
        at=datetime.fromisoformat(asked["at"]),
    )
    try:
        result = orjson.dumps(kinds[asked["kind"]](task, partial(_tell_progress, pipe)))
    except AssayError as error:
        _tell_failure(pipe, JobFailure(code=error.code, detail=str(error)))
        return
    if len(result) > RESULT_BYTES_MAX:
        _tell_failure(pipe, TOO_LARGE)
    else:
        _say(pipe, {"result": orjson.Fragment(result)})


def _pipe_kept() -> BinaryIO:
    """The pipe to the server, for this module alone: what else is written to standard output goes where errors go."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def _be_ended_first() -> None:
    # Other systems have no such file; there the server and this process are alike.
    with suppress(OSError):
        _OOM_FILE.write_text(str(OOM_SCORE), encoding="ascii")


def _end_with_server() -> None:
    """Wait for the end of standard input: the server closed it, or was killed."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


def _tell_progress(pipe: BinaryIO, progress: Progress) -> None:
    _say(pipe, {"done": progress.done, "total": progress.total, "words": progress.words})


def _tell_failure(pipe: BinaryIO, failure: JobFailure) -> None:
    _say(pipe, {"failure": {"code": failure.code, "detail": failure.detail}})


def _tell_crash(pipe: BinaryIO, _: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    """Type and place of a fault of ours, for the log; its words may quote what a shopper typed."""
    _say(pipe, {"crash": told(error)})


def _say(pipe: BinaryIO, said: Mapping[str, Any]) -> None:
    pipe.write(orjson.dumps(said) + b"\n")
    pipe.flush()
