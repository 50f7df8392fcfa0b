"""`assay velocities`: what is counted for every payment."""

import json
from typing import Annotated

import typer

from api.console import console_of, entry
from api.velocities_page import described, markdown, of_key, row
from engine.errors import AssayError
from engine.velocity import VELOCITIES, Velocity
from engine.velocity.words import KEYS


class NoSuchKey(AssayError):
    """Nothing is counted by the key asked for."""

    code = "velocity_key_not_found"


def velocities(
    *,
    key: Annotated[
        str | None, typer.Option("--key", help="Only those of one key: card, email, ip, card_email, card_bin6 ...")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As docs/velocities.md has it.")] = False,
) -> None:
    """List what is counted for every payment: by which key, over which window, of which payments, and what it means."""
    found = VELOCITIES if key is None else of_key(VELOCITIES, key)
    if not found:
        raise NoSuchKey(f"Nothing is counted by {key!r}; the keys are {', '.join(KEYS)}.")
    if as_json:
        typer.echo(json.dumps([described(velocity) for velocity in found], ensure_ascii=False))
    elif as_markdown:
        typer.echo(markdown(found).strip())
    else:
        _print(found)


def _print(found: tuple[Velocity, ...]) -> None:
    console = console_of()
    for velocity in found:
        name, key, what, window, of, meaning, also = row(velocity)
        console.print(entry(name, ", ".join(part for part in (key, what, window, of) if part), meaning, also))
    keys = len({velocity.key for velocity in found})
    console.print(f"{len(found)} velocities over {keys} key{'s' if keys > 1 else ''}")
