"""/metrics: what was counted, in Prometheus's words, and nothing of any shop, key or payment."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as parsed

from api.app import create_app
from api.errors import LastResort
from api.keys import new_key
from api.metrics import Metrics, Times
from api.wiring import Assembly
from engine.access import Scope

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(client: TestClient) -> Samples:
    text = client.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parsed(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found.get((name, tuple(sorted(labels.items()))), 0.0)


@pytest.fixture
def calling(assembly: Assembly) -> Callable[..., TestClient]:
    """Clients of one application whose counts begin at nothing."""
    app = create_app(assembly)

    def make(*, test_mode: bool = False) -> TestClient:
        key, text = new_key(name="test", test_mode=test_mode, scopes=frozenset(Scope), merchants=None)
        assembly.keys.add_key(key)
        return TestClient(app, headers={"Authorization": f"Bearer {text}"})

    return make


def test_it_is_served_without_a_key_and_as_prometheus_asks(assembly: Assembly) -> None:
    client = TestClient(create_app(assembly))
    plain = client.get("/metrics")
    assert plain.status_code == 200
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    asked = {"Accept": "application/openmetrics-text; version=1.0.0"}
    exact = client.get("/metrics", headers=asked)
    assert exact.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert exact.text.endswith("# EOF\n")
    families = openmetrics(exact.text)  # type: ignore[no-untyped-call]
    names = {family.name for family in families}
    assert {"assay_answer_seconds", "process_cpu_seconds", "python_info"} <= names


@pytest.mark.parametrize("accept", ["", "x", "text/plain;version=", "application/openmetrics-text;version=x", ",;,="])
def test_an_odd_accept_header_gets_an_answer(assembly: Assembly, accept: str) -> None:
    client = TestClient(create_app(assembly))
    assert client.get("/metrics", headers={"Accept": accept}).status_code == 200


def test_decisions_are_counted_by_action_and_mode_and_replays_apart(
    calling: Callable[..., TestClient], body: Callable[..., dict[str, Any]]
) -> None:
    live, test = calling(), calling(test_mode=True)
    sent = body()
    actions = [client.post("/v1/decisions", json=sent).json()["action"] for client in (live, test)]
    live.post("/v1/decisions", json=sent)
    live.post("/v1/decisions", json=body(options={"dry_run": True}))
    found = samples(live)
    for action, mode in zip(actions, ("live", "test"), strict=True):
        assert value(found, "assay_decisions_total", action=action, mode=mode, degraded="false") == 1
    assert value(found, "assay_replayed_answers_total") == 1
    assert value(found, "assay_dry_runs_total") == 1
    assert value(found, "assay_answer_seconds_count") == 4
    assert value(found, "assay_stage_seconds_count", stage="decide") == 3


def test_problems_are_counted_by_code_whichever_layer_made_them(
    calling: Callable[..., TestClient], body: Callable[..., dict[str, Any]]
) -> None:
    client = calling()
    client.post("/v1/decisions", content=b"{")
    client.post("/v1/decisions", json=body(order={"amount_minor": -1}))
    client.post("/v1/decisions", json=body(), headers={"Authorization": ""})
    client.post("/v1/decisions", content=b" " * 70_000)
    client.get("/nowhere")
    found = samples(client)
    problems = {
        (dict(labels)["code"], dict(labels)["status"]): count
        for (name, labels), count in found.items()
        if name == "assay_problems_total"
    }
    assert problems == {
        ("json_malformed", "400"): 1,
        ("payment_invalid", "422"): 1,
        ("key_missing", "401"): 1,
        ("body_too_large", "413"): 1,
        ("not_found", "404"): 1,
    }


def test_outcomes_are_counted_once(calling: Callable[..., TestClient], body: Callable[..., dict[str, Any]]) -> None:
    client = calling()
    decided = client.post("/v1/decisions", json=body()).json()
    for _ in range(2):
        answer = client.post(f"/v1/decisions/{decided['id']}/outcome", json={"type": "authorized"})
        assert answer.status_code in {200, 201}, answer.text
    assert value(samples(client), "assay_outcomes_total", type="authorized") == 1


def test_the_store_and_what_is_in_force_are_told(
    calling: Callable[..., TestClient], assembly: Assembly, body: Callable[..., dict[str, Any]]
) -> None:
    client = calling()
    before = samples(client)
    client.post("/v1/decisions", json=body())
    found = samples(client)
    for name in ("assay_commits_total", "assay_committed_decisions_total", "assay_counted_payments"):
        assert value(found, name) == value(before, name) + 1, name
    (info,) = [dict(labels) for name, labels in found if name == "assay_snapshot_info"]
    assert info["model"] == assembly.snapshot.versions.model
    assert info["role"] == assembly.snapshot.versions.model_role
    assert info["ruleset"] == assembly.snapshot.versions.ruleset[:12]
    assert value(found, "assay_part_refused", part="ruleset") == 0


def test_reloads_are_counted_by_result(calling: Callable[..., TestClient]) -> None:
    client = calling()
    before = samples(client)
    assert client.post("/v1/installation/reload").status_code == 200
    assert value(samples(client), "assay_reloads_total", result="taken") == 1 + value(
        before, "assay_reloads_total", result="taken"
    )


def test_the_age_of_a_table_is_by_the_clock(assembly: Assembly) -> None:
    built = assembly.snapshot.reference.ip
    assert built is not None
    now = datetime(built.built.year + 1, built.built.month, built.built.day, tzinfo=UTC)
    found = samples(TestClient(create_app(assembly, now=lambda: now)))
    assert value(found, "assay_reference_age_seconds", table="ip") == 365 * 86_400


def test_no_sample_names_a_merchant_a_key_or_a_payment(
    calling: Callable[..., TestClient], body: Callable[..., dict[str, Any]]
) -> None:
    client = calling()
    secret_words = {
        "event": {"transaction_id": "tx-canary-1", "merchant_id": "shop-canary"},
        "email": {"address": "canary@example.com"},
        "custom": {"canary": "canary"},
    }
    client.post("/v1/decisions", json=body(**secret_words), headers={"Idempotency-Key": "key-canary"})
    client.post("/v1/canary?canary=1", json={"canary": "x"})
    text = client.get("/metrics").text
    assert "canary" not in text
    assert not re.search(r"\d{13}", re.sub(r"\d\.\d+e\+\d+|\.\d+", "", text))


def test_a_histogram_counts_a_bound_itself_as_below() -> None:
    times = Times((1, 10))
    for took_ms in (0.5, 1, 1.1, 10, 99):
        times.note(took_ms)
    family = HistogramMetricFamily("x", "x")
    times.add_to(family)
    buckets = [sample.value for sample in family.samples if sample.name == "x_bucket"]
    assert buckets == [2, 4, 5]


async def test_a_refusal_that_is_no_problem_of_ours_is_counted_too() -> None:
    metrics = Metrics()
    sent: list[Any] = []

    async def app(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {}

    await LastResort(app, metrics)({"type": "http"}, receive, send)
    assert metrics.problems == {("none", 502): 1}
    assert len(sent) == 2
