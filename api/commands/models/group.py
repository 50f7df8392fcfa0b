"""`assay models`: one function a command, as a plain tuple."""

from collections.abc import Callable

import typer

from api.commands.models.calling import AsJson
from api.commands.models.changing import challenge, retire
from api.commands.models.listing import Limit, history, list_, show
from api.commands.options import Data

COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("list", list_),
    ("show", show),
    ("history", history),
    ("challenge", challenge),
    ("retire", retire),
)

app = typer.Typer()
for name, command in COMMANDS:
    app.command(name)(command)


@app.callback(invoke_without_command=True)
def models(context: typer.Context, limit: Limit = 20, as_json: AsJson = False, data: Data = None) -> None:
    """List the trained models, have one score in shadow, see who promoted what."""
    if context.invoked_subcommand is None:
        list_(limit, as_json, data)
