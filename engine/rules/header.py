"""The head of a rule: `action if`, of which `Score` has points and `Tag` a tag."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.decision import RuleAction
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.lexer import Kind, Token
from engine.suggest import nearest, quoted

MAX_POINTS: Final = 1000
MAX_TAG_CHARACTERS: Final = 50

ACTIONS = {
    "allow": RuleAction.ALLOW,
    "block": RuleAction.BLOCK,
    "review": RuleAction.REVIEW,
    "request 3ds": RuleAction.REQUEST_3DS,
    "request 3d secure": RuleAction.REQUEST_3DS,
    "challenge": RuleAction.REQUEST_3DS,
}
_KNOWN = (
    "The actions are `Allow`, `Block`, `Review`, `Request 3DS` (or `Challenge`), `Score +N` or `Score -N`, and "
    "`Tag 'name'`."
)
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
_TAG = re.compile(rf"[a-z0-9_-]{{1,{MAX_TAG_CHARACTERS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a rule does when its condition is true; `points` are a score rule's, `tag` is a tag rule's."""

    action: RuleAction
    points: int = 0
    tag: str | None = None

    @property
    def canonical(self) -> str:
        """The head without what means nothing."""
        detail = f" {self.points:+d}" if self.points else "" if self.tag is None else f" {self.tag!r}"
        return f"{self.action}{detail} if"


def split(text: str, tokens: Sequence[Token]) -> tuple[Head | None, Sequence[Token], Diagnostic | None]:
    """The head of a rule, the tokens of its condition, and a diagnostic where there is no sound head."""
    found = next((index for index, token in enumerate(tokens) if token.kind is Kind.IF), None)
    if found is None:
        return None, (), _without_if(text, tokens)
    condition = tokens[found + 1 :]
    if found == 0:
        return None, condition, _without_action(tokens[0])
    span = tokens[0].span.to(tokens[found - 1].span)
    written = " ".join(text[span.start : span.end].split())
    head = _head(tokens[:found], span)
    if isinstance(head, Diagnostic):
        return None, condition, head
    if head is None and (action := ACTIONS.get(written.lower())) is not None:
        head = Head(action=action)
    return head, condition, None if head else _odd_action(span, written)


def _head(tokens: Sequence[Token], span: Span) -> Head | Diagnostic | None:
    """The head of a score or tag rule, or what is wrong with it; None where the rule is neither."""
    match tokens[0].text.lower():
        case "score":
            return _score(tokens[1:], span)
        case "tag":
            return _tag(tokens[1:], span)
        case _:
            return None


def _score(tokens: Sequence[Token], span: Span) -> Head | Diagnostic:
    written = "".join(token.text for token in tokens)
    if re.fullmatch(r"[+-][0-9]{1,9}", written) and 0 < abs(int(written)) <= MAX_POINTS:
        return Head(action=RuleAction.SCORE, points=int(written))
    digits = re.fullmatch("[+-]?([0-9]{1,9})", written)
    hint = "Write `Score +15 if ...` or `Score -10 if ...`."
    if digits and 0 < int(digits[1]) <= MAX_POINTS:
        hint = f"Write `Score +{digits[1]} if ...` to raise the rule score, `Score -{digits[1]} if ...` to lower it."
    return Diagnostic(
        code=Code.ACTION,
        span=span,
        message="The points of `Score` are missing or wrong.",
        cause=f"Points are a whole number from 1 to {MAX_POINTS}, with `+` or `-` before it.",
        hint=hint,
    )


def _tag(tokens: Sequence[Token], span: Span) -> Head | Diagnostic:
    words = " ".join(token.value for token in tokens)
    if [token.kind for token in tokens] == [Kind.TEXT] and _TAG.fullmatch(words):
        return Head(action=RuleAction.TAG, tag=words)
    meant = re.sub("[^a-z0-9_]+", "-", words.lower()).strip("-")[:MAX_TAG_CHARACTERS].strip("-")
    return Diagnostic(
        code=Code.ACTION,
        span=span,
        message="The name after `Tag` is missing or wrong.",
        cause=f"Programs read tags: one is 1 to {MAX_TAG_CHARACTERS} characters of a-z, 0-9, `-` and `_`.",
        hint=f"Write `Tag {quoted(meant or 'vip')} if ...`.",
    )


def _without_action(first: Token) -> Diagnostic:
    return Diagnostic(
        code=Code.ACTION,
        span=first.span,
        message="The rule does not say what to do.",
        cause=f"A rule begins with an action. {_KNOWN}",
        hint="Write the action before `if`, as in `Block if ...`.",
    )


def _odd_action(span: Span, written: str) -> Diagnostic:
    meant = _OTHER_WORDS.get(written.lower()) or nearest(
        written, ("Allow", "Block", "Review", "Request 3DS", "Challenge", "Score +15", "Tag 'name'")
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
    place, meant = tokens[0].span, None
    detailed = _detailed(tokens)
    if detailed is None and isinstance(fault := _head(tokens[:1], place), Diagnostic):
        return fault
    if detailed is not None:
        end = tokens[detailed - 1].span.end
        place, meant = Span(start=end, end=end + 1), text[tokens[0].span.start : end]
    for last in tokens[:4] if meant is None else ():
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


def _detailed(tokens: Sequence[Token]) -> int | None:
    """How many tokens the head of a score or tag rule has that lacks its `if`; None where there is none."""
    for count in (3, 2):
        if len(tokens) > count and isinstance(_head(tokens[:count], tokens[0].span), Head):
            return count
    return None
