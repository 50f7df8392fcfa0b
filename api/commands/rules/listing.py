"""`assay rules list`, `show` and `history`: what holds, what was published."""

import json
from typing import Annotated, Any

import typer

from api.commands.options import Data
from api.commands.rules.calling import AsJson, Merchant, calls, console, content_of
from api.console import minute, say, table_of


def list_(merchant: Merchant = None, as_json: AsJson = False, data: Data = None) -> None:
    """List the rules that concern a merchant's payments: modes, whose they are, and whether they hold."""
    with calls(data, merchant) as asked:
        answer = asked.get("/v1/rules")
    if as_json:
        typer.echo(json.dumps(answer))
        return
    table = table_of("rule", "mode", "from", "holds", "name", whole=("from", "holds"))
    for rule in answer["rules"]:
        table.add_row(rule["id"], _mode(rule), rule["origin"], rule["standing"], rule["name"])
    console.print(table)
    if answer["left_out"]:
        say(f"Left out, as they no longer check: {answer['left_out']}.")


def show(
    merchant: Merchant = None,
    number: Annotated[
        int | None, typer.Option("--number", min=1, help="A version; left out: the one in force.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Print a ruleset, the operator's or a merchant's own, as a file that `publish` takes."""
    with calls(data, merchant) as asked:
        stands = asked.get("/v1/rulesets")
        shown = stands["in_force"] if number is None else asked.get(f"/v1/rulesets/versions/{number}")
    if as_json:
        typer.echo(json.dumps(shown))
        return
    typer.echo(content_of(shown).text(), nl=False)
    say(f"Version {shown['version']}, {_since(shown)}.")
    if number is None and stands["left_out"]:
        say(f"Left out, as they no longer check: {stands['left_out']}.")
    if (waiting := stands["awaiting_approval"]) is not None:
        say(f"Number {waiting['number']}, version {waiting['version']}, awaits approval.")


def history(
    merchant: Merchant = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="How many versions.")] = 20,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the versions that were published, newest first."""
    with calls(data, merchant) as asked:
        listed = asked.get("/v1/rulesets/history", limit=limit)
    if as_json:
        typer.echo(json.dumps(listed))
        return
    columns = ("number", "version", "state", "published", "by key", "note")
    table = table_of(*columns, whole=columns[:4])
    for each in listed["data"]:
        again = "" if each["restores"] is None else f"(number {each['restores']} again) "
        approved = "" if each["approved_by"] is None else f", approved by {each['approved_by']}"
        table.add_row(
            str(each["number"]),
            each["version"],
            each["state"],
            minute(each["published_at"]),
            f"{each['published_by']}{approved}",
            f"{again}{each['note']}",
        )
    console.print(table)
    if not listed["data"]:
        say("None was published.")


def _mode(rule: dict[str, Any]) -> str:
    share = "" if rule["rollout_percent"] is None else f" {rule['rollout_percent']} %"
    until = "" if rule["expires_at"] is None else f" until {minute(rule['expires_at'])}"
    return f"{rule['mode']}{share}{until}"


def _since(shown: dict[str, Any]) -> str:
    if shown["number"] == 0:
        return "none was published"
    return f"number {shown['number']}, published {shown['published_at']} by key {shown['published_by']}"
