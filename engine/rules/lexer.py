"""Text to tokens. Total: every text has tokens; what the language does not know gets a kind that mistakes.py explains.

The patterns need no backtracking worth the name, and a rule is at most 4 KB: time is linear in practice.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.rules.diagnostics import Span


class Kind(StrEnum):
    """The kinds of token: first those of the grammar, then those that the language lacks."""

    NAME = "NAME"
    CUSTOM = "CUSTOM"
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    TRUTH = "TRUTH"
    LIST = "LIST"
    COMPARE = "COMPARE"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    IN = "IN"
    LPAR = "LPAR"
    RPAR = "RPAR"
    COMMA = "COMMA"
    MATCH = "MATCH"
    ADD = "ADD"
    MULTIPLY = "MULTIPLY"
    DURATION = "DURATION"
    OPTION = "OPTION"
    """`by:` and the like inside a function's parentheses: mistakes.py tells it from a name with a lone colon."""
    LBRA = "LBRA"
    RBRA = "RBRA"
    IF = "IF"
    END = "END"
    ODD_DURATION = "ODD_DURATION"
    ODD_ARITHMETIC = "ODD_ARITHMETIC"
    COLON = "COLON"
    HALF_NAME = "HALF_NAME"
    HALF_CUSTOM = "HALF_CUSTOM"
    ODD_COMPARE = "ODD_COMPARE"
    ODD_JOIN = "ODD_JOIN"
    ODD_QUOTES = "ODD_QUOTES"
    OPEN_TEXT = "OPEN_TEXT"
    UNQUOTED = "UNQUOTED"
    PRICE = "PRICE"
    PERCENT = "PERCENT"
    ODD_NUMBER = "ODD_NUMBER"
    BRACKET = "BRACKET"
    STOP = "STOP"
    COMMENT = "COMMENT"
    INVISIBLE = "INVISIBLE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token: `text` as written, `value` its canonical form: a name without colons, a text without quotes."""

    kind: Kind
    span: Span
    text: str
    value: str


_WORD = "[A-Za-z_][A-Za-z0-9_]*"
# Spaces inside, not at the ends, and nothing that a comparison is written with: else one lost pair of colons would
# turn half a rule into a name.
_CUSTOM_PART = r"[^\s:'\"=<>](?:[^:'\"=<>\n]*[^\s:'\"=<>])?"
_ENDS = "(?![A-Za-z0-9_])"
_STOPS = "(?![A-Za-z0-9_.])"
_PLAIN = r"[0-9]+(?:\.[0-9]+)?"
_GROUPED = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
_CURRENCY = "[$\u00a3\u00a5\u20ac\u20b9]"
# Single and double curly, low and angle quotes, the back quote and the acute accent.
_ODD_QUOTE = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb`\u00b4"

INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+"
)
"""Characters that nobody sees, or that change the order in which others are shown: refused, in quotes too."""

_PATTERNS = (
    ("SPACE", r"\s+"),
    (Kind.INVISIBLE, INVISIBLE.pattern),
    (Kind.TEXT, r"'[^'\n]*'|\"[^\"\n]*\""),
    (Kind.ODD_QUOTES, rf"[{_ODD_QUOTE}][^\n'\"{_ODD_QUOTE}]*['\"{_ODD_QUOTE}]"),
    (Kind.OPEN_TEXT, rf"['\"{_ODD_QUOTE}][^\n]*"),
    (Kind.COMMENT, r"#[^\n]*|//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?"),
    (Kind.CUSTOM, f"::{_CUSTOM_PART}(?::{_CUSTOM_PART})?::"),
    (Kind.HALF_CUSTOM, f"::::+|::[A-Za-z0-9_]*:?|:{_WORD}::"),
    (Kind.NAME, f":{_WORD}:"),
    (Kind.HALF_NAME, f":{_WORD}"),
    (Kind.PRICE, rf"{_CURRENCY}\s?{_GROUPED}|{_GROUPED}\s?{_CURRENCY}"),
    (Kind.PERCENT, rf"{_PLAIN}\s?%"),
    (Kind.UNQUOTED, r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?"),
    (Kind.DURATION, rf"{_PLAIN}[smhd]{_ENDS}"),
    (
        Kind.ODD_DURATION,
        rf"{_PLAIN}\s?(?:w|y|secs?|mins?|hrs?|seconds?|minutes?|hours?|days?|weeks?|months?|years?){_ENDS}",
    ),
    (Kind.NUMBER, rf"{_PLAIN}{_STOPS}"),
    (
        Kind.ODD_NUMBER,
        rf"{_PLAIN}[eE][+-]?[0-9]+{_STOPS}|\.[0-9]+{_STOPS}|[0-9][0-9_.]*(?![A-Za-z0-9_.-])",
    ),
    (Kind.UNQUOTED, r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+|[0-9][A-Za-z0-9_]*"),
    (Kind.NAME, _WORD),
    (Kind.LIST, r"@[A-Za-z_][A-Za-z0-9_-]*"),
    (Kind.ODD_COMPARE, "={2,3}|!==|<>|=!|=>|=<|:=|[\u2264\u2265\u2260]"),
    (Kind.COMPARE, "<=|>=|!=|=|<|>"),
    (Kind.AND, "&&"),
    (Kind.OR, r"\|\|"),
    (Kind.ODD_JOIN, r"[&|]"),
    (Kind.NOT, "!"),
    (Kind.LPAR, r"\("),
    (Kind.RPAR, r"\)"),
    (Kind.COMMA, ","),
    (Kind.BRACKET, r"[\[\]{}]"),
    (Kind.COLON, ":"),
    (Kind.ADD, r"[-+]"),
    (Kind.MULTIPLY, r"[*/]"),
    (Kind.ODD_ARITHMETIC, r"[%^]"),
    (Kind.STOP, r"[;.?]+"),
    (Kind.OTHER, r"[^\x00-\x7f]+|."),
)
_GROUP_KINDS: tuple[str, ...] = tuple(kind for kind, _ in _PATTERNS)
_TOKEN = re.compile("|".join(f"({pattern})" for _, pattern in _PATTERNS), re.DOTALL)

KEYWORDS: Final = {
    "and": Kind.AND,
    "or": Kind.OR,
    "not": Kind.NOT,
    "in": Kind.IN,
    "includes": Kind.MATCH,
    "like": Kind.MATCH,
    "matches": Kind.MATCH,
    "if": Kind.IF,
    "true": Kind.TRUTH,
    "false": Kind.TRUTH,
}
_SYMBOLS = {"&&": "and", "||": "or", "!": "not"}


def tokens(text: str) -> list[Token]:
    """The tokens of a text, without spaces, with an END token at the end."""
    found = [
        _token(_GROUP_KINDS[match.lastindex - 1], match)
        for match in _TOKEN.finditer(text)
        if match.lastindex is not None and match.lastindex > 1
    ]
    end = Span(start=len(text), end=len(text))
    return [*found, Token(kind=Kind.END, span=end, text="", value="")]


def _token(kind: str, match: re.Match[str]) -> Token:
    text = match.group()
    value = text
    if kind is Kind.NAME and not text.startswith(":"):
        kind = KEYWORDS.get(text.lower(), Kind.NAME)
        value = text if kind is Kind.NAME else text.lower()
    elif kind in (Kind.NAME, Kind.TEXT):
        value = text[1:-1]
    elif kind is Kind.CUSTOM:
        value = text[2:-2]
    elif kind is Kind.LIST:
        value = text[1:]
    else:
        value = _SYMBOLS.get(text, text)
    return Token(kind=Kind(kind), span=Span(start=match.start(), end=match.end()), text=text, value=value)
