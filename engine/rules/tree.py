"""The tree of a rule: typed nodes, each with its place in the text. Checker, compiler and formatter walk this tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
class Name:
    """A feature's name or alias, without colons."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """A custom field of the request, `::name::`; `name` is without colons."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A literal text, without its quotes."""

    span: Span
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A literal number, exact."""

    span: Span
    value: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A literal `true` or `false`, for custom fields; beside a feature the checker says what to write instead."""

    span: Span
    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A literal length of time, `30d`: a number, exact, and one of s, m, h, d."""

    span: Span
    value: Fraction
    unit: str

    @property
    def seconds(self) -> Fraction:
        """How long it is."""
        return self.value * SECONDS[self.unit]


Literal = Text | Number | Truth | Duration
Operand = Name | Custom | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """A list kept beside the rules, `@name`; `name` is without the `@`."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list written in the rule: `('US', 'CA')`."""

    span: Span
    items: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """`left operator right`, of numbers, amounts and lengths of time."""

    span: Span
    left: "Condition"
    operator: Operator
    right: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`name: value` or `name: [value, ...]` among the arguments of a function; `name` is lower-case."""

    span: Span
    name: str
    values: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`function(arguments, options)`; `function` is lower-case."""

    span: Span
    function: str
    arguments: tuple["Condition | NamedList", ...]
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`left operator right`."""

    span: Span
    left: "Condition"
    operator: Comparator
    right: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """`subject in choices` or `subject not in choices`."""

    span: Span
    subject: "Condition"
    choices: NamedList | Items
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`subject operator pattern` or `subject not operator pattern`; the checker admits a text alone as the pattern."""

    span: Span
    subject: "Condition"
    operator: Matcher
    pattern: "Condition"
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """`not condition`."""

    span: Span
    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conjunction:
    """`a and b and ...`, two conditions or more."""

    span: Span
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disjunction:
    """`a or b or ...`, two conditions or more."""

    span: Span
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


def children(node: Node) -> tuple[Node, ...]:
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


def nodes(root: Condition) -> Iterator[Node]:
    """Every node of a tree, without recursion, those on the left first."""
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def reads_custom(root: Condition) -> bool:
    """Whether a condition reads a custom field of the request."""
    return any(isinstance(node, Custom) for node in nodes(root))
