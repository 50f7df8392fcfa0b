"""What happens beside ordinary orders, on demand: card testing that a rule shall stop.

A scenario gives events, a stream merges them with the orders. Labelled fraud is in `fraud.py`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from models.simulator.events import Event, Fate, Order
from models.simulator.orders import TRIALS_USD, World, placed
from models.simulator.shoppers import Crowd, shopper_named
from models.simulator.shops import Shop

TESTING_ADDRESS: Final = "102.89.2.14"
TESTING_STEP: Final = timedelta(seconds=8)
_NO_CVV: Final = "N"


def card_testing(world: World, shop: Shop, first_at: datetime, attempts: int) -> Iterator[Event]:
    """Small amounts from one IP address at one shop, every time on another card with another e-mail address."""
    random = Random(f"{world.seed}/card testing/{world.run}")  # noqa: S311 - made-up data, the same for one seed
    for number in range(1, attempts + 1):
        shopper = shopper_named(world.seed, f"tester-{world.run}-{number}", shop, Crowd.CARD_TESTING)
        transaction_id = f"{world.run}-{shop.merchant_id}-testing-{number:04d}"
        body = {
            "event": {"transaction_id": transaction_id, "merchant_id": shop.merchant_id},
            "order": {"amount_minor": shop.minor(random.uniform(*TRIALS_USD)), "currency": shop.currency},
            "credit_card": {**shopper.cards[0], "cvv_result": _NO_CVV},
            "email": shopper.email,
            "billing": {"country": shopper.market.country, "postal": f"{random.randrange(10_000, 99_999)}"},
            "device": {"ip_address": TESTING_ADDRESS, "session_age": random.randrange(2, 7)},
        }
        order = Order(
            transaction_id=transaction_id,
            shop=shop,
            shopper=shopper,
            fate=Fate.drawn(random, asks_3ds=False, is_again=True),
            body=body,
        )
        yield placed(order, first_at + TESTING_STEP * (number - 1))
