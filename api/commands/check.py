"""`assay check`: what is promised, tried on this machine at a size that no test has time for."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.console import console_of
from engine.errors import AssayError

if TYPE_CHECKING:
    from api.check.backtest import Found

app = typer.Typer(help="Try what is promised at full size; exit code 1 where something is not as it should be.")

_SAID = console_of(stderr=True)


class SpansInvalid(AssayError):
    """The made-up ledger would not be whole spans."""

    code = "spans_invalid"


@app.command("backtest")
def backtest(
    *,
    payments: Annotated[int, typer.Option("--payments", min=1, help="How many made-up payments.")] = 1_000_000,
    decided: Annotated[
        int, typer.Option("--decided", min=1, help="So many are decided; their records are then repeated.")
    ] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="Other payments for another number.")] = 1,
    data: Annotated[
        Path | None, typer.Option("--data", help="Compare this data folder's own decisions; it is only read.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
) -> None:
    """Evaluate recorded decisions again in columns, as backtests do, and compare each rule and action.

    Without --data a ledger is made up in a temporary folder, under fifty rules: a million payments take ten minutes
    and 7 GB.
    """
    # numpy and Arrow take longer to load than most commands run.
    from api.check import backtest as checking  # noqa: PLC0415

    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=_SAID) as progress:
        task = progress.add_task("making a ledger")

        def tell(doing: str) -> None:
            progress.update(task, description=doing)

        found = checking.check(data, tell) if data is not None else _made_up(payments, decided, seed, tell)
    result = {
        "decisions": found.decisions,
        "rule_results": found.results,
        "same": found.same,
        "different": found.different,
        "left_out": found.left_out,
        "by_field": dict(found.fields),
        "differences": [{"decision_id": id_, "field": name} for id_, name in found.shown],
    }
    if as_json:
        typer.echo(json.dumps(result))
    else:
        typer.echo(
            f"{found.decisions:,} decisions, {found.results:,} results of rules: {found.same:,} decisions are the same "
            f"in a backtest as live, {found.different:,} differ, {found.left_out:,} are on payments that were replaced."
        )
        for id_, name in found.shown:
            typer.echo(f"{id_}  {name}")
    if found.different or not found.same:
        raise typer.Exit(1)


def _made_up(payments: int, decided: int, seed: int, tell: Callable[[str], None]) -> "Found":
    from api.bench.fifty_rules import fifty_rules  # noqa: PLC0415 - as above
    from api.bench.installation import own_folder  # noqa: PLC0415
    from api.bench.long_ledger import SPANS_MAX, make_ledger  # noqa: PLC0415
    from api.check import backtest as checking  # noqa: PLC0415
    from api.clock import utc_now  # noqa: PLC0415
    from api.wiring import segments_written  # noqa: PLC0415

    if payments % decided or payments // decided >= SPANS_MAX:
        raise SpansInvalid(
            f"--payments {payments} is not a multiple of --decided {decided}, or {SPANS_MAX} times as many or more: "
            "choose other numbers."
        )
    with own_folder() as folder:
        ruleset = folder.parent / "rules.toml"
        ruleset.write_text(fifty_rules(), encoding="utf-8")
        asyncio.run(make_ledger(folder, payments, decided, seed, utc_now(), ruleset))
        tell("writing segments")
        segments_written(folder, utc_now(), lambda _: None)
        return checking.check(folder, tell)


@app.command("rules")
def rules(
    *,
    count: Annotated[int, typer.Option("--count", min=1, help="How many texts.")] = 2_000,
    seed: Annotated[int, typer.Option("--seed", help="Other texts for another number.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
) -> None:
    """Check made-up texts of rules, sound and unsound: each gets its faults told within 50 ms and bounded steps."""
    from api.check import rules as checking  # noqa: PLC0415 - the catalogue takes a moment to load

    columns = (TextColumn("checking rules"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_SAID, transient=True) as progress:
        task = progress.add_task("texts", total=count)
        found = checking.check(count, seed, lambda: progress.advance(task))
    result = {
        "texts": found.texts,
        "valid": found.valid,
        "refused": dict(found.refused),
        "steps_max": found.steps_max,
        "milliseconds_max": round(found.milliseconds_max, 1),
        "slowest": found.slowest,
        "failures": [{"fault": fault, "text": text} for fault, text in found.failures],
    }
    if as_json:
        typer.echo(json.dumps(result))
    else:
        typer.echo(
            f"{found.texts:,} texts: {found.valid:,} rules, {found.refused.total():,} with faults that were told; at "
            f"most {found.steps_max:,} calls and {found.milliseconds_max:.1f} ms."
        )
        for fault, text in found.failures:
            typer.echo(f"FAILED {fault}: {text!r}")
    if found.failures:
        raise typer.Exit(1)
