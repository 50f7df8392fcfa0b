"""The check of rules at the edge: every fault as data, with its place within the text."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.ruleset import Line
from engine.errors import Fault
from engine.rules import Diagnostic, PlacedFault


class RuleTextBody(BaseModel):
    """The text of one rule, and the reason where it is to be checked too."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "Block if amout_in_usd > 500", "reason": ""}]}
    )

    text: str = Field(pattern=r"^[^\x00]*$", max_length=100_000, description="As in a ruleset.")
    reason: str = Field(default="", pattern=r"^[^\x00]*$", max_length=10_000, description="As in a ruleset.")


class FindingShown(BaseModel):
    """One fault."""

    pointer: str = Field(description="RFC 6901, into the request.")
    rule: str | None = Field(description="The rule's id; null for a fault of the whole, and where one rule is checked.")
    code: str = Field(description="Stable.")
    message: str = Field(description="What is wrong.")
    cause: str | None = Field(description="Why it is; null where the message says it.")
    hint: str | None = Field(description="What to write instead; null where the message says it.")
    start: int | None = Field(description="The first character of the fault within the text, from 0.")
    end: int | None = Field(description="The first character behind it.")
    line: int | None = Field(description="The line within the text, from 1.")
    column: int | None = Field(description="The column within the line, from 1.")


class CheckShown(BaseModel):
    """What a check found."""

    is_sound: bool = Field(description="Whether it could be published.")
    faults: list[FindingShown]


class RulesetCheckShown(CheckShown):
    """What the check of a ruleset found."""

    version: Line = Field(description="The hash of what it says.")


def found_in_rules(faults: Sequence[PlacedFault]) -> list[FindingShown]:
    """The faults of a set's rules."""
    found = []
    for each in faults:
        text = each.declared.reason if each.key == "reason" else each.declared.text
        pointer, rule = f"/rules/{each.place}/{each.key}", each.declared.id
        if each.diagnostic is None:
            found.append(_finding(Fault(pointer=pointer, code="value_invalid", detail=each.detail), rule))
        else:
            found.append(found_in_text(each.diagnostic, text, pointer, rule))
    return found


def found_in_set(faults: Sequence[Fault]) -> list[FindingShown]:
    """The faults of a set as a whole."""
    return [_finding(each, None) for each in faults]


def found_in_text(diagnostic: Diagnostic, text: str, pointer: str, rule: str | None) -> FindingShown:
    """A diagnostic of a text."""
    start = min(diagnostic.span.start, len(text))
    before = text[:start]
    return FindingShown(
        pointer=pointer,
        rule=rule,
        code=diagnostic.code.value,
        message=diagnostic.message,
        cause=diagnostic.cause,
        hint=diagnostic.hint,
        start=start,
        end=max(start, min(diagnostic.span.end, len(text))),
        line=before.count("\n") + 1,
        column=start - (before.rfind("\n") + 1) + 1,
    )


def _finding(fault: Fault, rule: str | None) -> FindingShown:
    place: dict[str, None] = dict.fromkeys(("cause", "hint", "start", "end", "line", "column"))
    return FindingShown(pointer=fault.pointer, rule=rule, code=fault.code, message=fault.detail, **place)
