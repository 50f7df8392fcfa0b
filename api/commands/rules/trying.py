"""A backtest from the command line: asked for, followed with its progress, cancelled by Ctrl-C."""

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
from api.commands.options import settings_with
from api.console import console_of, say
from api.jobs import Runner
from api.local import LocalClient, caller_of
from api.routes import backtests
from engine.errors import AssayError
from engine.jobs import Jobs, JobState, Progress

POLL_SECONDS: Final = 0.3
_CALL: Final = "/v1/backtests"
_OPEN: Final = frozenset(state.value for state in JobState if state.is_open)

Shown = Mapping[str, Any]
Note = Callable[[str, Progress], None]
"""Told the state and the progress."""


class BacktestFailed(AssayError):
    """The backtest has no figures: it failed, or was cancelled."""

    code = "backtest_failed"


def done(data: Path | None, wanted: Mapping[str, Any]) -> Shown:
    """The backtest once it succeeded. Raises BacktestFailed; CallFailed where it was refused."""
    shown = _ended(data, wanted)
    if shown["state"] != JobState.SUCCEEDED:
        failure = shown["failure"]
        raise BacktestFailed("It was cancelled." if failure is None else failure["detail"])
    return shown


def _ended(data: Path | None, wanted: Mapping[str, Any]) -> Shown:
    settings = settings_with(data=data)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with (
        caller_of(settings, (backtests.router,)) as client,
        Bar(*columns, console=console_of(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar,
    ):
        task = bar.add_task("waiting", total=None)

        def note(state: str, told: Progress) -> None:
            bar.update(task, description=told.words or state, total=told.total, completed=told.done)

        body, key = json.dumps(wanted).encode(), secrets.token_hex(16)
        queued = json.loads(client.checked("POST", _CALL, body, **{"Idempotency-Key": key}))
        path = f"{_CALL}/{queued['id']}"
        try:
            if isinstance(client, LocalClient):
                client.runner.run(_here(client.jobs, settings.data, queued["id"], note))
            else:
                _followed(client, path, note)
        except KeyboardInterrupt:
            say("Cancelling ...")
            client.checked("POST", f"{path}/cancel")
        return _read(client, path)


def _followed(client: Caller, path: str, note: Note) -> None:
    while (shown := _read(client, path))["state"] in _OPEN:
        note(shown["state"], Progress(**shown["progress"]))
        time.sleep(POLL_SECONDS)


async def _here(jobs: Jobs, folder: Path, job_id: str, note: Note) -> None:
    """Do it as a server would, and whatever waits before it."""
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


def period(days: int | None, since: str | None, until: str | None) -> dict[str, Any]:
    """The period as the API takes it; a day begins at its midnight, UTC."""
    given = {"last_days": days, "from": _instant(since), "to": _instant(until)}
    return {name: value for name, value in given.items() if value is not None}


def _instant(text: str | None) -> str | None:
    is_day = text is not None and len(text) == len("2026-11-23")
    return f"{text}T00:00:00Z" if is_day else text
