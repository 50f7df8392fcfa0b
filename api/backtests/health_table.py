"""The health of rules as a merchant reads it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from api.backtests.table import money
from api.console import table_of

Figures = Mapping[str, Any]


def health_tables(shown: Mapping[str, Any]) -> RenderableType:
    """A row a rule, those that are true of most payments first; behind them the rules to look at."""
    health = shown["health"]
    payments, frauds = health["payments"], health["frauds"]
    head = Text(
        f"{shown['merchant_id']}, {shown['from'][:10]} to {shown['to'][:10]}: {payments['payments']:,} payments of "
        f"{money(payments['usd_cents'])}; known fraud: {frauds['payments']:,} of {money(frauds['usd_cents'])}."
    )
    numbers = ("hits", "fraud", "good", "precision", "alone", "worth", "last fraud")
    table = table_of("rule", "", *numbers, whole=numbers)
    for column in table.columns[2:]:
        column.justify = "right"
    for rule in sorted(health["rules"], key=lambda each: -each["group"]["all"]["payments"]):
        table.add_row(*_row(rule))
    legend = Text(
        "alone: payments that nothing else would stop. worth: by your own costs, with the rule against without it. "
        "good, fraud: what is known today; precision: of payments old enough for reports to have come."
    )
    return Group(head, table, legend, *_findings(health))


def _row(rule: Figures) -> Iterator[str]:
    group, precision = rule["group"], rule["precision"]
    yield rule["rule_id"]
    yield rule["action"] if rule["mode"] == "live" else f"{rule['action']} ({rule['mode']})"
    yield f"{group['all']['payments']:,}"
    yield f"{group['fraud_matured']['payments'] + group['fraud_not_matured']['payments']:,}"
    yield f"{group['good_matured']['payments'] + group['good_not_matured']['payments']:,}"
    yield "-" if precision["value"] is None else f"{precision['value']:.0%}"
    yield f"{rule['alone']['payments']:,}"
    yield money(rule["marginal"]["net"]["usd_cents"])
    yield "-" if rule["last_true_hit"] is None else rule["last_true_hit"][:10]


def _findings(health: Figures) -> Iterator[RenderableType]:
    named = defaultdict[tuple[str, str], list[str]](list)
    for rule in health["rules"]:
        for finding in rule["findings"]:
            named[finding["ailment"], finding["said"]].append(rule["rule_id"])
    for (ailment, said), rules in named.items():
        yield Text(f"{ailment}: {', '.join(rules)}. {said}", style="yellow")
    if not named:
        yield Text("No rule is redundant, decayed, runaway or silent.")
