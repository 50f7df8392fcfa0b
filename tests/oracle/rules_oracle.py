"""The rule language, slow and plainly right: walks the tree for one payment, by name, in exact numbers.

Decides disputes between compilers. Written from the language's description, not from the compiler.
"""

from fractions import Fraction

from engine.features import Feature, Features, FeatureType
from engine.iso import COUNTRIES
from engine.rules import NO_CUSTOM, Lists
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
    Match,
    Membership,
    Name,
    NamedList,
    Negation,
    Number,
    Text,
    Truth,
)
from tests.oracle.values_oracle import (
    SIZES,
    Sent,
    asked,
    matched,
    quantity,
    said_number,
    said_text,
    text,
    two_quantities,
)

PLAIN = (Name, Custom, Text, Number, Truth)
Plain = bool | Fraction | str | None


def truth(node: Condition, features: Features, lists: Lists, custom: CustomFields = NO_CUSTOM) -> bool | None:
    if isinstance(node, Conjunction):
        outcomes = [truth(part, features, lists, custom) for part in node.conditions]
        return False if False in outcomes else None if None in outcomes else True
    if isinstance(node, Disjunction):
        outcomes = [truth(part, features, lists, custom) for part in node.conditions]
        return True if True in outcomes else None if None in outcomes else False
    if isinstance(node, Negation):
        return opposite(truth(node.condition, features, lists, custom))
    if isinstance(node, Match):
        outcome = matched(node, features, custom)
        return opposite(outcome) if node.negated else outcome
    if isinstance(node, Membership):
        outcome = any_membership(node, features, lists, custom)
        return opposite(outcome) if node.negated else outcome
    if isinstance(node, Comparison):
        return any_comparison(node, features, custom)
    if isinstance(node, Call):
        return missing(node, features, custom) if node.function == "is_missing" else asked(node, features, custom)
    if isinstance(node, Custom):
        return said_truth(custom.get(node.name))
    assert isinstance(node, Name)
    value = features[node.name]
    assert value is None or isinstance(value, bool)
    return value


def opposite(outcome: bool | None) -> bool | None:
    return None if outcome is None else not outcome


def any_membership(node: Membership, features: Features, lists: Lists, custom: CustomFields) -> bool | None:
    if isinstance(node.subject, Custom):
        return custom_membership(node, node.subject.name, lists, custom)
    if not isinstance(node.subject, Name) or is_time(node.subject, features):
        return result_membership(node, features, lists, custom)
    return membership(node, features, lists)


def any_comparison(node: Comparison, features: Features, custom: CustomFields) -> bool | None:
    left, right = node.left, node.right
    if not isinstance(left, PLAIN) or not isinstance(right, PLAIN):
        return result_comparison(node, features, custom)
    if isinstance(left, Custom) or isinstance(right, Custom):
        return custom_comparison(node, features, custom)
    if is_time(left, features) and is_time(right, features):
        return result_comparison(node, features, custom)
    return comparison(node, features)


def missing(node: Call, features: Features, custom: CustomFields) -> bool:
    (subject,) = node.arguments
    assert not isinstance(subject, NamedList)
    if isinstance(subject, Custom):
        return subject.name not in custom
    if isinstance(subject, Name):
        return features[subject.name] is None
    if is_textual(subject):
        return text(subject, features, custom)[0] is None
    return quantity(subject, features, custom)[0] is None


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


def is_textual(node: Condition) -> bool:
    return isinstance(node, Text) or (isinstance(node, Call) and node.function in ("lower", "domain_of"))


def is_time(node: Condition, features: Features) -> bool:
    return isinstance(node, Name) and features.catalog[node.name].unit in SIZES


def result_comparison(node: Comparison, features: Features, custom: CustomFields) -> bool | None:
    """A comparison in which arithmetic, a function or a duration has a part; or two lengths of time."""
    if is_textual(node.left) or is_textual(node.right):
        (one, first), (two, second) = (read_beside(side, node, features, custom) for side in (node.left, node.right))
        if one is None or two is None:
            return None
        exact = first or second
        same = one == two if exact else one.lower() == two.lower()
        return same is (node.operator is Comparator.EQUAL)
    left, right = two_quantities(node.left, node.right, features, custom)
    if left is None or right is None:
        return None
    return compared(Fraction(left), node.operator, Fraction(right))


def of_country(node: Condition, features: Features) -> bool:
    """Whether it is the code of a country in lower case."""
    argument = node.arguments[0] if isinstance(node, Call) and node.function == "lower" else None
    if isinstance(argument, Call):
        return of_country(argument, features)
    return isinstance(argument, Name) and features.catalog[argument.name].type is FeatureType.COUNTRY


def read_beside(side: Condition, node: Comparison, features: Features, custom: CustomFields) -> tuple[str | None, bool]:
    """A text as it is read beside the other side: a custom field takes the other's case."""
    value, is_exact = text(side, features, custom)
    other = node.right if side is node.left else node.left
    if isinstance(side, Custom) and of_country(other, features):
        sent = custom.get(side.name)
        return (value if isinstance(sent, str) and sent.upper() in COUNTRIES else None), False
    return value, is_exact and not (isinstance(side, Custom) and not isinstance(other, Custom))


def result_membership(node: Membership, features: Features, lists: Lists, custom: CustomFields) -> bool | None:
    if isinstance(node.choices, NamedList):
        value, _ = text(node.subject, features, custom)
        entries = lists.get(node.choices.name)
        return None if value is None or entries is None else entries.holds(value)
    found = [
        result_comparison(
            Comparison(span=item.span, left=node.subject, operator=Comparator.EQUAL, right=item), features, custom
        )
        for item in node.choices.items
    ]
    return None if None in found else any(found)


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


def beside(value: Sent, other: Condition, features: Features) -> tuple[Plain, Plain]:
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


def custom_membership(node: Membership, name: str, lists: Lists, custom: CustomFields) -> bool | None:
    value = custom.get(name)
    if isinstance(node.choices, NamedList):
        entries, text = lists.get(node.choices.name), said_text(value)
        return None if entries is None or text is None else entries.holds(text)
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


def membership(node: Membership, features: Features, lists: Lists) -> bool | None:
    assert isinstance(node.subject, Name)
    feature = features.catalog[node.subject.name]
    value = plain(node.subject, features, feature, exact_case=feature.case_sensitive)
    if value is None:
        return None
    if isinstance(node.choices, NamedList):
        # A list is asked with the value as it is: which spellings are one is the list's own matter.
        entries = lists.get(node.choices.name)
        return None if entries is None else entries.holds(str(features[feature.name]))
    assert isinstance(node.choices, Items)
    items = [plain(item, features, feature, exact_case=feature.case_sensitive) for item in node.choices.items]
    return any(value == item for item in items)


def plain(operand: Condition, features: Features, beside: Feature, *, exact_case: bool) -> Plain:
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
