"""The rule language, slow and plainly right: walks the tree for one payment, by name, in exact numbers.

Decides disputes between compilers. Written from the language's description, not from the compiler.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from engine.features import Feature, Features, FeatureType
from engine.iso import COUNTRIES
from engine.rules import NO_CUSTOM
from engine.rules import Custom as CustomFields
from engine.rules.tree import (
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Custom,
    Disjunction,
    Items,
    Membership,
    Name,
    NamedList,
    Negation,
    Number,
    Operand,
    Text,
    Truth,
)

Plain = bool | Fraction | str | None


def truth(
    node: Condition, features: Features, lists: Mapping[str, frozenset[str]], custom: CustomFields = NO_CUSTOM
) -> bool | None:
    if isinstance(node, Conjunction):
        outcomes = [truth(part, features, lists, custom) for part in node.conditions]
        return False if False in outcomes else None if None in outcomes else True
    if isinstance(node, Disjunction):
        outcomes = [truth(part, features, lists, custom) for part in node.conditions]
        return True if True in outcomes else None if None in outcomes else False
    if isinstance(node, Negation):
        outcome = truth(node.condition, features, lists, custom)
        return None if outcome is None else not outcome
    if isinstance(node, Comparison):
        if isinstance(node.left, Custom) or isinstance(node.right, Custom):
            return custom_comparison(node, features, custom)
        return comparison(node, features)
    if isinstance(node, Membership):
        if isinstance(node.subject, Custom):
            outcome = custom_membership(node, node.subject.name, lists, custom)
        else:
            outcome = membership(node, features, lists)
        return None if outcome is None else outcome is not node.negated
    if isinstance(node, Call):
        assert node.function == "is_missing"
        (subject,) = node.arguments
        assert isinstance(subject, Name | Custom)
        return subject.name not in custom if isinstance(subject, Custom) else features[subject.name] is None
    if isinstance(node, Custom):
        return said_truth(custom.get(node.name))
    assert isinstance(node, Name)
    value = features[node.name]
    assert value is None or isinstance(value, bool)
    return value


def comparison(node: Comparison, features: Features) -> bool | None:
    sides = [side for side in (node.left, node.right) if isinstance(side, Name)]
    described = [features.catalog[side.name] for side in sides]
    exact_case = any(feature.case_sensitive for feature in described)
    left = plain(node.left, features, described[0], exact_case=exact_case)
    right = plain(node.right, features, described[0], exact_case=exact_case)
    return compared(left, node.operator, right)


def compared(left: Plain, operator: Comparator, right: Plain) -> bool | None:
    if left is None or right is None:
        return None
    if operator is Comparator.EQUAL:
        return left == right
    if operator is Comparator.UNEQUAL:
        return left != right
    if isinstance(left, str):
        return None
    assert isinstance(left, Fraction)
    assert isinstance(right, Fraction)
    if operator is Comparator.LESS:
        return left < right
    if operator is Comparator.LESS_OR_EQUAL:
        return not left > right
    if operator is Comparator.GREATER:
        return left > right
    return not left < right


Sent = str | int | float | bool | None


def said_number(value: Sent) -> Fraction | None:
    """The decimal that was written, be it a number or a text of digits."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return Fraction(value) if re.fullmatch("-?[0-9]+([.][0-9]+)?", value) else None
    return Fraction(Decimal(repr(value)))


def said_text(value: Sent) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    digits = f"{Decimal(repr(value)):f}"
    return digits.removesuffix(".0").replace("-0", "0") if digits in ("-0.0", "-0") else digits.removesuffix(".0")


def said_truth(value: Sent) -> bool | None:
    return {"true": True, "false": False}.get(str(said_text(value))) if isinstance(value, bool | str) else None


def custom_comparison(node: Comparison, features: Features, custom: CustomFields) -> bool | None:
    """What stands on the other side says how a custom field is read."""
    left, right = (custom.get(side.name) if isinstance(side, Custom) else None for side in (node.left, node.right))
    if isinstance(node.left, Custom) and isinstance(node.right, Custom):
        if left is None or right is None:
            return None
        numbers = said_number(left), said_number(right)
        if None not in numbers:
            return compared(numbers[0], node.operator, numbers[1])
        return compared(said_text(left), node.operator, said_text(right))
    value, other = (left, node.right) if isinstance(node.left, Custom) else (right, node.left)
    field, fixed = beside(value, other, features)
    sides = (field, fixed) if isinstance(node.left, Custom) else (fixed, field)
    return compared(sides[0], node.operator, sides[1])


def beside(value: Sent, other: Operand, features: Features) -> tuple[Plain, Plain]:
    """A custom field and what it is compared with, read alike."""
    if isinstance(other, Number):
        return as_if_written(value, said_number(value)), as_if_written(value, other.value)
    if isinstance(other, Text):
        return said_text(value), other.value
    if isinstance(other, Truth):
        return said_truth(value), other.value
    assert isinstance(other, Name)
    feature, known = features.catalog[other.name], features[other.name]
    fixed = plain(other, features, feature, exact_case=feature.case_sensitive)
    if feature.type is FeatureType.COUNTRY:
        country = isinstance(value, str) and value.upper() in COUNTRIES
        return (str(value).lower() if country else None), fixed
    if feature.type is FeatureType.STRING:
        text = said_text(value)
        return (text if text is None or feature.case_sensitive else text.lower()), fixed
    number = said_number(value)
    if feature.type is FeatureType.NUMBER and number is not None and known is not None:
        number = Fraction(float(number))
    return number, fixed


def as_if_written(value: Sent, number: Fraction | None) -> Fraction | None:
    """Beside a float stands the float that the same digits give."""
    return Fraction(float(number)) if isinstance(value, float) and number is not None else number


def custom_membership(
    node: Membership, name: str, lists: Mapping[str, frozenset[str]], custom: CustomFields
) -> bool | None:
    value = custom.get(name)
    if isinstance(node.choices, NamedList):
        entries, text = lists.get(node.choices.name), said_text(value)
        return None if entries is None or text is None else text in entries
    assert isinstance(node.choices, Items)
    found = []
    for item in node.choices.items:
        if isinstance(item, Number):
            found.append(
                compared(as_if_written(value, said_number(value)), Comparator.EQUAL, as_if_written(value, item.value))
            )
        else:
            assert isinstance(item, Text)
            found.append(compared(said_text(value), Comparator.EQUAL, item.value))
    return None if None in found else any(found)


def membership(node: Membership, features: Features, lists: Mapping[str, frozenset[str]]) -> bool | None:
    assert isinstance(node.subject, Name)
    feature = features.catalog[node.subject.name]
    value = plain(node.subject, features, feature, exact_case=feature.case_sensitive)
    if value is None:
        return None
    if isinstance(node.choices, NamedList):
        # A list is asked with the value as it is: which spellings are one is the list's own matter.
        entries = lists.get(node.choices.name)
        return None if entries is None else features[feature.name] in entries
    assert isinstance(node.choices, Items)
    items = [plain(item, features, feature, exact_case=feature.case_sensitive) for item in node.choices.items]
    return any(value == item for item in items)


def plain(operand: Operand, features: Features, beside: Feature, *, exact_case: bool) -> Plain:
    """A value as the language means it: an exact number in main units, or a text with its case taken away."""
    if isinstance(operand, Name):
        feature, value = features.catalog[operand.name], features[operand.name]
        if value is None:
            return None
        if isinstance(value, str):
            return value if exact_case else value.lower()
        return Fraction(value) / 100 if feature.type is FeatureType.MONEY else Fraction(value)
    if isinstance(operand, Number):
        # A float feature is compared with the float that is written.
        return Fraction(float(operand.value)) if beside.type is FeatureType.NUMBER else operand.value
    assert isinstance(operand, Text)
    return operand.value if exact_case else operand.value.lower()
