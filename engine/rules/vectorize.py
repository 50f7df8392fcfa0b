"""The tree of a rule over columns: the same three-valued answers as the closures, for a million payments at once.

`compile.py` is the other compiler of the same tree; they agree on every input.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from math import floor
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.features import Catalog, Feature, FeatureType
from engine.rules import vectorize_custom, vectorize_terms, vectorize_values
from engine.rules.closure import OPERATORS
from engine.rules.columns import ColumnLists, Columns, Mask, Numbers, Truth
from engine.rules.functions import IS_MISSING
from engine.rules.literals import TEXTUAL, Held, held
from engine.rules.resolve import resolve
from engine.rules.tree import (
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Custom,
    Disjunction,
    Match,
    Membership,
    Name,
    NamedList,
    Negation,
    Number,
    Text,
)
from engine.rules.types import PLAIN, argument_of, type_of
from engine.rules.types import TEXTUAL as TEXTS
from engine.rules.vectorize_terms import NotInColumns

_EXACT_IN_FLOATS: Final = 2**53
"""Up to here every whole number is a float."""


def truth(condition: Condition, catalog: Catalog, columns: Columns, lists: ColumnLists) -> Truth:
    """Where a condition is true and where it is false.

    It has passed the checker, and the catalogue has what it counts (`engine.catalog`).
    """
    return _truth(resolve(condition, catalog), catalog, columns, lists)


def _truth(  # noqa: PLR0911 - one a kind of node
    condition: Condition, catalog: Catalog, columns: Columns, lists: ColumnLists
) -> Truth:
    # The recursion is bounded by the parser's depth limit.
    match condition:
        case Conjunction():
            return reduce(_both, (_truth(part, catalog, columns, lists) for part in condition.conditions))
        case Disjunction():
            return reduce(_either, (_truth(part, catalog, columns, lists) for part in condition.conditions))
        case Negation():
            return _not(_truth(condition.condition, catalog, columns, lists))
        case Comparison():
            return _comparison(condition, catalog, columns)
        case Membership():
            return _membership(condition, catalog, columns, lists)
        case Match():
            return vectorize_values.truth_of(condition, catalog, columns)
        case Call():
            return _call(condition, catalog, columns)
        case Name():
            return columns.truth(catalog[condition.name].name)
        case Custom():
            return vectorize_custom.flag(condition, columns)
        case _:
            raise AssertionError("the checker lets no value stand as a condition")


def _both(one: Truth, other: Truth) -> Truth:
    return Truth(one.true & other.true, one.false | other.false)


def _either(one: Truth, other: Truth) -> Truth:
    return Truth(one.true | other.true, one.false & other.false)


def _not(one: Truth) -> Truth:
    return Truth(one.false, one.true)


def _call(node: Call, catalog: Catalog, columns: Columns) -> Truth:
    """A function that is true or false."""
    subject = argument_of(node)
    if node.function != IS_MISSING or not isinstance(subject, Name | Custom):
        return vectorize_values.truth_of(node, catalog, columns)
    is_field = isinstance(subject, Custom)
    known = columns.sent(subject.name).known if is_field else _known(catalog[subject.name], columns)
    return Truth(~known, known)


def _known(feature: Feature, columns: Columns) -> Mask:
    if feature.type is FeatureType.BOOLEAN:
        return columns.truth(feature.name).known
    if feature.type in TEXTUAL:
        return columns.told(feature.name).known
    return columns.numbers(feature.name).known


def _comparison(node: Comparison, catalog: Catalog, columns: Columns) -> Truth:
    left, operator, right = node.left, node.operator, node.right
    if not isinstance(left, PLAIN) or not isinstance(right, PLAIN):
        return _of_values(node, catalog, columns)
    if isinstance(left, Custom) or isinstance(right, Custom):
        return vectorize_custom.comparison(node, catalog, columns)
    if not isinstance(left, Name):
        left, operator, right = right, operator.mirrored, left
    assert isinstance(left, Name)
    feature = catalog[left.name]
    if isinstance(right, Name):
        return _of_two(feature, operator, catalog[right.name], columns)
    assert isinstance(right, Number | Text), "the checker lets nothing else stand beside a feature"
    constant = held(right, feature)
    if feature.type in TEXTUAL:
        found = columns.told(feature.name).among((constant,), is_lowered=_ignores_case(feature))
        return found if operator is Comparator.EQUAL else _not(found)
    assert not isinstance(constant, str)
    numbers = columns.numbers(feature.name)
    return Truth.where(_with_constant(numbers.values, operator, constant), numbers.known)


def _of_values(node: Comparison, catalog: Catalog, columns: Columns) -> Truth:
    """A comparison of which one side at least is calculated, or a function's."""
    if {type_of(node.left, catalog).kind, type_of(node.right, catalog).kind} & {*TEXTS}:
        return vectorize_values.truth_of(node, catalog, columns)
    try:
        return vectorize_terms.comparison(node, catalog, columns)
    except NotInColumns:
        return vectorize_values.truth_of(node, catalog, columns)


def _ignores_case(feature: Feature) -> bool:
    # Countries are held in upper case already.
    return feature.type is FeatureType.STRING and not feature.case_sensitive


def _with_constant(values: npt.NDArray[Any], operator: Comparator, constant: Held) -> Mask:
    """Whole numbers stay whole beside a fraction, which no float need say exactly."""
    if not isinstance(constant, Fraction):
        return _compared(OPERATORS[operator], values, constant)
    if not operator.is_ordering:
        return np.full(len(values), operator is Comparator.UNEQUAL)
    # No whole number is the fraction: below it is up to its floor, above it is beyond.
    is_below = operator in (Comparator.LESS, Comparator.LESS_OR_EQUAL)
    return _compared(OPERATORS[Comparator.LESS_OR_EQUAL if is_below else Comparator.GREATER], values, floor(constant))


def _compared(compare: Callable[[Any, Any], Any], left: Any, right: Any) -> Mask:  # noqa: ANN401 - arrays or a number
    found: Mask = np.asarray(compare(left, right), dtype=np.bool_)
    return found


def _of_two(one: Feature, operator: Comparator, other: Feature, columns: Columns) -> Truth:
    if one.type in TEXTUAL:
        left, right = columns.told(one.name), columns.told(other.name)
        codes = left.beside(right, is_lowered=_ignores_case(one) and _ignores_case(other))
        return Truth.where(_compared(OPERATORS[operator], *codes), left.known & right.known)
    numbers = columns.numbers(one.name), columns.numbers(other.name)
    return Truth.where(_exactly(OPERATORS[operator], *numbers), numbers[0].known & numbers[1].known)


def _exactly(compare: Callable[[Any, Any], Any], one: Numbers, other: Numbers) -> Mask:
    """Compare as Python does, also a float with a whole number that no float says."""
    left, right = one.values, other.values
    found = _compared(compare, left, right)
    if {left.dtype.kind, right.dtype.kind} == {"i", "f"}:
        whole = left if left.dtype.kind == "i" else right
        far = np.flatnonzero((whole > _EXACT_IN_FLOATS) | (whole < -_EXACT_IN_FLOATS))
        found[far] = _compared(compare, left[far].astype(object), right[far].astype(object))
    return found


def _membership(node: Membership, catalog: Catalog, columns: Columns, lists: ColumnLists) -> Truth:
    if isinstance(node.subject, Custom):
        found = vectorize_custom.membership(node, columns, lists)
        return _not(found) if node.negated else found
    if not isinstance(node.subject, Name):
        if isinstance(node.choices, NamedList):
            found = lists.asked(node.choices.name, vectorize_values.text_of(node.subject, catalog, columns))
            return _not(found) if node.negated else found
        return vectorize_values.truth_of(node, catalog, columns)
    feature = catalog[node.subject.name]
    if isinstance(node.choices, NamedList):
        found = lists.asked(node.choices.name, columns.told(feature.name))
    else:
        # The checker admits literals alone.
        constants = frozenset(held(item, feature) for item in node.choices.items if not isinstance(item, Name | Custom))
        found = _in_set(feature, constants, columns)
    return _not(found) if node.negated else found


def _in_set(feature: Feature, constants: frozenset[Held], columns: Columns) -> Truth:
    if feature.type in TEXTUAL:
        return columns.told(feature.name).among(constants, is_lowered=_ignores_case(feature))
    numbers = columns.numbers(feature.name)
    equal = (_with_constant(numbers.values, Comparator.EQUAL, constant) for constant in constants)
    return Truth.where(reduce(np.logical_or, equal), numbers.known)
