"""An installation that counts in a real Valkey, called over HTTP by a gateway with one card."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
from httpx2 import AsyncClient
from pydantic import SecretStr

from api.app import create_app
from api.keys import new_key
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from engine.velocity.watch import CountersState
from tests.api.servers import running
from tests.valkey_server import ValkeyServer

_numbers = count()


@dataclass(frozen=True, slots=True)
class Shop:
    """A gateway's calls to it; its payments are all on one card."""

    assembly: Assembly
    client: AsyncClient

    async def decide(self, **groups: Any) -> dict[str, Any]:
        """A payment that was never sent before: its answer, features among them."""
        body = {
            "event": {"transaction_id": f"valkey-{next(_numbers)}", "merchant_id": "shop-a"},
            "order": {"amount_minor": 4990, "currency": "USD"},
            "credit_card": {"token": "tok_valkey"},
            "options": {"explain": "full"},
            **groups,
        }
        answer = await self.client.post("/v1/decisions", json=body)
        assert answer.status_code == 200, answer.text
        assert "assay-late" not in answer.headers, "the answer came within its deadline"
        found: dict[str, Any] = answer.json()
        return found

    async def is_ready(self) -> None:
        """Wait for the counters, as nobody in production does."""
        await until(lambda: self.assembly.watch.state is CountersState.READY)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so: it comes from a server beside us, that tells nobody."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def payments_1h(answer: dict[str, Any]) -> Any:
    """What the answer knew of earlier payments on the card."""
    return answer["features"]["card_payments_1h"]


def settings_of(data: Path, server: ValkeyServer | None) -> Settings:
    """Of a folder, counting in this Valkey; None in memory."""
    return Settings(data=data, valkey=None if server is None else SecretStr(server.url))


@asynccontextmanager
async def open_shop(data: Path, server: ValkeyServer | None) -> AsyncIterator[Shop]:
    """A running server on a folder, and a gateway with every scope."""
    with assembled(settings_of(data, server)) as assembly:
        key, text = new_key(name="test", test_mode=False, scopes=frozenset(Scope), merchants=None)
        assembly.keys.add_key(key)
        config = uvicorn.Config(create_app(assembly), port=0, lifespan="off", log_config=None)
        async with (
            assembly.watch,
            running(config) as port,
            AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {text}"}) as client,
        ):
            yield Shop(assembly, client)
