"""`assay policy`: show, set, history. Through the running server, which puts a policy in force at once."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.client import Client, client_of
from api.commands.options import Data, settings_with
from api.console import console_of, minute, say, table_of
from engine.errors import AssayError

app = typer.Typer(help="Show a merchant's policy, set another, list its versions.", no_args_is_help=True)
console = console_of()

Merchant = Annotated[str, typer.Argument(help="The merchant's id.")]


class NoServer(AssayError):
    """No server of the folder runs."""

    code = "no_server"


class PolicyUnreadable(AssayError):
    """The file of a policy cannot be read."""

    code = "policy_unreadable"


@app.command()
def show(
    merchant: Merchant,
    as_json: Annotated[bool, typer.Option("--json", help="With version, time and author, as one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Print the policy in force, as a file that `set` takes."""
    shown = _called(data, "GET", merchant)
    typer.echo(json.dumps(shown if as_json else shown["policy"], indent=None if as_json else 2))
    if not as_json:
        say(f"Version {shown['version']}, {_since(shown)}.")


@app.command("set")
def set_(
    merchant: Merchant,
    file: Annotated[str, typer.Argument(help="A JSON file with the whole policy; - reads standard input.")],
    replaces: Annotated[
        str | None, typer.Option("--replaces", help="The version that must be in force until now.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Put a policy in force; fields that the file leaves out have their defaults."""
    headers = {} if replaces is None else {"If-Match": f'"{replaces}"'}
    query = "?dry_run=true" if dry_run else ""
    answer = _called(data, "PUT", merchant, query, _content(file), headers)
    if as_json:
        typer.echo(json.dumps(answer))
        return
    for change in answer["changes"]:
        console.print(f"{change['field']}: {json.dumps(change['before'])} -> {json.dumps(change['after'])}")
    done = "would be" if dry_run else "is"
    say(f"Version {answer['version']} {done} in force." if answer["changes"] else "Nothing changes.")


@app.command()
def history(
    merchant: Merchant,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="How many versions.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: Data = None,
) -> None:
    """List the versions, newest first."""
    listed = _called(data, "GET", merchant, f"/history?limit={limit}")
    if as_json:
        typer.echo(json.dumps(listed))
        return
    table = table_of("number", "version", "published", "by key", whole=("version",))
    for each in listed["data"]:
        table.add_row(str(each["number"]), each["version"], minute(each["published_at"]), each["published_by"])
    console.print(table)
    if not listed["data"]:
        say("None was published: the default is in force.")


def _called(
    data: Path | None,
    method: str,
    merchant: str,
    rest: str = "",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    path = f"/v1/policies/{quote(merchant, safe='')}{rest}"
    answer: dict[str, Any] = json.loads(_client(data).checked(method, path, body, **(headers or {})))
    return answer


def _client(data: Path | None) -> Client:
    folder = settings_with(data=data).data
    return client_of(folder, NoServer(f"No server runs on {folder}: start one with 'assay serve', or check --data."))


def _content(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise PolicyUnreadable(f"{file} cannot be read: {error.strerror}.") from error


def _since(shown: dict[str, Any]) -> str:
    if shown["number"] == 0:
        return "the default: none was published"
    return f"number {shown['number']}, published {shown['published_at']} by key {shown['published_by']}"
