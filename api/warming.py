"""A server's first decisions: of made-up payments, before it says that it is ready, and kept nowhere.

The first payments of a process read much for the first time (patterns, plans of numbers, a model's tables) and take
tens of milliseconds each. After a restart under load, those behind them would be turned away.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

import orjson

from api.clock import monotonic_ns
from api.keys import new_key
from api.routes.decisions import call_of
from api.schemas import read_request
from engine.access import Scope
from engine.errors import AssayError
from engine.pipeline import Pipeline
from models.simulator import KINDS, Period, World, orders

PAYMENTS: Final = 60
SECONDS_MAX: Final = 2.0
"""Where a store does not answer, a server that starts late is worse than one that starts cold."""

_OPTIONS: Final = {"dry_run": True, "deadline_ms": 2_000}
_SHOPS: Final = tuple(replace(kind, merchant_id="warming", ships=True, opening="always") for kind in KINDS[:1])


async def warmed(pipeline: Pipeline, at: datetime) -> None:
    """Decide some payments as a dry run. What fails is left to the calls that come: they are told why."""
    key, _ = new_key(name="warming", test_mode=False, scopes=frozenset({Scope.DECISIONS_WRITE}), merchants=None)
    world = World(seed=1, shops=_SHOPS, shoppers=200, run="w")
    until_ns = monotonic_ns() + round(SECONDS_MAX * 1e9)
    with suppress(AssayError):
        for event in islice(orders(world, Period(start=at), 1.0), PAYMENTS):
            asked = read_request(orjson.dumps({**event.body, "options": _OPTIONS}))
            await pipeline.decide(call_of(asked, key, at))
            if monotonic_ns() > until_ns:
                return
