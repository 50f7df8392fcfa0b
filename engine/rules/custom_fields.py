"""Custom fields in rules, `::name::`: no type is declared, so what stands beside one says how its value is read.

A value that cannot be read so is unknown, as one that was not sent.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, Final

from engine.features import Catalog, Feature, FeatureType
from engine.iso import COUNTRIES
from engine.rules.closure import CUSTOM_AT, OPERATORS, Compiled, Lists, Values
from engine.rules.tree import Comparator, Comparison, Custom, Items, Membership, Name, NamedList, Number, Text, Truth

_HUNDREDTHS: Final = 100
_DECIMAL: Final = re.compile(r"-?[0-9]{1,255}(?:\.[0-9]{1,255})?")
_TRUTHS: Final = {"true": True, "false": False}

Sent = str | int | float | bool | None
"""A custom field as it was sent; None where it was not."""


def as_number(value: Sent) -> int | float | Fraction | None:
    """The number that was sent; a text is one where it is a plain decimal (`12`, `-0.50`), read exactly."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            return None
        return Fraction(value) if "." in value else int(value)
    if isinstance(value, bool) or value is None:
        return None
    return value if isfinite(value) else None


def as_text(value: Sent) -> str | None:
    """The text that was sent; of a number its plain decimal (`12`, `0.5`), of a boolean `true` or `false`."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)


def as_truth(value: Sent) -> bool | None:
    """The boolean that was sent, or the text `true` or `false`."""
    return value if isinstance(value, bool) else _TRUTHS.get(value) if isinstance(value, str) else None


def as_country(value: Sent) -> str | None:
    """The text that was sent, in upper case, where it is a country's code."""
    return code if isinstance(value, str) and (code := value.upper()) in COUNTRIES else None


def exactly(value: Sent) -> int | Fraction | None:
    """The number that was sent as the decimal that was written: 2.35 is not the float nearest to it."""
    number = as_number(value)
    return Fraction(repr(number)) if isinstance(number, float) else number


def compile_flag(node: Custom) -> Compiled:
    """`::name::` as a condition."""
    name = node.name
    return lambda values, _: as_truth(values[CUSTOM_AT].get(name))


def compile_missing(node: Custom) -> Compiled:
    """`is_missing(::name::)`: whether it was not sent."""
    name = node.name
    return lambda values, _: name not in values[CUSTOM_AT]


def compile_comparison(node: Comparison, catalog: Catalog) -> Compiled:
    """A comparison with a custom field on one side or on both, checked before."""
    left, operator, right = node.left, node.operator, node.right
    if not isinstance(left, Custom):
        left, operator, right = right, operator.mirrored, left
    assert isinstance(left, Custom)
    match right:
        case Custom():
            return _of_two(left.name, right.name, operator)
        case Name():
            return _with_feature(left.name, operator, catalog[right.name], catalog.position(right.name))
        case Number():
            return _with_number(left.name, OPERATORS[operator], right.value)
        case Text():
            return _with_constant(left.name, OPERATORS[operator], as_text, right.value)
        case Truth():
            return _with_constant(left.name, OPERATORS[operator], as_truth, right.value)
        case _:
            raise AssertionError("what is calculated is compared in terms.py and texts.py")


def _with_number(name: str, compare: Callable[[Any, Any], bool], constant: Fraction) -> Compiled:
    exact, as_float = _plain(constant), float(constant)

    def condition(values: Values, _: Lists) -> bool | None:
        value = as_number(values[CUSTOM_AT].get(name))
        # A float is compared with the float that the same digits give, as a feature's is.
        return None if value is None else compare(value, as_float if type(value) is float else exact)

    return condition


def _plain(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


def _with_constant(
    name: str, compare: Callable[[Any, Any], bool], read: Callable[[Sent], Any], constant: object
) -> Compiled:
    def condition(values: Values, _: Lists) -> bool | None:
        value = read(values[CUSTOM_AT].get(name))
        return None if value is None else compare(value, constant)

    return condition


def _with_feature(name: str, operator: Comparator, feature: Feature, position: int) -> Compiled:
    compare, read = OPERATORS[operator], _READ_AS[feature.type]
    lowered = feature.type is FeatureType.STRING and not feature.case_sensitive

    def condition(values: Values, _: Lists) -> bool | None:
        known, value = values[position], read(values[CUSTOM_AT].get(name))
        if known is None or value is None:
            return None
        return compare(value.lower(), known.lower()) if lowered else compare(value, known)

    return condition


def _as_hundredths(value: Sent) -> int | Fraction | None:
    return None if (number := exactly(value)) is None else number * _HUNDREDTHS


def _as_float(value: Sent) -> float | None:
    return None if (number := as_number(value)) is None else float(number)


_READ_AS: Final[dict[FeatureType, Callable[[Sent], Any]]] = {
    FeatureType.INTEGER: exactly,
    FeatureType.NUMBER: _as_float,
    FeatureType.MONEY: _as_hundredths,
    FeatureType.STRING: as_text,
    FeatureType.COUNTRY: as_country,
}


def _of_two(one: str, two: str, operator: Comparator) -> Compiled:
    """As numbers where both are numbers; else as texts, of which none is more or less."""
    compare, is_ordering = OPERATORS[operator], operator.is_ordering

    def condition(values: Values, _: Lists) -> bool | None:
        left, right = values[CUSTOM_AT].get(one), values[CUSTOM_AT].get(two)
        if left is None or right is None:
            return None
        numbers = exactly(left), exactly(right)
        if None not in numbers:
            return compare(*numbers)
        return None if is_ordering else compare(as_text(left), as_text(right))

    return condition


def compile_membership(node: Membership) -> Compiled:
    """`::name:: in ...`; whether it is negated is left to the caller."""
    assert isinstance(node.subject, Custom)
    if isinstance(node.choices, NamedList):
        return _in_list(node.subject.name, node.choices.name)
    return _in_items(node.subject.name, node.choices)


def _in_list(name: str, list_name: str) -> Compiled:
    def condition(values: Values, lists: Lists) -> bool | None:
        value, entries = as_text(values[CUSTOM_AT].get(name)), lists.get(list_name)
        return None if value is None or entries is None else entries.holds(value)

    return condition


def _in_items(name: str, choices: Items) -> Compiled:
    texts = frozenset(item.value for item in choices.items if isinstance(item, Text))
    numbers = [item.value for item in choices.items if isinstance(item, Number)]
    exact, floats = frozenset(map(_plain, numbers)), frozenset(map(float, numbers))

    def among_texts(values: Values, _: Lists) -> bool | None:
        value = as_text(values[CUSTOM_AT].get(name))
        return None if value is None else value in texts

    def among_numbers(values: Values, _: Lists) -> bool | None:
        value = as_number(values[CUSTOM_AT].get(name))
        return None if value is None else value in (floats if type(value) is float else exact)

    return among_texts if texts else among_numbers
