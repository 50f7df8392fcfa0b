"""Text to tree. Every failure is a diagnostic; the size and the depth are bounded before anything recurses."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Final, TypeVar, cast

import lark

from engine.decision import RuleAction
from engine.rules import syntax
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.header import Head, split
from engine.rules.lexer import Kind, Token, tokens
from engine.rules.mending import mend
from engine.rules.tree import (
    Arithmetic,
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Custom,
    Disjunction,
    Duration,
    Items,
    Match,
    Matcher,
    Membership,
    Name,
    NamedList,
    Negation,
    Node,
    Number,
    Operand,
    Operator,
    Option,
    RuleTree,
    Text,
    Truth,
    children,
)

NodeT = TypeVar("NodeT")

MAX_BYTES: Final = 4096
MAX_NODES: Final = 500
MAX_DEPTH: Final = 50
MAX_DIGITS: Final = 30
MAX_OPERATIONS: Final = 50
MAX_PATTERNS: Final = 10
"""Limits of one rule: bytes, nodes of its tree, levels of nesting, digits of a number, operations of arithmetic, and
patterns of `matches`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A tree, or None where there are faults that hide it; and the faults, in the order of the text.

    A tree with faults is what was probably meant: it serves to find the faults behind them, not to be compiled.
    `canonical` is the text without what means nothing (spaces, colons, case of keywords).
    """

    tree: RuleTree | None
    diagnostics: tuple[Diagnostic, ...]
    canonical: str = ""


def parse(text: str, names: Collection[str] = ()) -> Parsed:
    """Read a rule. `names` are those of the features, for hints."""
    if (limit := _too_long(text)) is not None:
        return Parsed(tree=None, diagnostics=(limit,))
    found = tokens(text)
    head, condition, fault = split(text, found)
    faults = [fault] if fault else []
    if fault is not None and not condition:
        return Parsed(tree=None, diagnostics=(fault,))
    mended = mend(condition, names)
    faults.extend(mended.diagnostics)
    if mended.tokens is None:
        return Parsed(tree=None, diagnostics=tuple(faults))
    tree = _condition(mended.tokens)
    if isinstance(tree, Diagnostic):
        # What a repair made of the text may be what does not parse: then the repair's own fault is enough.
        return Parsed(tree=None, diagnostics=tuple(faults) if mended.diagnostics else (*faults, tree))
    # Without a head there is a fault already; the condition is checked all the same.
    head = head or Head(action=RuleAction.REVIEW)
    words = (_canonical(token) for token in mended.tokens if token.kind is not Kind.END)
    return Parsed(
        tree=RuleTree(action=head.action, condition=tree, points=head.points, tag=head.tag),
        diagnostics=tuple(faults),
        canonical=" ".join((head.canonical, *words)),
    )


def _canonical(token: Token) -> str:
    if token.kind is Kind.TEXT:
        return repr(token.value)
    if token.kind is Kind.CUSTOM:
        return f"::{token.value}::"
    if token.kind is Kind.OPTION:
        return f"{token.value}:"
    return token.text if token.kind is Kind.LIST else token.value


def _too_long(text: str) -> Diagnostic | None:
    size = len(text.encode("utf-8", errors="replace")) if len(text) <= MAX_BYTES else len(text)
    if size <= MAX_BYTES:
        return None
    return Diagnostic(
        code=Code.LIMIT,
        span=Span(start=min(len(text), MAX_BYTES) - 1, end=min(len(text), MAX_BYTES)),
        message=f"The rule is longer than {MAX_BYTES} bytes.",
        cause="Each rule is read, checked and shown as a whole.",
        hint="Keep long lists of values in a named list (`in @name`), or split the rule in two.",
    )


def _condition(condition: Sequence[Token]) -> Condition | Diagnostic:
    """The tree of a condition, within the limits, or the fault."""
    fault = syntax.unbalanced(condition, MAX_DEPTH) or _long_number(condition)
    # A chain of thousands would take far longer to parse than all else.
    if fault := fault or syntax.calculating(condition, MAX_OPERATIONS):
        return fault
    parsing = _parser().parse_interactive()
    result: object = None
    for index, token in enumerate(condition):
        kind = "$END" if token.kind is Kind.END else token.kind.value
        place = lark.Token(kind, token.value, start_pos=token.span.start, end_pos=token.span.end)
        try:
            result = parsing.feed_token(place)
        except lark.UnexpectedToken:
            return syntax.explain(condition, index)
    return _within_limits(cast("Condition", result))  # what the start rule of the grammar gives


def _long_number(condition: Sequence[Token]) -> Diagnostic | None:
    for token in condition:
        if token.kind in (Kind.NUMBER, Kind.DURATION) and len(token.value) > MAX_DIGITS:
            return Diagnostic(
                code=Code.LIMIT,
                span=token.span,
                message=f"The number has more than {MAX_DIGITS} digits.",
                cause="No feature is so large or so fine.",
                hint="Put it in quotes if it is a text; else write fewer digits.",
            )
    return None


def _within_limits(root: Condition) -> Condition | Diagnostic:
    """The tree if it is small and flat enough, found without recursion."""
    waiting: list[tuple[Node, int]] = [(root, 1)]
    nodes = patterns = 0
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        patterns += isinstance(node, Match) and node.operator is Matcher.MATCHES
        if patterns > MAX_PATTERNS:
            return Diagnostic(
                code=Code.LIMIT,
                span=node.span,
                message=f"The rule has more than {MAX_PATTERNS} patterns.",
                cause="Each takes time with every payment.",
                hint="Join them by `|` in one pattern, or use `includes` and `like`.",
            )
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            deep = depth > MAX_DEPTH
            return Diagnostic(
                code=Code.LIMIT,
                span=node.span,
                message=f"The rule is nested deeper than {MAX_DEPTH}." if deep else f"More than {MAX_NODES} parts.",
                cause="So large a rule cannot be read by a person or checked in time.",
                hint="Use a named list for many values, or split the rule in two.",
            )
        waiting.extend((child, depth + 1) for child in reversed(children(node)))
    return root


class _Builder(lark.Transformer[lark.Token, Condition]):
    """Makes nodes as the parser reduces, without recursion. Each method has the name of a rule of the grammar."""

    def name(self, parts: list[lark.Token]) -> Name:
        return Name(span=_span(parts), name=str(parts[0]))

    def custom(self, parts: list[lark.Token]) -> Custom:
        return Custom(span=_span(parts), name=str(parts[0]))

    def text(self, parts: list[lark.Token]) -> Text:
        return Text(span=_span(parts), value=str(parts[0]))

    def number(self, parts: list[lark.Token]) -> Number:
        return Number(span=_span(parts), value=Fraction(str(parts[0])))

    def truth(self, parts: list[lark.Token]) -> Truth:
        return Truth(span=_span(parts), value=parts[0] == "true")

    def named_list(self, parts: list[lark.Token]) -> NamedList:
        return NamedList(span=_span(parts), name=str(parts[0]))

    def items(self, parts: list[lark.Token | Operand]) -> Items:
        return Items(span=_span(parts), items=_nodes(parts))

    def duration(self, parts: list[lark.Token]) -> Duration:
        written = str(parts[0])
        return Duration(span=_span(parts), value=Fraction(written[:-1]), unit=written[-1])

    def option(self, parts: list[lark.Token | Operand]) -> Option:
        return Option(span=_span(parts), name=str(parts[0]).lower(), values=_nodes(parts))

    def call(self, parts: list[lark.Token | Condition | NamedList | Option]) -> Call:
        return Call(
            span=_span(parts),
            function=str(parts[0]).lower(),
            arguments=tuple(part for part in parts if not isinstance(part, lark.Token | Option)),
            options=tuple(part for part in parts if isinstance(part, Option)),
        )

    def arithmetic(self, parts: tuple[Condition, lark.Token, Condition]) -> Arithmetic:
        left, operator, right = parts
        return Arithmetic(span=left.span.to(right.span), left=left, operator=Operator(operator), right=right)

    def comparison(self, parts: tuple[Condition, lark.Token, Condition]) -> Comparison:
        left, operator, right = parts
        return Comparison(span=left.span.to(right.span), left=left, operator=Comparator(operator), right=right)

    def match(self, parts: tuple[Condition, lark.Token, Condition]) -> Match:
        subject, operator, pattern = parts
        span = subject.span.to(pattern.span)
        return Match(span=span, subject=subject, operator=Matcher(operator), pattern=pattern, negated=False)

    def mismatch(self, parts: tuple[Condition, lark.Token, lark.Token, Condition]) -> Match:
        subject, _, operator, pattern = parts
        return replace(self.match((subject, operator, pattern)), negated=True)

    def membership(self, parts: tuple[Condition, lark.Token, NamedList | Items]) -> Membership:
        subject, _, choices = parts
        return Membership(span=subject.span.to(choices.span), subject=subject, choices=choices, negated=False)

    def absence(self, parts: tuple[Condition, lark.Token, lark.Token, NamedList | Items]) -> Membership:
        subject, _, _, choices = parts
        return Membership(span=subject.span.to(choices.span), subject=subject, choices=choices, negated=True)

    def group(self, parts: tuple[lark.Token, Condition, lark.Token]) -> Condition:
        return replace(parts[1], span=_span(parts))

    def negate(self, parts: tuple[lark.Token, Condition]) -> Negation:
        return Negation(span=_span(parts), condition=parts[1])

    def conjunction(self, parts: list[Condition | lark.Token]) -> Conjunction:
        return Conjunction(span=_span(parts), conditions=_nodes(parts))

    def disjunction(self, parts: list[Condition | lark.Token]) -> Disjunction:
        return Disjunction(span=_span(parts), conditions=_nodes(parts))


def _nodes(parts: Sequence[NodeT | lark.Token]) -> tuple[NodeT, ...]:
    return tuple(part for part in parts if not isinstance(part, lark.Token))


def _span(parts: Sequence[Node | Option | lark.Token]) -> Span:
    return _place(parts[0]).to(_place(parts[-1]))


def _place(part: Node | Option | lark.Token) -> Span:
    if isinstance(part, lark.Token):
        assert part.start_pos is not None
        assert part.end_pos is not None
        return Span(start=part.start_pos, end=part.end_pos)
    return part.span


@cache
def _parser() -> lark.Lark:
    grammar = resources.files("engine.rules").joinpath("grammar.lark").read_text(encoding="utf-8")
    return lark.Lark(
        grammar, start="condition", parser="lalr", lexer="basic", transformer=_Builder(), keep_all_tokens=True
    )
