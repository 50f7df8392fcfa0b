"""The simulator: made-up payments of plausible shops, the same for one seed, for load, demonstration and tests.

It has no clock. It is no evidence of how well fraud is found: nobody in it behaves as fraudsters do, but for the
scenarios that say so.
"""

from models.simulator.events import Event, EventKind, Order
from models.simulator.orders import CROWDS, World, orders
from models.simulator.rhythm import Period
from models.simulator.scenarios import TESTING_ADDRESS, card_testing
from models.simulator.shoppers import Crowd
from models.simulator.shops import KINDS, Shop, shops
from models.simulator.timeline import Timeline, stream

__all__ = [
    "CROWDS",
    "KINDS",
    "TESTING_ADDRESS",
    "Crowd",
    "Event",
    "EventKind",
    "Order",
    "Period",
    "Shop",
    "Timeline",
    "World",
    "card_testing",
    "orders",
    "shops",
    "stream",
]
