"""Playing the demonstration's history into its data folder: a year, or a quick look of two days; then card testing."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, track
from rich.table import Table

from api.demo.examples import examples
from api.demo.payments import SHOPS, ordinary_payments, testing_payments
from api.demo.showing import body_of, played_table, show_decision
from api.demo.year import NO_HURRY_MS, Played, YearPlayer, year_before
from api.keys import new_key
from api.routes.decisions import call_of
from api.routes.keys import GATEWAY_SCOPES
from api.schemas import read_request
from api.settings import Settings
from api.wiring import Assembly, Playing, assembled, playing
from engine.access import ApiKey
from engine.decision import Action
from models.simulator import Event

_TOLD_EVERY: Final = timedelta(hours=6)


def play_year(settings: Settings, now: datetime, days: int, console: Console) -> bool:
    """Play so many days up to `now` into an empty folder; False where it holds payments, which stay as they are."""
    with ExitStack() as until_written, playing(settings) as open_for_it:
        if open_for_it is None:
            return False
        asyncio.run(_show_first(open_for_it, now, console))
        played = asyncio.run(_played(open_for_it, now, days, console))
        until_written.enter_context(console.status("Writing them to disk"))
    console.print(played_table(played, days))
    return True


async def _show_first(open_for_it: Playing, now: datetime, console: Console) -> None:
    """A first decision, before anything was seen: everybody is new, and nothing is counted."""
    title, payment = examples("first")[0]
    key, _ = new_key(name="first", test_mode=False, scopes=GATEWAY_SCOPES, merchants=None)
    body = body_of(payment, is_dry_run=True).encode()
    answer = await open_for_it.pipeline.decide(replace(call_of(read_request(body), key, now), budget_ms=NO_HURRY_MS))
    show_decision(console, f"A first decision, on {title}", json.loads(answer.body))


async def _played(open_for_it: Playing, now: datetime, days: int, console: Console) -> Played:
    timeline, period = year_before(now, days)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"Playing {days} days of four small shops", total=period.seconds, said="")
        told_at = period.start

        def advance(at: datetime, played: Played) -> None:
            nonlocal told_at
            if at - told_at >= _TOLD_EVERY:
                told_at = at
                progress.update(
                    task, completed=(at - period.start).total_seconds(), said=f"{played.payments:,} payments"
                )

        return await YearPlayer(open_for_it).play(timeline, advance)


def play_recent(settings: Settings, key: ApiKey, now: datetime, run: str, console: Console, *, with_days: bool) -> None:
    """Play card testing of the last two minutes, and before it, `with_days`, two ordinary days."""
    with assembled(settings) as assembly:
        history = list(ordinary_payments(now)) if with_days and not assembly.payments_restored else []
        payments = [*history, *testing_payments(now, run)]
        actions = asyncio.run(_decide_all(assembly, key, payments, console))
    console.print(_table(actions, len(payments)))


async def _decide_all(
    assembly: Assembly, key: ApiKey, payments: Sequence[Event], console: Console
) -> Counter[tuple[str, str]]:
    actions: Counter[tuple[str, str]] = Counter()
    async with assembly.watch as watch:
        await watch.until_ready()
        for event in track(payments, description="Playing the last payments", console=console, transient=True):
            body = json.dumps(event.body).encode()
            call = replace(call_of(read_request(body), key, event.at), budget_ms=NO_HURRY_MS)
            answer = await assembly.pipeline.decide(call)
            actions[event.order.shop.merchant_id, json.loads(answer.body)["action"]] += 1
    return actions


def _table(actions: Counter[tuple[str, str]], payments: int) -> Table:
    table = Table("shop", "sells", *Action, title=f"{payments} payments of late decided and recorded")
    for shop in SHOPS:
        counts = (str(actions[shop.merchant_id, action] or "") for action in Action)
        if any(actions[shop.merchant_id, action] for action in Action):
            table.add_row(shop.merchant_id, shop.category, *counts)
    return table
