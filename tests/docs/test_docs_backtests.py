"""The worked example of docs/backtests.md: its payments and its rule give its figures."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from engine.catalog import CATALOG
from engine.decide import decide, snapshot_of
from engine.decision import Action
from engine.features import Features, Value
from engine.ledger import Label, LabelKind
from engine.lists import NO_LISTS
from engine.payment import Order, Payment
from engine.policy import Policy
from engine.rules import Ruleset, parse_ruleset
from models.backtest import Setting, run
from models.maturity import DEFAULT, MATURE_SHARE
from tests.docs.documents import blocks, part, read
from tests.models.backtest.frames import Decided, ListLabels, frame_of
from tests.models.backtest.test_run import Scorer
from tests.models.backtest.test_settling import REFERENCE

PAGE = read("docs/backtests.md")
AS_OF = datetime(2026, 11, 30, 12, tzinfo=UTC)
BLOCKING = "Block if amount_in_usd = 600"


def table(marker: str) -> list[dict[str, str]]:
    head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in part(PAGE, marker).splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def ruleset(*texts: str) -> Ruleset:
    rules = (
        f"[[rule]]\nid = 'r{place}'\nname = 'r'\ntext = \"{text}\"\nreason = 'why'" for place, text in enumerate(texts)
    )
    return parse_ruleset("\n".join(rules) or "rule = []", CATALOG, ())


def decided(row: Mapping[str, str]) -> Decided:
    payment = Payment(
        transaction_id=row["payment"],
        merchant_id="shop",
        at=AS_OF - timedelta(days=int(row["days ago"])),
        order=Order(amount_minor=int(row["USD"].replace(".", "")), currency="USD"),
    )
    known: dict[str, Value] = {
        "amount_in_usd": payment.order.amount_minor,
        "card": row["card"],
        "card_country": row["card country"],
        "ip_country": row["IP country"],
        "stage": "pre_auth",
        "past_transactions_day": 0,
    }
    rules = ruleset(BLOCKING) if row["decided"] == "block" else ruleset()
    snapshot = snapshot_of(ruleset=rules, lists=NO_LISTS, scorer=Scorer(), policy=Policy(), reference=REFERENCE)
    decision = decide(payment, Features(CATALOG, (None,) * len(CATALOG)).replaced(known), snapshot)
    assert decision.action is Action(row["decided"])
    return Decided(payment=payment, decision=decision, is_declined=row["known"] == "declined")


def label(row: Mapping[str, str]) -> Label:
    at = AS_OF - timedelta(days=int(row["days ago"]) - 5)
    return Label(
        merchant_id="shop",
        test_mode=False,
        transaction_id=row["payment"],
        kind=LabelKind.CHARGEBACK,
        is_fraud=True,
        occurred_at=at,
        received_at=at,
        source="example",
    )


def test_the_example_gives_its_figures() -> None:
    rows = table("payments")
    (rule,) = (block.text.strip() for block in blocks(PAGE) if block.language == "rule")
    labels = ListLabels([label(row) for row in rows if row["known"] == "fraud"])
    report = run(
        frame_of([decided(row) for row in rows]),
        labels,
        live=Setting(ruleset=ruleset()),
        candidate=Setting(ruleset=ruleset(rule)),
        as_of=AS_OF,
        rule_id="r0",
    )
    said: Any = orjson.loads(orjson.dumps(report))
    figures = table("figures")
    assert len(figures) > 20
    for figure in figures:
        value = said
        for name in figure["figure"].strip("`").split("."):
            value = value[name]
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        assert shown == figure["value"], figure["figure"]


def test_every_figure_of_the_report_is_explained() -> None:
    (rule,) = (block.text.strip() for block in blocks(PAGE) if block.language == "rule")
    report = run(
        frame_of([decided(row) for row in table("payments")]),
        ListLabels(),
        live=Setting(ruleset=ruleset()),
        candidate=Setting(ruleset=ruleset(rule)),
        as_of=AS_OF,
        rule_id="r0",
    )
    said = orjson.loads(orjson.dumps(report))
    names = {*said, *said["matched"], *said["matched"]["group"], *said["matched"]["value"]}
    bounds = {name for name in names if name.endswith(("_low", "_high"))}
    # `all` of a group is the group itself.
    for name in names - bounds - {"all"}:
        assert any(written in PAGE for written in (f"`{name}`", f".{name}`", f"`{name}.")), name


def test_the_curve_is_the_one_that_is_told() -> None:
    for days, share in zip(DEFAULT.days, DEFAULT.shares, strict=True):
        told = f"all\nafter {days:g}" if share == 1 else f"{share * 100:.0f} %"
        assert told in PAGE
        assert f"{days:g}" in PAGE
    assert DEFAULT.mature_after_days == 60
    assert MATURE_SHARE == 0.9
