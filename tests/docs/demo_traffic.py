"""The demonstration's payments, played into an installation at their own times."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.demo.examples import examples
from api.demo.payments import ordinary_payments, testing_payments
from api.keys import new_key
from api.routes.decisions import call_of
from api.routes.keys import GATEWAY_SCOPES
from api.schemas import read_request
from api.wiring import Assembly

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
RUN = "docs"


def play_demo(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Decide the demonstration's payments; the answers to its three examples by their titles."""
    asyncio.run(_play(assembly))
    return {title: json.loads(asyncio.run(_decided(assembly, NOW, body))) for title, body in examples(RUN)}


async def _play(assembly: Assembly) -> None:
    for event in (*ordinary_payments(NOW - timedelta(seconds=1)), *testing_payments(NOW, RUN)):
        await _decided(assembly, event.at, event.body)


async def _decided(assembly: Assembly, moment: datetime, body: Mapping[str, Any]) -> bytes:
    key, _ = new_key(name="demo", test_mode=False, scopes=GATEWAY_SCOPES, merchants=None)
    sent = json.dumps(body).encode()
    # On two shared cores a deadline measures the neighbours.
    call = replace(call_of(read_request(sent), key, moment), budget_ms=60_000)
    answer = await assembly.pipeline.decide(call)
    return answer.body
