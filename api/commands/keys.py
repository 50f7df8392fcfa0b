"""`assay keys`: create, list, revoke."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from pydantic import ValidationError

from api.client import CallFailed, client_of
from api.commands.options import Data, settings_with
from api.console import console_of, table_of
from api.keys import new_key
from api.routes.keys import GATEWAY_SCOPES, NewKey, shown
from api.wiring import opened_keys
from engine.access import Scope
from engine.errors import AssayError, DataFolderInUse

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)
console = console_of()


class KeyRefused(AssayError):
    """The key could not be made or revoked."""

    code = "key_refused"


@app.command()
def create(
    name: Annotated[str, typer.Option("--name", help="What the key is for.")],
    merchant: Annotated[
        list[str] | None, typer.Option("--merchant", help="A merchant it acts for; repeat for several.")
    ] = None,
    all_merchants: Annotated[bool, typer.Option("--all-merchants", help="It acts for every merchant.")] = False,
    scope: Annotated[
        list[Scope] | None, typer.Option("--scope", help="What it allows; repeat. Default: what a gateway needs.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="A test key never touches live counters.")] = False,
    expires_in_days: Annotated[int | None, typer.Option("--expires-in-days", min=1, max=3650)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Create a key and print it once; it cannot be shown again."""
    if bool(merchant) == all_merchants:
        raise typer.BadParameter("Name the merchants with --merchant, or give --all-merchants.")
    created = _create(
        settings_with(data=data).data,
        {
            "name": name,
            "test_mode": test,
            "scopes": sorted(scope or GATEWAY_SCOPES),
            "merchants": sorted(merchant) if merchant else None,
            "expires_in_days": expires_in_days,
        },
    )
    if as_json:
        typer.echo(json.dumps(created, default=str))
        return
    typer.echo(created["key"])
    console_of(stderr=True).print("Keep it now: it is stored as a hash and cannot be shown again.")


def _create(folder: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    try:
        asked = NewKey.model_validate(wanted)
    except ValidationError as error:
        first = error.errors()[0]
        raise KeyRefused(f"--{first['loc'][0]}: {first['msg']}") from error
    try:
        with opened_keys(folder, is_made=True) as keys:
            days = asked.expires_in_days
            key, text = new_key(
                name=asked.name,
                test_mode=asked.test_mode,
                scopes=frozenset(asked.scopes),
                merchants=asked.merchants_set,
                expires_in=None if days is None else timedelta(days=days),
            )
            keys.add_key(key)
            return {**shown(key), "key": text}
    except DataFolderInUse as in_use:
        made = client_of(folder, in_use).checked("POST", "/v1/keys", json.dumps(wanted).encode())
        created: dict[str, Any] = json.loads(made)
        return created


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json")] = False, data: Data = None) -> None:
    """List all keys, without their secrets."""
    folder = settings_with(data=data).data
    try:
        with opened_keys(folder) as keys:
            rows = [json.loads(json.dumps(shown(key), default=str)) for key in keys.all()]
    except DataFolderInUse as in_use:
        rows = json.loads(client_of(folder, in_use).checked("GET", "/v1/keys"))
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = table_of("id", "name", "mode", "merchants", "scopes", "state")
    for row in rows:
        table.add_row(
            row["id"],
            row["name"],
            "test" if row["test_mode"] else "live",
            "all" if row["merchants"] is None else ", ".join(row["merchants"]),
            ", ".join(row["scopes"]),
            _state(row),
        )
    console.print(table)


def _state(row: dict[str, Any]) -> str:
    if row["revoked_at"]:
        return "revoked"
    if row["expires_at"] and datetime.fromisoformat(row["expires_at"]) <= datetime.now(UTC):
        return "expired"
    return "in force"


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The id between the underscores.")], data: Data = None) -> None:
    """Revoke a key, at once and for good."""
    folder = settings_with(data=data).data
    try:
        with opened_keys(folder) as keys:
            is_revoked = keys.revoke_key(key_id, datetime.now(UTC))
    except DataFolderInUse as in_use:
        is_revoked = _revoked_by_server(folder, in_use, key_id)
    if not is_revoked:
        raise KeyRefused(f"There is no key '{key_id}' in force; 'assay keys list' shows all.")
    console.print(f"Key {key_id} is revoked.")


def _revoked_by_server(folder: Path, in_use: DataFolderInUse, key_id: str) -> bool:
    try:
        client_of(folder, in_use).checked("DELETE", f"/v1/keys/{quote(key_id, safe='')}")
    except CallFailed as failed:
        if failed.problem_code == "key_not_found":
            return False
        raise
    return True
