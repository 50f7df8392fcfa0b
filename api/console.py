"""The consoles that commands print to: what is printed is data, and none of it is markup, a link or an emoji's code."""

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

_MINUTE = len("2026-11-23T14:05")


def console_of(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """A console that prints every text as it is, also within tables."""
    return Console(stderr=stderr, soft_wrap=soft_wrap, highlight=False, markup=False, emoji=False)


def say(text: str) -> None:
    """Tell a person, beside the output, on standard error."""
    console_of(stderr=True, soft_wrap=True).print(text)


def table_of(*names: str, whole: tuple[str, ...] = ()) -> Table:
    """A table without lines, whose cells are folded where they are too wide, never cut; those of `whole` are not."""
    columns = (Column(name, overflow="fold", no_wrap=name in whole) for name in names)
    return Table(*columns, box=None, pad_edge=False)


def entry(name: str, facts: str, meaning: str, also: str = "") -> RenderableType:
    """What something is called and is, its meaning below, folded and set in: a table's cell is too narrow for prose."""
    lines = (meaning, f"also {also}") if also else (meaning,)
    return Group(Text.assemble((name, "bold"), f"  {facts}"), *(Padding(Text(line), (0, 0, 0, 4)) for line in lines))


def minute(at: str | None) -> str:
    """An instant of the API's, UTC, as a person reads it, to the minute; nothing where there is none."""
    return "" if at is None else at[:_MINUTE].replace("T", " ")
