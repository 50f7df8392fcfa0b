"""The rule language, slow and plainly right: walks the tree for one payment, by name, in exact numbers.

Decides disputes between compilers. Written from the language's description, not from the compiler.
"""

from collections.abc import Mapping
from fractions import Fraction

from engine.features import Feature, Features, FeatureType
from engine.rules.tree import (
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Items,
    Membership,
    Name,
    NamedList,
    Negation,
    Number,
    Operand,
    Text,
)

Plain = bool | Fraction | str | None


def truth(node: Condition, features: Features, lists: Mapping[str, frozenset[str]]) -> bool | None:
    if isinstance(node, Conjunction):
        outcomes = [truth(part, features, lists) for part in node.conditions]
        return False if False in outcomes else None if None in outcomes else True
    if isinstance(node, Disjunction):
        outcomes = [truth(part, features, lists) for part in node.conditions]
        return True if True in outcomes else None if None in outcomes else False
    if isinstance(node, Negation):
        outcome = truth(node.condition, features, lists)
        return None if outcome is None else not outcome
    if isinstance(node, Comparison):
        return comparison(node, features)
    if isinstance(node, Membership):
        outcome = membership(node, features, lists)
        return None if outcome is None else outcome is not node.negated
    if isinstance(node, Call):
        assert node.function == "is_missing"
        (subject,) = node.arguments
        assert isinstance(subject, Name)
        return features[subject.name] is None
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
    if left is None or right is None:
        return None
    if node.operator is Comparator.EQUAL:
        return left == right
    if node.operator is Comparator.UNEQUAL:
        return left != right
    assert isinstance(left, Fraction)
    assert isinstance(right, Fraction)
    if node.operator is Comparator.LESS:
        return left < right
    if node.operator is Comparator.LESS_OR_EQUAL:
        return not left > right
    if node.operator is Comparator.GREATER:
        return left > right
    return not left < right


def membership(node: Membership, features: Features, lists: Mapping[str, frozenset[str]]) -> bool | None:
    assert isinstance(node.subject, Name)
    feature = features.catalog[node.subject.name]
    value = plain(node.subject, features, feature, exact_case=feature.case_sensitive)
    if value is None:
        return None
    if isinstance(node.choices, NamedList):
        entries = lists.get(node.choices.name)
        return None if entries is None else value in entries
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
