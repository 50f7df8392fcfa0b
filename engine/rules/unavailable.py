"""What the language will have and does not have yet: the diagnostic says so and what to write until then.

When one of these arrives, it leaves the tables here and enters the grammar.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.lexer import Kind, Token
from engine.rules.suggest import resembling

_VELOCITY_FUNCTIONS = frozenset(
    ("count", "sum", "average", "minimum", "maximum", "distinct", "first_seen", "last_seen", "hours_since")
)
_FUNCTIONS = {
    "distance_km": "Compare countries instead, as in `billing_country != ip_country`.",
    "lower": "Leave it out: texts are compared without regard to case, unless the feature says otherwise.",
    "domain_of": "Use the feature `email_domain`.",
    "starts_with": "Name the values, as in `card_bin in ('424242', '400000')`.",
    "ip_in": "Name the addresses, as in `ip_address in ('192.0.2.1', '192.0.2.2')`, or keep them in a list.",
}
_PATTERNS = frozenset(("like", "includes", "matches", "contains"))
_ENDS_OF_OPERAND = (Kind.NAME, Kind.TEXT, Kind.NUMBER, Kind.RPAR, Kind.CUSTOM, Kind.DURATION)
_CAUSE = "This version of the rule language does not have it yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """The diagnostic, and the index of the token where reading goes on."""

    diagnostic: Diagnostic
    next_index: int


def unavailable(tokens: Sequence[Token], index: int, names: Collection[str]) -> Unavailable | None:
    """What is planned and not there at this token, or None. `names` are those of the features, for hints."""
    token = tokens[index]
    word = token.value.lower()
    if token.kind is Kind.NAME and tokens[index + 1].kind is Kind.LPAR:
        return _function(tokens, index, names)
    follows = index > 0 and tokens[index - 1].kind in (*_ENDS_OF_OPERAND, Kind.NOT)
    if token.kind is Kind.NAME and word in _PATTERNS and word not in names and follows:
        hint = "Name the values, as in `email_domain in ('a.com', 'b.com')`."
        return _at(token, f"`{token.text}` is not available yet.", hint, index + 1)
    if token.kind is Kind.DURATION:
        hint = (
            "Use a feature whose name carries the time, such as `card_payments_1h`; hours and days are plain numbers."
        )
        return _at(token, f"Durations such as `{token.text}` are not available yet.", hint, index + 1)
    if token.kind is Kind.ARITHMETIC and follows:
        hint = "Compare with a number worked out beforehand, or one feature with another."
        return _at(token, f"Arithmetic (`{token.text}`) is not available yet.", hint, index + 1)
    return None


def _function(tokens: Sequence[Token], index: int, names: Collection[str]) -> Unavailable | None:
    name = tokens[index].value.lower()
    if name not in _VELOCITY_FUNCTIONS and name not in _FUNCTIONS:
        return None
    depth, last = 0, index + 1
    while tokens[last].kind is not Kind.END:
        depth += {Kind.LPAR: 1, Kind.RPAR: -1}.get(tokens[last].kind, 0)
        if depth == 0:
            break
        last += 1
    call = " ".join(token.text for token in tokens[index : last + 1])
    feature = resembling(call, names)
    hint = _FUNCTIONS.get(name) or (
        f"Use the feature `{feature}`." if feature else "Use a feature that counts, such as `card_payments_1h`."
    )
    end = tokens[last if tokens[last].kind is not Kind.END else last - 1].span.end
    span = Span(start=tokens[index].span.start, end=end)
    # The call stands for a number or a condition, which nobody can tell: the rest is read for further faults.
    next_index = min(last + 1, len(tokens) - 1)
    message = f"The function `{name}` is not available yet."
    diagnostic = Diagnostic(code=Code.NOT_AVAILABLE, span=span, message=message, cause=_CAUSE, hint=hint)
    return Unavailable(diagnostic=diagnostic, next_index=next_index)


def _at(token: Token, message: str, hint: str, next_index: int) -> Unavailable:
    diagnostic = Diagnostic(code=Code.NOT_AVAILABLE, span=token.span, message=message, cause=_CAUSE, hint=hint)
    return Unavailable(diagnostic=diagnostic, next_index=next_index)
