"""The simulator: made-up payments of plausible shops, the same for one seed, for load, demonstration and tests.

It has no clock. It is no evidence of how well fraud is found: its fraud is simple and never learns.
"""

from models.simulator.events import Event, EventKind, Order
from models.simulator.fraud import DAY_SECONDS, attacks, with_fraud
from models.simulator.orders import CROWDS, World, orders
from models.simulator.rhythm import Period
from models.simulator.scenarios import TESTING_ADDRESS, card_testing
from models.simulator.shoppers import Crowd
from models.simulator.shops import KINDS, Shop, shops
from models.simulator.timeline import Timeline, stream
from models.simulator.truth import Aftermath, Step, Truth

__all__ = [
    "CROWDS",
    "DAY_SECONDS",
    "KINDS",
    "TESTING_ADDRESS",
    "Aftermath",
    "Crowd",
    "Event",
    "EventKind",
    "Order",
    "Period",
    "Shop",
    "Step",
    "Timeline",
    "Truth",
    "World",
    "attacks",
    "card_testing",
    "orders",
    "shops",
    "stream",
    "with_fraud",
]
