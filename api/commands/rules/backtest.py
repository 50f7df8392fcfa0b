"""`assay rules backtest` and `health`: what rules would have done with recorded payments, and what they did."""

import json
from typing import Annotated, Any

import typer

from api.backtests.health_table import health_tables
from api.backtests.table import tables
from api.commands.options import Data
from api.commands.rules.calling import DRAFT, AsJson, content_in, sent
from api.commands.rules.trying import done, period
from api.console import console_of

Payments = Annotated[str, typer.Option("--merchant", help="Whose payments.")]
Days = Annotated[int | None, typer.Option("--days", min=1, help="The last so many days [90].")]
Since = Annotated[str | None, typer.Option("--from", help="Received from then on; a day, or RFC 3339.")]
Until = Annotated[str | None, typer.Option("--to", help="Received before then.")]


def backtest(  # noqa: PLR0913, PLR0917 - one for each option
    merchant: Payments,
    file: Annotated[
        str | None,
        typer.Argument(help="The merchant's ruleset (TOML); - reads standard input, draft:NAME takes a saved draft."),
    ] = None,
    rule: Annotated[str | None, typer.Option("--rule", help='A rule, such as "Block if amount_in_usd > 500".')] = None,
    rule_id: Annotated[
        str | None, typer.Option("--rule-id", help="A rule that there is, tried as a live one; --rule replaces it.")
    ] = None,
    block_at: Annotated[str | None, typer.Option("--block-at", help="A risk_score in percent; none: never.")] = None,
    review_at: Annotated[str | None, typer.Option("--review-at", help="Likewise.")] = None,
    challenge_at: Annotated[str | None, typer.Option("--challenge-at", help="Likewise.")] = None,
    days: Days = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say what a rule, a ruleset or thresholds would have done with the payments of a period; nothing is changed.

    A running server does it as a job; where none runs, this command does.
    """
    wanted: dict[str, Any] = {"merchant_id": merchant, **period(days, since, until)}
    if file is not None:
        is_draft = file.startswith(DRAFT)
        wanted |= {"draft": file.removeprefix(DRAFT)} if is_draft else sent(content_in(file, merchant))
    thresholds = {"block_at_percent": block_at, "review_at_percent": review_at, "challenge_at_percent": challenge_at}
    given = {name: _percent(text) for name, text in thresholds.items() if text is not None}
    options = {"rule": rule, "rule_id": rule_id, "thresholds": given or None}
    wanted |= {name: value for name, value in options.items() if value is not None}
    if file is None and not any((rule, rule_id, given)):
        said = "Say what to try: a FILE, --rule, --rule-id, --block-at, --review-at or --challenge-at."
        raise typer.BadParameter(said)
    shown = done(data, wanted)
    if as_json:
        typer.echo(json.dumps(shown))
    else:
        console_of().print(tables(shown))


def health(
    merchant: Payments,
    days: Days = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say how each rule in force did: hits, precision, money, what it adds to the others, and which to look at."""
    shown = done(data, {"merchant_id": merchant, "health": True, **period(days, since, until)})
    if as_json:
        typer.echo(json.dumps(shown))
    else:
        console_of().print(health_tables(shown))


def _percent(text: str) -> float | None:
    if text.lower() in {"none", "never"}:
        return None
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no percentage. Write a number such as 25, or none.") from None
