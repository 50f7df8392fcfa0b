"""`assay rules check`: every fault of a ruleset file, without a server."""

import json

import typer

from api.commands.options import Data
from api.commands.rules.reading import ForMerchant, Json, RulesFile, content, examined, fault_json
from api.console import say


def check(file: RulesFile, *, merchant: ForMerchant = None, as_json: Json = False, data: Data = None) -> None:
    """Say what is wrong with a ruleset file, where, why and how to mend it. Exit code 1 where anything is.

    The rules may name the operator's lists in the data folder; with --merchant, the merchant's too.
    """
    found = examined(content(file), data, merchant)
    if as_json:
        faults = [fault_json(fault) for fault in found.faults]
        typer.echo(json.dumps({"ok": not faults, "rules": len(found.rules), "faults": faults}, ensure_ascii=False))
    else:
        for fault in found.faults:
            typer.echo(f"{fault.render()}\n")
        rules = f"{len(found.rules)} rule{'s' * (len(found.rules) != 1)}"
        faults_said = f"{len(found.faults)} fault{'s' * (len(found.faults) != 1)}"
        say(f"{rules}, {faults_said}." if found.faults else f"{rules}, all sound.")
    if found.faults:
        raise typer.Exit(1)
