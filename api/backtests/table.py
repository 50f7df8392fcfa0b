"""The figures of a backtest as a merchant reads them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Figures = Mapping[str, Any]

_PARTS: Final = (
    ("fraud_matured", "known fraud"),
    ("fraud_not_matured", "known fraud, more may come"),
    ("good_matured", "good"),
    ("good_not_matured", "good so far, too young to tell"),
    ("blocked_unlabelled", "blocked today: nobody knows"),
    ("declined_unlabelled", "declined by the bank: nobody knows"),
)
_OVERLAPS_SHOWN: Final = 5
_EXAMPLES_SHOWN: Final = 3


def tables(shown: Mapping[str, Any]) -> RenderableType:
    """The whole of a backtest that succeeded."""
    figures = shown["figures"]
    found: list[RenderableType] = [Text(line) for line in _population(figures["population"], shown)]
    if figures["matched"] is not None:
        found += _caught("What the rule is true of", figures["matched"])
    elif figures["stricter"]["group"]["all"]["payments"]:
        found += _caught("Payments that would be treated more strictly", figures["stricter"])
    if figures["milder"]["group"]["all"]["payments"]:
        found += _caught("Payments that would be treated less strictly", figures["milder"])
    return Group(*found, *_moves(figures), *_load(figures["review_load"]))


def money(usd_cents: float) -> str:
    """An amount in US dollars."""
    return f"{'-' if usd_cents < 0 else ''}${abs(usd_cents) / 100:,.2f}"


def _population(population: Figures, shown: Mapping[str, Any]) -> Iterator[str]:
    payments, frauds = population["payments"], population["frauds"]
    if "rule" in shown["asked"]:
        yield shown["asked"]["rule"]
    yield (
        f"{shown['merchant_id']}, {shown['from'][:10]} to {shown['to'][:10]}: {payments['payments']:,} payments of "
        f"{money(payments['usd_cents'])}; known fraud: {frauds['payments']:,} of {money(frauds['usd_cents'])}."
    )
    matured = population["matured_payments"]
    if matured < payments["payments"]:
        yield (
            f"{payments['payments'] - matured:,} of them are younger than {population['mature_after_days']:g} days: "
            "more of these will be reported as fraud."
        )
    same = population["same_as_recorded"]
    if same < payments["payments"]:
        yield (
            f"{payments['payments'] - same:,} were decided otherwise than today's rules and policy would: the figures "
            "compare with today's."
        )


def _caught(title: str, caught: Figures) -> Iterator[RenderableType]:
    group = caught["group"]
    table = Table(title, "payments", "amount", box=SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("all", f"{group['all']['payments']:,}", money(group["all"]["usd_cents"]), style="bold")
    for name, words in _PARTS:
        part = group[name]
        if part["payments"] or name in ("fraud_matured", "good_matured"):
            table.add_row(f"  {words}", f"{part['payments']:,}", money(part["usd_cents"]))
    yield table
    yield _quality(caught)
    if caught["overlap"]:
        yield _overlap(caught["overlap"])
    for name, words in (("fraud", "Fraud"), ("good", "Good"), ("unlabelled", "Unknown")):
        if caught["examples"][name]:
            yield Text(f"{words} to open: {', '.join(caught['examples'][name][:_EXAMPLES_SHOWN])}")


def _quality(caught: Figures) -> Table:
    table = Table("", "", "95 % interval", box=SIMPLE_HEAD)
    rows = (
        ("fraud among those old enough (precision)", _share(caught["precision"])),
        ("fraud known so far among all", _share(caught["precision_so_far"])),
        ("of the period's known fraud (recall)", _share(caught["recall"])),
        ("the same in money", _recall_usd(caught)),
        ("fraud once all is reported, payments", _expected(caught)),
        ("known fraud in money", _money(caught["fraud_money"])),
        ("good payments in money", _money(caught["good_money"])),
        ("saved: goods and chargeback fees", _money(caught["value"]["saved"])),
        ("margin lost on good payments", _money(caught["value"]["lost_margin"])),
        ("cost of reviews", _money(caught["value"]["review_cost"])),
        ("worth, by your own costs", _money(caught["value"]["net"])),
    )
    for name, (value, between) in rows:
        table.add_row(name, value, between, style="bold" if name.startswith("worth") else None)
    return table


def _overlap(overlap: list[Figures]) -> Table:
    table = Table("rules in force on the same payments", "payments", "of these fraud", "share", box=SIMPLE_HEAD)
    for rule in sorted(overlap, key=lambda each: -each["payments"])[:_OVERLAPS_SHOWN]:
        table.add_row(
            f"{rule['name']} ({rule['rule_id']})",
            f"{rule['payments']:,}",
            f"{rule['frauds']:,}",
            f"{rule['share']:.0%}",
        )
    return table


def _moves(figures: Figures) -> Iterator[RenderableType]:
    if not figures["moves"]:
        yield Text("No payment would get another action than today.")
        return
    table = Table("today", "then", "payments", "amount", "of these known fraud", box=SIMPLE_HEAD)
    for move in figures["moves"]:
        table.add_row(
            move["before"],
            move["after"],
            f"{move['all']['payments']:,}",
            money(move["all"]["usd_cents"]),
            f"{move['frauds']['payments']:,}",
        )
    yield table


def _load(load: Figures) -> Iterator[RenderableType]:
    if load["before_per_day"] or load["after_per_day"]:
        yield Text(
            f"Reviews a day: {load['before_per_day']:.1f} today, {load['after_per_day']:.1f} then "
            f"({load['added_per_day']:+.1f})."
        )


def _share(share: Figures) -> tuple[str, str]:
    if share["value"] is None:
        return "-", ""
    said = f"{share['value']:.1%} ({share['count']:,} of {share['of']:,})"
    return said, f"{share['low']:.1%} to {share['high']:.1%}"


def _recall_usd(caught: Figures) -> tuple[str, str]:
    if caught["recall_usd"] is None:
        return "-", ""
    low, high = caught["recall_usd_low"], caught["recall_usd_high"]
    return f"{caught['recall_usd']:.1%}", "" if low is None else f"{low:.1%} to {high:.1%}"


def _expected(caught: Figures) -> tuple[str, str]:
    if caught["frauds_expected"] is None:
        return "too young to tell", ""
    low, high = caught["frauds_expected_low"], caught["frauds_expected_high"]
    return f"{caught['frauds_expected']:,.1f}", "" if low is None else f"{low:,.1f} to {high:,.1f}"


def _money(found: Figures) -> tuple[str, str]:
    return money(found["usd_cents"]), f"{money(found['low_usd_cents'])} to {money(found['high_usd_cents'])}"
