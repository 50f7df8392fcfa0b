"""`assay train`, `evaluate`, `compare`, `promote`, `rollback` and `assay models`."""

from collections.abc import Callable

import typer

from api.commands.models.calling import AsJson
from api.commands.models.changing import challenge, promote, retire, rollback
from api.commands.models.learning import compare, evaluate, train
from api.commands.models.listing import Limit, history, list_, show
from api.commands.options import Data

COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("train", train),
    ("evaluate", evaluate),
    ("compare", compare),
    ("promote", promote),
    ("rollback", rollback),
)
GROUPED: tuple[tuple[str, Callable[..., None]], ...] = (
    ("list", list_),
    ("show", show),
    ("history", history),
    ("challenge", challenge),
    ("retire", retire),
)

app = typer.Typer()
for name, command in GROUPED:
    app.command(name)(command)


@app.callback(invoke_without_command=True)
def models(context: typer.Context, limit: Limit = 20, as_json: AsJson = False, data: Data = None) -> None:
    """List the trained models, have one score in shadow, see who promoted what."""
    if context.invoked_subcommand is None:
        list_(limit, as_json, data)
