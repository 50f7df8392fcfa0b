"""The tree of a rule: typed nodes, each with its place in the text. Checker, compiler and formatter walk this tree."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

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


Literal = Text | Number | Truth
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
class Comparison:
    """`left operator right`."""

    span: Span
    left: Operand
    operator: Comparator
    right: Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """`subject in choices` or `subject not in choices`."""

    span: Span
    subject: Operand
    choices: NamedList | Items
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`function(arguments)`; `function` is lower-case."""

    span: Span
    function: str
    arguments: tuple[Operand, ...]


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


Condition = Comparison | Membership | Call | Negation | Conjunction | Disjunction | Operand
"""An operand may stand as a condition in the tree; the checker admits custom fields, and names of boolean features."""

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
        case Comparison():
            return (node.left, node.right)
        case Membership():
            return (node.subject, node.choices)
        case Call():
            return node.arguments
        case Negation():
            return (node.condition,)
        case Conjunction() | Disjunction():
            return node.conditions
        case _:
            return ()


def named_lists(root: Condition) -> frozenset[str]:
    """The lists that a condition names, without `@`."""
    found: set[str] = set()
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, NamedList):
            found.add(node.name)
        waiting.extend(children(node))
    return frozenset(found)


def reads_custom(root: Condition) -> bool:
    """Whether a condition reads a custom field of the request."""
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Custom):
            return True
        waiting.extend(children(node))
    return False
