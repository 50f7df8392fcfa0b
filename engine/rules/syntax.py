"""What a person is told where the parser cannot go on: by the token it stopped at and the one before."""

from collections.abc import Sequence

from engine.iso import CURRENCY_EXPONENTS
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.functions import FUNCTIONS
from engine.rules.lexer import Kind, Token
from engine.suggest import quoted

_VALUES = (Kind.TEXT, Kind.NUMBER, Kind.TRUTH, Kind.DURATION)
_JOINS = (Kind.AND, Kind.OR)
_STARTS_CONDITION = (Kind.NAME, Kind.CUSTOM, *_VALUES, Kind.LPAR, Kind.NOT)
_ENDS_CONDITION = (Kind.NAME, Kind.CUSTOM, *_VALUES, Kind.RPAR, Kind.LIST)
_CALCULATES = (Kind.ADD, Kind.MULTIPLY)


def unbalanced(tokens: Sequence[Token], max_depth: int) -> Diagnostic | None:
    """A parenthesis without its partner, or one that stands too deep."""
    opened: list[Token] = []
    for token in tokens:
        if token.kind is Kind.LPAR:
            opened.append(token)
            if len(opened) > max_depth:
                return Diagnostic(
                    code=Code.LIMIT,
                    span=token.span,
                    message=f"Parentheses are nested deeper than {max_depth}.",
                    cause="So deep a rule cannot be read by a person or checked in time.",
                    hint="Leave out needless parentheses, or split the rule in two.",
                )
        elif token.kind is Kind.RPAR and not opened:
            return _fault(
                token, "This `)` closes nothing.", "There is no `(` for it.", "Leave it out, or open with `(`."
            )
        elif token.kind is Kind.RPAR:
            opened.pop()
    if opened:
        return _fault(opened[-1], "This `(` is not closed.", "The rule ends before its `)`.", "Add `)`.")
    return None


def calculating(tokens: Sequence[Token], max_operations: int) -> Diagnostic | None:
    """The operation of arithmetic that is one too many."""
    operations = [token for token in tokens if token.kind in _CALCULATES]
    if len(operations) <= max_operations:
        return None
    return Diagnostic(
        code=Code.LIMIT,
        span=operations[max_operations].span,
        message=f"The rule calculates more than {max_operations} times.",
        cause="So much arithmetic cannot be read by a person or checked in time.",
        hint="Work out what is fixed beforehand, or split the rule in two.",
    )


def explain(tokens: Sequence[Token], index: int) -> Diagnostic:  # noqa: PLR0911 - one a mistake
    """The diagnostic for the token at `index`, which cannot stand there."""
    token = tokens[index]
    previous = tokens[index - 1] if index else None
    if token.kind is Kind.END:
        return _unfinished(token, previous)
    if previous is None or previous.kind in (*_JOINS, Kind.NOT):
        return _no_condition(tokens, index)
    if previous.kind is Kind.COMPARE:
        return _no_value(token, tokens, index)
    if previous.kind is Kind.IN:
        return _no_list(token, tokens, index)
    if previous.kind in (Kind.MATCH, *_CALCULATES, Kind.OPTION):
        return _no_operand(token, previous)
    if previous.kind in _ENDS_CONDITION:
        return _no_operator(token, tokens, index)
    if token.kind is Kind.RPAR and previous.kind is Kind.LPAR:
        cause = "Parentheses enclose a condition or the values of a list."
        return _fault(previous, "These parentheses are empty.", cause, "Leave them out, or write a condition inside.")
    cause = f"After `{previous.text}` stands a name, a value or a condition."
    if token.kind is Kind.COMMA or previous.kind is Kind.COMMA:
        cause = "A list is values in parentheses, with one comma between two of them."
    return _fault(token, f"`{token.text}` cannot stand here.", cause, "Leave it out, or write what belongs before it.")


def _unfinished(token: Token, previous: Token | None) -> Diagnostic:
    if previous is None:
        return _fault(
            token,
            "The rule has no condition.",
            "After `if` stands a condition.",
            "Write one, as in `amount_in_usd > 1000`.",
        )
    needed = {
        Kind.COMPARE: "a value",
        Kind.IN: "a list",
        Kind.MATCH: "a text in quotes",
        Kind.ADD: "a value",
        Kind.MULTIPLY: "a value",
    }.get(previous.kind, "a condition")
    lone = previous.kind in (Kind.LIST, *_VALUES)
    return _fault(
        token,
        "The rule ends too early.",
        "This value is compared with nothing." if lone else f"After `{previous.text}` stands {needed}.",
        "Compare it, as in `email in @name`." if lone else f"Write {needed}, or leave out `{previous.text}`.",
    )


def _no_condition(tokens: Sequence[Token], index: int) -> Diagnostic:
    token, previous = tokens[index], tokens[index - 1] if index else None
    if previous is not None and previous.kind is Kind.NOT and index > 1 and tokens[index - 2].kind in _ENDS_CONDITION:
        cause = "`not` stands before a condition or before `in`."
        hint = "Write `!=` in one piece, or `not in (...)`."
        return _fault(token, f"`{previous.text} {token.text}` cannot stand here.", cause, hint)
    if token.kind is Kind.LIST:
        return _fault(
            token,
            f"`{token.text}` stands without a name before it.",
            "A named list is asked with `in`.",
            f"Write, for example, `email in {token.text}`.",
        )
    place = f"After `{previous.text}`" if previous else "After `if`"
    if token.kind in _CALCULATES:
        return _fault(
            token, "A value is missing.", f"`{token.text}` stands between two values.", "Write `0 - x` to turn a sign."
        )
    return _fault(
        token,
        f"`{token.text}` cannot stand here.",
        f"{place} stands a condition, which begins with a name, `not` or `(`.",
        "Write the name of a feature before it." if token.kind in (Kind.COMPARE, Kind.IN) else "Leave it out.",
    )


def _no_value(token: Token, tokens: Sequence[Token], index: int) -> Diagnostic:
    operator = tokens[index - 1]
    membership = "not in" if operator.value == "!=" else "in"
    if token.kind is Kind.LPAR:
        hint = f"For several values write `{membership} (...)`; leave out the parentheses around a single one."
        return _fault(
            token, "A comparison takes one value.", f"After `{operator.text}` stands a name or a value.", hint
        )
    if token.kind is Kind.LIST:
        hint = f"Write `{membership} {token.text}`."
        return _fault(token, "A list cannot be compared.", "A named list is asked with `in`.", hint)
    if token.kind is Kind.NOT:
        cause = f"After `{operator.text}` stands a name or a value."
        return _fault(token, "`not` cannot stand inside a comparison.", cause, "Write `!=`, or `not` before the name.")
    if token.kind is Kind.COMPARE:
        cause = "The comparison operators are `=`, `!=`, `<`, `<=`, `>` and `>=`, without a space inside."
        return _fault(token, f"Two operators follow each other: `{operator.text} {token.text}`.", cause, "Keep one.")
    if token.kind in _CALCULATES:
        cause = f"`{token.text}` stands between two values, or before a number."
        return _fault(token, "A value is missing.", cause, "Write `0 - x` to turn a sign.")
    cause = f"After `{operator.text}` stands a name or a value, before `{token.text}`."
    return _fault(token, "A value is missing.", cause, "Write the value; a text stands in quotes.")


def _no_operand(token: Token, previous: Token) -> Diagnostic:
    """After an operator of arithmetic, a matcher or `by:`, where no value stands."""
    if previous.kind is Kind.OPTION:
        cause = f"After `{previous.text}` stands a value; several keys stand in square brackets."
        hint = f"Write `{previous.text} [card, ip_address]`." if token.kind is Kind.LPAR else "Write the value."
        return _fault(token, f"`{token.text}` cannot stand here.", cause, hint)
    if previous.kind is Kind.MATCH:
        hint = f"Write `in {token.text}`." if token.kind is Kind.LIST else f"Write `{previous.text} 'text'`."
        cause = f"After `{previous.text}` stands a text in quotes."
        return _fault(token, "A text is missing.", cause, hint)
    cause = f"`{previous.text}` stands between two values."
    hint = "Write a value on both sides; `0 - x` turns the sign of `x`."
    return _fault(token, "A value is missing.", cause, hint)


def _no_list(token: Token, tokens: Sequence[Token], index: int) -> Diagnostic:
    value = quoted(token.value) if token.kind in (Kind.NAME, Kind.TEXT) else token.text
    known = token.kind in (Kind.NAME, *_VALUES)
    hint = "Write `in ('US', 'CA')` or `in @name`."
    if known:
        more = ", ..." if tokens[index + 1].kind is Kind.COMMA else ""
        hint = f"Write `in ({value}{more})`" + (f", or `in @{token.value}`." if token.kind is Kind.NAME else ".")
    return _fault(token, "`in` takes a list.", "A list is values in parentheses, or a named list `@name`.", hint)


def _no_operator(  # noqa: C901, PLR0911 - one a mistake
    token: Token, tokens: Sequence[Token], index: int
) -> Diagnostic:
    previous = tokens[index - 1]
    if token.kind is Kind.COMPARE and index >= 2 and tokens[index - 2].kind is Kind.COMPARE:  # noqa: PLR2004
        words = [part.text for part in tokens[max(index - 3, 0) : index + 2]]
        hint = f"Write two comparisons: `{' '.join(words[:-2])} and {' '.join(words[-3:])}`."
        return _fault(token, "Comparisons cannot be chained.", "A comparison has two sides.", hint)
    if token.kind in (Kind.COMPARE, Kind.IN) and previous.kind is Kind.RPAR:
        cause = f"Before `{token.text}` stands a name, not a condition in parentheses."
        return _fault(token, f"`{token.text}` cannot follow `)`.", cause, "Leave out the parentheses around the name.")
    if token.kind is Kind.NOT:
        hint = "Write `!=` or `not in`, or `and not` where a second condition begins."
        return _fault(token, f"`not` cannot follow `{previous.text}`.", "`not` stands before a condition.", hint)
    if token.kind is Kind.NAME and previous.kind is Kind.NUMBER and token.value.upper() in CURRENCY_EXPONENTS:
        cause = "The unit is the feature's: `amount_in_usd` is in US dollars."
        return _fault(token, "A number has no currency.", cause, f"Leave out `{token.text}`.")
    if token.kind is Kind.TEXT and previous.kind is Kind.TEXT and previous.span.end == token.span.start:
        cause = "A text ends at the next quotation mark of its kind."
        return _fault(token, "Two texts touch.", cause, 'A text with an apostrophe goes in double quotes: "O\'Brien".')
    if token.kind is Kind.LPAR and previous.kind is Kind.NAME:
        cause = f"`{previous.text}` stands before a parenthesis, so it is read as a function."
        return _fault(token, f"`{previous.text}(` cannot stand here.", cause, "Write `and` or `or` between conditions.")
    if token.kind is Kind.COMMA and (opened := _compared_list(tokens, index)) is not None:
        operator = tokens[opened - 1]
        membership = "not in" if operator.value == "!=" else "in"
        cause = f"After `{operator.text}` stands a name or a value."
        hint = f"For several values write `{membership} (...)`; leave out the parentheses around a single one."
        return _fault(tokens[opened], "A comparison takes one value.", cause, hint)
    if token.kind is Kind.COMMA:
        hint = "For a list write `in (...)`; join conditions by `and` or `or`."
        return _fault(token, "A comma stands in lists alone.", "A comma separates the values of a list.", hint)
    if token.kind is Kind.NAME and previous.kind is Kind.NAME and previous.value.lower() in FUNCTIONS:
        cause = "The arguments of a function stand in parentheses."
        hint = f"Write `{FUNCTIONS[previous.value.lower()].written}`."
        return _fault(token, f"`{token.text}` cannot follow `{previous.text}`.", cause, hint)
    if token.kind in _STARTS_CONDITION:
        both = f"`{previous.text}` and `{token.text}`"
        hint = (
            "Write `and` or `or` between conditions, a comma between the values of a list, an operator before a value."
        )
        return _fault(token, f"Something is missing between {both}.", "Two values cannot follow each other.", hint)
    cause = f"`{token.text}` cannot follow `{previous.text}`."
    return _fault(token, f"`{token.text}` cannot stand here.", cause, "Join conditions by `and` or `or`.")


def _compared_list(tokens: Sequence[Token], index: int) -> int | None:
    """The index of the parenthesis that stands open around `index`, where it follows a comparison operator."""
    depth = 0
    for place in range(index - 1, 0, -1):
        depth += {Kind.RPAR: 1, Kind.LPAR: -1}.get(tokens[place].kind, 0)
        if depth < 0:
            return place if tokens[place - 1].kind is Kind.COMPARE else None
    return None


def _fault(token: Token, message: str, cause: str, hint: str) -> Diagnostic:
    span = Span(start=token.span.start, end=max(token.span.end, token.span.start + 1))
    return Diagnostic(code=Code.SYNTAX, span=span, message=message, cause=cause, hint=hint)
