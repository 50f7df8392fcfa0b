"""`assay data`: the reference tables. What is in force, is a file sound, putting one in force, undoing that."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, Field

from api.client import client_of
from api.clock import utc_now
from api.commands.options import Data, settings_with
from api.console import console_of, entry, say
from api.operator import server_url
from api.reference_files import SETTINGS, currencies_in_force, losses, put_table, reference_of, undo_table
from api.settings import Settings
from api.tables import TableShown, tables_shown
from engine.errors import AssayError, DataFolderInUse
from engine.reference import MISSING
from engine.reference.kinds import kind_of

app = typer.Typer(help="Show, check and replace the reference tables: IP, BIN, rates and so on.", no_args_is_help=True)
console = console_of()

File = Annotated[Path, typer.Argument(metavar="FILE", help="A MaxMind database or a table (CSV).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class NotInForce(AssayError):
    """The file lies in the data folder, and the server did not take it."""

    code = "table_not_in_force"


class _Part(BaseModel):
    part: str
    fault: str | None


class _Installation(BaseModel):
    """What the server says of itself, as far as it is read here."""

    parts: list[_Part] = Field(default_factory=list)
    tables: list[TableShown]


@app.command("list")
def list_(*, as_json: AsJson = False, data: Data = None) -> None:
    """Print every table: version, day, rows, source, licence, whether it is stale. The server's, where one runs."""
    settings = settings_with(data=data)
    running = _asked(settings, "GET", "/v1/installation")
    tables = tables_shown(reference_of(settings), utc_now().date()) if running is None else running.tables
    if as_json:
        typer.echo(json.dumps({"tables": [table.model_dump(mode="json") for table in tables]}))
        return
    for table in tables:
        _print(table)
    _attribute(tables)


@app.command()
def check(file: File, *, as_json: AsJson = False, data: Data = None) -> None:
    """Say which table a file is and read it whole, as it would be to be used; exit code 1 where it cannot be."""
    kind, today = kind_of(file), utc_now().date()
    info = kind.read(file, today)
    is_stale = info.is_stale(today)
    warnings = losses(file, currencies_in_force(settings_with(data=data)))
    if as_json:
        said = {"table": kind.table, "version": info.version, "built": info.built and info.built.isoformat()}
        typer.echo(json.dumps({**said, "rows": info.rows, "is_stale": is_stale, "warnings": warnings}))
        return
    console.print(f"{file}: a sound table for {kind.table} ({info.what})")
    console.print(f"version {info.version}{_of(info.built, info.rows)}")
    if is_stale:
        console.print(f"STALE: older than {info.max_age_days} days")
    _warn(warnings)


@app.command()
def update(file: File, *, as_json: AsJson = False, data: Data = None) -> None:
    """Check a file, put it into the data folder and have the server read it; the one before is kept for `undo`."""
    settings = settings_with(data=data)
    before = currencies_in_force(settings)
    put = put_table(settings.data, file)
    warnings = losses(put.file, before)
    table = put.info.name
    kept = f"; 'assay data undo {put.file.stem}' brings back what was before"
    _tell(settings, table, put.info.version, f"{put.file} is there{kept}", warnings, as_json=as_json)


@app.command()
def undo(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What lies there: bins, rates ... or an IP database's type.")
    ],
    *,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Bring back the file that an update replaced, or the embedded table where it was the first; twice is as before."""
    settings = settings_with(data=data)
    undone = undo_table(settings.data, name)
    if undone.is_there:
        info = kind_of(undone.file).read(undone.file, utc_now().date())
        _tell(settings, info.name, info.version, f"{undone.file} is the one before again", [], as_json=as_json)
        return
    said = f"{undone.file} was put aside: the embedded table serves"
    _tell(settings, None, None, said, [], as_json=as_json)


def _tell(
    settings: Settings, table: str | None, version: str | None, said: str, warnings: list[str], *, as_json: bool
) -> None:
    """Have the server read the tables, and say what came of it. Raises NotInForce where it did not take the file."""
    running = _asked(settings, "POST", "/v1/installation/reload")
    if running is not None and table is not None:
        _require_in_force(running, table, version or "")
    in_force = "no_server" if running is None else "yes"
    if as_json:
        typer.echo(json.dumps({"table": table, "version": version, "in_force": in_force, "warnings": warnings}))
        return
    console.print(said)
    console.print("no server runs: in force from the next start on" if running is None else "in force")
    _warn(warnings)


def _warn(warnings: list[str]) -> None:
    for warning in warnings:
        console.print(f"WARNING: {warning}")


def _require_in_force(running: _Installation, table: str, version: str) -> None:
    for part in running.parts:
        if part.part == SETTINGS[table] and part.fault is not None:
            raise NotInForce(f"The server did not take it: {part.fault}")
    versions = next((_versions(each) for each in running.tables if each.name == table), [])
    if not any(version in each for each in versions):
        variable = f"ASSAY_{SETTINGS[table].upper()}"
        raise NotInForce(
            f"The server has {versions[0] if versions else 'none'} in force and not {version}: {variable} names "
            "another file, which goes first, or a better edition is there. Unset it and restart the server."
        )


def _versions(table: TableShown) -> list[str]:
    return [table.version, *(version for part in table.parts for version in _versions(part))]


def _asked(settings: Settings, method: str, path: str) -> _Installation | None:
    """What the folder's server answers; None where none runs."""
    if server_url(settings.data) is None:
        return None
    in_use = DataFolderInUse(f"The server of {settings.data} does not answer: see 'assay doctor'.")
    answer: Any = json.loads(client_of(settings.data, in_use).checked(method, path))
    return _Installation.model_validate(answer)


def _print(table: TableShown, indent: str = "") -> None:
    if table.version == MISSING:
        console.print(entry(f"{indent}{table.name}", "MISSING", "What it would tell is unknown."))
        return
    facts = f"{table.version}{_of(table.built, table.rows)}"
    age = f"{table.age_days:,} days old; " if table.age_days is not None else ""
    stale = f"STALE, it may be {table.max_age_days:,} days old. " if table.is_stale and not table.parts else ""
    terms = table.source if table.licence == table.source else f"{table.source}, {table.licence}"
    console.print(entry(f"{indent}{table.name}", facts, f"{stale}{table.what}. {age}{terms}"))
    for part in table.parts:
        _print(part, f"{indent}  ")


def _of(built: date | None, rows: int | None) -> str:
    day = "" if built is None else f", of {built}"
    return day if rows is None else f"{day}, {rows:,} rows"


def _attribute(tables: Sequence[TableShown]) -> None:
    """What licences ask to be shown."""
    asked = {each.attribution for table in tables for each in (table, *table.parts) if each.attribution}
    say("\n".join(sorted(asked)))
