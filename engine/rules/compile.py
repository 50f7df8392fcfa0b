"""Tree to closures for one payment: three-valued (Kleene), features read by catalogue position.

The usual shapes have closures of their own; a rule of two comparisons then takes about half a microsecond.
A closure calls those below it, so its recursion is bounded by the parser's depth limit.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.features import Catalog, Feature, FeatureType
from engine.rules import custom_fields, terms, texts
from engine.rules.closure import OPERATORS, Compiled, Lists, Values
from engine.rules.functions import IP_IN, IS_MISSING, STARTS_WITH
from engine.rules.literals import Held, held
from engine.rules.resolve import resolve
from engine.rules.tree import (
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Custom,
    Disjunction,
    Items,
    Match,
    Membership,
    Name,
    NamedList,
    Negation,
    Number,
    Text,
)
from engine.rules.types import PLAIN, TEXTUAL, Kind, argument_of, type_of


def compile_condition(condition: Condition, catalog: Catalog) -> Compiled:
    """A closure that gives true, false or None (unknown).

    The condition has passed the checker, and the catalogue has what it counts (`engine.catalog`).
    """
    return compile_resolved(resolve(condition, catalog), catalog)


def compile_resolved(condition: Condition, catalog: Catalog) -> Compiled:
    """As `compile_condition`, of a condition that has been resolved, which must not be done twice."""
    return _compiled(condition, catalog)


def _compiled(condition: Condition, catalog: Catalog) -> Compiled:  # noqa: PLR0911 - one a kind of node
    match condition:
        case Conjunction():
            return _joined(tuple(_compiled(part, catalog) for part in condition.conditions), decisive=False)
        case Disjunction():
            return _joined(tuple(_compiled(part, catalog) for part in condition.conditions), decisive=True)
        case Negation():
            return _negated(_compiled(condition.condition, catalog))
        case Comparison():
            return _comparison(condition, catalog)
        case Membership():
            return _membership(condition, catalog)
        case Match():
            found = texts.compile_match(condition, catalog)
            return _negated(found) if condition.negated else found
        case Call():
            return _call(condition, catalog)
        case Name():
            return _flag(catalog.position(condition.name))
        case Custom():
            return custom_fields.compile_flag(condition)
        case _:
            raise AssertionError("the checker lets no value stand as a condition")


def _comparison(node: Comparison, catalog: Catalog) -> Compiled:
    left, operator, right = node.left, node.operator, node.right
    if not isinstance(left, PLAIN) or not isinstance(right, PLAIN):
        if {type_of(left, catalog).kind, type_of(right, catalog).kind} & {*TEXTUAL}:
            return texts.compile_comparison(left, operator, right, catalog)
        return terms.compile_comparison(node, catalog)
    if isinstance(left, Custom) or isinstance(right, Custom):
        return custom_fields.compile_comparison(node, catalog)
    if not isinstance(left, Name):
        left, operator, right = right, operator.mirrored, left
    assert isinstance(left, Name)
    feature, position = catalog[left.name], catalog.position(left.name)
    if isinstance(right, Name):
        other = catalog[right.name]
        lowered = _ignores_case(feature) and _ignores_case(other)
        return _of_two(position, catalog.position(right.name), OPERATORS[operator], lowered=lowered)
    assert isinstance(right, Number | Text), "the checker lets nothing else stand beside a feature"
    constant = held(right, feature)
    if _ignores_case(feature):
        assert isinstance(constant, str)
        return _of_text(position, constant, equal=operator is Comparator.EQUAL)
    return _WITH_CONSTANT[operator](position, constant)


def _ignores_case(feature: Feature) -> bool:
    # Countries are held in upper case already.
    return feature.type is FeatureType.STRING and not feature.case_sensitive


def _less(position: int, constant: Held) -> Compiled:
    return lambda values, _: None if (value := values[position]) is None else value < constant


def _less_or_equal(position: int, constant: Held) -> Compiled:
    return lambda values, _: None if (value := values[position]) is None else value <= constant


def _greater(position: int, constant: Held) -> Compiled:
    return lambda values, _: None if (value := values[position]) is None else value > constant


def _greater_or_equal(position: int, constant: Held) -> Compiled:
    return lambda values, _: None if (value := values[position]) is None else value >= constant


def _equal(position: int, constant: Held) -> Compiled:
    return lambda values, _: None if (value := values[position]) is None else value == constant


def _unequal(position: int, constant: Held) -> Compiled:
    return lambda values, _: None if (value := values[position]) is None else value != constant


# Written out, because calling an operator by variable costs half as much again on the commonest shape.
_WITH_CONSTANT: Final[Mapping[Comparator, Callable[[int, Held], Compiled]]] = {
    Comparator.EQUAL: _equal,
    Comparator.UNEQUAL: _unequal,
    Comparator.LESS: _less,
    Comparator.LESS_OR_EQUAL: _less_or_equal,
    Comparator.GREATER: _greater,
    Comparator.GREATER_OR_EQUAL: _greater_or_equal,
}


def _of_text(position: int, constant: str, *, equal: bool) -> Compiled:
    if equal:
        return lambda values, _: None if (value := values[position]) is None else value.lower() == constant
    return lambda values, _: None if (value := values[position]) is None else value.lower() != constant


def _of_two(first: int, second: int, operator: Callable[[Any, Any], bool], *, lowered: bool) -> Compiled:
    def condition(values: Values, _: Lists) -> bool | None:
        left, right = values[first], values[second]
        return None if left is None or right is None else operator(left, right)

    def ignoring_case(values: Values, _: Lists) -> bool | None:
        left, right = values[first], values[second]
        return None if left is None or right is None else operator(left.lower(), right.lower())

    return ignoring_case if lowered else condition


def _membership(node: Membership, catalog: Catalog) -> Compiled:
    if isinstance(node.subject, Custom):
        found = custom_fields.compile_membership(node)
        return _negated(found) if node.negated else found
    if not isinstance(node.subject, Name):
        found = _result_in(node.subject, node.choices, catalog)
        return _negated(found) if node.negated else found
    feature, position = catalog[node.subject.name], catalog.position(node.subject.name)
    if isinstance(node.choices, NamedList):
        found = _in_list(position, node.choices.name)
    else:
        # The checker admits literals alone. Equal numbers have equal hashes, be they int, float or Fraction.
        constants = frozenset(held(item, feature) for item in node.choices.items if not isinstance(item, Name | Custom))
        found = _in_set(position, constants, lowered=_ignores_case(feature))
    return _negated(found) if node.negated else found


def _result_in(subject: Condition, choices: NamedList | Items, catalog: Catalog) -> Compiled:
    """What is calculated, or a function gives, looked up."""
    if isinstance(choices, NamedList):
        read, found = texts.as_listed(subject, catalog), _in_list(0, choices.name)
        return lambda values, lists: found((read(values),), lists)
    compiled = texts.compile_items if type_of(subject, catalog).kind in TEXTUAL else terms.compile_items
    return compiled(subject, choices, catalog)


def _in_set(position: int, constants: frozenset[Held], *, lowered: bool) -> Compiled:
    if lowered:
        return lambda values, _: None if (value := values[position]) is None else value.lower() in constants
    return lambda values, _: None if (value := values[position]) is None else value in constants


def _in_list(position: int, name: str) -> Compiled:
    def condition(values: Values, lists: Lists) -> bool | None:
        value, entries = values[position], lists.get(name)
        return None if value is None or entries is None else entries.holds(value)

    return condition


def _flag(position: int) -> Compiled:
    def condition(values: Values, _: Lists) -> bool | None:
        flag: bool | None = values[position]
        return flag

    return condition


def _missing(position: int) -> Compiled:
    return lambda values, _: values[position] is None


def _call(node: Call, catalog: Catalog) -> Compiled:
    """A function that is true or false."""
    if node.function == STARTS_WITH:
        return texts.compile_starts_with(node, catalog)
    if node.function == IP_IN:
        return texts.compile_ip_in(node, catalog)
    assert node.function == IS_MISSING, "the checker lets no other function be a condition"
    subject = argument_of(node)
    if isinstance(subject, Custom):
        return custom_fields.compile_missing(subject)
    if isinstance(subject, Name):
        return _missing(catalog.position(subject.name))
    read = _read(subject, catalog)
    return lambda values, lists: read(values, lists) is None


def _read(node: Condition, catalog: Catalog) -> Callable[[Values, Lists], object]:
    """What is calculated, or a function gives; None where it is unknown."""
    of = type_of(node, catalog)
    if of.kind is Kind.TRUTH:
        return _compiled(node, catalog)
    if of.kind in TEXTUAL:
        of_text = texts.text(node, catalog)
        return lambda values, _: of_text(values)
    if of.is_float:
        of_float = terms.measured(node, catalog)
        return lambda values, _: of_float(values)
    of_exact = terms.exact(node, catalog).read
    assert of_exact is not None, "the checker lets nobody ask for a fixed value"
    return lambda values, _: of_exact(values)


def _negated(condition: Compiled) -> Compiled:
    return lambda values, lists: None if (outcome := condition(values, lists)) is None else not outcome


def _joined(conditions: tuple[Compiled, ...], *, decisive: bool) -> Compiled:
    """`and` (decisive: False) or `or` (decisive: True): one decisive outcome decides; else an unknown one does."""
    if len(conditions) == 2:  # noqa: PLR2004 - the commonest number
        return _pair(*conditions, decisive=decisive)

    def condition(values: Values, lists: Lists) -> bool | None:
        known = True
        for part in conditions:
            outcome = part(values, lists)
            if outcome is decisive:
                return decisive
            if outcome is None:
                known = False
        return not decisive if known else None

    return condition


def _pair(first: Compiled, second: Compiled, *, decisive: bool) -> Compiled:
    def condition(values: Values, lists: Lists) -> bool | None:
        one = first(values, lists)
        if one is decisive:
            return decisive
        two = second(values, lists)
        return decisive if two is decisive else None if one is None or two is None else not decisive

    return condition
