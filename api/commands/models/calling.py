"""What the commands of models share: calls of the installation, and how a model is told."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.client import Caller
from api.commands.options import settings_with
from api.console import console_of
from api.local import caller_of
from engine.model_changes import champion_named

Shown = Mapping[str, Any]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Model = Annotated[str, typer.Argument(help="The model's id, or the first digits of it; 'assay models' lists them.")]
Because = Annotated[str | None, typer.Option("--because", help="Why, for the history; asked for where it is left out.")]

ROUTERS: Final = ("model_jobs", "models")
_PREFIX: Final = "model-"
_ID: Final = re.compile(r"model-[0-9a-f]{12}")
_SEEN_MAX: Final = 100

console = console_of(soft_wrap=True)


@contextmanager
def calls(data: Path | None) -> Iterator[Caller]:
    """Calls of the data folder's installation, whether a server of it runs or not."""
    with caller_of(settings_with(data=data), ROUTERS) as client:
        yield client


def got(client: Caller, path: str) -> dict[str, Any]:
    """The answer to a call that reads. Raises CallFailed."""
    answer: dict[str, Any] = json.loads(client.checked("GET", path))
    return answer


def sent(client: Caller, path: str, body: Shown, champion: str | None = None) -> dict[str, Any]:
    """The answer to a call that changes something, where the champion that was seen must stand. Raises CallFailed."""
    headers = {} if champion is None else {"If-Match": f'"{champion}"'}
    answer: dict[str, Any] = json.loads(client.checked("POST", path, json.dumps(body).encode(), **headers))
    return answer


def named(client: Caller, model: str) -> str:
    """The id of the one model that begins like this. Raises typer.BadParameter where there is none, or are several."""
    digits = model.removeprefix(_PREFIX)
    ids = [each["id"] for each in got(client, f"/v1/models?limit={_SEEN_MAX}")["data"]]
    found = [each for each in ids if each.removeprefix(_PREFIX).startswith(digits) and digits]
    if len(found) == 1:
        return str(found[0])
    if found:
        raise typer.BadParameter(
            f"{model} begins the ids of {len(found)} models: {', '.join(found)}. Give more digits."
        )
    whole = f"{_PREFIX}{digits}"
    if not _ID.fullmatch(whole):
        raise typer.BadParameter(f"No model's id begins with {model!r}; 'assay models' lists them.")
    # An older one is not listed; where there is none at all, the call says so.
    return whole


def champion_of(shown: Shown) -> str:
    """The champion of a list, in words."""
    return champion_named(shown["champion"])
