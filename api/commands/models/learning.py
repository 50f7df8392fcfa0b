"""`assay train`, `evaluate` and `compare`: jobs of the server where one runs, of this process where none does."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.client import Caller
from api.commands.following import Shown, ended, why
from api.commands.models.calling import AsJson, Model, calls, console, named
from api.commands.models.figures import difference_table, gate_lines
from api.commands.options import Data, settings_with
from api.commands.rules.trying import period
from api.console import say
from api.schemas.learning import NAMES
from engine.errors import AssayError
from engine.jobs import JobState
from engine.model_changes import champion_named

JOBS: Final = "/v1/models/jobs"

Days = Annotated[int | None, typer.Option("--days", min=1, help="Payments of the last so many days [365].")]
Since = Annotated[str | None, typer.Option("--from", help="Received from then on; a day, or RFC 3339.")]
Until = Annotated[str | None, typer.Option("--to", help="Received before then.")]
TestDays = Annotated[
    int | None, typer.Option("--test-days", min=1, help="The last so many days are judged on, not learnt from [28].")
]


class LearningFailed(AssayError):
    """Nothing was trained, judged or compared: it failed, or was cancelled."""

    code = "learning_failed"


def train(  # noqa: PLR0913, PLR0917 - one for each option
    learner: Annotated[str, typer.Option("--learner", help=f"One of {', '.join(NAMES)}.")] = NAMES[0],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="NAME=NUMBER, not to be as the learner chooses it.")
    ] = None,
    days: Days = None,
    since: Since = None,
    until: Until = None,
    test_days: TestDays = None,
    gap_days: Annotated[
        int | None, typer.Option("--gap-days", min=0, help="Days before those that are not learnt from either [0].")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same data and seed give the same model.")] = 0,
    search: Annotated[
        int | None, typer.Option("--search", min=2, help="Try so many sets of parameters on earlier days first.")
    ] = None,
    trust: Annotated[
        list[str] | None, typer.Option("--trust", help="A feature that may tell fraud nearly alone.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Train a model on recorded payments and imported histories, and judge it; nothing is put in force."""
    wanted = {
        **period(days, since, until),
        **_given(test_days=test_days, gap_days=gap_days, trusted=trust, search=search),
        "learner": learner,
        "parameters": _parameters(parameter or []),
        "seed": seed,
    }
    with calls(data) as client:
        shown = done(client, _folder(data), "/v1/models/train", wanted)
    if as_json:
        typer.echo(json.dumps(shown))
        return
    result = shown["result"]
    _tell_judged(result)
    say(f"{result['model']} is trained. The report: {result['report']}")
    say(f"'assay promote {result['model']}' puts it in force.")


def evaluate(
    model: Model,
    days: Days = None,
    since: Since = None,
    until: Until = None,
    test_days: TestDays = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Judge a model anew: beside today's champion, with the labels that are known by now."""
    wanted = {**period(days, since, until), **_given(test_days=test_days)}
    with calls(data) as client:
        shown = done(client, _folder(data), f"/v1/models/{named(client, model)}/evaluate", wanted)
    if as_json:
        typer.echo(json.dumps(shown))
        return
    _tell_judged(shown["result"])
    say(f"The report: {shown['result']['report']}")


def compare(
    model: Model,
    other: Annotated[str | None, typer.Argument(help="Another model; left out: the champion.")] = None,
    days: Days = None,
    since: Since = None,
    until: Until = None,
    test_days: TestDays = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Compare two models on the same payments, by the features that were recorded."""
    wanted = {**period(days, since, until), **_given(test_days=test_days)}
    with calls(data) as client:
        wanted |= {} if other is None else {"other": named(client, other)}
        shown = done(client, _folder(data), f"/v1/models/{named(client, model)}/compare", wanted)
    if as_json:
        typer.echo(json.dumps(shown))
        return
    result = shown["result"]
    console.print(difference_table(result["differences"], "the first", champion_named(result["other"])))
    for line in gate_lines(result["gate"]):
        console.print(line)


def done(client: Caller, folder: Path, call: str, wanted: Mapping[str, Any]) -> Shown:
    """The job once it succeeded, followed with its progress. Raises LearningFailed; CallFailed where it was refused."""
    shown = ended(client, folder, call, wanted, JOBS)
    if shown["state"] != JobState.SUCCEEDED:
        raise LearningFailed(why(shown))
    return shown


def _tell_judged(result: Shown) -> None:
    console.print(difference_table(result["differences"], "this model", champion_named(result["champion"])))
    for caution in result["figures"]["cautions"]:
        console.print(f"Note: {caution['text']}")
    for line in gate_lines(result["gate"]):
        console.print(line)


def _parameters(texts: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in texts:
        name, is_given, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            is_given = ""
        if not is_given or not name:
            raise typer.BadParameter(f"--parameter is NAME=NUMBER, such as learning_rate=0.03, not {text!r}.")
        found[name] = int(value) if value.is_integer() else value
    return found


def _given(**options: object) -> dict[str, object]:
    return {name: value for name, value in options.items() if value not in (None, [])}


def _folder(data: Path | None) -> Path:
    folder: Path = settings_with(data=data).data
    return folder
