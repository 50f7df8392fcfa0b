"""The tree of a rule: typed nodes, each with its place in the text. Checker, compiler and formatter walk this tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from engine.decision import RuleAction
from engine.rules.diagnostics import Span


class Comparator(StrEnum):
    """The comparison operators."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="

    @property
    def is_ordering(self) -> bool:
        """Whether it asks for more or less, not only for the same."""
        return self not in (Comparator.EQUAL, Comparator.UNEQUAL)

    @property
    def mirrored(self) -> "Comparator":
        """The operator that says the same with the sides exchanged."""
        return Comparator(str(self).translate(_MIRROR))


_MIRROR = str.maketrans("<>", "><")


class Matcher(StrEnum):
    """The operators that look into a text."""

    INCLUDES = "includes"
    LIKE = "like"
    MATCHES = "matches"


class Operator(StrEnum):
    """The operators of arithmetic."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


SECONDS: Final[Mapping[str, int]] = MappingProxyType({"s": 1, "m": 60, "h": 3_600, "d": 86_400})
"""How long the units of a duration are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """What stands in the text. Nodes are equal where they mean the same, wherever they stand."""

    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(_Placed):
    """A feature's name or alias, without colons."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom(_Placed):
    """A custom field of the request, `::name::`; `name` is without colons."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(_Placed):
    """A literal text, without its quotes."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(_Placed):
    """A literal number, exact."""

    value: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth(_Placed):
    """A literal `true` or `false`, for custom fields; beside a feature the checker says what to write instead."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(_Placed):
    """A literal length of time, `30d`: a number, exact, and one of s, m, h, d."""

    value: Fraction
    unit: str

    @property
    def seconds(self) -> Fraction:
        """How long it is."""
        return self.value * SECONDS[self.unit]


Literal = Text | Number | Truth | Duration
Operand = Name | Custom | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList(_Placed):
    """A list kept beside the rules, `@name`; `name` is without the `@`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(_Placed):
    """A list written in the rule: `('US', 'CA')`."""

    items: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(_Placed):
    """`left operator right`, of numbers, amounts and lengths of time."""

    left: "Condition"
    operator: Operator
    right: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(_Placed):
    """`name: value` or `name: [value, ...]` among the arguments of a function; `name` is lower-case."""

    name: str
    values: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(_Placed):
    """`function(arguments, options)`; `function` is lower-case."""

    function: str
    arguments: tuple["Condition | NamedList", ...]
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(_Placed):
    """`left operator right`."""

    left: "Condition"
    operator: Comparator
    right: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(_Placed):
    """`subject in choices` or `subject not in choices`."""

    subject: "Condition"
    choices: NamedList | Items
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(_Placed):
    """`subject operator pattern` or `subject not operator pattern`; the checker admits a text alone as the pattern."""

    subject: "Condition"
    operator: Matcher
    pattern: "Condition"
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation(_Placed):
    """`not condition`."""

    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conjunction(_Placed):
    """`a and b and ...`, two conditions or more."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disjunction(_Placed):
    """`a or b or ...`, two conditions or more."""

    conditions: tuple["Condition", ...]


Condition = (
    Comparison | Membership | Match | Negation | Conjunction | Disjunction | Call | Arithmetic | Name | Custom | Literal
)
"""What stands for a condition or for a value: the grammar is one, and the checker tells the two apart.

Conditions are comparisons, memberships, matches, what joins them, calls of functions that are true or false, custom
fields and names of boolean features. Values are all other calls and names, arithmetic and literals.
"""

Node = Condition | NamedList | Items


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTree:
    """A whole rule: `action if condition`. `points` are a score rule's, `tag` is a tag rule's."""

    action: RuleAction
    condition: Condition
    points: int = 0
    tag: str | None = None


def children(node: Node) -> tuple[Node, ...]:  # noqa: PLR0911 - one a kind of node
    """The nodes right below a node. The items of a list have a limit of their own and count as none."""
    match node:
        case Comparison() | Arithmetic():
            return (node.left, node.right)
        case Membership():
            return (node.subject, node.choices)
        case Match():
            return (node.subject, node.pattern)
        case Call():
            return (*node.arguments, *(value for option in node.options for value in option.values))
        case Negation():
            return (node.condition,)
        case Conjunction() | Disjunction():
            return node.conditions
        case _:
            return ()


def named_lists(root: Condition) -> frozenset[str]:
    """The lists that a condition names, without `@`."""
    return frozenset(node.name for node in nodes(root) if isinstance(node, NamedList))


def nodes(root: Condition) -> Iterator[Node]:
    """Every node of a tree, without recursion, those on the left first."""
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def patterns_in(root: Condition) -> tuple[str, ...]:
    """The patterns of `matches`."""
    found = (node for node in nodes(root) if isinstance(node, Match) and node.operator is Matcher.MATCHES)
    return tuple(node.pattern.value for node in found if isinstance(node.pattern, Text))


def reads_custom(root: Condition) -> bool:
    """Whether a condition reads a custom field of the request."""
    return any(isinstance(node, Custom) for node in nodes(root))
