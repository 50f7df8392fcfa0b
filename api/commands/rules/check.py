"""`assay rules check`: every fault of a ruleset file, without a server."""

import json
from typing import Any

import typer

from api.commands.rules.reading import Json, RulesFile, content, say
from engine.catalog import CATALOG
from engine.rules.examine import Examined, RuleFault, examine


def check(file: RulesFile, *, as_json: Json = False) -> None:
    """Say what is wrong with a ruleset file, where, why and how to mend it. Exit code 1 where anything is."""
    found = examine(content(file), CATALOG, ())
    if as_json:
        typer.echo(json.dumps(_answer(found), ensure_ascii=False))
    else:
        for fault in found.faults:
            typer.echo(f"{fault.render()}\n")
        rules = f"{len(found.rules)} rule{'s' * (len(found.rules) != 1)}"
        faults = f"{len(found.faults)} fault{'s' * (len(found.faults) != 1)}"
        say(f"{rules}, {faults}." if found.faults else f"{rules}, all sound.")
    if found.faults:
        raise typer.Exit(1)


def _answer(found: Examined) -> dict[str, Any]:
    return {
        "ok": not found.faults,
        "rules": len(found.rules),
        "faults": [fault_json(fault) for fault in found.faults],
    }


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
