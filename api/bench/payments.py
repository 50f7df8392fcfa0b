"""The payments that are measured with: the simulator's, of four shops that ship, with a few hot keys among them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from models.simulator import KINDS, Crowd, EventKind, Period, World, orders, stream
from models.simulator.shoppers import BUSY_ACCOUNTS, SHARED_ADDRESSES, TESTERS

REQUEST_BYTES_MIN: Final = 1536
"""The figures are promised for requests of at least this size (targets.md, part 2)."""
SHARES: Final = {
    Crowd.RETURNING: 60,
    Crowd.NEW: 33,
    Crowd.SHARED_ADDRESS: 4,
    Crowd.BUSY: 1,
    Crowd.CARD_TESTING: 2,
}
"""How many of a hundred payments are whose."""
RETURNING_CUSTOMERS: Final = 10_000
MERCHANTS: Final = {"shop-north": 50, "shop-south": 25, "shop-east": 15, "shop-west": 10}
"""How many of a hundred payments are for whom."""
PER_SECOND: Final = 1_000
"""How fast the payments' own times go on: near the rate at which they are sent, so that none is far off."""

_OPTIONS: Final = {"deadline_ms": 2_000, "explain": "codes"}
"""The longest deadline: what is late is to be measured, not to be decided with less or refused."""
_SHOPS: Final = tuple(
    # All groups are to be filled, the shipping address too, and the issuer's checks are in the one request.
    replace(kind, merchant_id=merchant_id, share=share, ships=True, screens_after=False, opening="always")
    for kind, (merchant_id, share) in zip(KINDS, MERCHANTS.items(), strict=True)
)


def setup() -> str:
    """The shares in words."""
    crowds = ", ".join(f"{share} % {crowd.value}" for crowd, share in SHARES.items())
    return (
        f"Made-up payments of >= {REQUEST_BYTES_MIN} bytes with all groups filled, for {len(MERCHANTS)} merchants "
        f"({'/'.join(map(str, MERCHANTS.values()))} %): {crowds}; {RETURNING_CUSTOMERS:,} returning customers (the "
        f"busiest tenth makes over a quarter of their payments), {SHARED_ADDRESSES} shared IP addresses, "
        f"{BUSY_ACCOUNTS} busy cards and e-mails, {TESTERS} testers."
    )


def requests(seed: int, at: datetime) -> Iterator[bytes]:
    """Bodies of decision requests without end, each of another payment from `at` (UTC) on; the same for one seed."""
    return map(orjson.dumps, payments(seed, at))


def evaluations(seed: int, at: datetime) -> Iterator[dict[str, Any]]:
    """What a gateway asks of the same customers: each payment at every stage it comes to, and what is tried again.

    Nobody decides: banks ask some for 3-D Secure, and the shops that screen after authorization ask again with what
    the issuer said.
    """
    asking = tuple(replace(shop, screens_after=kind.screens_after) for shop, kind in zip(_SHOPS, KINDS, strict=True))
    world = World(seed=seed, shops=asking, shoppers=RETURNING_CUSTOMERS, crowds=SHARES, run=f"e{seed}")
    events = stream(orders(world, Period(start=at), PER_SECOND))
    return ({**event.body, "options": _OPTIONS} for event in events if event.kind is EventKind.PAYMENT)


def payments(seed: int, at: datetime, per_second: float = PER_SECOND) -> Iterator[dict[str, Any]]:
    """The same as Python values, `per_second` of them by their own times."""
    world = World(seed=seed, shops=_SHOPS, shoppers=RETURNING_CUSTOMERS, crowds=SHARES, run=f"b{seed}")
    return ({**event.body, "options": _OPTIONS} for event in orders(world, Period(start=at), per_second))
