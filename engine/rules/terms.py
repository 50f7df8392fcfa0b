"""Arithmetic to closures. Whole numbers and amounts are calculated exactly, measured features as floats.

An exact value is held as an integer, or a Fraction where something was divided, times a fixed factor: an amount in
hundredths keeps its factor 1/100, so that adding two amounts adds two integers, and a product by a literal is free.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isfinite
from operator import add, itemgetter, mul, sub, truediv
from typing import Any, Final

from engine.features import Catalog, FeatureType
from engine.rules.closure import CUSTOM_AT, OPERATORS, Compiled, Lists, Values
from engine.rules.custom_fields import exactly
from engine.rules.tree import Arithmetic, Comparator, Comparison, Condition, Custom, Items, Name, Number, Operator
from engine.rules.types import type_of

MAX_FIELD: Final = 10**30
"""A custom field with more digits, before the point or after, is unknown in arithmetic: so numbers stay small."""

Exact = int | Fraction | None
ReadExact = Callable[[Values], Exact]
ReadFloat = Callable[[Values], float | None]


@dataclass(frozen=True, slots=True)
class Term:
    """An exact value: what is read times the factor, which is positive; the factor alone where nothing is read."""

    read: ReadExact | None
    factor: Fraction


def compile_comparison(node: Comparison, catalog: Catalog) -> Compiled:
    """A comparison of two numeric values, resolved before."""
    if type_of(node.left, catalog).is_float or type_of(node.right, catalog).is_float:
        return _of_floats(measured(node.left, catalog), node.operator, measured(node.right, catalog))
    left, operator, right = exact(node.left, catalog), node.operator, exact(node.right, catalog)
    if left.read is None:
        left, operator, right = right, operator.mirrored, left
    factor = _common(left.factor, right.factor)
    return _of_exact(left.read, int(left.factor / factor), operator, right.read, int(right.factor / factor))


def _of_exact(one: ReadExact | None, first: int, operator: Comparator, two: ReadExact | None, second: int) -> Compiled:
    compare = OPERATORS[operator]
    assert one is not None, "the checker lets two fixed values not be compared"
    if two is None:
        if first == 1:
            return lambda values, _: None if (value := one(values)) is None else compare(value, second)
        return lambda values, _: None if (value := one(values)) is None else compare(value * first, second)

    def condition(values: Values, _: Lists) -> bool | None:
        left, right = one(values), two(values)
        return None if left is None or right is None else compare(left * first, right * second)

    return condition


def _of_floats(one: ReadFloat, operator: Comparator, two: ReadFloat) -> Compiled:
    compare = OPERATORS[operator]

    def condition(values: Values, _: Lists) -> bool | None:
        left, right = one(values), two(values)
        return None if left is None or right is None else compare(left, right)

    return condition


def compile_items(subject: Condition, choices: Items, catalog: Catalog) -> Compiled:
    """A numeric value that is looked up among numbers."""
    numbers = [item.value for item in choices.items if isinstance(item, Number)]
    if type_of(subject, catalog).is_float:
        floats, read = frozenset(map(float, numbers)), measured(subject, catalog)
        return lambda values, _: None if (value := read(values)) is None else value in floats
    term = exact(subject, catalog)
    read_exact = term.read
    assert read_exact is not None, "the checker lets no fixed value be looked up"
    # Equal numbers have equal hashes, be they int or Fraction.
    held = frozenset(number / term.factor for number in numbers)
    return lambda values, _: None if (value := read_exact(values)) is None else value in held


def exact(node: Condition, catalog: Catalog) -> Term:
    """A value without measured features in it."""
    match node:
        case Number():
            return Term(None, node.value)
        case Custom():
            return Term(_field(node.name), Fraction(1))
        case Name():
            is_money = catalog[node.name].type is FeatureType.MONEY
            return Term(itemgetter(catalog.position(node.name)), Fraction(1, 100 if is_money else 1))
        case Arithmetic():
            return _CALCULATE[node.operator](exact(node.left, catalog), exact(node.right, catalog))
        case _:
            raise AssertionError("the checker lets nothing else be calculated with")


def _field(name: str) -> ReadExact:
    def read(values: Values) -> Exact:
        value = exactly(values[CUSTOM_AT].get(name))
        if value is None or abs(value.numerator) >= MAX_FIELD or value.denominator >= MAX_FIELD:
            return None
        return value

    return read


def _common(one: Fraction, two: Fraction) -> Fraction:
    """The greatest number of which both are whole multiples; one of them at least is not 0."""
    numerator = gcd(one.numerator * two.denominator, two.numerator * one.denominator)
    return Fraction(numerator, one.denominator * two.denominator)


def _sum(left: Term, right: Term, sign: int = 1) -> Term:
    if left.read is None and right.read is None:
        return Term(None, left.factor + sign * right.factor)
    factor = _common(left.factor, right.factor)
    one, two = int(left.factor / factor), sign * int(right.factor / factor)
    return Term(_added(left.read, one, right.read, two), factor)


def _added(one: ReadExact | None, first: int, two: ReadExact | None, second: int) -> ReadExact:
    """`first` times the one and `second` times the other, each 1 where nothing is read."""
    if one is None or two is None:
        read, times, constant = (one, first, second) if two is None else (two, second, first)
        assert read is not None
        return lambda values: None if (value := read(values)) is None else value * times + constant
    if first == second == 1:
        return lambda values: None if (left := one(values)) is None or (right := two(values)) is None else left + right
    return lambda values: (
        None if (left := one(values)) is None or (right := two(values)) is None else left * first + right * second
    )


def _difference(left: Term, right: Term) -> Term:
    return _sum(left, right, sign=-1)


def _product(left: Term, right: Term) -> Term:
    if left.read is None:
        left, right = right, left
    one, two = left.read, right.read
    if one is None:
        return Term(None, left.factor * right.factor)
    if two is not None:
        return Term(
            lambda values: None if (value := one(values)) is None or (by := two(values)) is None else value * by,
            left.factor * right.factor,
        )
    if right.factor > 0:
        return Term(one, left.factor * right.factor)
    # The factor stays positive, so that a comparison keeps its direction; what is unknown stays so times zero.
    sign = -1 if right.factor else 0
    factor = left.factor * abs(right.factor) if sign else Fraction(1)
    return Term(lambda values: None if (value := one(values)) is None else value * sign, factor)


def _quotient(left: Term, right: Term) -> Term:
    one, two = left.read, right.read
    if two is None:
        if not right.factor:
            return Term(lambda _: None, Fraction(1))
        return _product(left, Term(None, 1 / right.factor))
    if one is None:
        turned = Term(lambda values: None if not (by := two(values)) else Fraction(1, by), 1 / right.factor)
        return _product(turned, left)
    return Term(
        lambda values: None if (value := one(values)) is None or not (by := two(values)) else Fraction(value, by),
        left.factor / right.factor,
    )


_CALCULATE: Final[dict[Operator, Callable[[Term, Term], Term]]] = {
    Operator.ADD: _sum,
    Operator.SUBTRACT: _difference,
    Operator.MULTIPLY: _product,
    Operator.DIVIDE: _quotient,
}


def measured(node: Condition, catalog: Catalog) -> ReadFloat:
    """A value as a float; an exact part of it is calculated exactly, then rounded once."""
    if not type_of(node, catalog).is_float:
        return _rounded(exact(node, catalog))
    if isinstance(node, Name):
        return itemgetter(catalog.position(node.name))
    assert isinstance(node, Arithmetic), "the checker lets nothing else be calculated with"
    one, two = measured(node.left, catalog), measured(node.right, catalog)
    calculate, is_quotient = _FLOATS[node.operator], node.operator is Operator.DIVIDE

    def read(values: Values) -> float | None:
        left, right = one(values), two(values)
        if left is None or right is None or (is_quotient and not right):
            return None
        result = calculate(left, right)
        return result if isfinite(result) else None

    return read


_FLOATS: Final[dict[Operator, Callable[[Any, Any], Any]]] = {
    Operator.ADD: add,
    Operator.SUBTRACT: sub,
    Operator.MULTIPLY: mul,
    Operator.DIVIDE: truediv,
}


def _rounded(term: Term) -> ReadFloat:
    read, numerator, denominator = term.read, term.factor.numerator, term.factor.denominator
    if read is None:
        constant = _as_float(term.factor)
        return lambda _: constant

    def rounded(values: Values) -> float | None:
        value = read(values)
        # True division of integers rounds once, as the float of a Fraction does.
        return None if value is None else _as_float(Fraction(value * numerator, denominator))

    return rounded


def _as_float(value: Fraction) -> float | None:
    try:
        return float(value)
    except OverflowError:
        # No float is so large.
        return None
