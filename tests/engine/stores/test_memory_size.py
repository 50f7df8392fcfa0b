"""What a payment held in memory takes."""

import gc
import tracemalloc

from engine.stores.memory import MemoryCounters
from engine.velocity import VELOCITIES, Status, StatusEvent
from tests.engine.stores.test_memory_counters import FULL, NOW, observation

BYTES_A_PAYMENT = 1_000


async def test_a_payment_held_takes_less_than_a_kilobyte() -> None:
    """Of ten payments six are regular customers'; each text comes as an object of its own, and most are authorized."""
    counters = MemoryCounters(VELOCITIES)
    await counters.observe(observation("first"))
    names = sorted(set(FULL) - {"amount_in_usd", "order", "billing_country", "card_country"})
    payments = 1_500
    gc.collect()
    tracemalloc.start()
    for number in range(payments):
        customer = number % 60 if number % 10 < 6 else number + 1_000
        values = FULL | {name: f"{name[:4]}-{customer:016}" for name in names}
        values |= {"order": f"order-{number:06}", "amount_in_usd": number + 1_000, "billing_country": "GB"}
        one = observation(f"order-{number:06}", values, NOW + number * 600_000_000)
        await counters.observe(one)
        learnt = {
            name: value.encode().decode() if isinstance(value, str) else value for name, value in one.values.items()
        }
        await counters.record(
            StatusEvent(
                payment_id=one.payment_id,
                merchant_id="shop",
                test_mode=False,
                status=Status.AUTHORIZED,
                at_us=one.at_us,
                values=learnt,
            )
        )
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken / payments < BYTES_A_PAYMENT
