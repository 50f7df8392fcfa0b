"""A judgement as a person reads it in a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rich.table import Table

from api.console import table_of

Shown = Mapping[str, Any]

SHOWN: Final = (
    ("average_precision", "average precision", "decimals"),
    ("recall_at_0.001", "recall at 0.1 % FPR", "percent"),
    ("recall_at_0.005", "recall at 0.5 % FPR", "percent"),
    ("recall_at_0.01", "recall at 1 % FPR", "percent"),
    ("card_precision_100", "card precision at 100", "decimals"),
    ("value_recall", "fraud money stopped", "percent"),
    ("stopped_good", "good payments stopped", "percent"),
    ("allow", "payments that pass", "percent"),
    ("net", "money saved", "dollars"),
)
"""Figures by name, words and form; FPR is the share of good payments that are flagged."""


def difference_table(differences: Iterable[Shown], this: str, other: str) -> Table:
    """Both figures and what is between them, with 95 % intervals."""
    found = {each["name"]: each for each in differences}
    table = table_of("", this, other, "difference", "95 % interval")
    for name, words, form in SHOWN:
        each = found.get(name)
        if each is not None:
            change = each["difference"]
            table.add_row(
                words,
                _said(each["challenger"]["value"], form),
                _said(each["champion"]["value"], form),
                _said(change["value"], form, sign="+"),
                _interval(change, form),
            )
    return table


def gate_lines(gate: Shown) -> Iterator[str]:
    """Everything that the gate asks, and its answer."""
    yield "The gate passes." if gate["passes"] else "The gate does not pass."
    for each in gate["checks"]:
        yield f"  {'yes' if each['passes'] else ' NO'}  {each['text']}"


def _interval(estimate: Shown, form: str) -> str:
    if estimate["low"] is None or estimate["high"] is None:
        return "-"
    # The unit stands once: the table has to fit a terminal of 80 columns.
    low = _said(estimate["low"], form, sign="+").partition(" ")[0]
    return f"{low} to {_said(estimate['high'], form, sign='+')}"


def _said(value: float | None, form: str, sign: str = "") -> str:
    if value is None:
        return "-"
    if form == "percent":
        return f"{value * 100:{sign}.2f} %"
    if form == "dollars":
        return f"{value / 100:{sign},.0f} $"
    return f"{value:{sign}.3f}"
