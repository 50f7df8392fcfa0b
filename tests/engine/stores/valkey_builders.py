"""Builders of what the tests of Valkey's counters count, and its server's history."""

from collections.abc import Mapping

from engine.features import Value
from engine.velocity import VELOCITIES, Count, Observation, Recorded, Status, StatusEvent, Velocity
from engine.velocity.spec import VelocityScope

SECOND = 1_000_000
HOUR = 3_600 * SECOND
NOW = 1_800_000_000 * SECOND
FULL: dict[str, Value] = {"card": "c1", "email": "e1", "ip_address": "i1", "amount_in_usd": 1_250}
CARDS: list[Value] = [1, True, 1.0, "1", 1.5, "True", "", 0, False]
WINDOWS = ("5s", "20s")
DECLINED = Status.DECLINED
DECLINED_1H = [velocity.name for velocity in VELOCITIES].index("card_declined_1h")
PAYMENTS_10M = [velocity.name for velocity in VELOCITIES].index("card_payments_10m")


def observation(
    payment_id: str, at_us: int = NOW, merchant_id: str = "shop", values: Mapping[str, Value] = FULL
) -> Observation:
    return Observation(payment_id=payment_id, merchant_id=merchant_id, test_mode=False, at_us=at_us, values=values)


def event(payment_id: str, status: Status, at_us: int = NOW) -> StatusEvent:
    return StatusEvent(
        payment_id=payment_id, merchant_id="shop", test_mode=False, status=status, at_us=at_us, values=FULL
    )


def velocity(
    name: str, window: str, scope: VelocityScope = VelocityScope.MERCHANT, status: Status | None = None
) -> Velocity:
    return Velocity(
        name=name, key=("card",), aggregate=Count(), window=window, doc="For the tests.", scope=scope, status=status
    )


HISTORY: list[Recorded] = [(1, observation("p1")), (2, observation("p2")), event("p1", Status.DECLINED)]
