"""`assay lists`: show, create, delete, add, remove, import, export. By the server where one runs, else by the lock."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.client import Caller
from api.commands.options import Data, settings_with
from api.console import console_of, minute, say, table_of
from api.lists_file import ListFileInvalid, exported, read_list_file, write_private, write_rejects
from api.local import caller_of
from engine.errors import AssayError
from engine.lists import ALLOW, BLOCK, EntryType

app = typer.Typer(help="Show and change allow, block and named lists.", no_args_is_help=True)
console = console_of()

_PAGE = 1_000
_ROUTERS = ("list_entries", "lists")

ListId = Annotated[
    str,
    typer.Argument(metavar="LIST", help="shop-9:block, shop-9:allow, shop-9:NAME; without a merchant, the operator's."),
]
OfType = Annotated[EntryType | None, typer.Option("--type", help="What the values are.", show_default=False)]
Reason = Annotated[str | None, typer.Option("--reason", help="Why: who reads a decision reads it.")]
Expires = Annotated[str | None, typer.Option("--expires", metavar="TIME", help="From when it holds no more, UTC.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AsOf = Annotated[int | None, typer.Option("--as-of", min=0, help="As of this sequence.")]


class NotInList(AssayError):
    """A value that is in no such list."""

    code = "not_in_list"


@app.command()
def show(
    list_id: Annotated[
        str | None, typer.Argument(metavar="[LIST]", help="Its entries; left out, the lists that there are.")
    ] = None,
    merchant: Annotated[
        str | None, typer.Option("--merchant", help="This merchant's lists, not the operator's.")
    ] = None,
    value: Annotated[str | None, typer.Option("--value", help="This value alone, however it is written.")] = None,
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_PAGE, help="How many entries.")] = 100,
    *,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Print the lists of the operator or of a merchant, or the newest entries of one list."""
    with caller_of(settings_with(data=data), _ROUTERS) as caller:
        if list_id is None:
            query = "" if merchant is None else f"?{urlencode({'merchant_id': merchant})}"
            _tell_lists(_asked(caller, "GET", f"/v1/lists{query}"), as_json=as_json)
            return
        query = _query(value=value, as_of=as_of, limit=limit)
        _tell_entries(_asked(caller, "GET", f"{_path(list_id)}/entries{query}"), as_json=as_json)


@app.command()
def create(
    list_id: ListId,
    kind: Annotated[EntryType, typer.Option("--type", help="The type of all of its entries.")],
    *,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Make a list that rules name with @."""
    merchant, _, name = list_id.rpartition(":")
    wanted = {"merchant_id": merchant or None, "name": name, "type": kind.value}
    with caller_of(settings_with(data=data), _ROUTERS) as caller:
        made = _asked(caller, "POST", "/v1/lists", wanted)
    _say(made, f"The list {made['id']} is made: rules read it as @{made['name']}.", as_json=as_json)


@app.command()
def delete(list_id: ListId, data: Data = None) -> None:
    """Delete a named list with all that is in it, unless rules name it."""
    with caller_of(settings_with(data=data), _ROUTERS) as caller:
        caller.checked("DELETE", _path(list_id))
    console.print(f"The list {list_id} is deleted.")


@app.command()
def add(
    list_id: ListId,
    values: Annotated[list[str], typer.Argument()],
    kind: OfType = None,
    reason: Reason = None,
    expires: Expires = None,
    *,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put values in a list. What is in it already gets the reason and the expiry said now."""
    if kind is None and list_id.rpartition(":")[2] in {ALLOW, BLOCK}:
        kinds = ", ".join(EntryType)
        raise typer.BadParameter(f"An allow or block list takes values of any type: say which by --type ({kinds}).")
    said = None if kind is None else kind.value
    entries = [{"value": value, "type": said, "reason": reason, "expires_at": expires} for value in values]
    with caller_of(settings_with(data=data), _ROUTERS) as caller:
        answer = _asked(caller, "POST", f"{_path(list_id)}/entries", {"entries": entries})
    _tell_takings(answer, as_json=as_json)


@app.command()
def add_payment(
    list_id: ListId,
    payment: Annotated[str, typer.Argument(help="The payment's transaction id.")],
    kinds: Annotated[
        list[EntryType] | None, typer.Option("--type", help="Which of its identifiers; repeat. Default: all.")
    ] = None,
    merchant: Annotated[str | None, typer.Option("--merchant", help="The payment's, for an operator's list.")] = None,
    reason: Reason = None,
    expires: Expires = None,
    *,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put the identifiers of a bad payment in a list: e-mail, IP, card, customer, device, phone, addresses."""
    wanted = {
        "transaction_id": payment,
        "merchant_id": merchant,
        "types": None if not kinds else [kind.value for kind in kinds],
        "reason": reason,
        "expires_at": expires,
    }
    with caller_of(settings_with(data=data), _ROUTERS) as caller:
        answer = _asked(caller, "POST", f"{_path(list_id)}/entries/from_payment", wanted)
    _tell_takings(answer, as_json=as_json)


@app.command()
def remove(
    list_id: ListId,
    values: Annotated[list[str], typer.Argument()],
    kind: OfType = None,
    data: Data = None,
) -> None:
    """Take values out of a list."""
    with caller_of(settings_with(data=data), _ROUTERS) as caller:
        found: list[str] = []
        for value in values:
            query = _query(value=value, type=None if kind is None else kind.value)
            ids = [each["id"] for each in _asked(caller, "GET", f"{_path(list_id)}/entries{query}")["data"]]
            if not ids:
                shown = "'assay lists show' lists what is"
                raise NotInList(f"{value!r} is not in {list_id}; nothing was removed. {shown}.")
            found += ids
        for entry_id in dict.fromkeys(found):
            caller.checked("DELETE", f"{_path(list_id)}/entries/{entry_id}")
    console.print(f"Removed from {list_id}: {len(set(found))}.")


@app.command("import")
def import_(
    list_id: ListId,
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8; its first line names value, type, reason, expires_at.")],
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where refused lines go [FILE.rejects.csv].")
    ] = None,
    *,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a file's values in a list; exit code 1 where a line was refused. Importing again changes nothing."""
    read = read_list_file(file)
    where = rejects or file.with_name(f"{file.name}.rejects.csv")
    if where.exists() and where.samefile(file):
        raise ListFileInvalid(f"{where} is the file itself: give another place with --rejects.")
    counted = {"added": 0, "updated": 0, "unchanged": 0, "rejected": 0}
    refused: list[tuple[int, tuple[str, ...], dict[str, Any]]] = []
    with caller_of(settings_with(data=data), _ROUTERS) as caller, _progress(len(read.rows)) as advance:
        for part in read.parts():
            said = caller.checked("POST", f"{_path(list_id)}/entries", part.body, **{"Content-Type": "text/csv"})
            answer = json.loads(said)
            counted = {name: count + answer[name] for name, count in counted.items()}
            refused += [(*part.at(each["line"]), each) for each in answer["rejects"]]
            advance(len(part.lines))
    is_refused = write_rejects(where, read, refused)
    summary = {**counted, "rejects_file": str(where) if is_refused else None}
    words = ", ".join(f"{count:,} {name}" for name, count in counted.items())
    _say(summary, f"{words}.", as_json=as_json)
    if is_refused:
        say(f"Refused lines with their reasons: {where}")
        raise typer.Exit(1)


@app.command()
def export(
    list_id: ListId,
    file: Annotated[Path | None, typer.Argument(help="Left out, standard output.")] = None,
    as_of: AsOf = None,
    data: Data = None,
) -> None:
    """Write a list as CSV that 'assay lists import' takes, safe to open in a spreadsheet."""
    with caller_of(settings_with(data=data), _ROUTERS) as caller:
        lines = exported(_every(caller, list_id, as_of))
        if file is None:
            sys.stdout.writelines(lines)
        else:
            write_private(file, lines)


def _every(caller: Caller, list_id: str, as_of: int | None) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        query = _query(as_of=as_of, limit=_PAGE, cursor=cursor)
        page = _asked(caller, "GET", f"{_path(list_id)}/entries{query}")
        yield from page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _asked(caller: Caller, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    sent = None if body is None else json.dumps(body).encode()
    answer: dict[str, Any] = json.loads(caller.checked(method, path, sent))
    return answer


def _path(list_id: str) -> str:
    return f"/v1/lists/{quote(list_id, safe='')}"


def _query(**said: object) -> str:
    given = {name: value for name, value in said.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _tell_lists(page: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(page))
        return
    table = table_of("list", "kind", "type", "entries", whole=("kind", "type", "entries"))
    for each in page["data"]:
        table.add_row(each["id"], each["kind"], each["type"] or "any", f"{each['entries']:,}")
    console.print(table)


def _tell_entries(page: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(page))
        return
    table = table_of("type", "value", "reason", "expires", "added", "by key", whole=("type",))
    for each in page["data"]:
        cells = (
            each["type"],
            each["value"],
            each["reason"],
            minute(each["expires_at"]),
            minute(each["added_at"]),
            each["added_by"],
        )
        table.add_row(*(cell or "" for cell in cells))
    console.print(table)
    if page["has_more"]:
        say("There are more: --limit, or 'assay lists export' for all.")


def _tell_takings(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer))
        return
    for entry in answer["data"]:
        console.print(f"{entry['outcome']}: {entry['type']} {entry['value']}", soft_wrap=True)
    if answer["missing"]:
        say(f"The payment carried no {', '.join(answer['missing'])}.")


@contextmanager
def _progress(lines: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console_of(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task("lines", total=lines)
        yield lambda count: progress.advance(task, count)


def _say(answer: dict[str, Any], words: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        console.print(words, soft_wrap=True)
