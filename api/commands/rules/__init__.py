"""`assay rules`: one file a command or a few that belong together, as a plain tuple."""

from collections.abc import Callable

import typer

from api.commands.rules.backtest import backtest, health
from api.commands.rules.check import check
from api.commands.rules.format import format_
from api.commands.rules.import_ import import_
from api.commands.rules.listing import history, list_, show
from api.commands.rules.publishing import approve, diff, publish, rollback

COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("check", check),
    ("format", format_),
    ("import", import_),
    ("list", list_),
    ("show", show),
    ("diff", diff),
    ("backtest", backtest),
    ("health", health),
    ("publish", publish),
    ("approve", approve),
    ("rollback", rollback),
    ("history", history),
)

app = typer.Typer(
    help="Check, format and import rules; list those in force, try others on recorded payments, publish them, go back.",
    no_args_is_help=True,
)
for name, command in COMMANDS:
    app.command(name)(command)
