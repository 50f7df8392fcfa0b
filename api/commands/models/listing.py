"""`assay models list`, `show` and `history`: what was trained, how good it is, and who put what in force."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from api.commands.models.calling import AsJson, Model, Shown, calls, champion_of, console, got, named
from api.commands.models.figures import difference_table, gate_lines
from api.commands.options import Data
from api.console import minute, say, table_of
from engine.model_changes import champion_named

Limit = Annotated[int, typer.Option("--limit", min=1, max=100, help="How many.")]


def list_(limit: Limit = 20, as_json: AsJson = False, data: Data = None) -> None:
    """List the trained models, newest first, and say which is in force."""
    with calls(data) as client:
        shown = got(client, f"/v1/models?limit={limit}")
    if as_json:
        typer.echo(json.dumps(shown))
        return
    columns = ("model", "state", "learner", "until", "frauds", "AP", "share", "gate")
    table = table_of(*columns, whole=columns)
    for each in shown["data"]:
        table.add_row(*_row(each))
    if shown["data"]:
        console.print(table)
    else:
        say("No model was trained: 'assay train' trains one.")
    if shown["has_more"]:
        say("Older ones are not shown: --limit.")
    say(f"In force: {champion_of(shown)}.")
    if shown["fault"] is not None:
        say(f"It does not score, {shown['scores']} stands in for it: {shown['fault']}")
    for each in shown["data"]:
        if each["fault"] is not None:
            say(f"{each['id']} cannot be used: {each['fault']}")


def show(model: Model, as_json: AsJson = False, data: Data = None) -> None:
    """Show a model: what it came from, its figures beside the champion's, and what the gate says."""
    with calls(data) as client:
        shown = got(client, f"/v1/models/{named(client, model)}")
    if as_json:
        typer.echo(json.dumps(shown))
        return
    for line in _told(shown):
        console.print(line)
    if shown["judged"] is not None:
        beside = champion_named(shown["judged"]["champion"])
        console.print(difference_table(shown["judged"]["differences"], "this model", beside))
    for line in gate_lines(shown["gate"]):
        console.print(line)


def history(limit: Limit = 20, as_json: AsJson = False, data: Data = None) -> None:
    """List who put which model where, when and why, newest first."""
    with calls(data) as client:
        listed = got(client, f"/v1/models/changes?limit={limit}")
    if as_json:
        typer.echo(json.dumps(listed))
        return
    columns = ("number", "what", "model", "when", "by key", "because")
    table = table_of(*columns, whole=columns[:4])
    for each in listed["data"]:
        against = " (against the gate)" if each["is_forced"] else ""
        table.add_row(
            str(each["number"]),
            each["kind"].replace("_", " "),
            "scorecard" if each["model"] is None else each["model"],
            minute(each["at"]),
            each["by"],
            f"{each['because']}{against}",
        )
    console.print(table)
    if not listed["data"]:
        say("None was made: the scorecard is in force.")


def _row(each: Shown) -> tuple[str, ...]:
    lineage = each["lineage"]
    train, figures = lineage.get("train") or {}, lineage.get("figures") or {}
    precision = figures.get("ap")
    passes = {True: "passes", False: "no", None: "-"}[each["gate_passes"]]
    return (
        each["id"],
        "unusable" if each["fault"] is not None else each["state"],
        str(lineage.get("learner", "-")),
        str(train.get("end", "-"))[:10],
        str(train.get("frauds_learnt", "-")),
        "-" if precision is None else f"{precision:.3f}",
        "-" if each["share"] is None else f"{each['share']:.0%}",
        passes,
    )


def _told(shown: Shown) -> Iterator[str]:
    lineage: dict[str, Any] = shown["lineage"]
    yield f"{shown['id']}: {shown['state']}, {lineage.get('learner', shown['kind'])}, {shown['bytes']:,} bytes"
    if shown["fault"] is not None:
        yield shown["fault"]
    train, test = lineage.get("train"), lineage.get("test")
    if train:
        yield (
            f"learnt from {train['payments']:,} payments, {train['start'][:10]} to {train['end'][:10]}, "
            f"{train['frauds_learnt']:,} frauds; labels as known on {str(lineage.get('labels_known_at'))[:10]}"
        )
    if test:
        yield f"judged on {test['payments']:,} payments, {test['start'][:10]} to {test['end'][:10]}"
    if shown["share"] is not None:
        yield f"the score is {shown['share']:.0%} the model's, {1 - shown['share']:.0%} the scorecard's"
    shadow = shown["shadow"]
    if shadow is not None:
        took = "" if shadow["took_ms_mean"] is None else f" in {shadow['took_ms_mean']:.2f} ms each"
        yield (
            f"in shadow: {shadow['scored']:,} payments scored{took}, {shadow['failed']:,} without a score, "
            f"{shadow['dropped']:,} left out"
        )
