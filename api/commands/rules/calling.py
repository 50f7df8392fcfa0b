"""What the commands of rules share: whose rules, calls of the installation, rulesets as files and as answers."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from api.client import Caller
from api.commands.options import settings_with
from api.console import console_of
from api.local import caller_of
from engine.errors import AssayError, RulesInvalid
from engine.rules import Content, read_rows, read_source
from engine.rulesets import Difference, RuleChange

Merchant = Annotated[
    str | None, typer.Option("--merchant", help="Whose rules; left out: the operator's, which hold for all.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Replaces = Annotated[str | None, typer.Option("--replaces", help="The version that must be the newest until now.")]
Note = Annotated[str, typer.Option("--note", help="Why, for the history.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Publish though the figures say to look again.")]

DRAFT: Final = "draft:"
_ROUTERS: Final = ("rules", "rulesets", "ruleset_drafts")

console = console_of(soft_wrap=True)


class RulesUnreadable(AssayError):
    """The file of a ruleset cannot be read."""

    code = "rules_unreadable"


class Calls:
    """Calls for one owner's rules."""

    def __init__(self, client: Caller, merchant: str | None) -> None:
        """`merchant` None is the operator."""
        self._client = client
        self._merchant = merchant

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """The answer to a call that reads. Raises CallFailed."""
        return self._called("GET", path, query, None, {})

    def post(self, path: str, sent: dict[str, Any], replaces: str | None = None) -> dict[str, Any]:
        """The answer to a call that changes something. Raises CallFailed."""
        headers = {} if replaces is None else {"If-Match": f'"{replaces}"'}
        return self._called("POST", path, {}, json.dumps(sent).encode(), headers)

    def _called(
        self, method: str, path: str, query: dict[str, str | int], body: bytes | None, headers: dict[str, str]
    ) -> dict[str, Any]:
        owner = {} if self._merchant is None else {"merchant_id": self._merchant}
        asked = urlencode({**owner, **query})
        answered = self._client.checked(method, f"{path}?{asked}" if asked else path, body, **headers)
        answer: dict[str, Any] = json.loads(answered)
        return answer


@contextmanager
def calls(data: Path | None, merchant: str | None) -> Iterator[Calls]:
    """Calls of the data folder's installation, whether a server of it runs or not."""
    with caller_of(settings_with(data=data), _ROUTERS) as client:
        yield Calls(client, merchant)


def content_in(file: str, merchant: str | None) -> Content:
    """What a ruleset file says; - is standard input. Raises RulesUnreadable, or RulesInvalid with the file's faults."""
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        content, faults = read_source(text.decode(), is_merchants=merchant is not None)
    except OSError as error:
        raise RulesUnreadable(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RulesUnreadable(f"{file} is no text in UTF-8: {error}.") from error
    if faults:
        raise RulesInvalid("\n".join(faults))
    return content


def content_of(answer: dict[str, Any]) -> Content:
    """The content in an answer of the API."""
    said = answer["content"]
    rows = [{key: value for key, value in row.items() if value is not None} for row in said["rules"]]
    rules, faults = read_rows(rows, is_limited=False)
    assert not faults, "what is published is well written"
    return Content(rules=rules, switched_off=tuple(said["switched_off"]))


def sent(content: Content) -> dict[str, Any]:
    """A content as the API takes it."""
    rules = [
        {
            "id": rule.id,
            "name": rule.name,
            "text": rule.text,
            "reason": rule.reason,
            "mode": rule.mode.value,
            "mandatory": rule.mandatory,
            "rollout_percent": rule.rollout_percent,
            "expires_at": None if rule.expires_at is None else rule.expires_at.isoformat(),
        }
        for rule in content.rules
    ]
    return {"rules": rules, "switched_off": list(content.switched_off)}


def tell_difference(found: Difference) -> None:
    """Print what differs, a line for each thing that is said otherwise."""
    for change in found.rules:
        _tell_rule(change)
    for name in found.switched_off:
        console.print(f"- {name} (the operator's) is switched off")
    for name in found.switched_on:
        console.print(f"+ {name} (the operator's) is no longer switched off")


def _tell_rule(change: RuleChange) -> None:
    if change.before is None and change.after is not None:
        console.print(f"+ {change.id} ({change.after.mode}): {_line(change.after.text)}")
    elif change.after is None and change.before is not None:
        console.print(f"- {change.id} ({change.before.mode}): {_line(change.before.text)}")
    for key in change.keys:
        before, after = (_line(getattr(rule, key)) for rule in (change.before, change.after))
        console.print(f"~ {change.id} {key}: {before} -> {after}")


def _line(value: object) -> str:
    return "none" if value is None else " ".join(str(value).split())
