"""Names and types of a rule against the feature catalogue: all faults at once, each with its place."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from engine.features import Catalog, Feature, FeatureType
from engine.rules import custom_check
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.literals import NUMERIC, TEXTUAL, described, literal_fault
from engine.rules.suggest import listed, nearest, quoted
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

MAX_ITEMS: Final = 1000
"""How many values a list written in a rule may have."""

_TOO_MANY: Final = 5
"""After so many wrong values in one list the rest says nothing new."""

IS_MISSING: Final = "is_missing"
_LIKE_IS_MISSING = ("missing", "is_null", "isnull", "is_empty", "is_none", "is_unknown")
_UNLIKE_IS_MISSING = ("exists", "is_set", "is_known", "is_present", "has", "not_null", "is_not_null")


def check(condition: Condition, catalog: Catalog, list_names: Collection[str]) -> tuple[Diagnostic, ...]:
    """The faults of a condition, in the order of the text; none means that it can be compiled."""
    checking = _Check(catalog=catalog, list_names=list_names)
    checking.condition(condition)
    return tuple(sorted(checking.faults, key=lambda fault: (fault.span.start, fault.span.end)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    catalog: Catalog
    list_names: Collection[str]
    faults: list[Diagnostic] = field(default_factory=list)

    def report(self, code: Code, span: Span, message: str, cause: str, hint: str) -> None:
        self.faults.append(Diagnostic(code=code, span=span, message=message, cause=cause, hint=hint))

    def condition(self, node: Condition, before: Condition | None = None) -> None:
        """Check a node that stands as a condition; `before` is the one left of it under the same `or`."""
        match node:
            case Conjunction() | Disjunction():
                self.joined(node)
            case Negation():
                self.condition(node.condition)
            case Comparison():
                self.comparison(node)
            case Membership():
                self.membership(node)
            case Call():
                self.call(node)
            case Name():
                self.bare_name(node)
            case Custom():
                pass  # It is read as true or false.
            case Text() | Number() | Truth():
                self.bare_value(node, before)

    def joined(self, node: Conjunction | Disjunction) -> None:
        before: Condition | None = None
        for part in node.conditions:
            self.condition(part, before)
            before = part if isinstance(node, Disjunction) else None

    def bare_name(self, node: Name) -> None:
        feature = self.feature(node)
        if feature is None or feature.type is FeatureType.BOOLEAN:
            return
        example = {FeatureType.COUNTRY: "= 'US'", FeatureType.STRING: f"= {quoted((*feature.values, 'text')[0])}"}
        self.report(
            Code.CONDITION,
            node.span,
            f"`{node.name}` alone is not a condition.",
            f"{described(feature)} Only a feature that is true or false stands alone.",
            f"Compare it, as in `{node.name} {example.get(feature.type, '> 5')}`, or ask `is_missing({node.name})`.",
        )

    def bare_value(self, node: Text | Number | Truth, before: Condition | None) -> None:
        hint = "Write what is compared with it, as in `card_country = 'US'`."
        if (
            isinstance(before, Comparison)
            and isinstance(before.left, Name | Custom)
            and isinstance(node, Text | Number)
        ):
            name, first = _written(before.left), _written(before.right)
            if before.operator is Comparator.EQUAL:
                hint = f"Write `{name} in ({first}, {_written(node)})`."
            elif before.operator is Comparator.UNEQUAL:
                hint = f"Write `{name} not in ({first}, {_written(node)})`."
            else:
                hint = f"Repeat the name: `{name} {before.operator} {_written(node)}`."
        cause = (
            "On each side of `and` and `or` stands a whole condition: a comparison, or a feature that is true or false."
        )
        self.report(Code.CONDITION, node.span, f"{_written(node)} alone is not a condition.", cause, hint)

    def feature(self, node: Name, *, beside_text: bool = False) -> Feature | None:
        """The feature of a name, or None after reporting; `beside_text` where a text may have been meant."""
        if node.name in self.catalog:
            return self.catalog[node.name]
        close = nearest(node.name, self.catalog.names())
        lower = node.name.lower()
        if lower in self.catalog:
            hint = f"Names are written in lower case: `{lower}`."
        elif beside_text:
            hint = f"If a text is meant, write it in quotes: {quoted(node.name)}."
            hint += f" Did you mean the feature `{close}`?" if close and node.name.islower() else ""
        elif close:
            hint = f"Did you mean `{close}`?"
        elif _has_colons(node):
            hint = "docs/features.md lists all names."
        else:
            hint = "docs/features.md lists all names. A text stands in quotes."
        if lower not in self.catalog and (_has_colons(node) or not (beside_text or close)):
            hint += f" A custom field of the request is written `::{node.name}::`."
        cause = "A word without quotes is the name of a feature, and the catalogue has none of this name."
        self.report(Code.UNKNOWN_NAME, node.span, f"There is no feature `{node.name}`.", cause, hint)
        return None

    def comparison(self, node: Comparison) -> None:
        left, operator, right = node.left, node.operator, node.right
        if isinstance(left, Custom) or isinstance(right, Custom):
            self.custom_comparison(node)
            return
        if not isinstance(left, Name) and isinstance(right, Name):
            left, operator, right = right, operator.mirrored, left
        if not isinstance(left, Name):
            self.report(
                Code.CONDITION,
                node.span,
                "Two fixed values are compared.",
                "The result is the same for every payment.",
                "Write the name of a feature on one side, without quotes.",
            )
            return
        feature = self.feature(left, beside_text=self.is_textual(right))
        is_text = feature is not None and feature.type in TEXTUAL
        other = self.feature(right, beside_text=is_text) if isinstance(right, Name) else None
        if feature is None or (isinstance(right, Name) and other is None):
            return
        if FeatureType.BOOLEAN in (feature.type, other.type if other else feature.type):
            self.boolean_comparison(node, feature, other)
        elif other is not None:
            self.pair(node, feature, other)
        else:
            assert not isinstance(right, Name)
            if operator.is_ordering and feature.type in TEXTUAL:
                self.ordering(node, operator, feature, right)
            elif (fault := literal_fault(right, feature)) is not None:
                self.faults.append(fault)

    def is_textual(self, operand: Operand) -> bool:
        return isinstance(operand, Name) and operand.name in self.catalog and self.catalog[operand.name].type in TEXTUAL

    def custom_comparison(self, node: Comparison) -> None:
        custom, other = (node.left, node.right) if isinstance(node.left, Custom) else (node.right, node.left)
        assert isinstance(custom, Custom)
        feature = self.feature(other, beside_text=True) if isinstance(other, Name) else None
        if (fault := custom_check.comparison_fault(node, custom, other, feature)) is not None:
            self.faults.append(fault)

    def boolean_comparison(self, node: Comparison, feature: Feature, other: Feature | None) -> None:
        flag = feature if feature.type is FeatureType.BOOLEAN else other
        assert flag is not None
        value = node.right if isinstance(node.left, Name) else node.left
        hint = f"Write `{flag.name}` or `not {flag.name}`."
        if other is not None and feature.type is other.type:
            one, two = feature.name, other.name
            hint = (
                f"Write `({one} and {two}) or (not {one} and not {two})` for the same, with `not` before it for unlike."
            )
        elif (asked := _truth(value)) is not None and not node.operator.is_ordering:
            positive = asked is (node.operator is Comparator.EQUAL)
            hint = f"Write `{flag.name}`." if positive else f"Write `not {flag.name}`."
        message = f"`{flag.name}` is not compared: it is a condition by itself."
        self.report(Code.TYPE, node.span, message, f"{described(flag)} It takes no operator.", hint)

    def ordering(self, node: Comparison, operator: Comparator, feature: Feature, literal: Operand) -> None:
        hint = "Use `=`, `!=` or `in`."
        position = (
            feature.values.index(literal.value)
            if (isinstance(literal, Text) and literal.value in feature.values)
            else None
        )
        if position is not None:
            hint = f"Name the values that you mean: `{feature.name} in ({quoted(feature.values[position])}, ...)`."
        self.report(
            Code.TYPE,
            node.span,
            f"`{operator}` does not apply to `{feature.name}`.",
            f"{described(feature)} Only numbers and amounts are more or less.",
            hint,
        )

    def pair(self, node: Comparison, one: Feature, two: Feature) -> None:
        """Two features compared: numbers with numbers, amounts of one currency, texts, countries."""
        if node.operator.is_ordering and one.type in TEXTUAL and one.type is two.type:
            self.ordering(node, node.operator, one, node.right)
            return
        money = FeatureType.MONEY in (one.type, two.type)
        alike = one.type is two.type or (one.type in NUMERIC and two.type in NUMERIC and not money)
        if alike and (not money or one.unit == two.unit):
            return
        hint = "Compare two features of one type, or one with a fixed value."
        if money and alike:
            hint = f"Use the amount in the same currency on both sides, {one.unit} or {two.unit}."
        self.report(
            Code.TYPE,
            node.span,
            f"`{one.name}` and `{two.name}` cannot be compared.",
            f"{described(one)} {described(two)}",
            hint,
        )

    def membership(self, node: Membership) -> None:
        if isinstance(node.subject, Custom):
            if isinstance(node.choices, NamedList):
                self.named_list(node.choices, None)
            else:
                self.items(node.choices, None, node.subject)
            return
        if not isinstance(node.subject, Name):
            self.fixed_subject(node)
            return
        feature = self.feature(node.subject)
        if isinstance(node.choices, NamedList):
            self.named_list(node.choices, feature)
        if feature is not None and feature.type is FeatureType.BOOLEAN:
            hint = f"Write `{feature.name}` or `not {feature.name}`."
            message = f"`{feature.name}` is not looked up: it is a condition by itself."
            self.report(Code.TYPE, node.span, message, f"{described(feature)} It takes no operator.", hint)
        elif isinstance(node.choices, Items):
            self.items(node.choices, feature)

    def fixed_subject(self, node: Membership) -> None:
        value = _written(node.subject)
        items = node.choices.items if isinstance(node.choices, Items) else ()
        names = [_written(item) for item in items if isinstance(item, Name | Custom)]
        self.report(
            Code.CONDITION,
            node.subject.span,
            f"{value} is a fixed value.",
            "Before `in` stands the name of a feature, after it the values.",
            f"Write `{' or '.join(f'{name} = {value}' for name in names)}`."
            if names
            else "Write the name of a feature, without quotes.",
        )

    def named_list(self, node: NamedList, feature: Feature | None) -> None:
        if node.name not in self.list_names:
            close = nearest(node.name, self.list_names)
            names = [f"@{name}" for name in sorted(self.list_names)]
            hint = f"Did you mean `@{close}`?" if close else f"Create the list first. The lists are: {listed(names)}."
            cause = "A rule can name only lists that there are."
            self.report(Code.UNKNOWN_LIST, node.span, f"There is no list `@{node.name}`.", cause, hint)
        if feature is not None and feature.type in NUMERIC:
            message = f"`{feature.name}` cannot be looked up in a named list."
            hint = f"Compare it, as in `{feature.name} > 5`, or name the values: `in (1, 2)`."
            self.report(Code.TYPE, node.span, message, f"{described(feature)} Named lists hold texts.", hint)

    def items(self, node: Items, feature: Feature | None, custom: Custom | None = None) -> None:
        if not node.items:
            cause = "Nothing is ever in it."
            self.report(Code.SYNTAX, node.span, "The list is empty.", cause, "Write its values, as in `('US', 'CA')`.")
        if len(node.items) > MAX_ITEMS:
            self.report(
                Code.LIMIT,
                node.span,
                f"The list has more than {MAX_ITEMS} values.",
                f"A rule may list {MAX_ITEMS} values.",
                "Keep them in a named list: `in @name`.",
            )
            return
        wrong = [fault for item in node.items if (fault := self.item_fault(item, feature)) is not None]
        if custom is not None and (fault := custom_check.items_fault(node, custom)) is not None:
            wrong.append(fault)
        self.faults.extend(wrong[:_TOO_MANY])

    def item_fault(self, item: Operand, feature: Feature | None) -> Diagnostic | None:
        if not isinstance(item, Name | Custom):
            return None if feature is None else literal_fault(item, feature)
        known = isinstance(item, Custom) or item.name in self.catalog
        return Diagnostic(
            code=Code.CONDITION if known else Code.QUOTES,
            span=item.span,
            message=f"`{_written(item)}` is a name, and a list holds values.",
            cause="A list holds fixed values: numbers, or texts in quotes.",
            hint="Compare the two with `=`, outside a list." if known else f"Write it in quotes: {quoted(item.name)}.",
        )

    def call(self, node: Call) -> None:
        if node.function != IS_MISSING:
            argument = _written(node.arguments[0]) if node.arguments else "name"
            turned = "not " if node.function in _UNLIKE_IS_MISSING else ""
            close = nearest(node.function, (IS_MISSING, *_LIKE_IS_MISSING, *_UNLIKE_IS_MISSING))
            hint = f"Write `{turned}{IS_MISSING}({argument})`." if close else f"Write `{IS_MISSING}(name)`."
            if node.function in self.catalog:
                hint = f"`{node.function}` is a feature and takes no parentheses; join conditions by `and` or `or`."
            cause = f"The one function of this version is `{IS_MISSING}`."
            self.report(Code.UNKNOWN_FUNCTION, node.span, f"There is no function `{node.function}`.", cause, hint)
        elif len(node.arguments) == 1 and isinstance(node.arguments[0], Custom):
            return
        elif len(node.arguments) != 1 or not isinstance(node.arguments[0], Name):
            cause = f"`{IS_MISSING}` asks whether the value of one feature or custom field is unknown."
            hint = "Write the name of one feature without quotes, as in `is_missing(email)`."
            self.report(Code.TYPE, node.span, f"`{IS_MISSING}` takes the name of one feature.", cause, hint)
        else:
            self.feature(node.arguments[0])


def _written(operand: Operand) -> str:
    match operand:
        case Name():
            return operand.name
        case Custom():
            return custom_check.written(operand)
        case Text():
            return quoted(operand.value)
        case Number():
            value = operand.value
            return str(value) if value.denominator == 1 else str(float(value))
        case Truth():
            return "true" if operand.value else "false"


def _has_colons(node: Name) -> bool:
    """Whether the name was written `:name:`, as Radar's attributes are."""
    return node.span.end - node.span.start == len(node.name) + 2


def _truth(operand: Operand) -> bool | None:
    """What a person means who compares a condition with this value."""
    match operand:
        case Truth():
            return operand.value
        case Text():
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
                operand.value.lower()
            )
        case Number():
            return {1: True, 0: False}.get(operand.value.numerator) if operand.value.denominator == 1 else None
        case _:
            return None
