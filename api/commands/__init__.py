"""The commands, one file each, as plain tuples."""

from collections.abc import Callable

import typer

from api.commands import keys
from api.commands.bench import bench
from api.commands.decide import decide
from api.commands.demo import demo
from api.commands.import_ import import_payments
from api.commands.serve import serve_

COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("serve", serve_),
    ("demo", demo),
    ("decide", decide),
    ("import", import_payments),
    ("bench", bench),
)
GROUPS: tuple[tuple[str, typer.Typer], ...] = (("keys", keys.app),)
