"""A job from the command line: asked for, followed with its progress, cancelled by Ctrl-C."""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from api.client import Caller
from api.console import console_of, say
from api.local import LocalClient
from engine.jobs import Jobs, JobState, Progress

POLL_SECONDS: Final = 0.3
_OPEN: Final = frozenset(state.value for state in JobState if state.is_open)

Shown = Mapping[str, Any]
Note = Callable[[str, Progress], None]
"""Told the state and the progress."""


def ended(client: Caller, folder: Path, call: str, wanted: Mapping[str, Any], place: str) -> Shown:
    """The job that a call asks for once it ended; `place` is where jobs of its kind are read.

    A running server does it; where none runs, this process has it done. Raises CallFailed where it was refused.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Bar(*columns, console=console_of(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("waiting", total=None)

        def note(state: str, told: Progress) -> None:
            bar.update(task, description=told.words or state, total=told.total, completed=told.done)

        body, key = json.dumps(wanted).encode(), secrets.token_hex(16)
        queued = json.loads(client.checked("POST", call, body, **{"Idempotency-Key": key}))
        path = f"{place}/{queued['id']}"
        try:
            if isinstance(client, LocalClient):
                client.runner.run(_here(client.jobs, folder, queued["id"], note))
            else:
                _followed(client, path, note)
        except KeyboardInterrupt:
            say("Cancelling ...")
            client.checked("POST", f"{path}/cancel")
        return _read(client, path)


def why(shown: Shown) -> str:
    """Why a job has no result."""
    failure = shown["failure"]
    return "It was cancelled." if failure is None else str(failure["detail"])


def _followed(client: Caller, path: str, note: Note) -> None:
    while (shown := _read(client, path))["state"] in _OPEN:
        note(shown["state"], Progress(**shown["progress"]))
        time.sleep(POLL_SECONDS)


async def _here(jobs: Jobs, folder: Path, job_id: str, note: Note) -> None:
    """Do it as a server would, and whatever waits before it."""
    # Only where no server does the job: it loads the routes and what they use.
    from api.jobs import Runner  # noqa: PLC0415 - see above

    runner = asyncio.create_task(Runner(jobs, folder).run())
    try:
        while (job := await asyncio.to_thread(jobs.get, job_id)) is not None and job.state.is_open:
            note(job.state, job.progress)
            await asyncio.sleep(POLL_SECONDS)
    finally:
        runner.cancel()
        await asyncio.wait([runner])


def _read(client: Caller, path: str) -> Shown:
    shown: Shown = json.loads(client.checked("GET", path))
    return shown
