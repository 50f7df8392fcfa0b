"""`assay rules import`: Radar's rules as a ruleset file of the same meaning."""

import json
from dataclasses import asdict
from typing import Annotated, Final

import typer

from api.commands.rules.reading import Json, content
from api.console import say
from engine.catalog import CATALOG
from engine.rules.radar import Imported, import_rules, ruleset_file

_SHOWN_CHARACTERS: Final = 200

RadarFile = Annotated[
    str,
    typer.Argument(help="Radar's rules, one a line or in blocks; - reads standard input.", metavar="FILE"),
]


def import_(file: RadarFile, *, as_json: Json = False) -> None:
    """Print a ruleset file that means what Radar's rules mean; say what could not be imported, rule by rule.

    A line that begins with # names the rule below it. Exit code 1 where a rule could not be imported.
    """
    rules = import_rules(content(file), CATALOG)
    refused = [rule for rule in rules if rule.text is None]
    if as_json:
        answer = {"ok": not refused, "rules": [asdict(rule) for rule in rules], "ruleset": ruleset_file(rules)}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        typer.echo(ruleset_file(rules), nl=False)
        _report(rules, refused)
    if refused or not rules:
        raise typer.Exit(1)


def _report(rules: tuple[Imported, ...], refused: list[Imported]) -> None:
    for rule in refused:
        say(f"Not imported: {_short(rule.source)}")
        for problem in rule.problems:
            say(f"  {_short(problem)}")
    lists = sorted({name for rule in rules for name in rule.lists})
    if lists:
        say(f"The rules ask lists that must be there: {', '.join(f'@{name}' for name in lists)}.")
    say(f"{len(rules) - len(refused)} of {len(rules)} rules imported." if rules else "There is no rule in it.")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} ..."
