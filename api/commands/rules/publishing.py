"""`assay rules diff`, `publish`, `approve` and `rollback`: from a file to what decides, and back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from api.client import CallFailed
from api.clock import utc_now
from api.commands.options import Data
from api.commands.rules.calling import (
    DRAFT,
    AsJson,
    Calls,
    Confirm,
    Merchant,
    Note,
    Replaces,
    calls,
    content_in,
    content_of,
    sent,
    tell_difference,
)
from api.console import minute, say
from api.schemas.ruleset import shown_difference
from engine.errors import AssayError
from engine.rules import Content
from engine.rulesets import Origin, difference


class ConfirmationRequired(AssayError):
    """The figures of last week ask for a second look before the rules are published."""

    code = "confirmation_required"


def diff(
    file: Annotated[
        str | None, typer.Argument(help="A ruleset file (TOML); - reads standard input; left out: --to.")
    ] = None,
    merchant: Merchant = None,
    since: Annotated[int | None, typer.Option("--from", min=1, help="A version; left out: the one in force.")] = None,
    until: Annotated[int | None, typer.Option("--to", min=1, help="A version; left out: the one in force.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say what a file, or a version, says otherwise than the rules in force or another version."""
    if file is not None and until is not None:
        raise typer.BadParameter("Give a file or --to, not both.")
    with calls(data, merchant) as asked:
        before = _version(asked, since)
        after = _version(asked, until) if file is None else content_in(file, merchant)
    found = difference(before, after)
    if as_json:
        typer.echo(shown_difference(found).model_dump_json())
        return
    tell_difference(found)
    if before.version == after.version:
        say("Nothing differs.")


def publish(  # noqa: PLR0913, PLR0917 - one for each option
    file: Annotated[
        str, typer.Argument(help="A ruleset file (TOML); - reads standard input, draft:NAME takes a saved draft.")
    ],
    merchant: Merchant = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Leave what decides, and run what is new or changed in shadow.")
    ] = False,
    note: Note = "",
    replaces: Replaces = None,
    confirm: Confirm = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a ruleset in force: the operator's, or a merchant's own."""
    is_draft = file.startswith(DRAFT)
    wanted: dict[str, Any] = {"draft": file.removeprefix(DRAFT)} if is_draft else sent(content_in(file, merchant))
    options = {"in_shadow": shadow, "note": note, "confirm": confirm, "dry_run": dry_run}
    with calls(data, merchant) as asked:
        before = asked.get("/v1/rulesets")["in_force"]
        try:
            answer = asked.post("/v1/rulesets/publish", {**wanted, **options}, replaces)
        except CallFailed as refused:
            if refused.problem_code != "confirmation_required" or refused.figures is None:
                raise
            if as_json:
                typer.echo(json.dumps({"code": refused.problem_code, "figures": refused.figures}))
                raise typer.Exit(1) from refused
            tried = f"assay rules backtest {file} --merchant {merchant or 'MERCHANT'}"
            raise ConfirmationRequired(second_look(refused.figures, tried)) from refused
        concerned = [] if as_json else asked.get("/v1/rules")["rules"]
    _tell(before, answer, as_json=as_json)
    for warning in () if as_json else _warnings(content_of(answer), merchant, concerned):
        say(warning)


def approve(
    number: Annotated[int, typer.Argument(min=1, help="The version's number.")],
    merchant: Merchant = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a version that awaits approval in force; another key than this folder's operator's published it."""
    with calls(data, merchant) as asked:
        answer = asked.post("/v1/rulesets/approve", {"number": number})
    if as_json:
        typer.echo(json.dumps(answer))
        return
    say(f"Number {number}, version {answer['version']}, is in force.")


def rollback(
    number: Annotated[int, typer.Argument(min=0, help="The version's number; 0: what held before any was published.")],
    merchant: Merchant = None,
    note: Note = "",
    replaces: Replaces = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put an earlier version in force again, as the newest one."""
    with calls(data, merchant) as asked:
        before = asked.get("/v1/rulesets")["in_force"]
        answer = asked.post("/v1/rulesets/rollback", {"number": number, "note": note}, replaces)
    _tell(before, answer, as_json=as_json)


def second_look(figures: Mapping[str, Any], tried: str) -> str:
    """Why publishing asks again, for a person; `tried` is the command that tries the rules. Percents and counts."""
    mend = f"Look at it (`{tried}`), or publish with `--confirm`."
    if "payments" not in figures or "blocked_percent" not in figures:
        return f"Not published: {figures.get('cause', 'the figures of last week ask for a second look')}. {mend}"
    rules: Mapping[str, float] = figures.get("rules") or {}
    percent, who = figures["blocked_percent"], "The rules"
    if len(rules) == 1:
        ((name, percent),) = rules.items()
        who = f"Rule {name}"
    elif rules:
        who = f"The rules ({', '.join(f'{name} {share:g} %' for name, share in rules.items())})"
    today = figures.get("blocked_today_percent")
    now = "" if today is None else f" (today {today:g} %)"
    return f"{who} would have blocked {percent:g} % of last week's {figures['payments']:,} payments{now}. {mend}"


def _warnings(content: Content, merchant: str | None, concerned: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    now = utc_now()
    for rule in content.rules:
        if rule.expires_at is not None and rule.expires_at <= now:
            yield f"Warning: rule {rule.id} expired at {minute(rule.expires_at.isoformat())} UTC: it does nothing."
    if merchant is not None:
        own = {rule.id for rule in content.rules}
        for rule_id in (each["id"] for each in concerned if each["origin"] == Origin.DEFAULT):
            if rule_id in own:
                yield f"Warning: the operator's {rule_id} is overridden."


def _version(asked: Calls, number: int | None) -> Content:
    shown = asked.get("/v1/rulesets")["in_force"] if number is None else asked.get(f"/v1/rulesets/versions/{number}")
    return content_of(shown)


def _tell(before: dict[str, Any], answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(answer))
        return
    tell_difference(difference(content_of(before), content_of(answer)))
    if answer["dry_run"]:
        say(f"Version {answer['version']} would be published.")
    elif answer["state"] == "awaiting_approval":
        say(f"Number {answer['number']}, version {answer['version']}, awaits the approval of another key.")
    elif answer["version"] == before["version"]:
        say("Nothing changes.")
    else:
        say(f"Number {answer['number']}, version {answer['version']}, is in force.")
