"""Deadlines, what is lost and what then, overload."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from api.admission import Load, Room
from api.app import create_app
from api.clock import monotonic_ns, new_decision_id
from api.metrics import Metrics
from api.wiring import Assembly
from engine.errors import CountersUnavailable, LedgerUnavailable
from engine.pipeline import Pipeline
from engine.receipt import ReceiptTimes
from tests.contract.calling import Call


class _Faulty:
    """A store of which one call fails or hangs; the others are the real one's."""

    def __init__(self, real: Any, name: str, fault: Exception | None) -> None:
        self._real, self._name, self._fault = real, name, fault

    def __getattr__(self, name: str) -> Any:
        if name != self._name:
            return getattr(self._real, name)

        async def call(*_: Any, **__: Any) -> Any:
            if self._fault is not None:
                raise self._fault
            await asyncio.Event().wait()
            raise AssertionError

        return call


Faulty = Callable[..., Call]


@pytest.fixture
def faulty(assembly: Assembly, call: Call) -> Faulty:
    """The installation with a fault: `counters` or `ledger`, the call of it, and what it raises (nothing: it hangs)."""

    def make(part: str, name: str, fault: Exception | None = None) -> Call:
        parts: dict[str, Any] = {"counters": assembly.counters, "ledger": assembly.ledger}
        parts[part] = _Faulty(parts[part], name, fault)
        pipeline = Pipeline(
            **parts,
            outcomes=assembly.outcomes,
            snapshots=assembly.snapshots,
            times=ReceiptTimes(),
            monotonic_ns=monotonic_ns,
            new_id=new_decision_id,
        )
        app = create_app(replace(assembly, pipeline=pipeline))
        client = TestClient(app, headers={"Authorization": str(call.client.headers["authorization"])})
        return Call(client, call.body)

    return make


CARD = {"credit_card": {"token": "tok_time"}}


@pytest.mark.parametrize("fault", [None, CountersUnavailable("down")], ids=["hangs", "fails"])
def test_a_stage_that_fails_or_runs_out_is_degraded_and_its_features_unknown(
    faulty: Faulty, fault: Exception | None
) -> None:
    slow = faulty("counters", "observe", fault)
    answer = slow(options={"explain": "full"}, **CARD)
    assert "velocity" in answer["degraded"]
    assert answer["features"]["card_payments_1h"] is None, "unknown, never 0"
    assert answer["risk_score"] is not None, "what is known still scores"


@pytest.mark.parametrize("fault", [None, LedgerUnavailable("down")], ids=["hangs", "fails"])
def test_without_a_durable_record_there_is_no_answer(faulty: Faulty, fault: Exception | None) -> None:
    refused = faulty("ledger", "append", fault).raw(options={"deadline_ms": 60})
    assert refused.status_code == 503
    assert refused.json()["code"] == ("deadline_exceeded" if fault is None else "ledger_unavailable")
    assert int(refused.headers["retry-after"]) >= 1


async def test_an_equal_call_in_flight_is_waited_for_within_the_budget_then_409(faulty: Faulty) -> None:
    hanging = faulty("ledger", "append")
    slow, quick = (hanging.body("in-flight-1", options={"deadline_ms": budget}) for budget in (2000, 60))
    headers = {"authorization": str(hanging.client.headers["authorization"])}
    transport = ASGITransport(hanging.client.app)
    async with AsyncClient(transport=transport, base_url="http://assay", headers=headers) as client:
        first = asyncio.ensure_future(client.post("/v1/decisions", json=slow))
        await asyncio.sleep(0)
        second = await client.post("/v1/decisions", json=quick)
        assert not first.done(), "the equal call is still under way"
        assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_progress")
        assert int(second.headers["retry-after"]) >= 1
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


def test_a_look_up_that_hangs_is_gone_on_without(faulty: Faulty) -> None:
    answer = faulty("ledger", "find").raw("hanging-look-up", **CARD)
    assert (answer.status_code, answer.json()["durability"]) == (200, "committed")


def test_an_answer_after_the_budget_is_flagged(assembly: Assembly, call: Call) -> None:
    lag_ns = 0
    pipeline = Pipeline(
        ledger=assembly.ledger,
        outcomes=assembly.outcomes,
        counters=assembly.counters,
        snapshots=assembly.snapshots,
        times=ReceiptTimes(),
        monotonic_ns=lambda: monotonic_ns() + lag_ns,
        new_id=new_decision_id,
    )
    app = create_app(replace(assembly, pipeline=pipeline))
    asked = Call(TestClient(app, headers={"Authorization": str(call.client.headers["authorization"])}), call.body)
    in_time = asked.raw("flagged-1")
    lag_ns = 3_600_000_000_000
    late = asked.raw("flagged-1")
    assert (in_time.headers.get("assay-late"), late.headers["assay-late"]) == (None, "true")
    assert late.content == in_time.content


def test_never_a_silent_score_of_zero(trial: Call) -> None:
    answer = trial(credit_card={"token": "tok_assay_no_score"})
    assert (answer["risk_score"], answer["model"], answer["degraded"]) == (None, None, ["model"])
    assert "fail_policy" in {reason["code"] for reason in answer["reasons"]}


@pytest.mark.parametrize("deadline_ms", [29, 2001])
def test_the_budget_is_30_to_2000_ms(call: Call, deadline_ms: int) -> None:
    refused = call.raw(options={"deadline_ms": deadline_ms})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/options/deadline_ms")


def test_who_is_turned_away_is_told_when_to_come_back(assembly: Assembly, call: Call) -> None:
    full = Room(queued_max=1, under_way_max=0, wait_ms_max=1000)
    app = create_app(assembly, load=Load(metrics=Metrics(), decisions=full))
    client = TestClient(app, headers={"Authorization": str(call.client.headers["authorization"])})
    refused = Call(client, call.body).raw()
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert client.get("/healthz").status_code == 200, "health always passes"


def test_a_key_over_its_rate_is_429_and_others_are_not(assembly: Assembly, make_client: Any, call: Call) -> None:
    app = create_app(assembly, key_rate=2)
    clients = [TestClient(app, headers=dict(make_client().headers)) for _ in range(2)]
    busy, calm = (Call(client, call.body) for client in clients)
    statuses = [busy.raw().status_code for _ in range(20)]
    assert set(statuses) == {200, 429}
    assert calm.raw().status_code == 200


def test_a_clock_that_goes_back_does_not_turn_time_back(assembly: Assembly, call: Call) -> None:
    moment = datetime.now(UTC)
    clock = iter([moment, moment - timedelta(hours=1), moment + timedelta(seconds=1)])
    client = TestClient(
        create_app(assembly, now=lambda: next(clock)),
        headers={"Authorization": str(call.client.headers["authorization"])},
    )
    mine = {"event": {"merchant_id": "clock-shop"}}
    times = [Call(client, call.body)(**mine)["created_at"] for _ in range(3)]
    assert times == sorted(times)
    assert times[0] == times[1]
