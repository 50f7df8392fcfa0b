"""The command line: `assay`."""

import sys

import typer

from api.commands import Commands
from api.console import say
from api.logs import logs_kept
from engine.errors import AssayError

app = typer.Typer(
    name="assay",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def assay() -> None:
    """Screen card payments for fraud: an action, a probability and reasons a person can read."""


def main() -> None:
    """Run a command; what the caller or the world did wrong (a full disk too) is one message and exit code 1."""
    try:
        # What a command says is for people; what it logs goes to standard error, by the same rules as the server's.
        with logs_kept("warning"):
            app()
    except (AssayError, OSError) as error:
        say(f"assay: {error}")
        sys.exit(1)
