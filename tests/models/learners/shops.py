"""Made-up payments to learn from: few features, a known law of fraud, and chargebacks that come later."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.catalog import CATALOG
from engine.features import Catalog
from models.dataset import EVENTS, FACTS, FEATURE, Asked, Dataset, of_rows
from models.dataset.recorded import type_of

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY_US = 86_400 * 1_000_000
NAMES = (
    "amount_in_usd", "card_payments_1h", "card_bin6", "email_domain", "ip_country", "card_funding", "cvc_check",
    "ip_country_matches_card", "local_hour", "card", "email_normalized", "device", "card_brand", "card_country",
)  # fmt: skip
SHOP = Catalog(CATALOG[name] for name in NAMES)


def drawn(rows: int, seed: int = 1) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
    """Columns by feature, as lists with None for unknown, and the probability of fraud of each row."""
    random = np.random.default_rng(seed)
    bins = random.integers(0, 40, rows)
    domains = random.integers(0, 8, rows)
    burst = random.geometric(0.5, rows)
    amount = np.round(np.exp(random.normal(8.5, 1.0, rows))).astype(np.int64)
    matches = random.random(rows) < 0.8
    log_odds = -4.6 + 0.5 * (burst - 1) + 1.6 * (bins < 3) + 1.2 * ~matches + 0.9 * (amount > 15_000)
    columns = {
        "amount_in_usd": amount.tolist(),
        "card_payments_1h": burst.tolist(),
        "card_bin6": [f"4000{each:02}" for each in bins],
        "email_domain": [f"Shop{each}.example" if each else None for each in domains],
        "ip_country": [("DE", "FR", "US", "NG")[each] for each in random.integers(0, 4, rows)],
        "card_funding": [("credit", "debit", "prepaid")[each] for each in random.integers(0, 3, rows)],
        "cvc_check": [("pass", "fail", None)[each] for each in random.integers(0, 3, rows)],
        "ip_country_matches_card": [bool(each) if random.random() < 0.9 else None for each in matches],
        "local_hour": random.integers(0, 24, rows).tolist(),
        "card": [f"card-{each}" for each in random.integers(0, rows, rows)],
    }
    return columns, 1 / (1 + np.exp(-log_odds))


def shop(
    rows: int = 3_000,
    *,
    seed: int = 1,
    days: int = 120,
    late_days: float = 10.0,
    catalog: Catalog = SHOP,
    fraud: npt.NDArray[np.bool_] | None = None,
    changed: Mapping[str, Any] | None = None,
    **asked: Any,
) -> Dataset:
    """Payments evenly over `days`, each fraud charged back `late_days` later, if that is by the end.

    `fraud` says which are, else the law does; `changed` puts other columns in place of the drawn ones.
    """
    columns, probability = drawn(rows, seed)
    columns |= changed or {}
    if fraud is None:
        fraud = np.random.default_rng(seed + 1).random(rows) < probability
    start_us = round(START.timestamp() * 1e6)
    at_us = start_us + np.sort(np.random.default_rng(seed + 2).integers(0, days * DAY_US, rows))
    known_us = at_us + round(late_days * DAY_US)
    told = np.flatnonzero(fraud & (known_us <= start_us + days * DAY_US))
    told = told[np.argsort(known_us[told], kind="stable")]
    end = START + timedelta(days=days)
    plain = Asked(start=START, end=end, as_of=end, catalog=catalog)
    made = {
        FEATURE + each.name: pa.array(columns.get(each.name, [None] * rows), type_of(each)) for each in plain.features
    }
    return of_rows(pa.table(_facts(at_us) | made), _events(told, known_us[told]), Asked(**_said(plain) | asked))


def _facts(at_us: npt.NDArray[np.int64]) -> dict[str, Any]:
    rows = len(at_us)
    said: dict[str, Any] = {
        "id": [f"dec-{each}" for each in range(rows)],
        "transaction_id": [f"tx-{each}" for each in range(rows)],
        "merchant_id": ["shop-a"] * rows,
        "test_mode": [False] * rows,
        "at": at_us,
        "stage": ["pre_auth"] * rows,
        "action": ["allow"] * rows,
        "authorized": [True] * rows,
        "probability": [None] * rows,
        "source": ["recorded"] * rows,
    }
    return {each.name: pa.array(said[each.name], each.type) for each in FACTS}


def _events(rows: npt.NDArray[np.int64], known_us: npt.NDArray[np.int64]) -> pa.Table:
    said = {
        "row": rows,
        "kind": ["chargeback"] * len(rows),
        "is_fraud": [True] * len(rows),
        "received_at": known_us,
    }
    return pa.table({each.name: pa.array(said[each.name], each.type) for each in EVENTS})


def _said(asked: Asked) -> dict[str, Any]:
    return {"start": asked.start, "end": asked.end, "as_of": asked.as_of, "catalog": asked.catalog}
