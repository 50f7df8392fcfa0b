"""`assay rules format`: every rule of a file in the one way that there is to write it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Data
from api.commands.rules.reading import ForMerchant, Json, RulesFile, RulesUnreadable, content, examined, fault_json
from api.console import say
from engine.rules.format import format_rule
from engine.rules.toml_text import rewritten


def format_(
    file: RulesFile,
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the file instead of printing it.")] = False,
    merchant: ForMerchant = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Print a ruleset file with its rules formatted, all else as it was. Exit code 1 where it has faults."""
    source = content(file)
    found = examined(source, data, merchant)
    if found.faults:
        if as_json:
            typer.echo(json.dumps({"ok": False, "faults": [fault_json(fault) for fault in found.faults]}))
        else:
            for fault in found.faults:
                say(f"{fault.render()}\n")
            say("Nothing was formatted.")
        raise typer.Exit(1)
    texts = {declared.text: format_rule(tree) for declared, tree in found.rules if tree is not None}
    formatted = rewritten(source, texts.__getitem__)
    if formatted is None:
        raise RulesUnreadable(f"{file} cannot be formatted: write each `text = ...` at the start of a line of its own.")
    changed = sum(declared.text != texts[declared.text] for declared, _ in found.rules)
    if write and file != "-" and formatted != source:
        Path(file).write_text(formatted, encoding="utf-8")
    if as_json:
        typer.echo(json.dumps({"ok": True, "changed": changed, "text": formatted}, ensure_ascii=False))
    elif write and file != "-":
        say(f"{changed} of {len(found.rules)} rules changed.")
    else:
        typer.echo(formatted, nl=False)
