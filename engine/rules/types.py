"""What kinds of value there are, and which go together: one account for the checker and for every compiler."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from engine.features import Catalog, Feature, FeatureType
from engine.rules.tree import (
    Arithmetic,
    Call,
    Condition,
    Custom,
    Duration,
    Name,
    NamedList,
    Number,
    Operator,
    Text,
    Truth,
    nodes,
)

TIME_UNITS: Final[Mapping[str, int]] = MappingProxyType({"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400})
"""The units of features that are lengths of time, in seconds."""

PLAIN: Final = (Name, Custom, Text, Number, Truth)
"""What a comparison of the usual shape has on its sides; others calculate, or ask a function."""

SECONDS: Final = "seconds"
HOURS: Final = "hours"
_PERCENT: Final = "%"


class Kind(StrEnum):
    """What a value is."""

    TRUTH = "truth"
    NUMBER = "number"
    MONEY = "money"
    TIME = "time"
    """A length of time."""
    TEXT = "text"
    COUNTRY = "country"
    FIELD = "field"
    """A custom field: a number, a text or a truth, as what stands beside it asks for."""


NUMERIC: Final = (Kind.NUMBER, Kind.MONEY, Kind.TIME)
TEXTUAL: Final = (Kind.TEXT, Kind.COUNTRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A value's type. `unit` is an amount's currency, a time's unit, or what is counted.

    `is_open` says that it takes the unit of what stands beside it: a literal, or a custom field. `is_float` that it is
    measured, not counted: it is calculated as a float, all other numbers exactly. `is_exact_case` is a text's.
    `is_unitless` says of a time that nothing in its name tells its unit: a plain number beside it would be a riddle.
    """

    kind: Kind
    unit: str = ""
    is_open: bool = False
    is_float: bool = False
    is_exact_case: bool = False
    is_unitless: bool = False


TRUTH: Final = Type(kind=Kind.TRUTH)
FIELD: Final = Type(kind=Kind.FIELD, is_open=True, is_exact_case=True)
OPEN_NUMBER: Final = Type(kind=Kind.NUMBER, is_open=True)
OPEN_TIME: Final = Type(kind=Kind.TIME, unit=SECONDS, is_open=True)
OPEN_TEXT: Final = Type(kind=Kind.TEXT, is_open=True)

_KINDS: Final = {
    FeatureType.BOOLEAN: Kind.TRUTH,
    FeatureType.INTEGER: Kind.NUMBER,
    FeatureType.NUMBER: Kind.NUMBER,
    FeatureType.MONEY: Kind.MONEY,
    FeatureType.STRING: Kind.TEXT,
    FeatureType.COUNTRY: Kind.COUNTRY,
}


def of_feature(feature: Feature) -> Type:
    """The type of a feature's value."""
    kind = _KINDS[feature.type]
    return Type(
        kind=Kind.TIME if kind is Kind.NUMBER and feature.unit in TIME_UNITS else kind,
        unit=feature.unit,
        is_float=feature.type is FeatureType.NUMBER,
        is_exact_case=feature.case_sensitive,
    )


def type_of(node: Condition, catalog: Catalog) -> Type:  # noqa: PLR0911 - one a kind of node
    """The type of a value that has been checked and resolved (resolve.py): what is calculated is a plain number."""
    match node:
        case Name():
            return of_feature(catalog[node.name])
        case Custom():
            return FIELD
        case Number():
            return OPEN_NUMBER
        case Duration():
            return OPEN_TIME
        case Text():
            return OPEN_TEXT
        case Arithmetic():
            parts = (type_of(node.left, catalog), type_of(node.right, catalog))
            return Type(kind=Kind.NUMBER, is_float=any(part.is_float for part in parts))
        case Call(function="lower"):
            return lowered(type_of(argument_of(node), catalog))
        case Call(function="domain_of"):
            return Type(kind=Kind.TEXT)
        case _:
            return TRUTH


def argument_of(node: Call) -> Condition:
    """The first argument of a function, which is a value."""
    argument = node.arguments[0]
    assert not isinstance(argument, NamedList)
    return argument


def lowered(of: Type) -> Type:
    """The type of a text without regard to case."""
    return replace(of if of.kind is Kind.COUNTRY else Type(kind=Kind.TEXT), is_exact_case=False)


def is_fixed(node: Condition) -> bool:
    """Whether the value is the same for every payment."""
    return not any(isinstance(part, Name | Custom | Call) for part in nodes(node))


def combined(operator: Operator, left: Type, right: Type) -> Type | None:
    """The type of what arithmetic makes of two; None where their kinds or units do not fit."""
    left, right = (OPEN_NUMBER if each.kind is Kind.FIELD else each for each in (left, right))
    if left.kind not in NUMERIC or right.kind not in NUMERIC:
        return None
    found = _OF[operator](left, right)
    return None if found is None else replace(found, is_float=left.is_float or right.is_float)


def _sum(left: Type, right: Type) -> Type | None:
    if not fit(left, right):
        return None
    if left.is_open or right.is_open:
        return right if left.is_open else left
    if left.kind is Kind.TIME:
        same = replace(left, is_unitless=left.is_unitless or right.is_unitless)
        return same if left.unit == right.unit else replace(same, unit=SECONDS, is_unitless=True)
    return left if left.unit == right.unit else replace(left, unit="")


def _product(left: Type, right: Type) -> Type | None:
    if left.kind is Kind.NUMBER and right.kind is Kind.NUMBER:
        if left.is_open or right.is_open:
            return right if left.is_open else left
        return Type(kind=Kind.NUMBER)
    if Kind.NUMBER not in (left.kind, right.kind):
        return None
    return right if left.kind is Kind.NUMBER else left


def _quotient(left: Type, right: Type) -> Type | None:
    if right.kind is Kind.NUMBER:
        return left if right.is_open or left.kind is not Kind.NUMBER else Type(kind=Kind.NUMBER)
    if left.kind is not right.kind or not fit(left, right):
        return None
    return Type(kind=Kind.NUMBER, is_open=left.is_open and right.is_open)


_OF: Final = {
    Operator.ADD: _sum,
    Operator.SUBTRACT: _sum,
    Operator.MULTIPLY: _product,
    Operator.DIVIDE: _quotient,
}


def fit(left: Type, right: Type) -> bool:
    """Whether two numeric values can be compared, added or told apart: of one kind and, of amounts, one currency."""
    if left.kind is not right.kind:
        # A number without a unit takes that of what stands beside it, but a duration says its own.
        return any(
            one.is_open and one.kind is Kind.NUMBER and not other.is_open and not other.is_unitless
            for one, other in ((left, right), (right, left))
        )
    if left.is_open or right.is_open or left.kind is Kind.TIME:
        return True
    return left.unit == right.unit if left.kind is Kind.MONEY else (left.unit == _PERCENT) is (right.unit == _PERCENT)
