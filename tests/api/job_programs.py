"""Kinds of jobs for the tests alone, done by a process as the server's own kinds are."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from api.job_process import Task, Tell, work
from engine.errors import StoreInvalid
from engine.jobs import RESULT_BYTES_MAX, Progress

PROGRAM = (sys.executable, "-c", "from tests.api.job_programs import main; main()")


def echo(task: Task, tell: Tell) -> Any:
    """Give back what was asked."""
    tell(Progress(done=1, total=2, words="half way"))
    return {
        "arguments": task.arguments,
        "merchant_id": task.merchant_id,
        "test_mode": task.test_mode,
        "at": task.at,
        "folder": task.folder.name,
        "niceness": os.nice(0),
    }


def slow(task: Task, tell: Tell) -> Any:
    """Go on until the file named in the arguments is there; leave a line for each start in another."""
    started = Path(task.arguments["started"])
    with started.open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    steps = 0
    while not Path(task.arguments["until"]).exists():
        steps += 1
        tell(Progress(done=steps, total=1_000, words="going on"))
        time.sleep(0.02)
    return {"is_done": True}


def refuse(_: Task, __: Tell) -> Any:
    raise StoreInvalid("There is no ledger: give another folder.")


def crash(_: Task, __: Tell) -> Any:
    raise ValueError("shopper@example.com typed 4242424242424242")


def die(task: Task, _: Tell) -> Any:
    """End without a word, as where memory ran out."""
    with Path(task.arguments["started"]).open("a", encoding="utf-8") as file:
        file.write("died\n")
    os._exit(137)


def large(task: Task, _: Tell) -> Any:
    return "x" * (RESULT_BYTES_MAX + int(task.arguments["more"]))


def chatter(_: Task, __: Tell) -> Any:
    """Write to standard output beside what is told, as a library may."""
    sys.stdout.write("not JSON\n")
    sys.stdout.flush()
    os.write(1, b"{}\n")
    return "told"


def saying(line: str, times: int = 1) -> tuple[str, ...]:
    """A program that is none of ours: it writes a line so many times over, and stays."""
    said = f"import sys, time; sys.stdout.write({line!r} * {times}); sys.stdout.flush(); time.sleep(600)"
    return (sys.executable, "-c", said)


def main() -> None:
    """Do the job that standard input names."""
    kinds = (echo, slow, refuse, crash, die, large, chatter)
    work({kind.__name__: kind for kind in kinds})
