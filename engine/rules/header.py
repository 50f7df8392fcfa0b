"""The head of a rule: `action if`."""

from collections.abc import Sequence

from engine.decision import RuleAction
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.lexer import Kind, Token
from engine.rules.suggest import nearest

ACTIONS = {
    "allow": RuleAction.ALLOW,
    "block": RuleAction.BLOCK,
    "review": RuleAction.REVIEW,
    "request 3ds": RuleAction.REQUEST_3DS,
    "request 3d secure": RuleAction.REQUEST_3DS,
    "challenge": RuleAction.REQUEST_3DS,
}
_KNOWN = "The actions are `Allow`, `Block`, `Review` and `Request 3DS` (or `Challenge`)."
_OTHER_WORDS = {
    "accept": "Allow",
    "approve": "Allow",
    "pass": "Allow",
    "permit": "Allow",
    "decline": "Block",
    "deny": "Block",
    "refuse": "Block",
    "reject": "Block",
    "stop": "Block",
    "flag": "Review",
    "hold": "Review",
    "manual review": "Review",
    "3ds": "Request 3DS",
    "3d secure": "Request 3DS",
    "request 3d": "Request 3DS",
    "request 3-d secure": "Request 3DS",
    "request 3ds2": "Request 3DS",
    "require 3ds": "Request 3DS",
}
_LATER = ("score", "tag")
_STARTS = (Kind.NAME, Kind.NOT, Kind.LPAR)


def split(text: str, tokens: Sequence[Token]) -> tuple[RuleAction | None, Sequence[Token], Diagnostic | None]:
    """The action of a rule, the tokens of its condition, and a diagnostic where there is no action."""
    found = next((index for index, token in enumerate(tokens) if token.kind is Kind.IF), None)
    if found is None:
        return None, (), _without_if(text, tokens)
    condition = tokens[found + 1 :]
    if found == 0:
        return None, condition, _without_action(tokens[0])
    span = tokens[0].span.to(tokens[found - 1].span)
    written = " ".join(text[span.start : span.end].split())
    action = ACTIONS.get(written.lower())
    return action, condition, None if action else _odd_action(span, written)


def _without_action(first: Token) -> Diagnostic:
    return Diagnostic(
        code=Code.ACTION,
        span=first.span,
        message="The rule does not say what to do.",
        cause=f"A rule begins with an action. {_KNOWN}",
        hint="Write the action before `if`, as in `Block if ...`.",
    )


def _odd_action(span: Span, written: str) -> Diagnostic:
    if written.split(maxsplit=1)[0].lower() in _LATER:
        return Diagnostic(
            code=Code.NOT_AVAILABLE,
            span=span,
            message=f"The action `{written.split(maxsplit=1)[0].title()}` is not available yet.",
            cause=f"This version of the rule language does not have it yet. {_KNOWN}",
            hint="Use `Review if ...`; or set `mode` to shadow, which records the result and does nothing.",
        )
    meant = _OTHER_WORDS.get(written.lower()) or nearest(
        written, ("Allow", "Block", "Review", "Request 3DS", "Challenge")
    )
    return Diagnostic(
        code=Code.ACTION,
        span=span,
        message=f"`{written[:40]}` is not an action.",
        cause=_KNOWN,
        hint=f"Write `{meant} if ...`." if meant else "Write the action first, then `if`, then the condition.",
    )


def _without_if(text: str, tokens: Sequence[Token]) -> Diagnostic:
    """Say that there is no `if`, at the place where it belongs: after the longest known action."""
    if tokens[0].kind is Kind.END:
        return Diagnostic(
            code=Code.SYNTAX,
            span=tokens[0].span,
            message="The rule is empty.",
            cause="A rule is an action, `if` and a condition.",
            hint="Write, for example, `Block if amount_in_usd > 1000`.",
        )
    if (first := tokens[0].text.lower()) in _LATER:
        return _odd_action(tokens[0].span, first)
    place, meant = tokens[0].span, None
    for last in tokens[:4]:
        written = " ".join(text[tokens[0].span.start : last.span.end].split()).lower()
        if written in ACTIONS or written in _OTHER_WORDS:
            end = last.span.end
            place, meant = Span(start=end, end=end + 1), text[tokens[0].span.start : end]
    action = meant or "Block"
    unless = any(token.text.lower() == "unless" for token in tokens[:4])
    return Diagnostic(
        code=Code.SYNTAX,
        span=place,
        message="The rule has no `if`.",
        cause=f"A rule is an action, `if` and a condition. {_KNOWN}",
        hint=f"Write `{action} if not (...)`." if unless else f"Write `{action} if ...`.",
    )
