"""`assay rules backtest`: what a rule, a ruleset or thresholds would have done with recorded payments."""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from api.backtests.table import tables
from api.client import Caller
from api.commands.options import Data, settings_with
from api.commands.rules.calling import DRAFT, AsJson, content_in, say, sent
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


def backtest(  # noqa: PLR0913, PLR0917 - one for each option
    merchant: Annotated[str, typer.Option("--merchant", help="Whose payments.")],
    file: Annotated[
        str | None,
        typer.Argument(help="The merchant's ruleset (TOML); - reads standard input, draft:NAME takes a saved draft."),
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help='A rule, such as "Block if amount_in_usd > 500".')] = None,
    rule_id: Annotated[
        str | None, typer.Option("--rule-id", help="A rule that there is, tried as a live one; --rule replaces it.")
    ] = None,
    block_at: Annotated[str | None, typer.Option("--block-at", help="A risk_score in percent; none: never.")] = None,
    review_at: Annotated[str | None, typer.Option("--review-at", help="Likewise.")] = None,
    challenge_at: Annotated[str | None, typer.Option("--challenge-at", help="Likewise.")] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help="The last so many days [90].")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Received from then on; a day, or RFC 3339.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Received before then.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say what a rule, a ruleset or thresholds would have done with the payments of a period; nothing is changed.

    A running server does it as a job; where none runs, this command does.
    """
    wanted: dict[str, Any] = {"merchant_id": merchant}
    if file is not None:
        is_draft = file.startswith(DRAFT)
        wanted |= {"draft": file.removeprefix(DRAFT)} if is_draft else sent(content_in(file, merchant))
    thresholds = {"block_at_percent": block_at, "review_at_percent": review_at, "challenge_at_percent": challenge_at}
    given = {name: _percent(text) for name, text in thresholds.items() if text is not None}
    options = {
        "rule": rule,
        "rule_id": rule_id,
        "thresholds": given or None,
        "last_days": days,
        "from": _instant(since),
        "to": _instant(until),
    }
    wanted |= {name: value for name, value in options.items() if value is not None}
    shown = _done(data, wanted)
    if as_json:
        typer.echo(json.dumps(shown))
    elif shown["state"] == JobState.SUCCEEDED:
        Console(highlight=False).print(tables(shown))
    if shown["state"] != JobState.SUCCEEDED:
        failure = shown["failure"]
        raise BacktestFailed("It was cancelled." if failure is None else failure["detail"])


def _done(data: Path | None, wanted: dict[str, Any]) -> Shown:
    """The backtest once it has ended; Ctrl-C cancels it."""
    settings = settings_with(data=data)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with (
        caller_of(settings, (backtests.router,)) as client,
        Bar(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar,
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


def _percent(text: str) -> float | None:
    if text.lower() in {"none", "never"}:
        return None
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no percentage. Write a number such as 25, or none.") from None


def _instant(text: str | None) -> str | None:
    """A day begins at its midnight, UTC."""
    is_day = text is not None and len(text) == len("2026-11-23")
    return f"{text}T00:00:00Z" if is_day else text
