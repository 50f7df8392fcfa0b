"""Words with values in them: read once from a template, filled when a reason is read out."""

from dataclasses import dataclass
from string import Formatter
from typing import Final

from engine.errors import ModelInvalid
from engine.features import Catalog, Feature, FeatureType, Value

UNKNOWN_WORDS: Final = "unknown"
_MONEY: Final = FeatureType.MONEY
"""Bound once: Python 3.11 calls a function for each look at a member of an enumeration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template, read once."""

    parts: tuple[tuple[str, int, FeatureType], ...]
    """Words, and the position and type of the feature whose value stands behind them."""
    end: str
    """The words behind the last value."""

    def filled(self, values: tuple[Value, ...]) -> str:
        """The words with the features' values in them."""
        text = ""
        for words, at, type_ in self.parts:
            text += words + shown(values[at], type_)
        return text + self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of one feature's value, as templates: `{value}` is it, other features stand by their names."""

    known: str
    """Of a known value; of a boolean: of True."""
    special: str
    """Of a boolean that is False, and of a count of one, which has no plural; empty where there is neither."""
    unknown: str


def template_of(text: str, feature: str, catalog: Catalog) -> Template:
    """Read a template; `{value}` in it is this feature's value."""
    parts: list[tuple[str, int, FeatureType]] = []
    end = ""
    for words, name, _, _ in Formatter().parse(text):
        end += words
        if name:
            own = feature if name == "value" else name
            parts.append((end, catalog.position(own), catalog[own].type))
            end = ""
    return Template(parts=tuple(parts), end=end)


def check_template(text: str, where: str, catalog: Catalog) -> None:
    """Words name features in braces, plainly: no conversion, no format, no attribute. Raises ModelInvalid."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ModelInvalid(f"{where}: braces stand around a feature's name alone.") from error
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion or (name != "value" and name not in catalog):
            raise ModelInvalid(f"{where}: {{{name}}} is not {{value}} or a feature's name in braces.")


def said_of(feature: Feature) -> Said:
    """What is said of a feature: its own words, or its documentation where it has none."""
    meaning = _meaning(feature)
    plainly = f"{meaning}: {{value}}"
    if feature.type is FeatureType.BOOLEAN:
        known, special = feature.says or f"{meaning}: yes", feature.denies or f"{meaning}: no"
    else:
        known, special = feature.says or plainly, plainly if feature.type is FeatureType.INTEGER else ""
    return Said(
        known=known,
        special=special,
        unknown=f"{meaning}: not known",
    )


def said_of_ratio(feature: Feature, divisor: Feature) -> Said:
    """What is said of a feature beside another: both values, for nobody checks a quotient in the head."""
    own, beside = said_of(feature), _meaning(divisor)
    words = f"{{{divisor.name}}} ({beside[:1].lower()}{beside[1:]})"
    return Said(
        known=f"{own.known}, beside {words}",
        special=f"{own.special}, beside {words}" if own.special else "",
        unknown=f"{own.unknown}, or beside what: {words}",
    )


def shown(value: Value, type_: FeatureType) -> str:
    """A value as a person reads it."""
    if value is None:
        return UNKNOWN_WORDS
    if type_ is _MONEY:
        assert isinstance(value, int)
        return f"{value / 100:,.2f} USD"
    return f"{value:,.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _meaning(feature: Feature) -> str:
    """The first clause of its documentation, with no braces."""
    clause = feature.doc.partition(". ")[0].partition(", this ")[0].rstrip(".")
    return clause.replace("{", "(").replace("}", ")") or feature.name
