"""The rule language: Stripe Radar's grammar, checked against the feature catalogue, compiled to closures."""

from engine.rules.closure import NO_CUSTOM, Custom, Lists
from engine.rules.diagnostics import Diagnostic
from engine.rules.reasons import format_value
from engine.rules.ruleset import Ruleset, check_rule, default_source, parse_ruleset

__all__ = [
    "NO_CUSTOM",
    "Custom",
    "Diagnostic",
    "Lists",
    "Ruleset",
    "check_rule",
    "default_source",
    "format_value",
    "parse_ruleset",
]
