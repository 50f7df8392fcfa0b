"""The rule language: Stripe Radar's grammar, checked against the feature catalogue, compiled to closures."""

from engine.rules.closure import NO_CUSTOM, Custom, Lists
from engine.rules.counted import Counted
from engine.rules.diagnostics import Diagnostic
from engine.rules.reasons import format_value
from engine.rules.ruleset import Ruleset, called_in, check_rule, default_source, parse_ruleset

__all__ = [
    "NO_CUSTOM",
    "Counted",
    "Custom",
    "Diagnostic",
    "Lists",
    "Ruleset",
    "called_in",
    "check_rule",
    "default_source",
    "format_value",
    "parse_ruleset",
]
