"""What the demonstration says on the terminal: decisions with their reasons, and the calls that make them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.demo.year import Played
from engine.decision import Action
from models.simulator import EventKind, Truth

Answer = Mapping[str, Any]


def show_decision(console: Console, title: str, answer: Answer) -> None:
    """The action, the score and every reason."""
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


def show_change(console: Console, title: str, before: Answer, after: Answer) -> None:
    """A decision by the new model, and what the old one had said."""
    show_decision(console, title, after)
    was = f"  before: {before['action']}, risk score {before['risk_score']} %"
    said = [reason["text"] for reason in before["reasons"] if reason["source"] == "model"]
    console.print(Text(f"{was}{'; ' if said else ''}{'; '.join(said)}", style="dim"), soft_wrap=True)


def show_calls(console: Console, url: str, key: str, bodies: Sequence[tuple[str, str]]) -> None:
    """Where the server is, its key, and each example as a curl line."""
    runs = (f"The server runs at {url}", "bold")
    console.print(Text.assemble("\n", runs, " (Ctrl-C stops it). The key of this run:\n"))
    console.print(f"  {key}\n", soft_wrap=True)
    console.print("The same three by hand (change the transaction_id, or you get the stored answer):\n", soft_wrap=True)
    for title, body in bodies:
        console.print(f"# {title}", style="dim")
        console.print(f"curl -s {url}/v1/decisions -H 'Authorization: Bearer {key}' -d '{body}'\n", soft_wrap=True)


def played_table(played: Played, days: int) -> Table:
    """What a history came to: decisions at all stages, by what their payments truly were."""
    reports = played.events[EventKind.CHARGEBACK] + played.events[EventKind.FRAUD_WARNING]
    title = f"{played.payments:,} payments of {days} days decided and recorded, {reports:,} chargebacks and warnings"
    table = Table("decisions, by what it truly was", *Action, title=title)
    for truth in Truth:
        counts = [played.decisions[truth, action] for action in Action]
        table.add_row(truth, *(f"{count:,}" if count else "" for count in counts))
    return table


def body_of(payment: Mapping[str, Any], *, is_dry_run: bool = False) -> str:
    """An example's body; where it is a dry run it is decided, and neither counted nor recorded."""
    return json.dumps({**payment, "options": {"dry_run": True}} if is_dry_run else payment)
