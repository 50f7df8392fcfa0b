"""Backtests over HTTP: checked, queued, done by a process of their own, and nobody else's business."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from fastapi.testclient import TestClient

from api.job_kinds import KINDS
from api.job_process import Task
from api.jobs import Runner
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from engine.errors import AssayError
from engine.jobs import OPEN_MAX, JobFailure

MakeClient = Callable[..., TestClient]
Body = Callable[..., dict[str, Any]]
SCOPES = frozenset(Scope)
RULE = "Block if amount_in_usd > 100"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backtests") / "data"


@pytest.fixture(scope="module")
def assembly(folder: Path, patience: None) -> Iterator[Assembly]:
    assert patience is None
    with assembled(Settings(data=folder)) as assembly:
        yield assembly


@pytest.fixture
def shop() -> str:
    return f"shop-{uuid4()}"


@pytest.fixture
def merchant(make_client: MakeClient, shop: str) -> TestClient:
    return make_client(scopes=SCOPES, merchants=frozenset({shop}))


def decide(client: TestClient, body: Body, shop: str, amounts: list[int]) -> list[str]:
    """Payments of these amounts in USD cents; the ids of their decisions."""
    ids = []
    for amount_minor in amounts:
        event = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop}
        answer = client.post("/v1/decisions", json=body(event=event, order={"amount_minor": amount_minor}))
        assert answer.status_code == 200, answer.text
        ids.append(answer.json()["id"])
    return ids


def asked(client: TestClient, **wanted: Any) -> dict[str, Any]:
    answer = client.post("/v1/backtests", json=wanted)
    assert answer.status_code == 202, answer.text
    read: dict[str, Any] = answer.json()
    return read


def faults(client: TestClient, **wanted: Any) -> list[tuple[str, str]]:
    answer = client.post("/v1/backtests", json=wanted)
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def done(assembly: Assembly, folder: Path, client: TestClient, job_id: str) -> dict[str, Any]:
    """The backtest once it is done, here as its process does it: to start one takes seconds."""
    while (taken := assembly.jobs.take("test", datetime.now(UTC))) is not None:
        job = taken.job
        task = Task(
            folder=folder,
            merchant_id=job.merchant_id,
            test_mode=job.test_mode,
            arguments=orjson.loads(job.arguments),
            at=job.created_at,
        )
        try:
            result = orjson.dumps(KINDS[job.kind](task, lambda _: None))
        except AssayError as error:
            assembly.jobs.fail(taken.lease, datetime.now(UTC), JobFailure(code=error.code, detail=str(error)))
        else:
            assembly.jobs.succeed(taken.lease, datetime.now(UTC), result)
    shown: dict[str, Any] = client.get(f"/v1/backtests/{job_id}").json()
    return shown


def by_process(assembly: Assembly, folder: Path, job_id: str) -> None:
    """Have the runner do it, as a server does."""

    async def run() -> None:
        runner = asyncio.create_task(Runner(assembly.jobs, folder).run())
        while True:
            job = await asyncio.to_thread(assembly.jobs.get, job_id)
            assert job is not None
            if not job.state.is_open:
                break
            await asyncio.sleep(0.02)
        runner.cancel()
        await asyncio.wait([runner])

    asyncio.run(run())


def test_a_rule_is_tried_on_what_was_recorded(
    assembly: Assembly, folder: Path, merchant: TestClient, body: Body, shop: str
) -> None:
    ids = decide(merchant, body, shop, [5_000, 15_000, 25_000])
    answer = merchant.post("/v1/backtests", json={"rule": RULE, "last_days": 7})
    queued = answer.json()
    assert (answer.status_code, queued["state"], queued["figures"]) == (202, "queued", None)
    assert answer.headers["Location"] == f"/v1/backtests/{queued['id']}"
    assert (queued["merchant_id"], queued["asked"]) == (shop, {"rule": RULE, "last_days": 7})
    by_process(assembly, folder, queued["id"])
    shown = merchant.get(f"/v1/backtests/{queued['id']}").json()
    assert (shown["state"], shown["failure"], shown["rule_id"]) == ("succeeded", None, "backtested-rule")
    assert shown["progress"]["done"] == shown["progress"]["total"] == 100
    figures = shown["figures"]
    assert figures["population"]["payments"] == {"payments": 3, "usd_cents": 45_000}
    assert figures["matched"]["group"]["all"] == {"payments": 2, "usd_cents": 40_000}
    assert sorted(figures["matched"]["examples"]["good"]) == sorted(ids[1:])
    assert figures["stricter"]["group"]["all"]["payments"] == 2
    assert datetime.fromisoformat(shown["to"]) - datetime.fromisoformat(shown["from"]) == timedelta(days=7)
    assert shown["live"]["ruleset"] == assembly.snapshots.of(shop).ruleset.hash


def test_thresholds_are_tried(assembly: Assembly, folder: Path, merchant: TestClient, body: Body, shop: str) -> None:
    decide(merchant, body, shop, [5_000, 15_000])
    queued = asked(merchant, thresholds={"review_at_percent": 0, "challenge_at_percent": None})
    figures = done(assembly, folder, merchant, queued["id"])["figures"]
    assert figures["matched"] is None
    (move,) = figures["moves"]
    assert (move["before"], move["after"], move["all"]["payments"]) == ("allow", "review", 2)
    assert figures["review_load"]["added_per_day"] == 2


def test_a_ruleset_and_a_draft_are_tried(
    assembly: Assembly, folder: Path, merchant: TestClient, body: Body, shop: str
) -> None:
    decide(merchant, body, shop, [5_000, 15_000])
    rules = [{"id": "big", "name": "Big", "text": RULE, "reason": "big"}]
    saved = merchant.put("/v1/rulesets/drafts/autumn", json={"rules": rules})
    assert saved.status_code in {200, 201}, saved.text
    found = []
    for wanted in ({"rules": rules, "switched_off": []}, {"draft": "autumn"}):
        figures = done(assembly, folder, merchant, asked(merchant, **wanted)["id"])["figures"]
        found.append((figures["matched"], figures["stricter"]["group"]["all"]["payments"]))
    assert found == [(None, 1), (None, 1)]


def test_a_rule_counts_what_is_kept_and_what_is_not(
    assembly: Assembly, folder: Path, merchant: TestClient, body: Body, shop: str
) -> None:
    for _ in range(3):
        event = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop}
        merchant.post("/v1/decisions", json=body(event=event, credit_card={"token": "tok_often"}))
    for window in ("1h", "13m"):
        queued = asked(merchant, rule=f"Review if count(by: card, within: {window}) >= 2")
        figures = done(assembly, folder, merchant, queued["id"])["figures"]
        assert figures["matched"]["group"]["all"]["payments"] == 1
    assert len(figures["backfilled"]) == 1, "nobody keeps 13 minutes"


def test_a_rule_in_force_is_tried_by_its_id_and_changed(
    assembly: Assembly, folder: Path, merchant: TestClient, body: Body, shop: str
) -> None:
    rules = [{"id": "big", "name": "Big", "text": RULE, "reason": "big", "mode": "shadow"}]
    published = merchant.post("/v1/rulesets/publish", json={"rules": rules})
    assert published.status_code == 200, published.text
    decide(merchant, body, shop, [5_000, 15_000, 40_000])
    as_live = done(assembly, folder, merchant, asked(merchant, rule_id="big")["id"])
    assert (as_live["rule_id"], as_live["figures"]["stricter"]["group"]["all"]["payments"]) == ("big", 2)
    changed = asked(merchant, rule_id="big", rule="Review if amount_in_usd > 300")
    figures = done(assembly, folder, merchant, changed["id"])["figures"]
    assert [(move["before"], move["after"]) for move in figures["moves"]] == [("allow", "review")]


def test_the_rules_in_force_are_looked_at_one_by_one(
    assembly: Assembly, folder: Path, merchant: TestClient, body: Body, shop: str
) -> None:
    rules = [{"id": "big", "name": "Big", "text": RULE, "reason": "big"}]
    assert merchant.post("/v1/rulesets/publish", json={"rules": rules}).status_code == 200
    decide(merchant, body, shop, [5_000, 15_000])
    shown = done(assembly, folder, merchant, asked(merchant, health=True)["id"])
    assert (shown["state"], shown["figures"]) == ("succeeded", None)
    (big,) = [rule for rule in shown["health"]["rules"] if rule["rule_id"] == "big"]
    assert (big["group"]["all"]["payments"], big["alone"]["payments"]) == (1, 1)
    assert faults(merchant, health=True, rule=RULE) == [("/health", "value_invalid")]


def test_lists_are_those_that_were_in_force(
    assembly: Assembly, folder: Path, merchant: TestClient, body: Body, shop: str
) -> None:
    made = merchant.post("/v1/lists", json={"merchant_id": shop, "name": "bad_cards", "type": "token"})
    assert made.status_code == 201, made.text
    added = merchant.post(f"/v1/lists/{shop}:bad_cards/entries", json={"entries": [{"value": "tok_bad"}]})
    assert added.status_code == 201, added.text
    event = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop}
    merchant.post("/v1/decisions", json=body(event=event, credit_card={"token": "tok_bad"}))
    decide(merchant, body, shop, [5_000])
    queued = asked(merchant, rule="Review if card in @bad_cards")
    assert merchant.delete(f"/v1/lists/{shop}:bad_cards").status_code == 204
    assert ("/rule", "unknown_list") in faults(merchant, rule="Review if card in @bad_cards")
    figures = done(assembly, folder, merchant, queued["id"])["figures"]
    assert figures["matched"]["group"]["all"]["payments"] == 1


def test_what_is_compared_is_what_was_in_force_when_it_was_asked_for(
    assembly: Assembly, folder: Path, merchant: TestClient, body: Body, shop: str
) -> None:
    decide(merchant, body, shop, [15_000])
    queued = asked(merchant, rule=RULE)
    rules = [{"id": "big", "name": "Big", "text": RULE, "reason": "big"}]
    assert merchant.post("/v1/rulesets/publish", json={"rules": rules}).status_code == 200
    figures = done(assembly, folder, merchant, queued["id"])["figures"]
    assert figures["stricter"]["group"]["all"]["payments"] == 1


def test_a_period_without_payments_says_so(assembly: Assembly, folder: Path, merchant: TestClient, shop: str) -> None:
    shown = done(assembly, folder, merchant, asked(merchant, rule=RULE)["id"])
    assert (shown["state"], shown["figures"], shown["failure"]["code"]) == ("failed", None, "period_empty")
    assert shop in shown["failure"]["detail"]


def test_figures_of_another_version_are_said_to_be_such(assembly: Assembly, merchant: TestClient) -> None:
    queued = asked(merchant, rule=RULE)
    while (taken := assembly.jobs.take("test", datetime.now(UTC))) is not None:
        assembly.jobs.succeed(taken.lease, datetime.now(UTC), b'{"moon":1}')
    shown = merchant.get(f"/v1/backtests/{queued['id']}").json()
    assert (shown["state"], shown["figures"], shown["failure"]["code"]) == ("succeeded", None, "result_outdated")


def test_payments_of_the_keys_own_mode_are_looked_at(
    assembly: Assembly, folder: Path, make_client: MakeClient, body: Body, shop: str
) -> None:
    tester = make_client(scopes=SCOPES, merchants=frozenset({shop}), test_mode=True)
    live = make_client(scopes=SCOPES, merchants=frozenset({shop}))
    decide(live, body, shop, [15_000])
    decide(tester, body, shop, [15_000, 16_000])
    queued = asked(tester, rule=RULE)
    assert done(assembly, folder, tester, queued["id"])["figures"]["population"]["payments"]["payments"] == 2
    assert live.get(f"/v1/backtests/{queued['id']}").json()["code"] == "backtest_not_found"


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        ({}, ("/rule", "value_invalid")),
        ({"rule": "Block if amout_in_usd > 1"}, ("/rule", "unknown_name")),
        ({"rule": "Block if amount_in_usd >"}, ("/rule", "syntax")),
        ({"rule": f"Block if customer = '{4242424242424242}'"}, ("/rule", "card_data_refused")),
        ({"rule": RULE, "rule_id": "none"}, ("/rule_id", "value_invalid")),
        ({"rule_id": "ip-many-card"}, ("/rule_id", "value_invalid")),
        ({"rule": RULE, "draft": "autumn"}, ("/rule", "value_invalid")),
        ({"draft": "none"}, ("/draft", "value_invalid")),
        ({"draft": "autumn", "switched_off": []}, ("/switched_off", "value_invalid")),
        ({"rules": [{"id": "a", "name": "A", "text": "Block", "reason": "r"}]}, ("/rules/0/text", "syntax")),
        ({"rules": [], "switched_off": ["none"]}, ("/switched_off/0", "value_invalid")),
        ({"thresholds": {}}, ("/thresholds", "value_invalid")),
        ({"thresholds": {"block_at_percent": 5}}, ("/thresholds/review_at_percent", "out_of_order")),
        ({"thresholds": {"block_at_percent": 101}}, ("/thresholds/block_at_percent", "value_invalid")),
        ({"thresholds": {"margin_percent": 10}}, ("/thresholds/margin_percent", "field_unknown")),
        ({"rule": RULE, "last_days": 0}, ("/last_days", "value_invalid")),
        ({"rule": RULE, "last_days": 401}, ("/last_days", "value_invalid")),
        ({"rule": RULE, "last_days": 7, "to": "2026-01-01T00:00:00Z"}, ("/last_days", "value_invalid")),
        ({"rule": RULE, "from": "2020-01-01T00:00:00Z"}, ("/from", "value_invalid")),
        ({"rule": RULE, "from": "2020-01-02T00:00:00Z", "to": "2020-01-01T00:00:00Z"}, ("/from", "value_invalid")),
        ({"rule": RULE, "from": "2999-01-01T00:00:00Z", "to": "2999-02-01T00:00:00Z"}, ("/from", "value_invalid")),
        ({"rule": RULE, "from": "2026-01-01T00:00:00"}, ("/from", "value_invalid")),
        ({"rule": RULE, "days": 7}, ("/days", "field_unknown")),
    ],
)
def test_what_is_wrong_is_said_at_once(merchant: TestClient, wanted: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in faults(merchant, **wanted)
    assert merchant.get("/v1/backtests").json()["data"] == []


def test_a_close_name_is_said(merchant: TestClient) -> None:
    detail = merchant.post("/v1/backtests", json={"rule_id": "ip-many-card"}).json()["detail"]
    assert "Did you mean ip-many-cards?" in detail


def test_a_retry_with_the_same_key_finds_the_job(merchant: TestClient) -> None:
    first, again = (
        merchant.post("/v1/backtests", json={"rule": RULE}, headers={"Idempotency-Key": "k-1"}) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    other = merchant.post("/v1/backtests", json={"rule_id": "ip-many-cards"}, headers={"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(merchant.get("/v1/backtests").json()["data"]) == 1


def test_one_that_waits_is_cancelled_at_once_and_again(merchant: TestClient) -> None:
    queued = asked(merchant, rule=RULE)
    for _ in range(2):
        answer = merchant.post(f"/v1/backtests/{queued['id']}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_one_that_ended_is_not_cancelled(assembly: Assembly, folder: Path, merchant: TestClient) -> None:
    ended = done(assembly, folder, merchant, asked(merchant, rule=RULE)["id"])
    answer = merchant.post(f"/v1/backtests/{ended['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_finished")


def test_a_merchant_has_so_many_that_wait(merchant: TestClient, make_client: MakeClient, shop: str) -> None:
    for _ in range(OPEN_MAX):
        asked(merchant, rule=RULE)
    answer = merchant.post("/v1/backtests", json={"rule": RULE})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_jobs")
    assert int(answer.headers["Retry-After"]) > 0
    other = make_client(scopes=SCOPES, merchants=frozenset({f"{shop}-other"}))
    asked(other, rule=RULE)


def test_lists_page_newest_first_and_hold_the_keys_own(
    merchant: TestClient, make_client: MakeClient, shop: str
) -> None:
    both = make_client(scopes=SCOPES, merchants=frozenset({shop, f"{shop}-b"}))
    ids = [asked(both, rule=RULE, merchant_id=each)["id"] for each in (shop, f"{shop}-b", shop)]
    first = both.get("/v1/backtests?limit=2").json()
    rest = both.get(f"/v1/backtests?limit=2&cursor={first['next_cursor']}").json()
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert [each["id"] for each in (*first["data"], *rest["data"])] == ids[::-1]
    assert rest["next_cursor"] is None
    assert [each["id"] for each in merchant.get("/v1/backtests").json()["data"]] == [ids[2], ids[0]]
    named = both.get(f"/v1/backtests?merchant_id={shop}-b").json()["data"]
    assert [each["id"] for each in named] == [ids[1]]
    assert "figures" not in named[0]
    assert both.get("/v1/backtests?limits=2").status_code == 422


def test_another_merchants_answers_as_one_that_is_not_there(
    merchant: TestClient, make_client: MakeClient, shop: str
) -> None:
    queued = asked(merchant, rule=RULE)
    stranger = make_client(scopes=SCOPES, merchants=frozenset({f"{shop}-other"}))

    def refused(method: str, path: str) -> tuple[int, dict[str, Any]]:
        answer = stranger.request(method, path)
        problem = answer.json()
        problem.pop("request_id")
        return answer.status_code, problem

    for method, rest in (("GET", ""), ("POST", "/cancel")):
        own, absent = (refused(method, f"/v1/backtests/{job_id}{rest}") for job_id in (queued["id"], "job_none"))
        assert own == absent
        assert own[0] == 404
    assert stranger.get("/v1/backtests").json()["data"] == []
    assert stranger.get(f"/v1/backtests?merchant_id={shop}").status_code == 404
    named = stranger.post("/v1/backtests", json={"merchant_id": shop, "rule": RULE})
    assert (named.status_code, named.json()["code"]) == (404, "merchant_not_found")
    assert merchant.get(f"/v1/backtests/{queued['id']}").json()["state"] == "queued"


def test_a_key_for_several_merchants_names_one(make_client: MakeClient) -> None:
    every = make_client(scopes=SCOPES)
    assert faults(every, rule=RULE) == [("/merchant_id", "missing")]


def test_scopes_are_needed(make_client: MakeClient, shop: str) -> None:
    reader = make_client(scopes=frozenset({Scope.RULES_READ}), merchants=frozenset({shop}))
    writer = make_client(scopes=frozenset({Scope.BACKTESTS_WRITE}), merchants=frozenset({shop}))
    assert reader.post("/v1/backtests", json={"rule": RULE}).json()["code"] == "scope_missing"
    assert reader.get("/v1/backtests").status_code == 200
    assert writer.get("/v1/backtests").json()["code"] == "scope_missing"
    asked(writer, rule=RULE)


def test_the_machines_time_is_the_end_of_the_last_days(merchant: TestClient) -> None:
    before = datetime.now(UTC)
    shown = asked(merchant, rule=RULE)
    until = datetime.fromisoformat(shown["to"])
    assert before <= until <= datetime.now(UTC)
    assert until - datetime.fromisoformat(shown["from"]) == timedelta(days=90)


@pytest.mark.parametrize(
    ("period", "pointer"),
    [
        ({"from": "0001-01-01T00:00:00+14:00"}, "/from"),
        ({"to": "9999-12-31T23:59:59-14:00"}, "/to"),
        ({"to": "0001-01-02T00:00:00Z"}, "/to"),
        ({"from": "9999-12-31T23:59:59-14:00"}, "/from"),
    ],
)
def test_times_at_the_edges_are_refused(merchant: TestClient, period: dict[str, str], pointer: str) -> None:
    assert faults(merchant, rule=RULE, **period) == [(pointer, "value_invalid")]
