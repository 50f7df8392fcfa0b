"""Tree to closures for one payment: three-valued (Kleene), features read by catalogue position.

The usual shapes have closures of their own; a rule of two comparisons then takes about half a microsecond.
A closure calls those below it, so its recursion is bounded by the parser's depth limit.
"""

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from engine.features import Catalog, Feature, FeatureType
from engine.rules.literals import Held, held
from engine.rules.tree import (
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Literal,
    Membership,
    Name,
    NamedList,
    Negation,
)

Lists = Mapping[str, frozenset[str]]
"""Named lists: names without `@`. Entries are lower-cased (countries too), but as they stand in a list that is asked
with case-sensitive features. A list that is not there makes the condition unknown."""

Values = tuple[Any, ...]
"""`Features.values`: by position, each None or of its feature's type, which the checker has compared with the rule."""

Compiled = Callable[[Values, Lists], bool | None]

_OPERATORS: Final[Mapping[Comparator, Callable[[Any, Any], bool]]] = {
    Comparator.EQUAL: eq,
    Comparator.UNEQUAL: ne,
    Comparator.LESS: lt,
    Comparator.LESS_OR_EQUAL: le,
    Comparator.GREATER: gt,
    Comparator.GREATER_OR_EQUAL: ge,
}


def compile_condition(condition: Condition, catalog: Catalog) -> Compiled:
    """A closure that gives true, false or None (unknown). The condition has passed the checker with this catalogue."""
    match condition:
        case Conjunction():
            return _joined(tuple(compile_condition(part, catalog) for part in condition.conditions), decisive=False)
        case Disjunction():
            return _joined(tuple(compile_condition(part, catalog) for part in condition.conditions), decisive=True)
        case Negation():
            return _negated(compile_condition(condition.condition, catalog))
        case Comparison():
            return _comparison(condition, catalog)
        case Membership():
            return _membership(condition, catalog)
        case Call():
            subject = condition.arguments[0]
            assert isinstance(subject, Name)
            return _missing(catalog.position(subject.name))
        case Name():
            return _flag(catalog.position(condition.name))
        case _:
            raise AssertionError("the checker lets no value stand as a condition")


def _comparison(node: Comparison, catalog: Catalog) -> Compiled:
    left, operator, right = node.left, node.operator, node.right
    if not isinstance(left, Name):
        left, operator, right = right, operator.mirrored, left
    assert isinstance(left, Name)
    feature, position = catalog[left.name], catalog.position(left.name)
    if isinstance(right, Name):
        other = catalog[right.name]
        lowered = _ignores_case(feature) and _ignores_case(other)
        return _of_two(position, catalog.position(right.name), _OPERATORS[operator], lowered=lowered)
    constant = held(right, feature)
    if _ignores_case(feature):
        assert isinstance(constant, str)
        return _of_text(position, constant, equal=operator is Comparator.EQUAL)
    return _WITH_CONSTANT[operator](position, constant)


def _ignores_case(feature: Feature) -> bool:
    # Countries are held in upper case already.
    return feature.type is FeatureType.STRING and not feature.case_sensitive


def _less(position: int, constant: Any) -> Compiled:
    return lambda values, _: None if (value := values[position]) is None else value < constant
