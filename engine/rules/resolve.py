"""A checked tree to what compilers read: features, literals and arithmetic.

Functions over velocities and distances become the names of their features, and lengths of time plain numbers in one
unit: so a compiler knows neither of durations nor of what is counted.
"""

from dataclasses import replace
from fractions import Fraction

from engine.features import Catalog
from engine.rules import counted, functions
from engine.rules.count_check import read_call
from engine.rules.tree import (
    Arithmetic,
    Call,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Duration,
    Items,
    Match,
    Membership,
    Name,
    NamedList,
    Negation,
    Number,
    Operator,
    Text,
)
from engine.rules.types import (
    HOURS,
    OPEN_TIME,
    SECONDS,
    TIME_UNITS,
    TRUTH,
    Kind,
    Type,
    combined,
    lowered,
    of_feature,
    type_of,
)


def resolve(node: Condition, catalog: Catalog) -> Condition:
    """The same condition with nothing in it but what compilers read. It has passed the checker with this catalogue.

    The catalogue has the features of what is counted, as `engine.catalog` gives it; KeyError where it has not.
    """
    match node:
        case Conjunction() | Disjunction():
            return replace(node, conditions=tuple(resolve(part, catalog) for part in node.conditions))
        case Negation():
            return replace(node, condition=resolve(node.condition, catalog))
        case Comparison():
            left, right = _in_one_unit(_value(node.left, catalog), _value(node.right, catalog))
            return replace(node, left=left, right=right)
        case Membership():
            return _membership(node, catalog)
        case Match():
            return replace(node, subject=_value(node.subject, catalog)[0])
        case _:
            return _value(node, catalog)[0]


def _value(node: Condition, catalog: Catalog) -> tuple[Condition, Type]:
    """A value as compilers read it, and its type as it was written. A duration is in seconds until it finds a unit."""
    match node:
        case Arithmetic():
            left, right = _value(node.left, catalog), _value(node.right, catalog)
            found = combined(node.operator, left[1], right[1])
            assert found is not None, "the checker lets no such arithmetic pass"
            if node.operator is Operator.MULTIPLY:
                return replace(node, left=left[0], right=right[0]), found
            one, two = _in_one_unit(left, right)
            return replace(node, left=one, right=two), found
        case Call():
            return _call(node, catalog)
        case Duration():
            return Number(span=node.span, value=node.seconds), OPEN_TIME
        case _:
            return node, type_of(node, catalog)


def _call(node: Call, catalog: Catalog) -> tuple[Condition, Type]:
    if node.function in counted.FUNCTIONS:
        described, _ = read_call(node, catalog)
        assert described is not None, "the checker lets no such call pass"
        return Name(span=node.span, name=described.name), of_feature(catalog[described.name])
    if node.function == functions.DISTANCE_KM:
        places = [part.name.lower() if isinstance(part, Name) else _text(part) for part in node.arguments]
        name = functions.distance_feature(*places)
        assert name is not None, "the checker lets no such call pass"
        return Name(span=node.span, name=name), of_feature(catalog[name])
    first, *rest = node.arguments
    assert not isinstance(first, NamedList), "the checker lets no such call pass"
    argument, of = _value(first, catalog)
    if node.function == functions.HOURS_SINCE:
        return _converted(argument, of.unit, HOURS), replace(of, unit=HOURS, is_open=False)
    found = {functions.LOWER: lowered(of), functions.DOMAIN_OF: Type(kind=Kind.TEXT)}.get(node.function, TRUTH)
    return replace(node, arguments=(argument, *rest)), found


def _text(node: Condition | NamedList) -> str:
    assert isinstance(node, Text), "the checker lets no such call pass"
    return node.value.lower()


def _membership(node: Membership, catalog: Catalog) -> Membership:
    subject, of = _value(node.subject, catalog)
    if isinstance(node.choices, NamedList) or of.kind is not Kind.TIME:
        return replace(node, subject=subject)
    items = tuple(
        Number(span=item.span, value=item.seconds / TIME_UNITS[of.unit]) if isinstance(item, Duration) else item
        for item in node.choices.items
    )
    return replace(node, subject=subject, choices=Items(span=node.choices.span, items=items))


def _in_one_unit(left: tuple[Condition, Type], right: tuple[Condition, Type]) -> tuple[Condition, Condition]:
    """Two values that are compared, added or divided, where they are lengths of time in the same unit."""
    (one, first), (two, second) = left, right
    if first.kind is not Kind.TIME or second.kind is not Kind.TIME or first.unit == second.unit:
        return one, two
    if first.is_open:
        return _converted(one, SECONDS, second.unit), two
    if second.is_open:
        return one, _converted(two, SECONDS, first.unit)
    return _converted(one, first.unit, SECONDS), _converted(two, second.unit, SECONDS)


def _converted(node: Condition, unit: str, to: str) -> Condition:
    """A length of time in another unit."""
    factor = Fraction(TIME_UNITS[unit], TIME_UNITS[to])
    if factor == 1:
        return node
    if isinstance(node, Number):
        return replace(node, value=node.value * factor)
    operator = Operator.MULTIPLY if factor > 1 else Operator.DIVIDE
    by = Number(span=node.span, value=factor if factor > 1 else 1 / factor)
    return Arithmetic(span=node.span, left=node, operator=operator, right=by)
