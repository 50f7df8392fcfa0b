"""Comparisons of a rule: what stands on the two sides must be of one kind and one unit."""

from dataclasses import dataclass

from engine.features import Feature, FeatureType
from engine.rules import custom_check, types
from engine.rules.diagnostics import Code, Diagnostic
from engine.rules.format import written
from engine.rules.literals import TEXTUAL, country_fault, described, literal_fault
from engine.rules.tree import Comparator, Comparison, Condition, Custom, Name, Number, Operand, Text, Truth
from engine.rules.types import FIELD, Kind, Type
from engine.rules.value_check import Values
from engine.suggest import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons(Values):
    """Looks at comparisons."""

    def comparison(self, node: Comparison) -> None:
        """Check `=`, `!=` and the others."""
        left, operator, right = node.left, node.operator, node.right
        if not isinstance(left, types.PLAIN) or not isinstance(right, types.PLAIN):
            self._calculated(node)
            return
        if isinstance(left, Custom) or isinstance(right, Custom):
            self._custom_comparison(node, left, right)
            return
        if not isinstance(left, Name) and isinstance(right, Name):
            left, operator, right = right, operator.mirrored, left
        if not isinstance(left, Name):
            self._both_fixed(node)
            return
        feature = self.feature(left, beside_text=self._is_textual(right))
        is_text = feature is not None and feature.type in TEXTUAL
        other = self.feature(right, beside_text=is_text) if isinstance(right, Name) else None
        if feature is None or (isinstance(right, Name) and other is None):
            return
        if FeatureType.BOOLEAN in (feature.type, other.type if other else feature.type):
            self._boolean_comparison(node, feature, other)
        elif other is not None:
            self._pair(node, feature, other)
        else:
            assert not isinstance(right, Name)
            if operator.is_ordering and feature.type in TEXTUAL:
                self._ordering(node, operator, feature, right)
            elif (fault := literal_fault(right, feature)) is not None:
                self.faults.append(fault)

    def _is_textual(self, operand: Operand) -> bool:
        return isinstance(operand, Name) and operand.name in self.catalog and self.catalog[operand.name].type in TEXTUAL

    def _custom_comparison(self, node: Comparison, left: Operand, right: Operand) -> None:
        custom, other = (left, right) if isinstance(left, Custom) else (right, left)
        assert isinstance(custom, Custom)
        feature = self.feature(other, beside_text=True) if isinstance(other, Name) else None
        if (fault := custom_check.comparison_fault(node, custom, other, feature)) is not None:
            self.faults.append(fault)

    def _calculated(self, node: Comparison) -> None:
        """A comparison in which arithmetic, a function or a length of time has a part."""
        left, right = self.typed(node.left), self.typed(node.right)
        if left is None or right is None:
            return
        if types.is_fixed(node.left) and types.is_fixed(node.right):
            self._both_fixed(node)
            return
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if (left if one is node.left else right).kind is Kind.TRUTH and not isinstance(one, Truth):
                self._compared_truth(node, one, other)
                return
        if self._alike(left, right):
            self._calculated_texts(node, left, right)
            return
        hint = "Compare values of one kind and one unit."
        kinds = {left.kind, right.kind}
        if kinds == {Kind.MONEY}:
            hint = f"Use the amount in the same currency on both sides, {left.unit} or {right.unit}."
        elif kinds == {Kind.TIME, Kind.NUMBER} and (left.is_unitless or right.is_unitless):
            hint = "Say the unit of the time, as in `first_seen(by: card) < 24h`: write `10m`, `6h` or `30d`."
        elif Kind.TIME in kinds and (left.is_open or right.is_open):
            hint = "A duration stands beside a length of time alone, as in `first_seen(by: card) < 24h`."
        self.report(
            Code.TYPE,
            node.span,
            f"`{written(node.left)}` and `{written(node.right)}` cannot be compared.",
            f"{self.described(node.left)} {self.described(node.right)}",
            hint,
        )

    @staticmethod
    def _alike(left: Type, right: Type) -> bool:
        """Whether two types can be compared; a custom field is read as the other asks for."""
        if left.kind in types.NUMERIC and right.kind in types.NUMERIC:
            return types.fit(left, right)
        if FIELD in (left, right):
            # A custom field has no unit, and a duration beside it gives it none.
            other = right if left == FIELD else left
            return other.kind is not Kind.TRUTH and other != types.OPEN_TIME and not other.is_unitless
        return left.kind is right.kind or (left.kind in types.TEXTUAL and types.OPEN_TEXT in (left, right))

    def _calculated_texts(self, node: Comparison, left: Type, right: Type) -> None:
        """Texts are equal or not, and a fixed one must be one that the other can be."""
        kind = right.kind if left.kind is Kind.FIELD else left.kind
        if kind in types.TEXTUAL and node.operator.is_ordering:
            cause = f"{self.described(node.left)} Only numbers and amounts are more or less."
            self.report(
                Code.TYPE, node.span, f"`{node.operator}` does not apply here.", cause, "Use `=`, `!=` or `in`."
            )
            return
        of = {id(node.left): right, id(node.right): left}
        for side in (node.left, node.right):
            if isinstance(side, Text) and (fault := self._text_fault(side, of[id(side)])) is not None:
                self.faults.append(fault)

    def _text_fault(self, node: Text, beside: Type) -> Diagnostic | None:
        """What is wrong with a text beside a value of a type."""
        if beside.kind is Kind.COUNTRY:
            return country_fault(node, "A country is a two-letter code.")
        if node.value:
            return None
        cause = "A value is either known, and then not empty, or unknown."
        hint = "Ask `is_missing(...)`."
        return Diagnostic(code=Code.UNKNOWN_VALUE, span=node.span, message="No text is empty.", cause=cause, hint=hint)

    def _compared_truth(self, node: Comparison, flag: Condition, value: Condition) -> None:
        asked = _truth(value)
        shown = written(flag)
        hint = f"Write `{shown}` or `not {shown}`."
        if asked is not None and not node.operator.is_ordering:
            positive = asked is (node.operator is Comparator.EQUAL)
            hint = f"Write `{shown}`." if positive else f"Write `not {shown}`."
        message = f"`{shown}` is not compared: it is a condition by itself."
        self.report(Code.TYPE, node.span, message, f"{self.described(flag)} It takes no operator.", hint)

    def _both_fixed(self, node: Comparison) -> None:
        self.report(
            Code.CONDITION,
            node.span,
            "Two fixed values are compared.",
            "The result is the same for every payment.",
            "Write the name of a feature on one side, without quotes.",
        )

    def _boolean_comparison(self, node: Comparison, feature: Feature, other: Feature | None) -> None:
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

    def _ordering(self, node: Comparison, operator: Comparator, feature: Feature, literal: Condition) -> None:
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

    def _pair(self, node: Comparison, one: Feature, two: Feature) -> None:
        """Two features compared: numbers with numbers, amounts of one currency, texts, countries."""
        if node.operator.is_ordering and one.type in TEXTUAL and one.type is two.type:
            self._ordering(node, node.operator, one, node.right)
            return
        left, right = types.of_feature(one), types.of_feature(two)
        numeric = left.kind in types.NUMERIC and right.kind in types.NUMERIC
        if types.fit(left, right) if numeric else one.type is two.type:
            return
        hint = "Compare two features of one type, or one with a fixed value."
        if left.kind is right.kind is Kind.MONEY:
            hint = f"Use the amount in the same currency on both sides, {one.unit} or {two.unit}."
        self.report(
            Code.TYPE,
            node.span,
            f"`{one.name}` and `{two.name}` cannot be compared.",
            f"{described(one)} {described(two)}",
            hint,
        )


def _truth(operand: Condition) -> bool | None:
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
