"""What merchants write that the language does not know, one token each: a diagnostic and, where plain, a repair."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.lexer import INVISIBLE, Kind, Token
from engine.suggest import quoted

BEFORE_A_VALUE: Final = (
    Kind.COMPARE,
    Kind.LPAR,
    Kind.LBRA,
    Kind.COMMA,
    Kind.IN,
    Kind.MATCH,
    Kind.ADD,
    Kind.MULTIPLY,
    Kind.OPTION,
)
_OPERANDS = (Kind.NAME, Kind.CUSTOM, Kind.TEXT, Kind.NUMBER, Kind.TRUTH, Kind.DURATION, Kind.RPAR)
_NAMES = (Kind.NAME, Kind.CUSTOM)
_MEANT = {"\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "=>": ">=", "=<": "<=", "<>": "!=", "=!": "!=", "!==": "!="}
MAX_CUSTOM_CHARACTERS: Final = 255
"""How long the name of a custom field can be."""

_OPERATORS = (
    "Conditions are written with the operators `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `includes`, `like` and `matches`."
)
_MATCHERS = {
    "contains": "{} includes 'text'",
    "contain": "{} includes 'text'",
    "has": "{} includes 'text'",
    "startswith": "starts_with({}, 'text')",
    "starts_with": "starts_with({}, 'text')",
    "begins": "starts_with({}, 'text')",
    "endswith": "{} like '%text'",
    "ends_with": "{} like '%text'",
    "ends": "{} like '%text'",
    "ilike": "{} like '%text%'",
    "rlike": "{} matches 'pattern'",
    "regex": "{} matches 'pattern'",
    "regexp": "{} matches 'pattern'",
}
_SIGNS = {"equals": "=", "eq": "=", "is": "=", "ne": "!=", "gt": ">", "lt": "<", "gte": ">=", "lte": "<="}
_TIMES = (
    ("se", (1, "s")),
    ("min", (1, "m")),
    ("h", (1, "h")),
    ("d", (1, "d")),
    ("w", (7, "d")),
    ("mo", (30, "d")),
    ("y", (365, "d")),
)
"""How units of time begin that people write, and what they mean."""
_NOTHING = frozenset({"null", "none", "nil", "missing", "empty", "unknown", "undefined"})
_JOINS = frozenset({"then", "else", "unless", "xor", "when", "where"})
ODD_WORDS: Final = frozenset({"between", "within", *_SIGNS, *_MATCHERS, *_NOTHING, *_JOINS})
"""Words of other languages, which name a feature only in colons or where one has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A diagnostic, and the token that was meant: a list of none drops it, None says that nobody can tell."""

    diagnostic: Diagnostic
    meant: tuple[Token, ...] | None


def fault_of(token: Token, meant: Sequence[Token], after: Token, names: Collection[str]) -> Fault | None:
    """What is wrong with a token behind those that were `meant`, before `after`; None where it is in the grammar."""
    if token.kind is Kind.NAME:
        return None if token.value in names else _odd_word(token, meant, after)
    explain = _EXPLAIN.get(token.kind)
    return explain(token, meant) if explain else None


def _report(token: Token, code: Code, message: str, cause: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, span=token.span, message=message, cause=cause, hint=hint)


def _as(token: Token, kind: Kind, value: str) -> tuple[Token, ...]:
    return (replace(token, kind=kind, value=value),)


def _odd_word(token: Token, meant: Sequence[Token], after: Token) -> Fault | None:
    """A word of another language where an operator or a value should stand."""
    word = token.value.lower()
    previous = meant[-1] if meant else None
    after_operand = previous is not None and previous.kind in _OPERANDS
    subject = previous.text if previous is not None and previous.kind in _NAMES else "x"
    hint = cause = ""
    if word in _NOTHING and not after_operand and previous is not None and previous.kind is Kind.COMPARE:
        subject = next((part.text for part in reversed(meant) if part.kind in _NAMES), "x")
        cause = "There is no word for nothing: a comparison with an unknown value is never true."
        hint = f"Write `is_missing({subject})`, or `not is_missing({subject})`."
    elif word == "is" and after_operand and (after.kind is Kind.NOT or after.value.lower() in _NOTHING):
        cause = _OPERATORS
        hint = f"Write `is_missing({subject})` to ask for an unknown value, `!=` for `is not`."
    elif word in _SIGNS and after_operand:
        cause = _OPERATORS
        hint = f"Write `{_SIGNS[word]}`."
    elif (meaning := _MATCHERS.get(word)) is not None and after_operand:
        cause = _OPERATORS
        hint = f"Write `{meaning.format(subject)}`."
    elif word in ("by", "within", "status", "scope", "delay") and after_operand and after.kind is Kind.COLON:
        cause = "Between the parts of a function stands a comma."
        hint = f"Write `, {word}:`."
        return Fault(diagnostic=_report(token, Code.SYNTAX, "A comma is missing.", cause, hint), meant=None)
    elif word == "within" and after_operand:
        cause = "A time is part of what is counted, within the parentheses of `count`, `sum` or another function."
        hint = "Write, for example, `count(by: card, within: 10m) > 5`."
    elif word == "between" and after_operand:
        cause = "There is no operator for a range."
        hint = f"Write both ends: `{subject} >= 1 and {subject} <= 5`."
    elif word in _JOINS and (after_operand or word == "unless"):
        cause = "A rule is one action and one condition; conditions are joined by `and`, `or` and `not`."
        hint = "Write `Block if ...`, and a second rule for what shall happen otherwise."
    if not hint:
        return None
    message = f"`{token.text}` is {'not an operator' if after_operand or not previous else 'no value'}."
    return Fault(diagnostic=_report(token, Code.OPERATOR, message, cause, hint), meant=None)


def _odd_compare(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001 - one signature for all
    sign = _MEANT.get(token.text, "=")
    cause = "The comparison operators are `=`, `!=`, `<`, `<=`, `>` and `>=`."
    diagnostic = _report(token, Code.OPERATOR, f"`{token.text}` is not an operator.", cause, f"Write `{sign}`.")
    return Fault(diagnostic=diagnostic, meant=_as(token, Kind.COMPARE, sign))


def _odd_join(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    kind = Kind.AND if token.text == "&" else Kind.OR
    word = kind.lower()
    cause = "Conditions are joined by whole words, or by `&&` and `||`."
    diagnostic = _report(token, Code.OPERATOR, f"`{token.text}` is not an operator.", cause, f"Write `{word}`.")
    return Fault(diagnostic=diagnostic, meant=_as(token, kind, word))


def _odd_quotes(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    content = token.text[1:-1]
    diagnostic = _report(
        token,
        Code.QUOTES,
        "These quotation marks are not straight.",
        "Word processors and chat programs bend quotation marks; a rule knows the straight ones alone.",
        f"Write {quoted(content)}.",
    )
    return Fault(diagnostic=diagnostic, meant=_as(token, Kind.TEXT, content))


def _open_text(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    diagnostic = _report(
        token,
        Code.QUOTES,
        "This text has no closing quotation mark.",
        f"A text ends with the mark it begins with, {token.text[0]}, on the same line.",
        'Close the text; where it holds an apostrophe, put it in double quotes: "O\'Brien".',
    )
    return Fault(diagnostic=diagnostic, meant=None)


def _unquoted(token: Token, meant: Sequence[Token]) -> Fault:
    if meant and meant[-1].kind is Kind.TEXT and meant[-1].span.end == token.span.start:
        cause = "The text before it ends at its second quotation mark."
        hint = 'A text with an apostrophe goes in double quotes: "O\'Brien".'
        diagnostic = _report(token, Code.QUOTES, f"`{token.text}` touches a text.", cause, hint)
        return Fault(diagnostic=diagnostic, meant=None)
    amount = re.fullmatch(r"([0-9]+)(?:[A-Za-z]{1,3})", token.text)
    if meant and meant[-1].kind in BEFORE_A_VALUE:
        number = f"{amount[1]}, which is a number, or " if amount else ""
        hint = f"Write {number}{quoted(token.text)}."
    else:
        hint = f"Names are written with underscores; a text stands in quotes, after an operator: {quoted(token.text)}."
    cause = "A text stands in quotes; a name has letters, digits and underscores, and begins with a letter."
    diagnostic = _report(token, Code.QUOTES, f"`{token.text}` is neither a name nor a number.", cause, hint)
    known = bool(meant) and meant[-1].kind in BEFORE_A_VALUE and not amount
    return Fault(diagnostic=diagnostic, meant=_as(token, Kind.TEXT, token.text) if known else None)


def _odd_number(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    plain = re.sub("[^0-9.]", "", token.text)
    known = re.fullmatch(r"[0-9]*\.?[0-9]*", plain) and not re.search("[eE]", token.text)
    value = ("0" + plain if plain.startswith(".") else plain).rstrip(".") if known else ""
    diagnostic = _report(
        token,
        Code.NUMBER,
        f"`{token.text}` is not written as a number of a rule.",
        "A number has digits and at most one decimal point: no thousands separators, currency or percent signs, "
        "no exponents. Amounts are in the unit of the feature, `risk_score` is in percent.",
        f"Write {value}." if value else "Write it in full, as in 1250 or 12.50; put a text in quotes.",
    )
    return Fault(diagnostic=diagnostic, meant=_as(token, Kind.NUMBER, value) if value else None)


def _odd_duration(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    number, word = re.fullmatch(r"([0-9.]+)\s?([a-z]+)", token.text).groups()  # type: ignore[union-attr]
    factor, unit = next(meaning for begins, meaning in _TIMES if word.startswith(begins))
    value = Fraction(number) * factor
    exact = str(value.numerator) if value.denominator == 1 else str(float(value))
    diagnostic = _report(
        token,
        Code.NUMBER,
        f"`{token.text}` is not written as a length of time.",
        "A length of time is a number and, right after it, `s`, `m`, `h` or `d`: seconds, minutes, hours, days.",
        f"Write {exact}{unit}.",
    )
    return Fault(diagnostic=diagnostic, meant=_as(token, Kind.DURATION, f"{exact}{unit}"))


def _odd_arithmetic(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    cause = "Rules calculate with `+`, `-`, `*` and `/`."
    hint = "Write a power as a product, `x * x`." if token.text == "^" else "Compare with `/`, as in `a / b > 0.1`."
    diagnostic = _report(token, Code.OPERATOR, f"`{token.text}` is not an operator.", cause, hint)
    return Fault(diagnostic=diagnostic, meant=None)


def _half_name(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    name = token.text[1:]
    diagnostic = _report(
        token,
        Code.NAME_COLONS,
        f"`{token.text}` lacks its closing colon.",
        "Colons around a name are optional, but come in pairs.",
        f"Write `:{name}:` or `{name}`.",
    )
    return Fault(diagnostic=diagnostic, meant=_as(token, Kind.NAME, name))


def _colon(token: Token, meant: Sequence[Token]) -> Fault:
    name = meant[-1].value if meant and meant[-1].kind is Kind.NAME else None
    diagnostic = _report(
        token,
        Code.NAME_COLONS,
        f"`{name}:` lacks its opening colon." if name else "This colon stands alone.",
        "Colons around a name are optional, but come in pairs, right before and after it.",
        f"Write `:{name}:` or `{name}`." if name else "Write `:card_country:` or `card_country`.",
    )
    return Fault(diagnostic=diagnostic, meant=() if name else None)


def _bracket(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    kind, round_one = (Kind.LPAR, "(") if token.text in "[{" else (Kind.RPAR, ")")
    cause = "Lists and groups stand in round parentheses; square ones hold the keys of a function: `by: [card, email]`."
    diagnostic = _report(token, Code.SYNTAX, f"`{token.text}` is not used in rules.", cause, f"Write `{round_one}`.")
    return Fault(diagnostic=diagnostic, meant=_as(token, kind, round_one))


def _stop(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    cause = "A rule ends with its condition."
    diagnostic = _report(
        token, Code.SYNTAX, "A rule has no punctuation at its end.", cause, f"Leave out `{token.text}`."
    )
    return Fault(diagnostic=diagnostic, meant=())


def _comment(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    hint = "Put the remark into the name of the rule, or into a line of the ruleset file that begins with `#`."
    diagnostic = _report(token, Code.SYNTAX, "A rule holds no comments.", "The text of a rule is all condition.", hint)
    return Fault(diagnostic=diagnostic, meant=())


def _invisible(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    points = ", ".join(f"U+{ord(character):04X}" for character in token.text[:3])
    diagnostic = _report(
        token,
        Code.CHARACTER,
        f"An invisible character stands here ({points}).",
        "Invisible characters come with copied text and make a rule mean other than it shows.",
        "Delete it, or type this part anew.",
    )
    return Fault(diagnostic=diagnostic, meant=())


def _custom(token: Token, meant: Sequence[Token]) -> Fault | None:
    if len(token.value) <= MAX_CUSTOM_CHARACTERS:
        return _text(token, meant)
    diagnostic = _report(
        token,
        Code.LIMIT,
        f"The name of this custom field is longer than {MAX_CUSTOM_CHARACTERS} characters.",
        f"The request's `custom` has names of 1 to {MAX_CUSTOM_CHARACTERS} characters; no longer one arrives.",
        "Write the name as it is sent, between two colons on each side.",
    )
    return Fault(diagnostic=diagnostic, meant=(token,))


def _half_custom(token: Token, meant: Sequence[Token]) -> Fault:
    name = token.text.strip(":")
    cause = "A custom field stands between two colons on each side."
    before = meant[-1] if meant else None
    if not name and before is not None and before.kind is Kind.NAME and before.span.end == token.span.start:
        lacking = f"`{before.text}{token.text}` lacks its two opening colons."
        hint = f"Write `::{before.value}::`."
        diagnostic = _report(token, Code.NAME_COLONS, lacking, cause, hint)
        return Fault(diagnostic=diagnostic, meant=None)
    if not name:
        hint = "Write the name that it has in the request's `custom`, as in `::tier::`."
        diagnostic = _report(token, Code.NAME_COLONS, f"`{token.text[:20]}` names no custom field.", cause, hint)
        return Fault(diagnostic=diagnostic, meant=None)
    lacks = "one of its opening colons" if token.text.endswith("::") else "closing colons"
    hint = f"Write `::{name}::`."
    diagnostic = _report(token, Code.NAME_COLONS, f"`{token.text}` lacks {lacks}.", cause, hint)
    return Fault(diagnostic=diagnostic, meant=_as(token, Kind.CUSTOM, name))


def _text(token: Token, meant: Sequence[Token]) -> Fault | None:
    hidden = INVISIBLE.search(token.text)
    if hidden is None:
        return None
    start = token.span.start + hidden.start()
    part = replace(token, span=Span(start=start, end=start + len(hidden.group())), text=hidden.group())
    return replace(_invisible(part, meant), meant=(token,))


def _other(token: Token, meant: Sequence[Token]) -> Fault:  # noqa: ARG001
    diagnostic = _report(
        token,
        Code.CHARACTER,
        f"`{token.text[:20]}` has no meaning here.",
        "Outside quotes a rule has names, numbers, operators and parentheses.",
        "Put a text in quotes; leave out any other mark. A named list is written `@name`.",
    )
    return Fault(diagnostic=diagnostic, meant=None)


_EXPLAIN: dict[Kind, Callable[[Token, Sequence[Token]], Fault | None]] = {
    Kind.TEXT: _text,
    Kind.CUSTOM: _custom,
    Kind.HALF_CUSTOM: _half_custom,
    Kind.ODD_COMPARE: _odd_compare,
    Kind.ODD_JOIN: _odd_join,
    Kind.ODD_QUOTES: _odd_quotes,
    Kind.OPEN_TEXT: _open_text,
    Kind.UNQUOTED: _unquoted,
    Kind.ODD_NUMBER: _odd_number,
    Kind.PRICE: _odd_number,
    Kind.PERCENT: _odd_number,
    Kind.ODD_DURATION: _odd_duration,
    Kind.ODD_ARITHMETIC: _odd_arithmetic,
    Kind.HALF_NAME: _half_name,
    Kind.COLON: _colon,
    Kind.BRACKET: _bracket,
    Kind.STOP: _stop,
    Kind.COMMENT: _comment,
    Kind.INVISIBLE: _invisible,
    Kind.OTHER: _other,
}
