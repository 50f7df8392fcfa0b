"""`assay doctor`: what is wrong here, and how to mend it."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.text import Text

from api.clock import utc_now
from api.commands.options import Data
from api.console import console_of
from api.doctor import Finding, Level, examination

_MARKS: Final = {Level.OK: "ok", Level.NOTE: "note", Level.WARNING: "warning", Level.ERROR: "ERROR"}
_STYLES: Final = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.ERROR: "bold red"}


def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Look the installation over: say what is wrong and the mend; exit code 1 where something keeps it from working.

    It only reads, also beside a running server; the ledger is read whole, record by record.
    """
    with _shown() as progress:
        found = list(examination({} if data is None else {"data": data}, utc_now(), progress))
    if as_json:
        counts = Counter(finding.level.value for finding in found)
        typer.echo(json.dumps({"errors": counts["error"], "findings": [asdict(finding) for finding in found]}))
    else:
        _print(found)
    if any(finding.level is Level.ERROR for finding in found):
        raise typer.Exit(1)


@contextmanager
def _shown() -> Iterator[Callable[[int], None]]:
    """Says to a terminal what goes on: a large ledger takes minutes."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with console_of(stderr=True).status("looking it over") as status:
        yield lambda count: status.update(f"looking it over: {count:,} records")


def _print(found: Sequence[Finding]) -> None:
    console = console_of(soft_wrap=True)
    for finding in found:
        line = Text(f"{_MARKS[finding.level]:>8}  ", style=_STYLES[finding.level])
        console.print(line.append(f"{finding.check}: {finding.found}", style="default"))
        if finding.mend:
            console.print(Text(f"          {finding.mend}", style="dim"))
    counts = Counter(finding.level for finding in found)
    console.print(f"errors: {counts[Level.ERROR]}, warnings: {counts[Level.WARNING]}, looked at: {len(found)}")
