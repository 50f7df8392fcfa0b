"""`assay demo`: a year of a few small shops, a model trained on its chargebacks, and decisions before and after."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any

import typer

from api.client import Client
from api.commands.demo_training import has_models, promoted
from api.commands.options import Data, Host, Port, settings_with
from api.console import console_of
from api.demo.examples import examples
from api.demo.playing import play_recent, play_year
from api.demo.showing import body_of, show_calls, show_change, show_decision
from api.demo.year import DAYS
from api.keys import new_key
from api.operator import operator_key
from api.routes.keys import GATEWAY_SCOPES
from api.serving import listening_socket, serve
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import ApiKey

DEMO_KEY_NAME = "demo"
DEMO_KEY_LASTS = timedelta(days=30)

_NEXT = """What to do next:
  docs/api.md        the decision call, field by field, and what each answer asks of a gateway
  docs/learning.md   from your chargebacks to a promoted model
  assay keys create  a key of your own
  assay import       your own history, from CSV or Parquet (docs/importing.md)
  assay rules        a merchant's rules, tried before they act (docs/rules.md)
  assay lists        allow, block and named lists (docs/lists.md)
  assay traffic      payments of made-up shops, sent to this server
  assay bench S1 S2  how fast it is here
  notebooks/         explore the recorded decisions"""

console = console_of()


def demo(
    quick: Annotated[bool, typer.Option("--quick", help="Two days and no training: decisions within seconds.")] = False,
    days: Annotated[int, typer.Option("--days", min=2, max=DAYS, help="So many days instead of a year.")] = DAYS,
    data: Data = None,
    host: Host = None,
    port: Port = None,
) -> None:
    """Play a year of made-up shops and chargebacks, serve, train a model on it, promote it, show what it changes.

    It shows how things work, not how well. A folder that holds payments keeps them.
    """
    settings = settings_with(data=data, host=host, port=port)
    listener = listening_socket(settings.host, settings.port)
    now = datetime.now(UTC)
    run = f"{now:%Y%m%d%H%M%S}"
    with listener:
        if not quick and not play_year(settings, now, days, console):
            console.print(f"{settings.data} holds payments; they are kept.")
        key, key_text = _new_key()
        play_recent(settings, key, datetime.now(UTC), run, console, with_days=quick)
        with assembled(settings) as assembly:
            _renew_key(assembly, key)

            async def show(url: str) -> None:
                await asyncio.to_thread(_show, settings, Client(url=url, key=key_text), run, None if quick else days)

            serve(assembly, settings, listener, show)


def _new_key() -> tuple[ApiKey, str]:
    return new_key(
        name=DEMO_KEY_NAME, test_mode=False, scopes=GATEWAY_SCOPES, merchants=None, expires_in=DEMO_KEY_LASTS
    )


def _renew_key(assembly: Assembly, key: ApiKey) -> None:
    # A key cannot be shown twice, so each run makes one and the one before ends.
    for earlier in assembly.keys.all():
        if earlier.name == DEMO_KEY_NAME and earlier.revoked_at is None:
            assembly.keys.revoke_key(earlier.id, datetime.now(UTC))
    assembly.keys.add_key(key)


def _show(settings: Settings, client: Client, run: str, days: int | None) -> None:
    """Show the examples' decisions, and where a model is trained on so many days, what they were before."""
    decide, operator = partial(_decided, client), Client(url=client.url, key=operator_key(settings.data))
    before: list[dict[str, Any]] = []
    if days is not None and not has_models(operator):
        for title, payment in examples(run):
            before.append(decide(body_of(payment, is_dry_run=True)))
            show_decision(console, title, before[-1])
        if not promoted(operator, settings.data, days, console):
            before = []
    bodies = []
    for number, (title, payment) in enumerate(examples(run)):
        bodies.append((title, body_of(payment)))
        answer = decide(bodies[-1][1])
        if before:
            show_change(console, title, before[number], answer)
        else:
            show_decision(console, title, answer)
    show_calls(console, client.url, client.key, bodies)
    console.print(_NEXT, soft_wrap=True)


def _decided(client: Client, body: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(client.call("POST", "/v1/decisions", body.encode()).body)
    return answer
