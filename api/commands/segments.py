"""`assay segments`: closed hours of the ledger as Parquet files."""

import json
import os
import sys
from typing import Annotated, Final

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from api.clock import utc_now
from api.commands.options import Data, settings_with
from api.console import console_of
from api.wiring import segments_written

NICENESS: Final = 10
"""A server beside it goes first."""


def segments(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Write the hours of the ledger that are over as Parquet files, for what reads much; a server does so each hour.

    Only what is in no file yet is written. It reads the ledger without its lock: a server may run meanwhile.
    """
    os.nice(NICENESS)
    columns = (SpinnerColumn(), TextColumn("{task.completed} rows written"))
    with Progress(*columns, console=console_of(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=None)
        written = segments_written(settings_with(data=data).data, utc_now(), lambda rows: progress.advance(task, rows))
    if as_json:
        typer.echo(json.dumps(written))
    else:
        typer.echo(f"{written['rows']} rows written; {written['segments']} segments in {written['folder']}.")
