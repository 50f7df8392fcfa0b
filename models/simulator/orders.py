"""Orders: who buys what, the request that asks about it, and what the shopper's bank will say (its fate)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from itertools import count
from random import Random
from types import MappingProxyType
from typing import Any, Final

from engine.payment import Stage
from models.simulator.events import Event, EventKind, Fate, Order, one_of
from models.simulator.rhythm import Period, arrivals
from models.simulator.shoppers import BUSY_ACCOUNTS, Crowd, Shopper, device_of, shopper_named
from models.simulator.shops import DEAREST_USD, Shop

CROWDS: Final[Mapping[Crowd, int]] = MappingProxyType({Crowd.RETURNING: 65, Crowd.NEW: 35})
"""How many of a hundred orders are whose, where nobody attacks."""
TRIALS_USD: Final = (0.5, 4.0)
"""What card testers try."""

_FROM_ANOTHER_SHOP, _GIFTS, _WITH_DISCOUNT, _REFERRED, _EXEMPT = 0.1, 0.08, 0.15, 0.3, 0.3
_SPREAD = 0.6
_BUSIEST: Final = 0.05
_LINES: Final = {1: 14, 2: 4, 3: 1}
_QUANTITIES: Final = {1: 12, 2: 2, 3: 1}
_NOT_ON_A_PARCEL: Final = {"region", "phone_country_code", "phone_number"}
_SPEEDS: Final = ("standard", "standard", "expedited", "overnight")
_TIERS: Final = ("none", "silver", "gold")
_REFERRERS: Final = ("https://search.example/", "https://news.example/style", "https://friends.example/feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a stream is made from: the same world and period give the same events.

    `shoppers` is how many returning customers all shops have together. `run` begins every transaction id, so that two
    runs against one server are different payments.
    """

    seed: int
    shops: tuple[Shop, ...]
    shoppers: int
    crowds: Mapping[Crowd, int] = field(default_factory=lambda: CROWDS)
    run: str = "sim"


def orders(world: World, period: Period, rate: float) -> Iterator[Event]:
    """The first request of each order, in order of time: on average `rate` a second, of all shops together."""
    shares = sum(shop.share for shop in world.shops)
    return merge(
        *(_orders_of(shop, world, period, rate * shop.share / shares) for shop in world.shops),
        key=lambda event: event.at,
    )


def _orders_of(shop: Shop, world: World, period: Period, rate: float) -> Iterator[Event]:
    random = Random(f"{world.seed}/{shop.merchant_id}")  # noqa: S311 - made-up data, the same for one seed
    for number, at in zip(count(1), arrivals(Random(random.random()), shop, period, rate), strict=False):  # noqa: S311
        yield placed(_order(random, shop, world, number, at), at)


def placed(order: Order, at: datetime) -> Event:
    """The request with which an order is asked about first."""
    body = {**order.body, "event": {**order.body["event"], "time": at.isoformat(timespec="milliseconds")}}
    return Event(at=at, kind=EventKind.PAYMENT, order=order, stage=Stage.PRE_AUTH, body=body)


def _order(random: Random, shop: Shop, world: World, number: int, at: datetime) -> Order:
    crowd = random.choices(tuple(world.crowds), tuple(world.crowds.values()))[0]
    transaction_id = f"{world.run}-{shop.merchant_id}-{number:06d}"
    rank, shopper = who(random, shop, world, crowd, f"{shop.merchant_id}-{number}")
    fate = Fate.drawn(random, asks_3ds=shopper.market.asks_3ds)
    return Order(
        transaction_id=transaction_id,
        shop=shop,
        shopper=shopper,
        fate=fate,
        body=request_of(random, transaction_id, shop, shopper, crowd, (rank, at), fate),
    )


def who(random: Random, shop: Shop, world: World, crowd: Crowd, guest: str) -> tuple[int, Shopper]:
    """The shopper, and the rank among those of the crowd: the first come often, most seldom."""
    if crowd is Crowd.BUSY:
        rank = random.randrange(BUSY_ACCOUNTS)
        return rank, shopper_named(world.seed, f"busy-{rank}", shop, crowd)
    if crowd is not Crowd.RETURNING:
        return 0, shopper_named(world.seed, guest, shop, crowd)
    home = random.choice(world.shops) if random.random() < _FROM_ANOTHER_SHOP else shop
    customers = max(1, round(world.shoppers * home.share / sum(each.share for each in world.shops)))
    # The square makes some busy; that it does not begin at zero keeps the first few from coming all the time.
    rank = int(customers * random.uniform(_BUSIEST, 1) ** 2)
    return rank, shopper_named(world.seed, f"{home.merchant_id}-c{rank}", home, crowd)


def request_of(
    random: Random,
    transaction_id: str,
    shop: Shop,
    shopper: Shopper,
    crowd: Crowd,
    rank_and_time: tuple[int, datetime],
    fate: Fate,
) -> dict[str, Any]:
    """The body of a first request; the `rank` is the shopper's among the crowd (see `who`)."""
    rank, at = rank_and_time
    is_renewal = random.random() < shop.renewals and crowd is Crowd.RETURNING
    cart, amount_minor = _cart(random, shop, is_trial=crowd is Crowd.CARD_TESTING)
    card = _shown_card(random.choice(shopper.cards), shop, fate)
    body = {
        "event": {
            "transaction_id": transaction_id,
            "merchant_id": shop.merchant_id,
            "time": "",
            "type": "recurring_purchase" if is_renewal else "purchase",
            "stage": Stage.PRE_AUTH.value,
            "party": "customer",
        },
        "account": shopper.account(at, rank),
        "email": shopper.email,
        "billing": shopper.home,
        "credit_card": card,
        "authentication": {
            "three_ds_version": "2.2.0",
            "exemption": "transaction_risk_analysis" if random.random() < _EXEMPT else "none",
        },
        "device": {
            **device_of(random, shopper),
            "session_id": f"s-{transaction_id}",
            "session_age": round(random.lognormvariate(5.2, 0.9), 1),
        },
        "order": _bought(random, shop, amount_minor),
        "payment": {
            "method": "card",
            "mcc": shop.mcc,
            "is_recurring": is_renewal,
            "is_off_session": is_renewal,
            **({"initiator": "merchant"} if is_renewal else {}),
        },
        "shopping_cart": cart,
        "custom": {"tier": random.choice(_TIERS), "visits": random.randrange(60), "is_app": random.random() < 1 / 3},
        "options": {"deadline_ms": 150, "explain": "codes"},
    }
    if shop.ships:
        body["shipping"] = _shipping(random, shopper)
    return body


def _shown_card(card: Mapping[str, Any], shop: Shop, fate: Fate) -> Mapping[str, Any]:
    """The card, with what the issuer says of address and code where the shop knows it before authorization."""
    if shop.screens_after:
        return card
    return {**card, "avs_result": fate.avs_result, "cvv_result": fate.cvv_result}


def _bought(random: Random, shop: Shop, amount_minor: int) -> dict[str, Any]:
    bought: dict[str, Any] = {
        "amount_minor": amount_minor,
        "currency": shop.currency,
        "is_gift": random.random() < _GIFTS,
    }
    if random.random() < _REFERRED:
        bought["referrer_uri"] = random.choice(_REFERRERS)
    if random.random() < _WITH_DISCOUNT:
        bought["discount_code"] = "WELCOME10"
    return bought


def _shipping(random: Random, shopper: Shopper) -> dict[str, Any]:
    return shipping_to(random, shopper.gift_address if random.random() < _GIFTS else shopper.home)


def shipping_to(random: Random, to: Mapping[str, Any]) -> dict[str, Any]:
    """The parcel's address, and how fast it shall be there."""
    delivery = {name: value for name, value in to.items() if name not in _NOT_ON_A_PARCEL}
    return {**delivery, "delivery_speed": random.choice(_SPEEDS)}


def _cart(random: Random, shop: Shop, *, is_trial: bool) -> tuple[list[dict[str, Any]], int]:
    """The cart's lines, and the order's amount in minor units: their sum."""
    lines: list[dict[str, Any]] = []
    amount_minor = 0
    dearest = shop.minor(TRIALS_USD[1] if is_trial else DEAREST_USD)
    for _ in range(1 if is_trial else one_of(random, _LINES)):
        quantity = 1 if is_trial else one_of(random, _QUANTITIES)
        usd = random.uniform(*TRIALS_USD) if is_trial else shop.ticket_usd * random.lognormvariate(-0.3, _SPREAD)
        price_minor = min(shop.minor(usd), dearest // quantity)
        if amount_minor + quantity * price_minor > dearest:
            break
        amount_minor += quantity * price_minor
        lines.append(
            {
                "category": shop.category,
                "item_id": f"{random.choice(shop.items)}-{random.randrange(400)}",
                "quantity": quantity,
                "price": shop.decimal(price_minor),
            }
        )
    return lines, amount_minor


def again(order: Order, number: int, at: datetime) -> Event:
    """Another attempt at an order that was declined: a payment of its own that names the first."""
    first = order.first_id
    random = Random(f"{first}/{number}")  # noqa: S311 - made-up data, the same for one seed
    transaction_id = f"{first}-a{number}"
    fate = Fate.drawn(random, asks_3ds=order.shopper.market.asks_3ds, is_again=True)
    # Often with the other card, where there is one.
    card = _shown_card(random.choice(order.shopper.cards), order.shop, fate)
    body = {
        **order.body,
        "event": {**order.body["event"], "transaction_id": transaction_id},
        "credit_card": card,
        "payment": {**order.body.get("payment", {}), "attempt_of": first},
    }
    attempt = Order(
        transaction_id=transaction_id,
        first_attempt_id=first,
        attempt=number,
        shop=order.shop,
        shopper=order.shopper,
        fate=fate,
        body=body,
        aftermath=order.aftermath,
    )
    return placed(attempt, at)


def later(at: datetime, seconds: float) -> datetime:
    """So many seconds later, to the millisecond."""
    return at + timedelta(milliseconds=round(seconds * 1000))
