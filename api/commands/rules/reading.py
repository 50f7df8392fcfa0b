"""What the commands of rules have in common: the file they read, what it is checked against, the faults they show."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.options import settings_with
from api.commands.rules.calling import calls, sent
from api.wiring import list_types_in
from engine.catalog import catalog_for
from engine.errors import AssayError
from engine.rules import Content, read_source
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.examine import Examined, RuleFault, examine, examined_by

RulesFile = Annotated[str, typer.Argument(help="A ruleset file (TOML); - reads standard input.", metavar="FILE")]
ForMerchant = Annotated[
    str | None, typer.Option("--merchant", help="Whose ruleset: checked as publishing does, by its lists and fields.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class RulesUnreadable(AssayError):
    """A file of rules cannot be read."""

    code = "rules_unreadable"


def content(file: str) -> str:
    """The text of a file, or of standard input. Raises RulesUnreadable."""
    try:
        read = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return read.decode("utf-8-sig")
    except OSError as error:
        raise RulesUnreadable(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RulesUnreadable(f"{file} is not UTF-8: {error.reason} at byte {error.start}.") from error


def examined(source: str, data: Path | None, merchant: str | None) -> Examined:
    """A ruleset file with its faults.

    With a merchant they are those that publishing would find: by its lists, custom fields and the operator's rules.
    Without one it may name the operator's lists in the data folder, where there is one. Raises CallFailed, and
    StoreInvalid where there is a merchant and no data folder.
    """
    written, faults = read_source(source, is_merchants=True)
    if merchant is not None and not faults:
        return _examined_for(merchant, written, data)
    lists = list_types_in(settings_with(data=data).data)
    found = examine(source, catalog_for(written.rules), lists)
    if merchant is None and written.switched_off:
        said = "`switched_off` names the operator's rules: it belongs in a merchant's ruleset: add --merchant."
        fault = RuleFault(rule="", part="", of="", message=said)
        return replace(found, faults=(fault, *found.faults))
    return found


def _examined_for(merchant: str, written: Content, data: Path | None) -> Examined:
    with calls(data, merchant) as asked:
        answer = asked.post("/v1/rulesets/check", sent(written))
    return examined_by(written, [_fault(each, written) for each in answer["faults"]])


def _fault(finding: dict[str, Any], written: Content) -> RuleFault:
    """A finding of the API, whose pointer leads into what was sent."""
    _, *path = finding["pointer"].split("/")
    if finding["start"] is None:
        return RuleFault(rule="", part="", of="", message=finding["message"])
    rule, part = written.rules[int(path[1])], path[2]
    diagnostic = Diagnostic(
        code=Code(finding["code"]),
        span=Span(start=finding["start"], end=finding["end"]),
        message=finding["message"],
        cause=finding["cause"],
        hint=finding["hint"],
    )
    of = rule.reason if part == "reason" else rule.text
    return RuleFault(rule=rule.label, part=part, of=of, message=diagnostic.message, diagnostic=diagnostic)


def fault_json(fault: RuleFault) -> dict[str, Any]:
    """A fault for programs: the rule, the part, the place in its text, and the words."""
    said: dict[str, Any] = {"rule": fault.rule, "part": fault.part, "message": fault.message}
    if (diagnostic := fault.diagnostic) is not None:
        before = fault.of[: diagnostic.span.start]
        said |= {
            "code": diagnostic.code.value,
            "line": before.count("\n") + 1,
            "column": len(before) - (before.rfind("\n") + 1) + 1,
            "start": diagnostic.span.start,
            "end": diagnostic.span.end,
            "cause": diagnostic.cause,
            "hint": diagnostic.hint,
        }
    return said
