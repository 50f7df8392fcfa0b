"""Who pays: shoppers with a name, an address, cards, an e-mail address, devices and IP addresses that stay theirs.

A shopper is a function of its name and the seed, so those who come back need not be kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import md5
from random import Random
from typing import Any, Final

from engine.card_data import token_holds_card_number
from models.simulator.markets import MARKETS, CardRange, Market
from models.simulator.shops import Shop


class Crowd(StrEnum):
    """The sorts of shoppers, in words that a set-up can state."""

    RETURNING = "returning customers"
    NEW = "new customers"
    SHARED_ADDRESS = "shoppers behind shared IP addresses"
    BUSY = "busy cards and e-mail addresses"
    CARD_TESTING = "card testing from few IP addresses"


SHARED_ADDRESSES, BUSY_ACCOUNTS, TESTERS = 20, 3, 2
SHARED_NETWORK, TESTER_NETWORK = "88.208.7", "45.83.91"
TRAVELLERS: Final = 0.04
"""The share of shoppers who buy from abroad."""
_LETTERS: Final = str.maketrans("0123456789", "ghijkmnpqr")
_SECOND_CARD, _AT_HOME, _WITH_FLAT = 0.25, 0.7, 0.3
_KEPT: Final = 20_000
ABROAD: Final = ("105.112", "102.89", "45.83", "88.208")
_FIRST: Final = (
    *("Ada", "Alan", "Ana", "Barbara", "Ben", "Chloe", "Dev", "Edsger", "Elif", "Femi", "Frances", "Grace", "Hugo"),
    *("Ines", "John", "Jonas", "Katherine", "Kei", "Lena", "Marco", "Niklaus", "Noor", "Radia", "Tim"),
)
_LAST: Final = (
    *("Allen", "Almeida", "Backus", "Brown", "Chen", "Dubois", "Evans", "Fischer", "Garcia", "Haddad", "Hopper", "Ito"),
    *("Jansen", "Johnson", "Kaya", "Lamport", "Liskov", "Lovelace", "Perlman", "Turing", "Wirth"),
)
_STREETS: Final = ("Mill Lane", "Station Road", "Harbour Street", "Church Hill", "Park Avenue", "Orchard Way")
_DOMAINS: Final = ("example.com", "mail.example.org", "post.example.net")
"""Reserved for examples (RFC 2606)."""
_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile",
)
_WALLETS: Final = ("none", "none", "none", "apple_pay", "google_pay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """What of a request is the shopper's own: each time the same groups, the cards and devices to choose from."""

    name: str
    market: Market
    age_days: int
    email: Mapping[str, Any]
    home: Mapping[str, Any]
    cards: tuple[Mapping[str, Any], ...]
    devices: tuple[Mapping[str, Any], ...]
    gift_address: Mapping[str, Any]

    def account(self, at: datetime, rank: int) -> dict[str, Any]:
        """The account as it is at `at`; the busiest, of the lowest rank, have bought most."""
        bought = max(0, self.age_days // 20 - rank % 30)
        return {
            "user_id": f"user-{self.name}",
            "created_at": (at - timedelta(days=self.age_days, hours=1)).isoformat(timespec="seconds"),
            "past_transactions_day": bought % 3,
            "past_transactions_year": bought,
        }


@lru_cache(maxsize=_KEPT)
def shopper_named(seed: int, name: str, shop: Shop, crowd: Crowd) -> Shopper:
    """The shopper of this name at a shop, always the same for one seed."""
    random = Random(f"{seed}/{name}")  # noqa: S311 - made-up data, the same for one seed
    countries, weights = zip(*shop.audience, strict=True)
    market = MARKETS[random.choices(countries, weights)[0]]
    digest = md5(f"{seed}/{name}".encode(), usedforsecurity=False).hexdigest()
    first, last = random.choice(_FIRST), random.choice(_LAST)
    is_new = crowd not in {Crowd.RETURNING, Crowd.BUSY}
    return Shopper(
        name=f"{name}-{digest[:6]}",
        market=market,
        age_days=random.randrange(2) if is_new else random.randrange(30, 1500),
        email={"address": f"{first}.{last}.{digest[:8]}@{random.choice(_DOMAINS)}".lower()},
        home=_contact(random, first, last, market),
        gift_address=_contact(random, random.choice(_FIRST), random.choice(_LAST), market),
        cards=tuple(
            _card(f"{digest}{number}", f"{first} {last}".upper(), market, random)
            for number in range(1 + (random.random() < _SECOND_CARD))
        ),
        devices=tuple(
            device_at(f"{digest}{number}", _address(random, market, crowd), market, random) for number in "12"
        ),
    )


def device_of(random: Random, shopper: Shopper) -> Mapping[str, Any]:
    """The one at home, more often than the other."""
    return shopper.devices[0 if random.random() < _AT_HOME else 1]


def contact_of(random: Random, market: Market) -> Mapping[str, Any]:
    """Somebody of that market, with an address there."""
    return _contact(random, random.choice(_FIRST), random.choice(_LAST), market)


def guest_email(random: Random, digest: str) -> Mapping[str, Any]:
    """An address that nobody had before."""
    return {"address": f"{random.choice(_FIRST)}{digest[:6]}@{random.choice(_DOMAINS)}".lower()}


def _contact(random: Random, first: str, last: str, market: Market) -> Mapping[str, Any]:
    city, region, postal = random.choice(market.places)
    flat = {"address_2": f"Flat {random.randrange(1, 40)}"} if random.random() < _WITH_FLAT else {}
    return {
        "first_name": first,
        "last_name": last,
        "address": f"{random.randrange(1, 200)} {random.choice(_STREETS)}",
        **flat,
        "city": city,
        "region": region,
        "country": market.country,
        "postal": postal,
        "phone_country_code": market.dialing,
        "phone_number": f"555 {random.randrange(10_000_000):07d}",
    }


def _token(digest: str) -> str:
    """A processor's token; by chance one in some ten thousand would hold what is a card number, and be refused."""
    token = f"tok_{digest[-20:]}"
    return token.translate(_LETTERS) if token_holds_card_number(token) else token


def _card(digest: str, holder: str, market: Market, random: Random) -> Mapping[str, Any]:
    card: CardRange = random.choice(market.cards)
    return {
        "issuer_id_number": card.bin,
        "last_digits": f"{random.randrange(10_000):04d}",
        "token": _token(digest),
        "brand": card.brand,
        "funding": card.funding,
        "country": market.country,
        "exp_month": random.randrange(1, 13),
        "exp_year": random.randrange(2027, 2032),
        "cardholder_name": holder,
        "wallet": random.choice(_WALLETS),
    }


def device_at(digest: str, address: str, market: Market, random: Random) -> Mapping[str, Any]:
    """A device of the market's language at an IP address; `digest` (hex) makes its fingerprint."""
    return {
        "ip_address": address,
        "user_agent": random.choice(_AGENTS),
        "accept_language": market.language,
        "fingerprint": f"fp_{digest[-18:]}",
        "timezone_offset": market.utc_offset_minutes,
    }


def _address(random: Random, market: Market, crowd: Crowd) -> str:
    if crowd is Crowd.SHARED_ADDRESS:
        return f"{SHARED_NETWORK}.{1 + random.randrange(SHARED_ADDRESSES)}"
    if crowd is Crowd.CARD_TESTING:
        return f"{TESTER_NETWORK}.{1 + random.randrange(TESTERS)}"
    network = random.choice(ABROAD if random.random() < TRAVELLERS else market.networks)
    return f"{network}.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
