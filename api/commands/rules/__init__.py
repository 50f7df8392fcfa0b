"""`assay rules`: check, format and import rules."""

import typer

from api.commands.rules.check import check
from api.commands.rules.format import format_
from api.commands.rules.import_ import import_

app = typer.Typer(help="Check and format rules, and import Radar's.", no_args_is_help=True)
app.command("check")(check)
app.command("format")(format_)
app.command("import")(import_)
