"""What the demonstration plays: four small shops over two days, and then card testing at one of them."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from models.simulator import KINDS, Event, Period, World, card_testing, orders

ORDINARY_PAYMENTS = 320
TESTING_PAYMENTS = 14
SHOPS = KINDS
TESTED_SHOP = next(shop for shop in KINDS if shop.category == "vr games")
_DAYS = 2
_SEED = 20261123
_SHOPPERS = 150
"""Few, so that most of them come back within the two days."""


def ordinary_payments(now: datetime) -> Iterator[Event]:
    """Payments in order of time up to ten minutes before `now`, most of them of returning shoppers."""
    world = World(seed=_SEED, shops=SHOPS, shoppers=_SHOPPERS, run="demo")
    # From a day earlier on: how many come is chance, and the last of them are enough.
    period = Period(
        start=now - timedelta(days=_DAYS + 1),
        seconds=(timedelta(days=_DAYS + 1) - timedelta(minutes=10)).total_seconds(),
    )
    rate = ORDINARY_PAYMENTS / timedelta(days=_DAYS).total_seconds()
    yield from deque(orders(world, period, rate), ORDINARY_PAYMENTS)


def testing_payments(now: datetime, run: str) -> Iterator[Event]:
    """Card testing in the last two minutes; `run` makes its transaction ids new."""
    world = World(seed=_SEED, shops=SHOPS, shoppers=_SHOPPERS, run=f"demo-{run}")
    return card_testing(world, TESTED_SHOP, now - timedelta(seconds=120), TESTING_PAYMENTS)
