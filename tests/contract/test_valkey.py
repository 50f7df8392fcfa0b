"""Counters in Valkey, through HTTP and on a real server: bursts, what is lost and what then, and right again after."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.wiring import assembled
from engine.velocity.watch import CountersState
from tests.api.valkey_shop import Shop, open_shop, payments_1h, settings_of, until
from tests.valkey_server import ValkeyServer

pytest.importorskip("valkey")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.mark.parametrize("store", ["memory", "valkey"])
async def test_fifty_at_once_on_one_card_are_seen_as_0_to_49(data: Path, own_valkey: ValkeyServer, store: str) -> None:
    async with open_shop(data, own_valkey if store == "valkey" else None) as shop:
        await shop.is_ready()
        answers = await asyncio.gather(*(shop.decide(options=PATIENT) for _ in range(50)))
        assert sorted(map(payments_1h, answers)) == list(range(50))
        assert payments_1h(await shop.decide()) == 50


PATIENT = {"explain": "full", "deadline_ms": 2000}


async def test_a_start_does_not_wait_and_what_the_ledger_has_is_counted(data: Path, own_valkey: ValkeyServer) -> None:
    async with open_shop(data, None) as shop:
        for _ in range(5):
            await shop.decide()
    async with open_shop(data, own_valkey) as shop:
        early = await shop.decide()
        assert payments_1h(early) is None
        assert set(early["degraded"]) <= {"velocity", "velocity_warming"}
        assert early["degraded"]
        await shop.is_ready()
        assert payments_1h(await shop.decide()) == 6
        assert shop.assembly.watch.fillings == 1


async def test_a_start_after_an_orderly_stop_counts_nothing_anew(data: Path, own_valkey: ValkeyServer) -> None:
    async with open_shop(data, own_valkey) as shop:
        await shop.is_ready()
        await shop.decide()
    async with open_shop(data, own_valkey) as shop:
        await shop.is_ready()
        assert shop.assembly.watch.fillings == 0
        assert payments_1h(await shop.decide()) == 1


async def test_what_was_recorded_beside_valkey_meanwhile_is_counted(data: Path, own_valkey: ValkeyServer) -> None:
    for server in (own_valkey, None, own_valkey):
        async with open_shop(data, server) as shop:
            await shop.is_ready()
            await shop.decide()
    async with open_shop(data, own_valkey) as shop:
        await shop.is_ready()
        assert payments_1h(await shop.decide()) == 3


async def test_another_installation_in_the_same_database_is_kept_out(tmp_path: Path, own_valkey: ValkeyServer) -> None:
    async with open_shop(tmp_path / "one", own_valkey) as one, open_shop(tmp_path / "two", own_valkey) as two:
        await one.is_ready()
        await until(lambda: two.assembly.watch.state is CountersState.DOWN)
        assert (await two.decide())["degraded"] == ["velocity"]
        assert payments_1h(await one.decide()) == 0


def killed(server: ValkeyServer) -> None:
    server.kill()


def restarted(server: ValkeyServer) -> None:
    server.start()


def killed_and_restarted(server: ValkeyServer) -> None:
    server.kill()
    server.start()


def flushed(server: ValkeyServer) -> None:
    server.ask("FLUSHALL")


def functions_lost(server: ValkeyServer) -> None:
    server.ask("FUNCTION", "FLUSH")


def out_of_memory(server: ValkeyServer) -> None:
    server.ask("CONFIG", "SET", "maxmemory", "1")


def with_memory(server: ValkeyServer) -> None:
    server.ask("CONFIG", "SET", "maxmemory", "0")


def slow(server: ValkeyServer) -> None:
    server.ask("CLIENT", "PAUSE", 1500, "ALL")


def nothing(server: ValkeyServer) -> None:
    assert server


FAULTS = {
    "killed": (killed, {"velocity"}, restarted),
    "killed and restarted": (killed_and_restarted, {"velocity", "velocity_warming"}, nothing),
    "flushed": (flushed, {"velocity_warming"}, nothing),
    "its functions lost": (functions_lost, {"velocity_warming"}, nothing),
    "out of memory": (out_of_memory, {"velocity"}, with_memory),
    "slow": (slow, {"velocity"}, nothing),
}


@pytest.mark.parametrize(("spoil", "causes", "mend"), FAULTS.values(), ids=FAULTS)
async def test_a_fault_is_said_and_everything_is_counted_once_it_is_over(
    data: Path,
    own_valkey: ValkeyServer,
    spoil: Callable[[ValkeyServer], None],
    causes: set[str],
    mend: Callable[[ValkeyServer], None],
) -> None:
    async with open_shop(data, own_valkey) as shop:
        await shop.is_ready()
        for number in range(3):
            assert payments_1h(await shop.decide()) == number
        spoil(own_valkey)
        lacking = await shop.decide()
        assert (payments_1h(lacking), len(lacking["degraded"])) == (None, 1)
        assert set(lacking["degraded"]) <= causes
        assert lacking["risk_score"] is not None, "what is known still scores"
        counted = 4 + await decided_until_noticed(shop)
        mend(own_valkey)
        await shop.is_ready()
        await until(lambda: shop.assembly.counters.owed() == 0)  # type: ignore[attr-defined]
        assert payments_1h(await shop.decide()) == counted
        assert (await shop.client.get("/readyz")).json() == {"status": "ready"}
    # And it is what the ledger says.
    with assembled(settings_of(data, None)) as again:
        assert again.payments_restored == counted + 1


async def decided_until_noticed(shop: Shop) -> int:
    """Decide until the watch knows of the fault, or has mended it; how many that were."""
    decided = 0
    before = shop.assembly.watch.fillings
    while shop.assembly.watch.state is CountersState.READY and shop.assembly.watch.fillings == before:
        await shop.decide()
        decided += 1
        await asyncio.sleep(0.05)
    return decided


async def test_without_valkey_at_the_start_it_serves_and_fills_it_when_it_comes(
    data: Path, own_valkey: ValkeyServer
) -> None:
    own_valkey.kill()
    with capture_logs() as logs:
        async with open_shop(data, own_valkey) as shop:
            await until(lambda: shop.assembly.watch.state is CountersState.DOWN)
            assert (await shop.decide())["degraded"] == ["velocity"]
            ready = await shop.client.get("/readyz")
            assert (ready.status_code, ready.json()) == (200, {"status": "ready", "counters": "down"})
            metrics = (await shop.client.get("/metrics")).text
            assert 'assay_counters_state{state="down"} 1.0' in metrics
            assert "assay_counters_failures_total 1.0" in metrics
            assert "assay_counted_payments" not in metrics
            own_valkey.start()
            await shop.is_ready()
            assert payments_1h(await shop.decide()) == 1
    events = [each["event"] for each in logs]
    assert [each for each in events if each.startswith("counters_")] == [
        "counters_down",
        "counters_warming",
        "counters_filled",
        "counters_ready",
    ]


async def test_a_field_declared_under_way_is_filled_from_the_ledger(data: Path, own_valkey: ValkeyServer) -> None:
    def gold(answer: dict[str, Any]) -> Any:
        return answer["features"].get("custom_tier_payments_1h", "not declared")

    declared = {"custom_fields": [{"name": "tier", "type": "string", "is_velocity_key": True}]}
    sent = {"custom": {"tier": "gold"}}
    async with open_shop(data, own_valkey) as shop:
        await shop.is_ready()
        for _ in range(3):
            assert gold(await shop.decide(**sent)) == "not declared"
        published = await shop.client.put("/v1/policies/shop-a", json=declared)
        assert published.status_code in {200, 201}, published.text
        assert gold(await shop.decide(**sent)) == 3
    async with open_shop(data, own_valkey) as shop:
        await shop.is_ready()
        assert gold(await shop.decide(**sent)) == 4
        own_valkey.ask("FLUSHALL")
        await until(lambda: shop.assembly.watch.fillings == 1)
        await shop.is_ready()
        answer = await shop.decide(**sent)
        assert (gold(answer), payments_1h(answer), answer["degraded"]) == (5, 5, [])
