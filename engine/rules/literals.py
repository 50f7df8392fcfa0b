"""Literals: the form in which a feature's value is held, and what is wrong with a literal beside a feature."""

import re
from fractions import Fraction
from typing import Final

from engine.features import Feature, FeatureType
from engine.iso import COUNTRIES
from engine.rules.countries import country_code
from engine.rules.diagnostics import Code, Diagnostic
from engine.rules.format import decimal
from engine.rules.tree import Duration, Literal, Number, Text, Truth
from engine.rules.types import Kind, of_feature
from engine.suggest import listed, nearest, quoted

NUMERIC: Final = (FeatureType.INTEGER, FeatureType.NUMBER, FeatureType.MONEY)
TEXTUAL: Final = (FeatureType.STRING, FeatureType.COUNTRY)

_HUNDREDTHS = 100
_PERCENT_MAX = 100
_BIN = re.compile("[0-9]{6,8}")
_WORDS = {
    FeatureType.BOOLEAN: "true or false",
    FeatureType.INTEGER: "a whole number",
    FeatureType.NUMBER: "a number",
    FeatureType.MONEY: "an amount",
    FeatureType.STRING: "a text",
    FeatureType.COUNTRY: "a country, as a two-letter code",
}

Held = int | float | Fraction | str
"""A literal as compared with a feature's value; a Fraction where no integer or float says it exactly."""


def held(literal: Literal, feature: Feature) -> Held:
    """The literal in the form in which the feature's value is held.

    Money is held in hundredths: 12.50 gives 1250, and 12.505 gives the exact 2501/2. A float is compared with the
    float that the same digits give. Texts are lower-cased where the feature ignores case. The literal has been checked.
    """
    if isinstance(literal, Number):
        if feature.type is FeatureType.NUMBER:
            return float(literal.value)
        value = literal.value * _HUNDREDTHS if feature.type is FeatureType.MONEY else literal.value
        return value.numerator if value.denominator == 1 else value
    assert isinstance(literal, Text), "only numbers and texts pass the checker"
    if feature.type is FeatureType.COUNTRY:
        return literal.value.upper()
    return literal.value if feature.case_sensitive else literal.value.lower()


def described(feature: Feature) -> str:
    """What a feature is, for a diagnostic: `amount_in_usd` is an amount in USD."""
    measured = feature.type in (FeatureType.MONEY, FeatureType.NUMBER)
    unit = f" in {feature.unit}" if measured and feature.unit else ""
    values = f", one of {listed(feature.values)}" if feature.values else ""
    return f"`{feature.name}` is {_WORDS[feature.type]}{unit}{values}."


def literal_fault(literal: Literal, feature: Feature) -> Diagnostic | None:
    """What is wrong with a literal that is compared with a feature, or None. The feature is not boolean."""
    if isinstance(literal, Duration):
        return None if of_feature(feature).kind is Kind.TIME else _no_time(literal, feature)
    if feature.type in NUMERIC:
        return _number_fault(literal, feature) if isinstance(literal, Number) else _not_a_number(literal, feature)
    if not isinstance(literal, Text):
        return _not_a_text(literal, feature)
    if feature.type is FeatureType.COUNTRY:
        return country_fault(literal, described(feature))
    if not literal.value:
        hint = f"Write `is_missing({feature.name})`."
        cause = "A value is either known, and then not empty, or unknown."
        return _fault(literal, Code.UNKNOWN_VALUE, "No text is empty.", cause, hint)
    return _no_bin(literal, feature) if feature.name == "card_bin" else _no_such_value(literal, feature)


def _fault(literal: Literal, code: Code, message: str, cause: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, span=literal.span, message=message, cause=cause, hint=hint)


def _number_fault(literal: Number, feature: Feature) -> Diagnostic | None:
    if feature.unit != "%" or literal.value <= _PERCENT_MAX:
        return None
    message = f"`{feature.name}` is never above {_PERCENT_MAX} %."
    return _fault(literal, Code.UNKNOWN_VALUE, message, described(feature), f"Write a number from 0 to {_PERCENT_MAX}.")


def _no_time(literal: Duration, feature: Feature) -> Diagnostic:
    shown = f"{decimal(literal.value)}{literal.unit}"
    hint = f"Write {decimal(literal.value)}, a plain number." if feature.type in NUMERIC else "Write a text in quotes."
    message = f"`{feature.name}` cannot be compared with the length of time `{shown}`."
    return _fault(literal, Code.TYPE, message, described(feature), hint)


def _not_a_number(literal: Literal, feature: Feature) -> Diagnostic:
    if isinstance(literal, Truth):
        message = "A number cannot be compared with `true` or `false`."
        return _fault(literal, Code.TYPE, message, described(feature), "Write a number.")
    assert isinstance(literal, Text)
    digits = literal.value.strip().replace(",", "")
    is_number = digits.replace(".", "", 1).isdecimal() and digits.isascii()
    hint = f"Write {digits} without quotes." if is_number else "Write a number in digits, without quotes."
    message = f"A number cannot be compared with the text {quoted(literal.value)}."
    return _fault(literal, Code.TYPE, message, described(feature), hint)


def _not_a_text(literal: Literal, feature: Feature) -> Diagnostic:
    kind = "a number" if isinstance(literal, Number) else "`true` or `false`"
    if isinstance(literal, Number) and literal.value.denominator == 1 and feature.type is FeatureType.STRING:
        hint = f"Write it in quotes: '{literal.value}'."
    else:
        hint = (
            f"Write {quoted(feature.values[0]) if feature.values else 'a text in quotes'}."
            if (feature.type is FeatureType.STRING)
            else "Write a two-letter code in quotes, as in 'US'."
        )
    message = f"`{feature.name}` cannot be compared with {kind}."
    return _fault(literal, Code.TYPE, message, described(feature), hint)


def country_fault(literal: Text, cause: str) -> Diagnostic | None:
    """What is wrong with a text as a country's code, or None."""
    if literal.value.upper() in COUNTRIES:
        return None
    code = country_code(literal.value)
    hint = f"Write '{code}'." if code else "Write the ISO 3166-1 code of two letters, as in 'US', 'GB' or 'DE'."
    return _fault(literal, Code.UNKNOWN_VALUE, f"{quoted(literal.value)} is not a country's code.", cause, hint)


def _no_bin(literal: Text, feature: Feature) -> Diagnostic | None:
    if _BIN.fullmatch(literal.value):
        return None
    hint = "Write the card number's first 6 to 8 digits, as in '424242'."
    return _fault(literal, Code.UNKNOWN_VALUE, f"{quoted(literal.value)} is not a BIN.", described(feature), hint)


def _no_such_value(literal: Text, feature: Feature) -> Diagnostic | None:
    if not feature.values:
        return None
    plain = literal.value if feature.case_sensitive else literal.value.lower()
    if plain in (feature.values if feature.case_sensitive else [value.lower() for value in feature.values]):
        return None
    close = nearest(literal.value, feature.values)
    return _fault(
        literal,
        Code.UNKNOWN_VALUE,
        f"`{feature.name}` is never {quoted(literal.value)}.",
        described(feature),
        f"Did you mean '{close}'?" if close else f"Write one of {listed(feature.values)}.",
    )
