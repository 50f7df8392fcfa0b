"""`assay train`, `evaluate`, `compare`, `promote`, `rollback` and `assay models`."""

from collections.abc import Callable

import typer

from api.commands.models.changing import challenge, promote, retire, rollback
from api.commands.models.learning import compare, evaluate, train
from api.commands.models.listing import history, list_, show

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

app = typer.Typer(help="List the trained models, have one score in shadow, see who promoted what.")
for name, command in GROUPED:
    app.command(name)(command)


@app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List the trained models where nothing else is asked."""
    if context.invoked_subcommand is None:
        list_()
