"""What a shop has of last year: its orders in a CSV file, with what the bank said and what was charged back."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.iso import CURRENCY_EXPONENTS
from models.simulator import KINDS, Event, EventKind, Period, Truth, World, stream, with_fraud

_YEAR = Period(start=datetime(2025, 1, 1, tzinfo=UTC), seconds=365 * 86_400.0)
HEAD = (
    "Order", "Placed", "Total", "Currency", "Card", "First six", "Last four", "Cardholder", "Customer", "Email",
    "Street", "City", "Zip", "Country", "Ship to", "IP", "Browser", "AVS", "CVV", "Bank", "Status", "Reported",
)  # fmt: skip


def write_orders(path: Path, count: int) -> None:
    """A shop's year, of some `count` orders, and attempts at them."""
    world = World(seed=31, shops=KINDS[:1], shoppers=1_000, run="order")
    rate = count / (365 * 86_400)
    rows = _rows(stream(with_fraud(world, _YEAR, rate, 0.08), _YEAR.end))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, HEAD)
        table.writeheader()
        table.writerows(rows.values())


def _rows(events: Iterable[Event]) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for event in events:
        name = event.order.transaction_id
        if event.kind is EventKind.PAYMENT:
            rows.setdefault(name, _row(event.body))
        elif event.outcome in ("authorized", "declined"):
            rows[name]["Bank"] = "ok" if event.outcome == "authorized" else "refused"
        elif event.kind is EventKind.CHARGEBACK and event.order.aftermath.truth is not Truth.GENUINE:
            rows[name] |= {"Status": "chargeback", "Reported": event.at.strftime("%Y-%m-%d")}
    return rows


def _row(body: Any) -> dict[str, str]:
    card, billing, device, order = body["credit_card"], body["billing"], body["device"], body["order"]
    amount = Decimal(order["amount_minor"]).scaleb(-CURRENCY_EXPONENTS[order["currency"]])
    return {
        "Order": body["event"]["transaction_id"],
        "Placed": body["event"]["time"],
        "Total": str(amount),
        "Currency": order["currency"],
        "Card": card["token"],
        "First six": card["issuer_id_number"],
        "Last four": card["last_digits"],
        "Cardholder": card["cardholder_name"],
        "Customer": body.get("account", {}).get("user_id", ""),
        "Email": body["email"]["address"],
        "Street": billing["address"],
        "City": billing["city"],
        "Zip": billing.get("postal", ""),
        "Country": billing["country"],
        "Ship to": body.get("shipping", {}).get("country", ""),
        "IP": device["ip_address"],
        "Browser": device["user_agent"],
        "AVS": card.get("avs_result", ""),
        "CVV": card.get("cvv_result", ""),
        "Bank": "",
        "Status": "paid",
        "Reported": "",
    }
