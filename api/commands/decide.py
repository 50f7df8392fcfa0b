"""`assay decide`: payments from a file or standard input, answers to standard output."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import typer

from api.client import client_of
from api.clock import utc_now
from api.commands.options import Data, settings_with
from api.console import say
from api.errors import problem_of
from api.keys import new_key
from api.problems import ProblemRaised
from api.routes.decisions import call_of
from api.schemas import read_request
from api.wiring import assembled
from engine.access import ApiKey, Scope
from engine.errors import AssayError, DataFolderInUse
from engine.pipeline import Pipeline


class FileUnreadable(AssayError):
    """The file of payments cannot be read or is not JSON."""

    code = "file_unreadable"


Decider = Callable[[bytes], tuple[int, bytes]]


def decide(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="JSON: one payment, an array, or a payment a line; - reads stdin.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, but neither record nor count.")] = False,
    explain: Annotated[str | None, typer.Option("--explain", help="none, codes or full.")] = None,
    data: Data = None,
) -> None:
    """Decide payments and print one answer a line; a payment that is refused prints its problem and exits with 1."""
    settings = settings_with(data=data)
    payments = list(_payments(file, {"dry_run": True if dry_run else None, "explain": explain}))
    try:
        with assembled(settings) as assembly, asyncio.Runner() as runner:
            runner.run(assembly.watch.__aenter__())
            try:
                runner.run(assembly.watch.until_ready())
                is_fine = _decide_all(payments, _in_process(assembly.pipeline, runner))
            finally:
                runner.run(assembly.watch.__aexit__())
    except DataFolderInUse as in_use:
        client = client_of(settings.data, in_use)

        def by_server(body: bytes) -> tuple[int, bytes]:
            reply = client.call("POST", "/v1/decisions", body)
            return reply.status, reply.body

        is_fine = _decide_all(payments, by_server)
    if not is_fine:
        raise typer.Exit(1)


def _payments(file: str, options: dict[str, Any]) -> Iterator[bytes]:
    text = _read(file)
    given = {name: value for name, value in options.items() if value is not None}
    for payment in _parsed(text, file):
        if given and isinstance(payment, dict):
            payment["options"] = {**(payment.get("options") or {}), **given}
        yield json.dumps(payment).encode()


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(f"{file} cannot be read: {error}") from error


def _parsed(text: str, file: str) -> list[object]:
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) <= 1:
            raise FileUnreadable(f"{file} is not JSON: {error}") from error
        return [_parsed_line(line, f"{file}, line {number}") for number, line in enumerate(lines, 1)]
    return whole if isinstance(whole, list) else [whole]


def _parsed_line(line: str, where: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise FileUnreadable(f"{where} is not JSON: {error}") from error


def _decide_all(payments: list[bytes], decider: Decider) -> bool:
    is_fine = True
    for payment in payments:
        status, body = decider(payment)
        if status == HTTPStatus.OK:
            typer.echo(body.decode())
        else:
            is_fine = False
            say(body.decode())
    return is_fine


def _in_process(pipeline: Pipeline, runner: asyncio.Runner) -> Decider:
    key = _local_key()

    def by_pipeline(body: bytes) -> tuple[int, bytes]:
        try:
            call = call_of(read_request(body), key, utc_now())
            return HTTPStatus.OK, runner.run(pipeline.decide(call)).body
        except (AssayError, ProblemRaised) as error:
            problem = problem_of(error)
            return problem.status, bytes(problem.response("").body)

    return by_pipeline


def _local_key() -> ApiKey:
    # Whoever may open the data folder may decide for every merchant in it.
    return new_key(name="command line", test_mode=False, scopes=frozenset(Scope), merchants=None)[0]
