"""`assay demo`: a store with a few hundred payments, a running server, and three decisions to look at."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.progress import track
from rich.table import Table
from rich.text import Text

from api.auth import new_key
from api.client import Client
from api.commands.options import Data, Host, Port, settings_with
from api.console import console_of
from api.demo.examples import examples
from api.demo.payments import SHOPS, ordinary_payments, testing_payments
from api.routes.decisions import call_of
from api.routes.keys import GATEWAY_SCOPES
from api.schemas import read_request
from api.serving import listening_socket, serve
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import ApiKey
from engine.decision import Action
from models.simulator import Event

DEMO_KEY_NAME = "demo"
DEMO_KEY_LASTS = timedelta(days=30)

_NEXT = """What to do next:
  docs/api.md        the decision call, field by field, and what each answer asks of a gateway
  assay keys create  a key of your own
  assay import       your own history, from CSV or Parquet (docs/importing.md)
  assay rules, assay lists  rules and lists of a merchant (docs/rules.md, docs/lists.md)
  assay traffic      payments of made-up shops, sent to this server
  assay bench S1 S2  how fast it is here
  notebooks/         explore the recorded decisions"""

console = console_of()


def demo(data: Data = None, host: Host = None, port: Port = None) -> None:
    """Create a store, play a few hundred payments of small shops, serve, and show three decisions."""
    settings = settings_with(data=data, host=host, port=port)
    listener = listening_socket(settings.host, settings.port)
    now = datetime.now(UTC)
    run = f"{now:%Y%m%d%H%M%S}"
    with listener:
        key, key_text = _play(settings, now, run)
        with assembled(settings) as assembly:
            _renew_key(assembly, key)

            async def show(url: str) -> None:
                await asyncio.to_thread(_show, Client(url=url, key=key_text), run, url)

            serve(assembly, settings, listener, show)


def _play(settings: Settings, now: datetime, run: str) -> tuple[ApiKey, str]:
    key, text = new_key(
        name=DEMO_KEY_NAME, test_mode=False, scopes=GATEWAY_SCOPES, merchants=None, expires_in=DEMO_KEY_LASTS
    )
    with assembled(settings) as assembly:
        history = [] if assembly.payments_restored else list(ordinary_payments(now))
        if not history:
            console.print(f"{settings.data} holds {assembly.payments_restored:,} payments; they are kept.")
        payments = [*history, *testing_payments(now, run)]
        actions = asyncio.run(_decide_all(assembly, key, payments))
    console.print(_table(actions, len(payments)))
    return key, text


async def _decide_all(assembly: Assembly, key: ApiKey, payments: Sequence[Event]) -> Counter[tuple[str, str]]:
    actions: Counter[tuple[str, str]] = Counter()
    async with assembly.watch as watch:
        await watch.until_ready()
        for event in track(payments, description="Playing payments of four small shops", console=console):
            body = json.dumps(event.body).encode()
            answer = await assembly.pipeline.decide(call_of(read_request(body), key, event.at))
            actions[event.order.shop.merchant_id, json.loads(answer.body)["action"]] += 1
    return actions


def _table(actions: Counter[tuple[str, str]], payments: int) -> Table:
    table = Table("shop", "sells", *Action, title=f"{payments} payments decided and recorded")
    for shop in SHOPS:
        counts = (str(actions[shop.merchant_id, action] or "") for action in Action)
        table.add_row(shop.merchant_id, shop.category, *counts)
    return table


def _renew_key(assembly: Assembly, key: ApiKey) -> None:
    # A key cannot be shown twice, so each run makes one and the one before ends.
    for earlier in assembly.keys.all():
        if earlier.name == DEMO_KEY_NAME and earlier.revoked_at is None:
            assembly.keys.revoke_key(earlier.id, datetime.now(UTC))
    assembly.keys.add_key(key)


def _show(client: Client, run: str, url: str) -> None:
    curls = []
    for title, payment in examples(run):
        body = json.dumps(payment)
        reply = client.call("POST", "/v1/decisions", body.encode())
        _show_decision(title, json.loads(reply.body))
        curls.append((title, body))
    runs = Text.assemble("\n", (f"The server runs at {url}", "bold"), " (Ctrl-C stops it). The key of this run:\n")
    console.print(runs)
    console.print(f"  {client.key}\n", soft_wrap=True)
    console.print("The same three by hand (change the transaction_id, or you get the stored answer):\n", soft_wrap=True)
    for title, body in curls:
        console.print(f"# {title}", style="dim")
        console.print(
            f"curl -s {url}/v1/decisions -H 'Authorization: Bearer {client.key}' -d '{body}'\n",
            soft_wrap=True,
        )
    console.print(_NEXT, soft_wrap=True)


def _show_decision(title: str, answer: dict[str, Any]) -> None:
    colour = {"allow": "green", "block": "red"}.get(answer["action"], "yellow")
    console.print(
        Text.assemble(
            "\n",
            (title, "bold"),
            ": ",
            (answer["action"], f"{colour} bold"),
            f"   risk score {answer['risk_score']} % ({answer['risk_level']})",
        )
    )
    for reason in answer["reasons"]:
        sign = ("+", "green") if (reason["weight"] or 0) < 0 else ("-", "red")
        said = Text.assemble("  ", sign, f" {reason['text']}  ", (f"({reason['source']})", "dim"))
        console.print(said, soft_wrap=True)
