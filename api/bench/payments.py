"""Made-up payments for measuring: every group filled, repeat customers, and a few hot cards, e-mails and addresses.

Nothing here is a person's: names are of a list, domains are example ones, cards are tokens.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any, Final

import orjson

REQUEST_BYTES_MIN: Final = 1536
"""The figures are promised for requests of at least this size (targets.md, part 2)."""


class Kind(StrEnum):
    """Who pays."""

    REPEAT = "repeat customers"
    NEW = "new customers"
    SHARED_ADDRESS = "shoppers behind shared IP addresses"
    HOT_ACCOUNT = "hot cards and e-mail addresses"
    CARD_TESTING = "card testing from hot IP addresses"


SHARES: Final = {
    Kind.REPEAT: 60,
    Kind.NEW: 33,
    Kind.SHARED_ADDRESS: 4,
    Kind.HOT_ACCOUNT: 1,
    Kind.CARD_TESTING: 2,
}
"""How many of a hundred payments are whose."""

REPEAT_CUSTOMERS: Final = 10_000
SHARED_ADDRESSES, HOT_ACCOUNTS, TESTERS = 20, 3, 2
MERCHANTS: Final = {"shop-north": 50, "shop-south": 25, "shop-east": 15, "shop-west": 10}
"""How many of a hundred payments are for whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Market:
    country: str
    currency: str
    dialing: str
    offset_minutes: int
    octets: tuple[int, ...]
    places: tuple[tuple[str, str, str], ...]
    bins: tuple[tuple[str, str, str], ...]


_MARKETS: Final = (
    _Market(
        country="US",
        currency="USD",
        dialing="1",
        offset_minutes=-300,
        octets=(24, 66, 68, 71, 73, 98),
        places=(("Portland", "OR", "97205"), ("Columbus", "OH", "43215"), ("Austin", "TX", "78701")),
        bins=(("41472012", "visa", "credit"), ("54661634", "mastercard", "credit"), ("43425610", "visa", "debit")),
    ),
    _Market(
        country="GB",
        currency="GBP",
        dialing="44",
        offset_minutes=0,
        octets=(81, 82, 86, 90),
        places=(("Leeds", "LDS", "LS1 4AP"), ("Bristol", "BST", "BS1 5TR"), ("Cardiff", "CRF", "CF10 3AT")),
        bins=(("47512940", "visa", "debit"), ("54346022", "mastercard", "credit"), ("46585912", "visa", "debit")),
    ),
    _Market(
        country="DK",
        currency="DKK",
        dialing="45",
        offset_minutes=60,
        octets=(2, 5, 80, 87),
        places=(("Aarhus", "82", "8000"), ("Odense", "83", "5000")),
        bins=(("45717360", "visa", "debit"),),
    ),
    _Market(
        country="AU",
        currency="AUD",
        dialing="61",
        offset_minutes=600,
        octets=(1, 49, 58, 101),
        places=(("Hobart", "TAS", "7000"), ("Perth", "WA", "6000")),
        bins=(("53531618", "mastercard", "credit"), ("52172946", "mastercard", "debit")),
    ),
)
_MARKET_WEIGHTS: Final = (45, 30, 10, 15)
_SHIPPED_ELSEWHERE, _WRONG_CVV, _WITH_3DS, _GIFTS = 0.2, 0.03, 0.3, 0.1
"""Shares of the orders."""
_FIRST: Final = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Niklaus", "Frances", "John", "Katherine", "Radia", "Tim")
_LAST: Final = ("Lovelace", "Hopper", "Turing", "Liskov", "Wirth", "Allen", "Backus", "Johnson", "Perlman", "Lamport")
_STREETS: Final = ("Mill Lane", "Station Road", "Harbour Street", "Church Hill", "Park Avenue", "Orchard Way")
_PHONE: Final = {"phone_country_code", "phone_number"}
_DOMAINS: Final = ("example.com", "mail.example.org", "post.example.net")
_CATEGORIES: Final = ("books", "shoes", "games", "garden", "audio", "kitchen")
_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
)


def setup() -> str:
    """The shares in words."""
    kinds = ", ".join(f"{share} % {kind.value}" for kind, share in SHARES.items())
    return (
        f"Made-up payments of >= {REQUEST_BYTES_MIN} bytes with all groups filled, for {len(MERCHANTS)} merchants "
        f"({'/'.join(map(str, MERCHANTS.values()))} %): {kinds}; {REPEAT_CUSTOMERS:,} repeat customers (the busiest "
        f"tenth makes a third of their payments), {SHARED_ADDRESSES} shared IP addresses, {HOT_ACCOUNTS} hot cards "
        f"and e-mails, {TESTERS} testers."
    )


def requests(seed: int, at: datetime) -> Iterator[bytes]:
    """Bodies of decision requests without end, each of another payment at about `at` (UTC); the same for one seed."""
    return map(orjson.dumps, payments(seed, at))


def payments(seed: int, at: datetime) -> Iterator[dict[str, Any]]:
    """The same as Python values."""
    random = Random(seed)  # noqa: S311 - made-up data, the same for one seed
    shoppers: dict[str, dict[str, Any]] = {}
    kinds, weights = tuple(SHARES), tuple(SHARES.values())
    merchants, merchant_weights = tuple(MERCHANTS), tuple(MERCHANTS.values())
    number = 0
    while True:
        number += 1
        kind = random.choices(kinds, weights)[0]
        shopper = _shopper(kind, number, random, shoppers, at)
        merchant = random.choices(merchants, merchant_weights)[0]
        yield _payment(f"bench-{seed}-{number:08d}", merchant, kind, shopper, random, at)


def _shopper(
    kind: Kind, number: int, random: Random, shoppers: dict[str, dict[str, Any]], at: datetime
) -> dict[str, Any]:
    """The shopper's own groups: those of a repeat customer or a hot account are the same each time."""
    if kind in {Kind.REPEAT, Kind.HOT_ACCOUNT}:
        # The square makes a few customers come often and most seldom.
        rank = int(REPEAT_CUSTOMERS * random.random() ** 2) if kind is Kind.REPEAT else random.randrange(HOT_ACCOUNTS)
        name = f"{kind.name.lower()}-{rank}"
        if name not in shoppers:
            shoppers[name] = _groups(name, random, at)
        return shoppers[name]
    groups = _groups(f"{kind.name.lower()}-{number}", random, at)
    if kind is Kind.SHARED_ADDRESS:
        groups["device"]["ip_address"] = f"88.208.7.{1 + random.randrange(SHARED_ADDRESSES)}"
    elif kind is Kind.CARD_TESTING:
        groups["device"]["ip_address"] = f"45.83.91.{1 + random.randrange(TESTERS)}"
    return groups


def _groups(name: str, random: Random, at: datetime) -> dict[str, Any]:
    market = random.choices(_MARKETS, _MARKET_WEIGHTS)[0]
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    first, last = random.choice(_FIRST), random.choice(_LAST)
    home = _contact(first, last, market, random)
    return {
        "account": _account(name, random, at),
        "email": {"address": f"{first}.{last}.{digest[:8]}@{random.choice(_DOMAINS)}".lower()},
        "billing": home,
        "shipping": {
            **_delivery(_contact(first, last, market, random) if random.random() < _SHIPPED_ELSEWHERE else home),
            "delivery_speed": random.choice(("standard", "expedited", "overnight")),
        },
        "credit_card": _card(name, f"{first} {last}".upper(), market, random),
        "device": _device(digest, market, random),
        "currency": market.currency,
    }


def _account(name: str, random: Random, at: datetime) -> dict[str, Any]:
    return {
        "user_id": f"user-{name}",
        "created_at": (at - timedelta(days=random.randrange(1, 1500), hours=1)).isoformat(timespec="seconds"),
        "past_transactions_day": random.randrange(3),
        "past_transactions_year": random.randrange(40),
    }


def _contact(first: str, last: str, market: _Market, random: Random) -> dict[str, Any]:
    city, region, postal = random.choice(market.places)
    return {
        "first_name": first,
        "last_name": last,
        "address": f"{random.randrange(1, 200)} {random.choice(_STREETS)}",
        "address_2": f"Flat {random.randrange(1, 40)}",
        "city": city,
        "region": region,
        "country": market.country,
        "postal": postal,
        "phone_country_code": market.dialing,
        "phone_number": f"555 {random.randrange(10_000_000):07d}",
    }


def _delivery(contact: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in contact.items() if name not in {"address_2", "region"} | _PHONE}


def _card(name: str, holder: str, market: _Market, random: Random) -> dict[str, Any]:
    bin_, brand, funding = random.choice(market.bins)
    return {
        "issuer_id_number": bin_,
        "last_digits": f"{random.randrange(10_000):04d}",
        "token": f"tok_{hashlib.sha256(name.encode()).hexdigest()[:24]}",
        "brand": brand,
        "funding": funding,
        "country": market.country,
        "exp_month": random.randrange(1, 13),
        "exp_year": random.randrange(2027, 2032),
        "cardholder_name": holder,
        "wallet": random.choice(("none", "none", "none", "apple_pay", "google_pay")),
        "avs_result": random.choice("YYYYYYYAZN"),
        "cvv_result": "N" if random.random() < _WRONG_CVV else "M",
    }


def _device(digest: str, market: _Market, random: Random) -> dict[str, Any]:
    octets = (random.choice(market.octets), *(random.randrange(1, 255) for _ in range(3)))
    return {
        "ip_address": ".".join(map(str, octets)),
        "user_agent": random.choice(_AGENTS),
        "fingerprint": f"fp_{digest[:20]}",
        "timezone_offset": market.offset_minutes,
    }


def _payment(
    transaction_id: str, merchant_id: str, kind: Kind, shopper: dict[str, Any], random: Random, at: datetime
) -> dict[str, Any]:
    # Card testers try a dollar or less; shops sell a few cheap and ever fewer dear things.
    amount_minor = random.randrange(50, 101) if kind is Kind.CARD_TESTING else int(random.lognormvariate(8.3, 0.9)) + 99
    return {
        "event": {
            "transaction_id": transaction_id,
            "merchant_id": merchant_id,
            "time": at.isoformat(timespec="seconds"),
            "type": "purchase",
            "stage": "pre_auth",
            "party": "customer",
        },
        "account": shopper["account"],
        "email": shopper["email"],
        "billing": shopper["billing"],
        "shipping": shopper["shipping"],
        "credit_card": shopper["credit_card"],
        "authentication": _authentication(with_3ds=random.random() < _WITH_3DS),
        "device": {
            **shopper["device"],
            "session_id": f"session-{transaction_id}",
            "session_age": random.randrange(5, 1800),
        },
        "order": {
            "amount_minor": amount_minor,
            "currency": shopper["currency"],
            "is_gift": random.random() < _GIFTS,
        },
        "payment": {
            "method": "card",
            "mcc": random.choice(("5942", "5661", "5732", "5999")),
            "is_recurring": False,
            "is_off_session": False,
        },
        "shopping_cart": [_cart_line(random)],
        "custom": {"tier": random.choice(("gold", "silver", "none")), "visits": random.randrange(60), "is_app": False},
        "options": {"deadline_ms": 150, "explain": "codes"},
    }


def _authentication(*, with_3ds: bool) -> dict[str, Any]:
    if not with_3ds:
        return {"three_ds_version": "2.2.0", "exemption": "transaction_risk_analysis"}
    return {
        "three_ds_version": "2.2.0",
        "trans_status": "Y",
        "eci": "05",
        "liability_shift": True,
        "exemption": "none",
    }


def _cart_line(random: Random) -> dict[str, Any]:
    return {
        "category": random.choice(_CATEGORIES),
        "item_id": f"item-{random.randrange(5000)}",
        "quantity": random.randrange(1, 4),
        "price": f"{random.randrange(3, 90)}.{random.randrange(100):02d}",
    }
