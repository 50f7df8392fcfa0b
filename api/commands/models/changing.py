"""`assay promote` and `rollback`, `assay models challenge` and `retire`: which model is where, and why."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.models.calling import AsJson, Because, Model, calls, champion_of, console, got, named, sent
from api.commands.models.figures import gate_lines
from api.commands.options import Data
from api.console import say
from engine.model_changes import champion_named, champion_tag

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask no question; needs --because.")]


def promote(
    model: Model,
    because: Because = None,
    yes: Yes = False,
    force: Annotated[
        bool, typer.Option("--force", help="Promote though the gate does not pass; the history says so.")
    ] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a model in force for every merchant, once you have seen what the gate says and agreed."""
    with calls(data) as client:
        seen = got(client, "/v1/models?limit=1")
        shown = got(client, f"/v1/models/{named(client, model)}")
        if not as_json:
            for line in gate_lines(shown["gate"]):
                console.print(line)
        if not shown["gate"]["passes"] and not force:
            say("Not promoted: --force promotes all the same, and the history says that the gate did not pass.")
            raise typer.Exit(1)
        reason = _agreed(f"Put {shown['id']} in force in place of {champion_of(seen)}?", because, yes=yes)
        wanted = {"because": reason, "force": force}
        done = sent(client, f"/v1/models/{shown['id']}/promote", wanted, champion_tag(seen["champion"]))
    _tell(done, as_json=as_json, said=f"{shown['id']} is in force. 'assay rollback' undoes it.")


def rollback(because: Because = None, yes: Yes = False, as_json: AsJson = False, data: Data = None) -> None:
    """Put the champion before this one in force again, at once."""
    with calls(data) as client:
        seen = got(client, "/v1/models?limit=1")
        reason = _agreed(f"Undo the promotion of {champion_of(seen)}?", because, yes=yes)
        done = sent(client, "/v1/models/rollback", {"because": reason}, champion_tag(seen["champion"]))
    _tell(done, as_json=as_json, said=f"In force again: {champion_named(done['champion'])}.")


def challenge(model: Model, because: Because = None, as_json: AsJson = False, data: Data = None) -> None:
    """Have a model score every payment beside the champion; it decides nothing."""
    _moved(data, model, "challenge", because, "{} scores in shadow from now on.", as_json=as_json)


def retire(model: Model, because: Because = None, as_json: AsJson = False, data: Data = None) -> None:
    """Have a model score in shadow no more; its file stays."""
    _moved(data, model, "retire", because, "{} scores no more.", as_json=as_json)


def _moved(data: Path | None, model: str, verb: str, because: str | None, said: str, *, as_json: bool) -> None:
    with calls(data) as client:
        name = named(client, model)
        done = sent(client, f"/v1/models/{name}/{verb}", {"because": because or f"assay models {verb}"})
    _tell(done, as_json=as_json, said=said.format(name))


def _agreed(question: str, because: str | None, *, yes: bool) -> str:
    """The person's reason, once the person agreed."""
    if yes and because is None:
        raise typer.BadParameter("--yes needs --because: the history says why.")
    if not yes and not typer.confirm(question, err=True):
        say("Nothing was changed.")
        raise typer.Exit(1)
    reason: str = typer.prompt("Why? (for the history)", err=True) if because is None else because
    return reason


def _tell(done: dict[str, Any], *, as_json: bool, said: str) -> None:
    if as_json:
        typer.echo(json.dumps(done))
    else:
        say(said)
