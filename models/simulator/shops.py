"""Shops that sell: what, at what prices, in which currency, to whom, and how they charge."""

from dataclasses import dataclass
from typing import Final

from models.simulator.markets import EXPONENTS, MINOR_PER_USD

DEAREST_USD: Final = 950
"""No order is dearer: these are small shops, whose tickets stay under 1,000 USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A web shop.

    `ticket_usd` is the median order in US dollars, charged in `currency`. `audience` weighs the countries of its
    shoppers, `share` how much of all orders is its own. `ships` is whether goods travel: then an order is captured when
    they leave, else at once. `screens_after` shops learn what the issuer says of address and code at authorization
    alone, and call again with it (stage post_auth); the others verify the card first. `renewals` is the share of orders
    that are renewals of a subscription, without the shopper there.
    """

    merchant_id: str
    category: str
    items: tuple[str, ...]
    mcc: str
    currency: str
    country: str
    ticket_usd: float
    audience: tuple[tuple[str, int], ...]
    share: int
    ships: bool
    screens_after: bool = False
    renewals: float = 0.0
    opening: str = "evenings"

    def minor(self, usd: float) -> int:
        """US dollars in minor units of the shop's currency, at least one."""
        return max(1, round(usd * MINOR_PER_USD[self.currency]))

    def decimal(self, amount_minor: int) -> str:
        """Minor units of the shop's currency as a decimal string in main units."""
        exponent = EXPONENTS[self.currency]
        digits = f"{amount_minor:0{exponent + 1}d}"
        return f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits


KINDS: Final = (
    Shop(
        merchant_id="atelier-nord",
        category="apparel",
        items=("linen-shirt", "wool-coat", "denim", "scarf", "sneakers"),
        mcc="5651",
        currency="EUR",
        country="FR",
        ticket_usd=64,
        audience=(("FR", 40), ("DE", 28), ("DK", 8), ("GB", 16), ("US", 8)),
        share=40,
        ships=True,
    ),
    Shop(
        merchant_id="voltwerk",
        category="electronics",
        items=("headphones", "e-reader", "router", "power-bank", "camera"),
        mcc="5732",
        currency="USD",
        country="US",
        ticket_usd=138,
        audience=(("US", 58), ("GB", 12), ("DE", 8), ("BR", 12), ("JP", 5), ("AU", 5)),
        share=22,
        ships=True,
        screens_after=True,
    ),
    Shop(
        merchant_id="blinkvr",
        category="vr games",
        items=("arena-pass", "sky-racer", "season-upgrade", "avatar-pack", "lunar-golf"),
        mcc="5816",
        currency="USD",
        country="US",
        ticket_usd=29,
        audience=(("US", 46), ("GB", 14), ("JP", 12), ("BR", 10), ("DE", 9), ("AU", 9)),
        share=18,
        ships=False,
        renewals=0.15,
    ),
    Shop(
        merchant_id="fermata-tickets",
        category="tickets",
        items=("stalls", "balcony", "festival-day", "matinee", "standing"),
        mcc="7922",
        currency="GBP",
        country="GB",
        ticket_usd=86,
        audience=(("GB", 74), ("FR", 10), ("DE", 8), ("US", 8)),
        share=20,
        ships=False,
        opening="office",
    ),
)
"""Four shops of four kinds; more are cut from these."""

_MORE_CURRENCIES: Final = (("DKK", "DK"), ("AUD", "AU"), ("JPY", "JP"), ("USD", "US"), ("EUR", "DE"), ("GBP", "GB"))
_CHEAPER_AND_DEARER: Final = (0.7, 1.6, 1.1, 0.5)
_AT_HOME: Final = 60


def shops(count: int) -> tuple[Shop, ...]:
    """So many shops: the four first, then others of the same kinds with a currency, country and prices of their own."""
    return tuple(_shop(number) for number in range(count))


def _shop(number: int) -> Shop:
    kind = KINDS[number % len(KINDS)]
    if number < len(KINDS):
        return kind
    currency, country = _MORE_CURRENCIES[number % len(_MORE_CURRENCIES)]
    return Shop(
        merchant_id=f"{kind.category.replace(' ', '-')}-{number + 1}",
        category=kind.category,
        items=kind.items,
        mcc=kind.mcc,
        currency=currency,
        country=country,
        ticket_usd=kind.ticket_usd * _CHEAPER_AND_DEARER[number // len(KINDS) % len(_CHEAPER_AND_DEARER)],
        audience=((country, _AT_HOME), *kind.audience),
        share=kind.share,
        ships=kind.ships,
        screens_after=kind.screens_after,
        renewals=kind.renewals,
        opening=kind.opening,
    )
