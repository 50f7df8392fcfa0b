"""The words for a merchant: values as people write them, and reasons with the values filled in."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from engine.features import Catalog, Feature, FeatureType, Value
from engine.rules.diagnostics import Code, Diagnostic, Span, printable
from engine.suggest import nearest

MAX_REASON_CHARACTERS = 300
_MAX_VALUE_CHARACTERS = 80
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


def format_value(feature: Feature, value: Value) -> str:
    """A value as people write it: `1,250.00 USD`, `12.5`, `yes`, `US`; `unknown` where there is none."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        shown = printable(value)
        return shown if len(shown) <= _MAX_VALUE_CHARACTERS else f"{shown[:_MAX_VALUE_CHARACTERS]}..."
    if feature.type is FeatureType.BOOLEAN:
        return "yes" if value else "no"
    if feature.type is FeatureType.MONEY:
        assert isinstance(value, int), "money is held in hundredths"
        whole, hundredths = divmod(abs(value), 100)
        return f"{'-' if value < 0 else ''}{whole:,}.{hundredths:02d} {feature.unit}".rstrip()
    if isinstance(value, int):
        return f"{value:,}"
    shown = f"{value:,.2f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonText:
    """A reason's text, read once: words, and the positions of the features whose values stand between them."""

    parts: tuple[str | int, ...]

    def filled(self, catalog: Catalog, values: tuple[Value, ...]) -> str:
        """The text with the values of a payment; unknown ones are words that still make a sentence."""
        words = [
            part if isinstance(part, str) else _in_a_sentence(catalog.features[part], values[part])
            for part in self.parts
        ]
        text = "".join(words)
        begins_unknown = bool(self.parts) and isinstance(self.parts[0], int) and values[self.parts[0]] is None
        return text[:1].upper() + text[1:] if begins_unknown else text


def _in_a_sentence(feature: Feature, value: Value) -> str:
    if value is None and feature.type is FeatureType.INTEGER:
        return "an unknown number of"
    if value is None and feature.type is FeatureType.MONEY:
        return "an unknown amount"
    return format_value(feature, value)


def read_reason(text: str, catalog: Catalog) -> ReasonText:
    """Split a reason that has passed `check_reason` into words and features."""
    parts: list[str | int] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts.extend((text[end : match.start()], catalog.position(match.group(1))))
        end = match.end()
    parts.append(text[end:])
    return ReasonText(parts=tuple(part for part in parts if part != ""))


def check_reason(text: str, names: Collection[str]) -> tuple[Diagnostic, ...]:
    """The faults of a reason's text: placeholders that name no feature, lone braces, too many characters."""
    faults = [fault for match in _PLACEHOLDER.finditer(text) if (fault := _placeholder_fault(match, names)) is not None]
    if len(text) > MAX_REASON_CHARACTERS:
        faults.append(
            Diagnostic(
                code=Code.LIMIT,
                span=Span(start=MAX_REASON_CHARACTERS, end=MAX_REASON_CHARACTERS + 1),
                message=f"The reason is longer than {MAX_REASON_CHARACTERS} characters.",
                cause="It is shown in one or two lines beside each payment.",
                hint="Say it in one sentence.",
            )
        )
    return tuple(faults)


def _placeholder_fault(match: re.Match[str], names: Collection[str]) -> Diagnostic | None:
    name = match.group(1)
    if name in names:
        return None
    span = Span(start=match.start(), end=match.end())
    if name is None:
        return Diagnostic(
            code=Code.REASON,
            span=span,
            message="This brace stands alone.",
            cause="Braces enclose the name of a feature, whose value is then shown.",
            hint="Write `{amount_in_usd}`, or leave out the brace.",
        )
    if name.startswith("::"):
        return Diagnostic(
            code=Code.REASON,
            span=span,
            message=f"The custom field `{name}` cannot be shown in a reason.",
            cause="Custom fields hold whatever was sent, also what a person who reads reasons is not to see.",
            hint="Say in words what the rule asks of it, or name a feature: `{amount_in_usd}`.",
        )
    close = nearest(name, names)
    return Diagnostic(
        code=Code.REASON,
        span=span,
        message=f"There is no feature `{name}`.",
        cause="Braces enclose the name of a feature alone, whose value is then shown as people write it.",
        hint=f"Did you mean `{{{close}}}`?" if close else "docs/features.md lists all names.",
    )
