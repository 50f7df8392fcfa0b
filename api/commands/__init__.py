"""The commands, one file each or a few that belong together: what each is called, and where it stands.

A command's module is loaded when the command is asked for. Some load what learns or what serves, which takes seconds;
who rolls a model back should not wait for that.
"""

from functools import cache
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

PLACES: Final = {
    "serve": "serve:serve_",
    "demo": "demo:demo",
    "decide": "decide:decide",
    "import": "import_:import_payments",
    "traffic": "traffic:traffic",
    "train": "models.learning:train",
    "evaluate": "models.learning:evaluate",
    "compare": "models.learning:compare",
    "promote": "models.changing:promote",
    "rollback": "models.changing:rollback",
    "features": "features:features",
    "velocities": "velocities:velocities",
    "replay": "replay:replay",
    "segments": "segments:segments",
    "doctor": "doctor:doctor",
    "bench": "bench:bench",
    "keys": "keys:app",
    "policy": "policies:app",
    "rules": "rules:app",
    "lists": "lists:app",
    "models": "models.group:app",
    "chargebacks": "chargebacks:app",
    "data": "data:app",
    "check": "check:app",
}
"""A function, or a group of them under this name, as `module:attribute` of this package."""


class Commands(TyperGroup):
    """The commands by their names, each loaded when it is asked for; a list with what each does loads all."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**attributes)
        # What a mistyped name is compared with.
        self.commands = dict.fromkeys(PLACES)  # type: ignore[assignment]

    def list_commands(self, _context: object) -> list[str]:
        """The names, in the order of `assay --help`."""
        return [*PLACES]

    def get_command(self, _context: object, name: str) -> Any:  # noqa: ANN401 - the type is private to typer
        """The command of this name; None where there is none."""
        return _loaded(name) if name in PLACES else None


@cache
def _loaded(name: str) -> Any:  # noqa: ANN401 - same
    module, _, attribute = PLACES[name].partition(":")
    found = getattr(import_module(f"{__name__}.{module}"), attribute)
    alone = typer.Typer(rich_markup_mode=None, add_completion=False, callback=_no_options)
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
    else:
        alone.command(name)(found)
    return get_group(alone).commands[name]


def _no_options() -> None:
    """Make typer build a group of one command, not the command under another name."""
