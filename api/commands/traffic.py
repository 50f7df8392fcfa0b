"""`assay traffic`: payments of made-up shops, sent to a running server or written to a file."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from api.client import Client
from api.commands.options import Data, settings_with
from api.console import console_of
from api.operator import operator_key, server_url
from api.traffic.calls import Caller
from api.traffic.sending import Sender
from engine.errors import AssayError
from models.simulator import DAY_SECONDS, Event, Period, Timeline, World, orders, shops, stream, with_fraud

COMES_BACK_SECONDS: Final = 2 * 3600
"""A returning customer buys so often on average: in a run of minutes some of them are to be seen twice."""
FILES_BEGIN: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday: what is written shall be the same on every day."""
_SENT_DAY_SECONDS: Final = 1.0
"""A run of two minutes sees what takes four months."""
_SHOPPERS_MIN: Final = 150
_SAID: Final = console_of(stderr=True)


class NoServer(AssayError):
    """No server is there to send to."""

    code = "no_server"


def traffic(  # noqa: PLR0913, PLR0917 - one for each option
    shop_count: Annotated[int, typer.Option("--shops", min=1, max=1000, help="How many shops.")] = 4,
    rate: Annotated[
        float, typer.Option("--rate", min=0.001, max=2000, help="New orders a second on average, of all shops.")
    ] = 5.0,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="How long; for --out, of the written time.")
    ] = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same shoppers and orders.")] = 1,
    fraud: Annotated[
        float,
        typer.Option("--fraud", min=0, max=0.5, help="Share of the payments that is fraud, with chargebacks later on."),
    ] = 0.0,
    day_seconds: Annotated[
        float | None,
        typer.Option(
            "--day-seconds",
            min=0.001,
            max=DAY_SECONDS,
            help="How long a day of waiting for a chargeback lasts [sent: 1, --out: 86400].",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="The server's URL; by default this data folder's.", show_default=False)
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", envvar="ASSAY_KEY", help="The API key for --to.", show_default=False, show_envvar=True),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the events to this file, one JSON object a line.")
    ] = None,
    data: Data = None,
) -> None:
    """Send payments of made-up shops to a running server, with 3-D Secure, retries and outcomes, as a gateway does.

    Without --to they go to the server of the data folder, and count there as any other payments. With --fraud some are
    card testing, stolen cards and accounts taken over, whose banks warn and charge back some days later.
    """
    if out is not None and to is not None:
        raise typer.BadParameter("Give --to or --out, not both.")
    begins = datetime.now(UTC) if out is None else FILES_BEGIN
    period = Period(start=begins, seconds=seconds)
    # On a server each run has ids of its own, however soon after another; a file is the same for the same options.
    run = f"t{begins:%y%m%d%H%M%S}{secrets.token_hex(3)}" if out is None else f"seed{seed}"
    shoppers = max(_SHOPPERS_MIN, round(rate * COMES_BACK_SECONDS))
    world = World(seed=seed, shops=shops(shop_count), shoppers=shoppers, run=run)
    day = day_seconds or (_SENT_DAY_SECONDS if out is None else DAY_SECONDS)
    first = with_fraud(world, period, rate, fraud, day) if fraud else orders(world, period, rate)
    if out is None:
        _send(first, period, shop_count, _caller(to, key, data))
    else:
        _write(first, period, out, is_labelled=fraud > 0)


def _caller(to: str | None, key: str | None, data: Path | None) -> Caller:
    folder = settings_with(data=data).data
    if to is None:
        to = server_url(folder)
        if to is None:
            raise NoServer(
                f"No server runs on {folder}. Start one with 'assay serve --data {folder}', name another with --to URL "
                "and --key KEY, or write to a file with --out FILE."
            )
        key = operator_key(folder)
    elif key is None:
        raise NoServer("--to needs --key (or ASSAY_KEY): make one with 'assay keys create --all-merchants' there.")
    caller = Caller(to, key)
    try:
        Client(url=to, key=key).call("GET", "/healthz")
    except OSError as error:
        raise NoServer(f"No server answers at {to} ({error}). Check --to, or start it: 'assay serve'.") from error
    return caller


def _send(first: Iterator[Event], period: Period, shop_count: int, caller: Caller) -> None:
    until = period.start + timedelta(seconds=period.seconds or 0)
    timeline = Timeline(first, until)
    sender = Sender(timeline, caller, period.start, until)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[calls]:,} calls"))
    with Progress(*columns, TimeRemainingColumn(), console=_SAID, transient=True) as progress:
        task = progress.add_task(f"Sending orders of {shop_count} shops", total=period.seconds, calls=0)
        sender.play(lambda elapsed: progress.update(task, completed=elapsed, calls=sender.tally.calls))
    console_of().print(*sender.tally.tables(), sep="\n")
    for refused in sender.tally.refused():
        _SAID.print(refused, soft_wrap=True)
    if sender.is_interrupted:
        _SAID.print("Stopped.")
    elif timeline.dropped:
        _SAID.print(f"{timeline.dropped:,} events, captures, refunds or chargebacks, would have come later.")
    if sender.behind_seconds > 1:
        _SAID.print(f"Calls left up to {sender.behind_seconds:.1f} s late: the server or this client did not keep up.")


def _write(first: Iterator[Event], period: Period, out: Path, *, is_labelled: bool) -> None:
    count = 0
    with out.open("w", encoding="utf-8") as file, Progress(console=_SAID, transient=True) as progress:
        task = progress.add_task(f"Writing {out}", total=period.seconds)
        for event in stream(first, period.end):
            line = {
                "at": event.at.isoformat(timespec="milliseconds"),
                "kind": event.kind,
                "transaction_id": event.order.transaction_id,
                "body": event.body,
                # What no request says: which payments were fraud, whether it was reported or not.
                **({"truth": event.order.aftermath.truth} if is_labelled else {}),
            }
            file.write(json.dumps(line) + "\n")
            count += 1
            progress.update(task, completed=(event.at - period.start).total_seconds())
    console_of().print(f"{count:,} events written to {out}.", soft_wrap=True)
