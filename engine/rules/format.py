"""Tree to text: the one way to write a rule, which parses to the same tree. Long rules are broken into lines."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from engine.decision import RuleAction
from engine.rules.lexer import KEYWORDS
from engine.rules.mistakes import ODD_WORDS
from engine.rules.tree import (
    Arithmetic,
    Call,
    Comparison,
    Conjunction,
    Custom,
    Disjunction,
    Duration,
    Items,
    Match,
    Membership,
    Name,
    NamedList,
    Negation,
    Node,
    Number,
    Operator,
    Option,
    RuleTree,
    Text,
    Truth,
)
from engine.suggest import quoted

MAX_WIDTH: Final = 100
"""Lines are no longer than this, where there is a place to break them."""
_INDENT: Final = "  "

_OR, _AND, _NOT, _TEST, _SUM, _PRODUCT, _VALUE = range(7)
"""How tightly a node binds; one that binds less than its place asks for stands in parentheses."""

_HEADS: Final = {
    RuleAction.ALLOW: "Allow",
    RuleAction.BLOCK: "Block",
    RuleAction.REVIEW: "Review",
    RuleAction.REQUEST_3DS: "Request 3DS",
}
_BARE: Final = re.compile("[a-z_][a-z0-9_]*")


def format_rule(tree: RuleTree, width: int = MAX_WIDTH) -> str:
    """The rule as text, in lines of `width` characters at most where it can be broken so."""
    head = f"{_head(tree)} if "
    return head + _laid_out(tree.condition, _OR, _INDENT, len(head), width)


def _head(tree: RuleTree) -> str:
    if tree.action is RuleAction.SCORE:
        return f"Score {tree.points:+d}"
    return f"Tag {quoted(tree.tag)}" if tree.tag is not None else _HEADS[tree.action]


def _laid_out(node: Node, place: int, indent: str, used: int, width: int) -> str:
    """The node's text behind `used` characters of a line; further lines begin with `indent`."""
    line = written(node, place)
    if used + len(line) <= width:
        return line
    inner = indent + _INDENT
    match node:
        case Conjunction() | Disjunction() if _binds(node) < place:
            return f"({_laid_out(node, _OR, inner, used + 1, width)})"
        case Conjunction() | Disjunction():
            word, tight = ("and", _NOT) if isinstance(node, Conjunction) else ("or", _AND)
            first, *rest = node.conditions
            before = len(indent) + len(word) + 1
            parts = [f"{word} {_laid_out(part, tight, indent, before, width)}" for part in rest]
            return f"\n{indent}".join((_laid_out(first, tight, indent, used, width), *parts))
        case Negation():
            return f"not {_laid_out(node.condition, _NOT, indent, used + 4, width)}"
        case Membership(choices=Items() as items) if items.items:
            head = f"{written(node.subject, _SUM)}{' not' if node.negated else ''} in "
            return head + _filled(items, inner, used + len(head), width)
        case _:
            return line


def _filled(items: Items, indent: str, used: int, width: int) -> str:
    """The items of a list, as many on a line as there is room for."""
    lines, line = [], "("
    room = width - used
    for index, item in enumerate(items.items):
        word = written(item) + ("," if index < len(items.items) - 1 else ")")
        if line not in ("(", "") and len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = word, width - len(indent)
        else:
            line += word if line in ("(", "") else f" {word}"
    return f"\n{indent}".join((*lines, line))


def written(node: Node, place: int = _OR) -> str:
    """The text of a node on one line, in parentheses where it binds less tightly than `place` asks for."""
    text = _written(node)
    return f"({text})" if _binds(node) < place else text


def _binds(node: Node) -> int:
    match node:
        case Disjunction():
            return _OR
        case Conjunction():
            return _AND
        case Negation():
            return _NOT
        case Comparison() | Membership() | Match():
            return _TEST
        case Arithmetic():
            return _SUM if node.operator in (Operator.ADD, Operator.SUBTRACT) else _PRODUCT
        case _:
            return _VALUE


def _written(node: Node) -> str:  # noqa: C901, PLR0911 - one a kind of node
    match node:
        case Disjunction():
            return " or ".join(written(part, _AND) for part in node.conditions)
        case Conjunction():
            return " and ".join(written(part, _NOT) for part in node.conditions)
        case Negation():
            return f"not {written(node.condition, _NOT)}"
        case Comparison():
            return f"{written(node.left, _SUM)} {node.operator} {written(node.right, _SUM)}"
        case Membership():
            return f"{written(node.subject, _SUM)}{' not' if node.negated else ''} in {_written(node.choices)}"
        case Match():
            turned = " not" if node.negated else ""
            return f"{written(node.subject, _SUM)}{turned} {node.operator} {written(node.pattern, _SUM)}"
        case Arithmetic():
            place = _binds(node)
            return f"{written(node.left, place)} {node.operator} {written(node.right, place + 1)}"
        case Call():
            given = (*map(_written, node.arguments), *map(_option, node.options))
            return f"{node.function}({', '.join(given)})"
        case NamedList():
            return f"@{node.name}"
        case Items():
            return f"({', '.join(map(_written, node.items))})"
        case _:
            return _operand(node)


def _option(option: Option) -> str:
    return f"{option.name}: {_choice(option.values)}"


def _choice(values: Sequence[Node]) -> str:
    return _written(values[0]) if len(values) == 1 else f"[{', '.join(map(_written, values))}]"


def _operand(node: Name | Custom | Text | Number | Truth | Duration) -> str:
    match node:
        case Name():
            is_bare = _BARE.fullmatch(node.name) and node.name not in KEYWORDS and node.name not in ODD_WORDS
            return node.name if is_bare else f":{node.name}:"
        case Custom():
            return f"::{node.name}::"
        case Text():
            return quoted(node.value)
        case Number():
            return decimal(node.value)
        case Duration():
            return decimal(node.value) + node.unit
        case Truth():
            return "true" if node.value else "false"


def decimal(value: Fraction) -> str:
    """The digits of a number that has finitely many after the point, as each that was written has."""
    places = 0
    scaled = abs(value)
    while scaled.denominator != 1:
        scaled, places = scaled * 10, places + 1
    digits = str(scaled.numerator).rjust(places + 1, "0")
    point = f".{digits[-places:]}" if places else ""
    return f"{'-' if value < 0 else ''}{digits[: len(digits) - places]}{point}"
