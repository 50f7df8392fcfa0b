"""What the demonstration does with its chargebacks: a model is trained, judged and put in force, as a person would."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from api.client import Caller, CallFailed
from api.commands.models.calling import got, sent
from api.commands.models.figures import difference_table, gate_lines
from api.commands.models.learning import LearningFailed, done
from engine.model_changes import champion_named, champion_tag

_TOO_YOUNG, _JUDGED = 12, 6
"""A twelfth of the days waits for its chargebacks, and the sixth before it is judged on."""
_BECAUSE: Final = "The demonstration promotes what it trained."


def has_models(client: Caller) -> bool:
    """Whether any model was trained here: then the demonstration leaves them as they are."""
    return bool(got(client, "/v1/models?limit=1")["data"])


def promoted(client: Caller, folder: Path, days: int, console: Console) -> bool:
    """Train a model on so many days and put it in force, with all that a person would see; False where none came of it.

    It is judged on days of which most chargebacks have come: the last ones are left out.
    """
    console.print("\nTraining a model on what the chargebacks told ...", style="bold")
    try:
        result = done(client, folder, "/v1/models/train", _wanted(days))["result"]
    except (LearningFailed, CallFailed) as error:
        console.print(f"No model was trained: {error}", soft_wrap=True)
        return False
    _tell(result, console)
    sent(
        client,
        f"/v1/models/{result['model']}/promote",
        {"because": _BECAUSE, "force": not result["gate"]["passes"]},
        champion_tag(result["champion"]),
    )
    console.print(f"{result['model']} is in force. 'assay rollback --data {folder}' undoes it.", soft_wrap=True)
    return True


def _wanted(days: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    times = {"from": now - timedelta(days=days), "to": now - timedelta(days=days / _TOO_YOUNG)}
    return {**{name: at.isoformat() for name, at in times.items()}, "test_days": max(1, days // _JUDGED)}


def _tell(result: dict[str, Any], console: Console) -> None:
    """The figures, the gate, and the question that a person is asked."""
    console.print(difference_table(result["differences"], "this model", champion_named(result["champion"])))
    for caution in result["figures"]["cautions"]:
        console.print(f"Note: {caution['text']}", soft_wrap=True)
    for line in gate_lines(result["gate"]):
        console.print(line, soft_wrap=True)
    console.print(f"The report, with its plots: {result['report']}", soft_wrap=True)
    console.print(
        f"\n'assay promote {result['model']}' would ask a person now: Put it in force in place of "
        f"{champion_named(result['champion'])}? [y/N] Why?\nThe demonstration says yes"
        f"{'' if result['gate']['passes'] else ', against the gate, and the history says so'}.",
        soft_wrap=True,
    )
