"""Names and types of a rule against the feature catalogue: all faults at once, each with its place."""

from collections.abc import Collection
from dataclasses import dataclass

from engine.features import Catalog, FeatureType
from engine.rules.choice_check import Choices
from engine.rules.comparison_check import Comparisons
from engine.rules.diagnostics import Code, Diagnostic
from engine.rules.format import written
from engine.rules.literals import described
from engine.rules.tree import (
    Arithmetic,
    Call,
    Comparator,
    Comparison,
    Condition,
    Conjunction,
    Custom,
    Disjunction,
    Duration,
    Match,
    Membership,
    Name,
    Negation,
    Number,
    Text,
    Truth,
)
from engine.rules.types import Kind
from engine.suggest import quoted


def check(condition: Condition, catalog: Catalog, list_names: Collection[str]) -> tuple[Diagnostic, ...]:
    """The faults of a condition, in the order of the text; none means that it can be compiled."""
    checking = _Check(catalog=catalog, list_names=list_names)
    checking.condition(condition)
    return tuple(sorted(checking.faults, key=lambda fault: (fault.span.start, fault.span.end)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check(Comparisons, Choices):
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
            case Match():
                self.match(node)
            case Call() | Arithmetic():
                self.bare_result(node)
            case Name():
                self.bare_name(node)
            case Custom():
                pass  # It is read as true or false.
            case Text() | Number() | Truth() | Duration():
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

    def bare_result(self, node: Call | Arithmetic) -> None:
        found = self.typed(node)
        if found is None or found.kind is Kind.TRUTH:
            return
        shown = written(node)
        cause = f"{self.described(node)} Only what is true or false stands alone."
        example = {Kind.TEXT: "= 'text'", Kind.COUNTRY: "= 'US'", Kind.TIME: "< 24h"}.get(found.kind, "> 5")
        hint = f"Compare it, as in `{shown} {example}`."
        self.report(Code.CONDITION, node.span, f"`{shown}` alone is not a condition.", cause, hint)

    def bare_value(self, node: Text | Number | Truth | Duration, before: Condition | None) -> None:
        hint = "Write what is compared with it, as in `card_country = 'US'`."
        if (
            isinstance(before, Comparison)
            and isinstance(before.left, Name | Custom)
            and isinstance(node, Text | Number)
        ):
            name, first = written(before.left), written(before.right)
            if before.operator is Comparator.EQUAL:
                hint = f"Write `{name} in ({first}, {written(node)})`."
            elif before.operator is Comparator.UNEQUAL:
                hint = f"Write `{name} not in ({first}, {written(node)})`."
            else:
                hint = f"Repeat the name: `{name} {before.operator} {written(node)}`."
        cause = (
            "On each side of `and` and `or` stands a whole condition: a comparison, or a feature that is true or false."
        )
        self.report(Code.CONDITION, node.span, f"{written(node)} alone is not a condition.", cause, hint)
