"""Values of the rule language, slow and plainly right: numbers with their unit of time, and texts, by name.

An exact number is a Fraction in main units; a measured one is a float, and what is calculated with one is a float.
"""

import ipaddress
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from engine.features import Features, FeatureType
from engine.rules.count_check import read_call
from engine.rules.counted import FUNCTIONS
from engine.rules.tree import (
    Arithmetic,
    Call,
    Condition,
    Custom,
    Duration,
    Match,
    Matcher,
    Name,
    NamedList,
    Number,
    Operator,
    Text,
)

Sent = str | int | float | bool | None
Exact = Fraction | float | None
Quantity = tuple[Exact, str | None]
"""A number, and its unit where it is a length of time; `open` is one in seconds that takes another's unit."""

SIZES = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "open": 1}
LETTERS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def said_number(value: Sent) -> Fraction | None:
    """The decimal that was written, be it a number or a text of digits."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return Fraction(value) if re.fullmatch("-?[0-9]+([.][0-9]+)?", value) else None
    return Fraction(Decimal(repr(value))) if isfinite(value) else None


def said_text(value: Sent) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    digits = f"{Decimal(repr(value)):f}"
    return digits.removesuffix(".0").replace("-0", "0") if digits in ("-0.0", "-0") else digits.removesuffix(".0")


def quantity(node: Condition, features: Features, custom: Mapping[str, Sent]) -> Quantity:
    match node:
        case Number():
            return node.value, None
        case Duration():
            return node.value * LETTERS[node.unit], "open"
        case Custom():
            number = said_number(custom.get(node.name))
            small = number is not None and max(abs(number.numerator), number.denominator) < 10**30
            return (number if small else None), None
        case Name():
            return of_feature(node.name, features)
        case Call():
            return called(node, features, custom)
        case Arithmetic():
            left, right = quantity(node.left, features, custom), quantity(node.right, features, custom)
            return calculated(left, node.operator, right)
        case _:
            raise AssertionError(node)


def of_feature(name: str, features: Features) -> Quantity:
    feature, value = features.catalog[name], features[name]
    unit = feature.unit if feature.unit in SIZES else None
    if value is None:
        return None, unit
    assert not isinstance(value, str | bool)
    if feature.type is FeatureType.NUMBER:
        return float(value), unit
    return Fraction(value) / (100 if feature.type is FeatureType.MONEY else 1), unit


def called(node: Call, features: Features, custom: Mapping[str, Sent]) -> Quantity:
    if node.function in FUNCTIONS:
        counted, _ = read_call(node, features.catalog)
        assert counted is not None
        return of_feature(counted.name, features)
    if node.function == "distance_km":
        one, two = (part.name if isinstance(part, Name) else "" for part in node.arguments)
        assert {one, two} == {"ip", "billing"}
        return of_feature("distance_between_ip_and_billing_address", features)
    assert node.function == "hours_since"
    (argument,) = node.arguments
    assert not isinstance(argument, NamedList)
    return in_unit(quantity(argument, features, custom), "hours"), "hours"


def calculated(left: Quantity, operator: Operator, right: Quantity) -> Quantity:
    (one, first), (two, second) = left, right
    if operator is Operator.MULTIPLY:
        return calculate(one, operator, two), first or second
    if first is not None and second is not None:
        unit = common_unit(first, second)
        value = calculate(in_unit(left, unit), operator, in_unit(right, unit))
        return value, None if operator is Operator.DIVIDE else unit
    return calculate(one, operator, two), first or second


def common_unit(one: str, two: str) -> str:
    if "open" in (one, two):
        return one if two == "open" else two
    return one if one == two else "seconds"


def in_unit(of: Quantity, unit: str) -> Exact:
    value, own = of
    assert own is not None
    if own == unit:
        return value
    factor = Fraction(SIZES[own], SIZES[unit])
    if factor == 1:
        return value
    if factor > 1:
        return calculate(value, Operator.MULTIPLY, factor)
    return calculate(value, Operator.DIVIDE, 1 / factor)


def calculate(one: Exact, operator: Operator, two: Exact) -> Exact:
    if one is None or two is None:
        return None
    if isinstance(one, float) or isinstance(two, float):
        left, right = rounded(one), rounded(two)
        if left is None or right is None:
            return None
        return calculated_floats(left, operator, right)
    if operator is Operator.ADD:
        return one + two
    if operator is Operator.SUBTRACT:
        return one - two
    if operator is Operator.MULTIPLY:
        return one * two
    return one / two if two != 0 else None


def calculated_floats(left: float, operator: Operator, right: float) -> float | None:
    if operator is Operator.DIVIDE and right == 0:
        return None
    result = {
        Operator.ADD: lambda: left + right,
        Operator.SUBTRACT: lambda: left - right,
        Operator.MULTIPLY: lambda: left * right,
        Operator.DIVIDE: lambda: left / right,
    }[operator]()
    return result if isfinite(result) else None


def rounded(value: Fraction | float) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def two_quantities(
    left: Condition, right: Condition, features: Features, custom: Mapping[str, Sent]
) -> tuple[Exact, Exact]:
    """Two numbers as they are compared: in one unit, both floats where one is."""
    one, two = quantity(left, features, custom), quantity(right, features, custom)
    first, second = one[0], two[0]
    if one[1] is not None and two[1] is not None:
        unit = common_unit(one[1], two[1])
        first, second = in_unit(one, unit), in_unit(two, unit)
    if first is not None and second is not None and (isinstance(first, float) or isinstance(second, float)):
        return rounded(first), rounded(second)
    return first, second


Read = tuple[str | None, bool]
"""A text, and whether its case counts."""


def text(node: Condition, features: Features, custom: Mapping[str, Sent]) -> Read:
    match node:
        case Text():
            return node.value, False
        case Name():
            value = features[node.name]
            assert value is None or isinstance(value, str)
            return value, features.catalog[node.name].case_sensitive
        case Custom():
            return said_text(custom.get(node.name)), True
        case Call():
            argument = node.arguments[0]
            assert not isinstance(argument, NamedList)
            value, _ = text(argument, features, custom)
            if value is None:
                return None, False
            if node.function == "lower":
                return value.lower(), False
            found = re.search(r"@([^@]*)$", value, re.DOTALL)
            domain = found[1].strip() if found else ""
            while domain.endswith("."):
                domain = domain[:-1]
            return domain.lower() or None, False
        case _:
            raise AssertionError(node)


def matched(node: Match, features: Features, custom: Mapping[str, Sent]) -> bool | None:
    value, is_exact = text(node.subject, features, custom)
    assert isinstance(node.pattern, Text)
    pattern = node.pattern.value
    if value is None:
        return None
    if node.operator is Matcher.MATCHES:
        return re.search(pattern, value, 0 if is_exact else re.IGNORECASE) is not None
    if not is_exact:
        value, pattern = value.lower(), pattern.lower()
    if node.operator is Matcher.INCLUDES:
        return pattern in value
    return re.fullmatch(".*".join(map(re.escape, pattern.split("%"))), value, re.DOTALL) is not None


def asked(node: Call, features: Features, custom: Mapping[str, Sent]) -> bool | None:
    """`starts_with` and `ip_in`."""
    subject, *choices = node.arguments
    assert not isinstance(subject, NamedList)
    value, is_exact = text(subject, features, custom)
    wanted = [choice.value for choice in choices if isinstance(choice, Text)]
    if value is None:
        return None
    if node.function == "starts_with":
        if not is_exact:
            value, wanted = value.lower(), [word.lower() for word in wanted]
        return any(value[: len(word)] == word for word in wanted)
    assert node.function == "ip_in"
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    networks = [ipaddress.ip_network(word, strict=False) for word in wanted]
    return any((mapped or address) in network for network in networks)
