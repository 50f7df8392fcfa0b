"""What the commands of rules have in common: the file they read, and the faults they show."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from engine.errors import AssayError

RulesFile = Annotated[str, typer.Argument(help="A ruleset file (TOML); - reads standard input.", metavar="FILE")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class RulesUnreadable(AssayError):
    """A file of rules cannot be read."""

    code = "rules_unreadable"


def content(file: str) -> str:
    """The text of a file, or of standard input. Raises RulesUnreadable."""
    try:
        read = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return read.decode("utf-8-sig")
    except OSError as error:
        raise RulesUnreadable(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RulesUnreadable(f"{file} is not UTF-8: {error.reason} at byte {error.start}.") from error


def say(text: str) -> None:
    """Tell a person something that is no output."""
    Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)
