"""Diagnostics: what is wrong with a rule, where, why, and how to mend it."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_SHOWN_CHARACTERS = 100
"""A line longer than this is shown in part, around the fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a rule's text: characters from `start` up to, without, `end`."""

    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """From the start of this one to the end of the other."""
        return Span(start=self.start, end=other.end)


class Code(StrEnum):
    """The kinds of fault, stable for programs that read them."""

    LIMIT = "limit"
    CHARACTER = "character"
    QUOTES = "quotes"
    NUMBER = "number"
    OPERATOR = "operator"
    NAME_COLONS = "name_colons"
    ACTION = "action"
    SYNTAX = "syntax"
    PARENTHESES = "parentheses"
    NOT_AVAILABLE = "not_available"
    UNKNOWN_NAME = "unknown_name"
    UNKNOWN_LIST = "unknown_list"
    UNKNOWN_FUNCTION = "unknown_function"
    UNKNOWN_VALUE = "unknown_value"
    TYPE = "type"
    CONDITION = "condition"
    REASON = "reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One fault. `message` says what is wrong, `cause` why it is, `hint` what to write instead."""

    code: Code
    span: Span
    message: str
    cause: str
    hint: str

    def render(self, text: str) -> str:
        """The fault for a person: place, the line with the part underlined, cause and hint. `text` is the rule."""
        start = min(self.span.start, len(text))
        before = text[:start]
        line_start = before.rfind("\n") + 1
        line_end = text.find("\n", start)
        line = text[line_start : line_end if line_end >= 0 else len(text)].rstrip("\r")
        column = start - line_start
        shown, indent, underline = _excerpt(line, column, self.span.end - self.span.start)
        return "\n".join(
            (
                f"line {before.count(chr(10)) + 1}, column {column + 1}: {printable(self.message)} [{self.code}]",
                f"  | {shown}",
                f"  | {' ' * indent}{'^' * underline}",
                f"  cause: {printable(self.cause)}",
                f"  hint: {printable(self.hint)}",
            )
        )


def printable(text: str) -> str:
    """The text with what a terminal would obey or hide (controls, invisible and half characters) shown as a dot."""
    return "".join(character if character.isprintable() else "\N{MIDDLE DOT}" for character in text.replace("\t", " "))


def _excerpt(line: str, column: int, length: int) -> tuple[str, int, int]:
    """The part of a line around a fault, and the indent and width of its underline in terminal cells."""
    first = 0 if len(line) <= _SHOWN_CHARACTERS else max(0, column - _SHOWN_CHARACTERS // 2)
    last = min(len(line), first + _SHOWN_CHARACTERS)
    lead, tail = "... " if first else "", " ..." if last < len(line) else ""
    before = lead + printable(line[first:column])
    fault = printable(line[column : min(column + length, last)])
    after = printable(line[column + len(fault) : last])
    return f"{before}{fault}{after}{tail}".rstrip(), _cells(before), max(1, _cells(fault))


def _cells(text: str) -> int:
    """How many terminal cells a text takes: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
