"""What the commands of rules have in common: the file they read, what it is checked against, the faults they show."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.options import settings_with
from api.wiring import list_types_in
from engine.catalog import catalog_for
from engine.errors import AssayError
from engine.rules import read_source
from engine.rules.examine import Examined, RuleFault, examine

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


def examined(source: str, data: Path | None) -> Examined:
    """A ruleset file with its faults; it may name the operator's lists in the data folder, where there is one."""
    lists = list_types_in(settings_with(data=data).data)
    rules = read_source(source, is_merchants=True)[0].rules
    return examine(source, catalog_for(rules), lists)


def fault_json(fault: RuleFault) -> dict[str, Any]:
    """A fault for programs: the rule, the part, the place in its text, and the words."""
    said: dict[str, Any] = {"rule": fault.rule, "part": fault.part, "message": fault.message}
    if (diagnostic := fault.diagnostic) is not None:
        before = fault.of[: diagnostic.span.start]
        said |= {
            "code": diagnostic.code.value,
            "line": before.count("\n") + 1,
            "column": len(before) - (before.rfind("\n") + 1) + 1,
            "start": diagnostic.span.start,
            "end": diagnostic.span.end,
            "cause": diagnostic.cause,
            "hint": diagnostic.hint,
        }
    return said
