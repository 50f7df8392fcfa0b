"""The rule language: Stripe Radar's grammar, checked against the feature catalogue, compiled to closures."""

from engine.rules.closure import NO_CUSTOM, Custom, Lists
from engine.rules.counted import Counted
from engine.rules.diagnostics import Diagnostic
from engine.rules.reasons import format_value
from engine.rules.ruleset import (
    PlacedFault,
    Ruleset,
    called_in,
    check_rule,
    check_rules,
    default_source,
    parse_ruleset,
    rules_naming,
    ruleset_of,
    too_costly,
)
from engine.rules.source import Content, Declared, read_rows, read_source

__all__ = [
    "NO_CUSTOM",
    "Content",
    "Counted",
    "Custom",
    "Declared",
    "Diagnostic",
    "Lists",
    "PlacedFault",
    "Ruleset",
    "called_in",
    "check_rule",
    "check_rules",
    "default_source",
    "format_value",
    "parse_ruleset",
    "read_rows",
    "read_source",
    "rules_naming",
    "ruleset_of",
    "too_costly",
]
