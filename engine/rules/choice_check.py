"""`in`, `includes`, `like` and `matches`: what is looked up or looked into, and in what or for what."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from engine.features import Feature, FeatureType
from engine.rules import custom_check, types
from engine.rules.diagnostics import Code, Diagnostic
from engine.rules.format import written
from engine.rules.literals import NUMERIC, country_fault, described, literal_fault
from engine.rules.patterns import pattern_fault
from engine.rules.tree import (
    Condition,
    Custom,
    Duration,
    Items,
    Match,
    Membership,
    Name,
    NamedList,
    Number,
    Operand,
    Text,
)
from engine.rules.types import Kind
from engine.rules.value_check import Values
from engine.suggest import listed, nearest, quoted

MAX_ITEMS: Final = 1000
"""How many values a list written in a rule may have."""

_TOO_MANY: Final = 5
"""After so many wrong values in one list the rest says nothing new."""

_A_COUNTRY: Final = "A country is a two-letter code."
_ITEMS_OF: Final[Mapping[Kind, tuple[type[Operand], ...]]] = {
    Kind.NUMBER: (Number,),
    Kind.MONEY: (Number,),
    Kind.TIME: (Number, Duration),
    Kind.TEXT: (Text,),
    Kind.COUNTRY: (Text,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices(Values):
    """Looks at memberships and matches."""

    list_names: Collection[str]

    def membership(self, node: Membership) -> None:
        """Check `in` and `not in`."""
        if isinstance(node.subject, Custom):
            if isinstance(node.choices, NamedList):
                self._named_list(node.choices, None)
            else:
                self._items(node.choices, None, node.subject)
            return
        if types.is_fixed(node.subject):
            self._fixed_subject(node)
            return
        if not isinstance(node.subject, Name):
            self._result_in(node, node.subject)
            return
        feature = self.feature(node.subject)
        if isinstance(node.choices, NamedList):
            self._named_list(node.choices, feature)
        if feature is not None and feature.type is FeatureType.BOOLEAN:
            hint = f"Write `{feature.name}` or `not {feature.name}`."
            message = f"`{feature.name}` is not looked up: it is a condition by itself."
            self.report(Code.TYPE, node.span, message, f"{described(feature)} It takes no operator.", hint)
        elif isinstance(node.choices, Items):
            self._items(node.choices, feature)

    def _result_in(self, node: Membership, subject: Condition) -> None:
        """What is calculated, or a function gives, looked up."""
        found = self.typed(subject)
        if isinstance(node.choices, NamedList):
            self._named_list(node.choices, None)
        if found is None:
            return
        shown = written(subject)
        if found.kind is Kind.TRUTH:
            hint = f"Write `{shown}` or `not {shown}`."
            message = f"`{shown}` is not looked up: it is a condition by itself."
            self.report(Code.TYPE, node.span, message, f"{self.described(subject)} It takes no operator.", hint)
        elif isinstance(node.choices, Items):
            self._items(node.choices, None)
            wrong = [item for item in node.choices.items if not isinstance(item, _ITEMS_OF[found.kind])]
            for item in [each for each in wrong if not isinstance(each, Name | Custom)][:_TOO_MANY]:
                hint = "Write numbers, or texts in quotes, as what is looked up asks for."
                message = f"`{shown}` is never `{written(item)}`."
                self.report(Code.TYPE, item.span, message, self.described(subject), hint)
            countries = node.choices.items if found.kind is Kind.COUNTRY else ()
            faults = (country_fault(item, _A_COUNTRY) for item in countries if isinstance(item, Text))
            self.faults.extend([fault for fault in faults if fault is not None][:_TOO_MANY])
        elif found.kind in types.NUMERIC:
            hint = f"Compare it, as in `{shown} > 5`."
            message = f"`{shown}` cannot be looked up in a named list."
            self.report(Code.TYPE, node.span, message, f"{self.described(subject)} Named lists hold texts.", hint)

    def _fixed_subject(self, node: Membership) -> None:
        value = written(node.subject)
        items = node.choices.items if isinstance(node.choices, Items) else ()
        names = [written(item) for item in items if isinstance(item, Name | Custom)]
        self.report(
            Code.CONDITION,
            node.subject.span,
            f"{value} is a fixed value.",
            "Before `in` stands the name of a feature, after it the values.",
            f"Write `{' or '.join(f'{name} = {value}' for name in names)}`."
            if names
            else "Write the name of a feature, without quotes.",
        )

    def _named_list(self, node: NamedList, feature: Feature | None) -> None:
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

    def _items(self, node: Items, feature: Feature | None, custom: Custom | None = None) -> None:
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
        wrong = [fault for item in node.items if (fault := self._item_fault(item, feature)) is not None]
        if custom is not None and (fault := custom_check.items_fault(node, custom)) is not None:
            wrong.append(fault)
        self.faults.extend(wrong[:_TOO_MANY])

    def _item_fault(self, item: Operand, feature: Feature | None) -> Diagnostic | None:
        if not isinstance(item, Name | Custom):
            return None if feature is None else literal_fault(item, feature)
        known = isinstance(item, Custom) or item.name in self.catalog
        return Diagnostic(
            code=Code.CONDITION if known else Code.QUOTES,
            span=item.span,
            message=f"`{item.name if isinstance(item, Name) else written(item)}` is a name, and a list holds values.",
            cause="A list holds fixed values: numbers, or texts in quotes.",
            hint="Compare the two with `=`, outside a list." if known else f"Write it in quotes: {quoted(item.name)}.",
        )

    def match(self, node: Match) -> None:
        """Check `includes`, `like` and `matches`."""
        found = self.typed(node.subject)
        if found is not None and types.is_fixed(node.subject):
            cause = f"Before `{node.operator}` stands what is looked into, after it what is looked for."
            self.report(
                Code.CONDITION,
                node.subject.span,
                f"{written(node.subject)} is a fixed value.",
                cause,
                f"Write, for example, `email_domain {node.operator} '%.example'`.",
            )
        elif found is not None and found.kind not in (*types.TEXTUAL, Kind.FIELD):
            hint = "Use `=`, `!=`, `<`, `>` or `in`."
            if found.kind is Kind.TRUTH:
                hint = f"Write `{written(node.subject)}` or `not {written(node.subject)}`."
            cause = f"{self.described(node.subject)} `{node.operator}` looks into texts."
            self.report(Code.TYPE, node.span, f"`{node.operator}` does not apply here.", cause, hint)
        if not isinstance(node.pattern, Text):
            shown = written(node.pattern)
            cause = f"After `{node.operator}` stands a fixed text, in quotes."
            hint = f"Write `{node.operator} {quoted(shown.strip(':'))}`."
            if isinstance(node.pattern, Name) and node.pattern.name in self.catalog:
                hint = "Compare two features with `=`."
            self.report(Code.TYPE, node.pattern.span, f"`{shown}` is no text to look for.", cause, hint)
        elif (fault := pattern_fault(node.operator, node.pattern)) is not None:
            self.faults.append(fault)
