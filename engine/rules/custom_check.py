"""What is wrong with a custom field beside a value, a feature or a list. Alone, or asked for, it is always right."""

from typing import Final

from engine.features import Feature, FeatureType
from engine.rules.diagnostics import Code, Diagnostic, Span
from engine.rules.literals import TEXTUAL, described
from engine.rules.tree import Comparator, Comparison, Custom, Duration, Items, Number, Operand, Text, Truth
from engine.suggest import quoted

_BY_USE: Final = "A custom field is read as what stands beside it."


def comparison_fault(node: Comparison, custom: Custom, other: Operand, feature: Feature | None) -> Diagnostic | None:
    """The fault of a comparison with a custom field, or None; `feature` is the other side's where that is a name."""
    if feature is not None and feature.type is FeatureType.BOOLEAN:
        return _boolean_feature(node, custom, feature)
    if feature is not None and feature.type in TEXTUAL and node.operator.is_ordering:
        return _ordering(node, described(feature), "Use `=` or `!=`.")
    if isinstance(other, Text) and node.operator.is_ordering:
        number = other.value.strip().replace(",", "")
        plain = number.replace(".", "", 1).isdecimal() and number.isascii()
        hint = f"Write {number} without quotes." if plain else "Use `=`, `!=` or `in`."
        return _ordering(node, f"{_BY_USE} Beside {quoted(other.value)} it is a text.", hint)
    if isinstance(other, Truth) and node.operator.is_ordering:
        return _ordering(
            node, f"{_BY_USE} Beside `true` or `false` it is true or false.", f"Write `{written(custom)}`."
        )
    if isinstance(other, Text) and not other.value:
        return _empty(other.span, custom)
    return None


def items_fault(items: Items, custom: Custom) -> Diagnostic | None:
    """The fault of a list beside a custom field, or None; names in it are the caller's to report."""
    values = [item for item in items.items if isinstance(item, Text | Number | Truth | Duration)]
    for item in values:
        if isinstance(item, Duration):
            message = "A length of time stands in no list beside a custom field."
            hint = "Write plain numbers, in the unit in which the field is sent."
            return Diagnostic(code=Code.TYPE, span=item.span, message=message, cause=_BY_USE, hint=hint)
        if isinstance(item, Truth):
            message = "`true` and `false` stand in no list."
            hint = f"Write `{written(custom)}` or `not {written(custom)}`."
            cause = "A list beside a custom field holds texts or numbers."
            return Diagnostic(code=Code.TYPE, span=item.span, message=message, cause=cause, hint=hint)
        if type(item) is not type(values[0]):
            return Diagnostic(
                code=Code.TYPE,
                span=item.span,
                message="The list holds both texts and numbers.",
                cause=f"{_BY_USE} A list makes it a text or a number, not both.",
                hint="Write all values in quotes, or none.",
            )
        if isinstance(item, Text) and not item.value:
            return _empty(item.span, custom)
    return None


def written(custom: Custom) -> str:
    """The field as a rule writes it."""
    return f"::{custom.name}::"


def _empty(span: Span, custom: Custom) -> Diagnostic:
    cause = "A custom field without a text counts as not sent."
    hint = f"Write `is_missing({written(custom)})`."
    return Diagnostic(code=Code.UNKNOWN_VALUE, span=span, message="No text is empty.", cause=cause, hint=hint)


def _ordering(node: Comparison, cause: str, hint: str) -> Diagnostic:
    message = f"`{node.operator}` does not apply here."
    cause = f"{cause} Only numbers and amounts are more or less."
    return Diagnostic(code=Code.TYPE, span=node.span, message=message, cause=cause, hint=hint)


def _boolean_feature(node: Comparison, custom: Custom, feature: Feature) -> Diagnostic:
    one, two = written(custom), feature.name
    hint = f"Write `({one} and {two}) or (not {one} and not {two})` for the same"
    hint += (
        ", with `not` before it for unlike." if node.operator is not Comparator.UNEQUAL else "; put `not` before it."
    )
    message = f"`{feature.name}` is not compared: it is a condition by itself."
    cause = f"{described(feature)} It takes no operator."
    return Diagnostic(code=Code.TYPE, span=node.span, message=message, cause=cause, hint=hint)
