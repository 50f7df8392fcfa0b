"""Made-up payments of four small web shops over two days, and then a card-testing burst. Seeded: the same every time.

It shows the product; it is no benchmark of it. The e-mail domains are reserved for examples (RFC 2606); BINs and IP
addresses are real ranges, so that their countries are found, with made-up digits behind them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

DAYS = 2
ORDINARY_PAYMENTS = 320
BURST_PAYMENTS = 14
TRAVELLERS = 0.04
"""The share of shoppers who buy from abroad."""
BURST_IP = "102.89.2.14"
BURST_MERCHANT = "blinkvr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A small shop: what it sells, typical ticket in its currency's main units, whether it ships."""

    merchant_id: str
    category: str
    currency: str
    ticket: float
    ships: bool


SHOPS = (
    Shop(merchant_id="atelier-nord", category="apparel", currency="EUR", ticket=64, ships=True),
    Shop(merchant_id="voltwerk", category="electronics", currency="USD", ticket=138, ships=True),
    Shop(merchant_id="blinkvr", category="vr games", currency="USD", ticket=29, ships=False),
    Shop(merchant_id="fermata-tickets", category="tickets", currency="GBP", ticket=86, ships=False),
)

_COUNTRIES = (
    # country, BINs, the first two numbers of an IP range
    ("US", ("414720", "493001", "471604", "601100"), "73.15"),
    ("GB", ("492181", "454313", "475129", "465865"), "86.130"),
    ("FR", ("513110",), "90.60"),
    ("DE", ("455600",), "91.10"),
    ("AU", ("535316", "516361"), "1.129"),
    ("BR", ("552289", "549167"), "177.30"),
    ("JP", ("490122",), "126.50"),
)
_COUNTRY_WEIGHTS = (38, 22, 10, 8, 8, 8, 6)
_OFFSETS = {"GB": 0, "FR": 60, "DE": 60, "JP": 540}
_NAMES = (
    "ana",
    "ben",
    "chloe",
    "dev",
    "elif",
    "femi",
    "grace",
    "hugo",
    "ines",
    "jonas",
    "kei",
    "lena",
    "marco",
    "noor",
)
_FAMILIES = ("almeida", "brown", "chen", "dubois", "evans", "fischer", "garcia", "haddad", "ito", "jansen", "kaya")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shopper:
    number: int
    country: str
    bin: str
    ip: str
    name: str
    family: str
    is_traveller: bool


def ordinary_payments(now: datetime) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Payments in order of time up to ten minutes before `now`, most of them of returning shoppers."""
    rng = random.Random(20261123)  # noqa: S311 - made-up shoppers, no secrets
    shoppers = [_shopper(rng, number) for number in range(150)]
    span = timedelta(days=DAYS) - timedelta(minutes=10)
    moments = sorted(now - timedelta(days=DAYS) + span * rng.random() for _ in range(ORDINARY_PAYMENTS))
    for number, moment in enumerate(moments):
        shop = rng.choices(SHOPS, weights=(40, 22, 18, 20))[0]
        yield moment, _ordinary(rng, shop, rng.choice(shoppers), number)


def burst(now: datetime, run: str) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Card testing in the last two minutes: one IP address, another card and e-mail each time, small amounts."""
    rng = random.Random(7)  # noqa: S311 - as above
    for number in range(BURST_PAYMENTS):
        moment = now - timedelta(seconds=120 - 8 * number)
        yield (
            moment,
            {
                "event": {"transaction_id": f"demo-{run}-burst-{number}", "merchant_id": BURST_MERCHANT},
                "order": {"amount": f"{rng.randint(1, 4)}.99", "currency": "USD"},
                "credit_card": {
                    "issuer_id_number": "414720",
                    "last_digits": f"{rng.randrange(10_000):04d}",
                    "token": f"tok_burst_{run}_{number}",
                    "cvv_result": "N",
                },
                "email": {"address": f"qx{rng.randrange(10**6)}@example.net"},
                "billing": {"country": "US", "postal": f"{rng.randrange(10_000, 99_999)}"},
                "device": {"ip_address": BURST_IP, "session_age": 4},
            },
        )


def _shopper(rng: random.Random, number: int) -> _Shopper:
    country, bins, network = rng.choices(_COUNTRIES, weights=_COUNTRY_WEIGHTS)[0]
    return _Shopper(
        number=number,
        country=country,
        bin=rng.choice(bins),
        ip=f"{network}.{rng.randrange(1, 255)}.{rng.randrange(1, 255)}",
        name=rng.choice(_NAMES),
        family=rng.choice(_FAMILIES),
        is_traveller=rng.random() < TRAVELLERS,
    )


def _ordinary(rng: random.Random, shop: Shop, shopper: _Shopper, number: int) -> dict[str, Any]:
    amount = min(max(rng.lognormvariate(0, 0.6) * shop.ticket, 3), 950)
    address = {
        "first_name": shopper.name.title(),
        "last_name": shopper.family.title(),
        "country": shopper.country,
        "postal": f"{10_000 + shopper.number * 37}",
    }
    payment: dict[str, Any] = {
        "event": {"transaction_id": f"demo-{number:04d}", "merchant_id": shop.merchant_id},
        "account": {"user_id": f"cust-{shopper.number}"},
        "order": {"amount": f"{amount:.2f}", "currency": shop.currency},
        "credit_card": {
            "issuer_id_number": shopper.bin,
            "last_digits": f"{(shopper.number * 7919) % 10_000:04d}",
            "token": f"tok_{shopper.number:05d}",
            "cvv_result": rng.choices("MNU", weights=(96, 1, 3))[0],
        },
        "email": {"address": f"{shopper.name}.{shopper.family}{shopper.number}@example.com"},
        "billing": address,
        "device": {
            "ip_address": f"105.112.{shopper.number}.9" if shopper.is_traveller else shopper.ip,
            "session_age": rng.randint(40, 1800),
        },
        "shopping_cart": [{"category": shop.category, "quantity": rng.choices((1, 2, 3), weights=(8, 2, 1))[0]}],
    }
    if shopper.country in _OFFSETS:
        payment["device"]["timezone_offset"] = _OFFSETS[shopper.country]
    if shop.ships:
        payment["shipping"] = address
    return payment
