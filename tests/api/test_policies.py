"""Policies over HTTP: checked, versioned, in force at once, and nobody else's business."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.keys import new_key
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from engine.custom import CustomField, CustomType
from engine.decision import recorded_decision
from engine.errors import LedgerUnavailable
from engine.ledger import VersionKind
from engine.policy import Policy
from engine.replay import Replay
from models.scorecard_file import scorecard_of

MakeClient = Callable[..., TestClient]
Body = Callable[..., dict[str, Any]]
WRITER = frozenset({Scope.POLICIES_WRITE, Scope.DECISIONS_READ, Scope.DECISIONS_WRITE, Scope.DECISIONS_EXPLAIN})


@pytest.fixture(scope="module")
def operator(make_client: MakeClient) -> TestClient:
    return make_client(scopes=WRITER)


@pytest.fixture
def shop() -> str:
    return f"shop-{uuid4()}"


@contextmanager
def client_of(assembly: Assembly) -> Iterator[TestClient]:
    """A client of an assembly of one's own, with a key that may do everything."""
    key, text = new_key(name="test", test_mode=False, scopes=frozenset(Scope), merchants=None)
    assembly.keys.add_key(key)
    client = TestClient(create_app(assembly), headers={"Authorization": f"Bearer {text}"})
    yield client
    client.close()


def decided(client: TestClient, body: Body, shop: str, **groups: Any) -> dict[str, Any]:
    event = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop}
    answer = client.post("/v1/decisions", json=body(event=event, options={"explain": "full"}, **groups))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def test_a_merchant_without_one_has_the_default(operator: TestClient, shop: str) -> None:
    answer = operator.get(f"/v1/policies/{shop}")
    shown = answer.json()
    assert (answer.headers["ETag"], shown["number"]) == (f'"{Policy().version}"', 0)
    assert (shown["version"], shown["published_at"], shown["published_by"]) == (Policy().version, None, None)
    assert shown["policy"] == json.loads(Policy().content())


def test_a_policy_is_in_force_for_the_next_decision_and_for_its_merchant_alone(
    operator: TestClient, body: Body, shop: str
) -> None:
    assert decided(operator, body, shop)["action"] == "allow"
    published = operator.put(f"/v1/policies/{shop}", json={"review_at_percent": 0, "challenge_at_percent": None})
    assert published.status_code == 200, published.text
    assert decided(operator, body, shop)["action"] == "review"
    assert decided(operator, body, f"{shop}-other")["action"] == "allow"
    assert operator.get(f"/v1/policies/{shop}").json()["version"] == published.json()["version"]


def test_what_decisions_name_is_in_the_ledger(operator: TestClient, shop: str, assembly: Assembly) -> None:
    version = operator.put(f"/v1/policies/{shop}", json={"review_hours": 5}).json()["version"]
    snapshot = assembly.snapshots.of(shop)
    assert snapshot.policy.version == snapshot.versions.policy == version
    assert assembly.ledger.version(VersionKind.POLICY, version) == snapshot.policy.content()
    assert assembly.ledger.version(VersionKind.SNAPSHOT, snapshot.versions.id) == snapshot.versions.content()


def test_merchants_of_one_policy_share_a_snapshot_after_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("shared") / "data"
    with assembled(Settings(data=folder)) as before, client_of(before) as client:
        for shop in ("a", "b"):
            assert client.put(f"/v1/policies/{shop}", json={"review_hours": 7}).status_code == 200
    with assembled(Settings(data=folder)) as after:
        assert after.snapshots.of("a") is after.snapshots.of("b")
        assert after.snapshots.of("a").policy.review_hours == 7
        assert after.snapshots.of("c") is after.snapshot


async def test_merchants_of_one_policy_share_a_snapshot_at_once(assembly: Assembly) -> None:
    policy = Policy(review_hours=77, custom_fields=(CustomField(name="tier", type=CustomType.STRING),))
    for merchant_id in ("shared-a", "shared-b"):
        await assembly.snapshots.publish(merchant_id, policy, at=datetime.now(UTC), by="key")
    await assembly.snapshots.publish("shared-c", Policy(), at=datetime.now(UTC), by="key")
    assert assembly.snapshots.of("shared-a") is assembly.snapshots.of("shared-b")
    assert assembly.snapshots.of("shared-c") is assembly.snapshots.default


def test_a_dry_run_says_what_would_change_and_changes_nothing(operator: TestClient, shop: str) -> None:
    answer = operator.put(f"/v1/policies/{shop}?dry_run=true", json={"review_hours": 48}).json()
    assert (answer["dry_run"], answer["changes"]) == (True, [{"field": "review_hours", "before": 24, "after": 48}])
    assert answer["version"] == Policy(review_hours=48).version
    assert operator.get(f"/v1/policies/{shop}").json()["number"] == 0


def test_a_mistyped_dry_run_publishes_nothing(operator: TestClient, shop: str) -> None:
    refused = operator.put(f"/v1/policies/{shop}?dryrun=true", json={"review_hours": 48})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "field_unknown")
    assert operator.get(f"/v1/policies/{shop}").json()["number"] == 0


def test_who_publishes_over_anothers_policy_is_told(operator: TestClient, shop: str) -> None:
    etag = operator.get(f"/v1/policies/{shop}").headers["ETag"]
    first = operator.put(f"/v1/policies/{shop}", json={"review_hours": 1}, headers={"If-Match": etag})
    assert first.status_code == 200
    for query in ("", "?dry_run=true"):
        late = operator.put(f"/v1/policies/{shop}{query}", json={"review_hours": 2}, headers={"If-Match": etag})
        assert (late.status_code, late.json()["code"]) == (412, "policy_changed")
    for named in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        again = operator.put(f"/v1/policies/{shop}", json={"review_hours": 1}, headers={"If-Match": named})
        assert again.status_code == 200


def test_the_same_policy_again_is_no_new_version(operator: TestClient, shop: str) -> None:
    first = operator.put(f"/v1/policies/{shop}", json={"review_hours": 3}).json()
    again = operator.put(f"/v1/policies/{shop}", json={"review_hours": 3}).json()
    assert (again["number"], again["published_at"], again["changes"]) == (1, first["published_at"], [])


def test_history_is_newest_first_by_pages(operator: TestClient, shop: str) -> None:
    for hours in (1, 2, 3):
        operator.put(f"/v1/policies/{shop}", json={"review_hours": hours})
    page = operator.get(f"/v1/policies/{shop}/history?limit=2").json()
    assert [each["policy"]["review_hours"] for each in page["data"]] == [3, 2]
    assert all(each["published_by"] == operator.key_id for each in page["data"])  # type: ignore[attr-defined]
    rest = operator.get(f"/v1/policies/{shop}/history?limit=2&cursor={page['next_cursor']}").json()
    assert [each["policy"]["review_hours"] for each in rest["data"]] == [1]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("wanted", "code", "pointer"),
    [
        ({"review_at_percent": 50}, "policy_invalid", "/review_at_percent"),
        ({"custom_fields": [{"name": "a b", "type": "string"}] * 2}, "policy_invalid", "/custom_fields/1/name"),
        ({"review_at_percent": "15"}, "request_invalid", "/review_at_percent"),
        ({"review_at_percent": True}, "request_invalid", "/review_at_percent"),
        ({"review_hours": 2.5}, "request_invalid", "/review_hours"),
        ({"block_at_percent": 150}, "request_invalid", "/block_at_percent"),
        ({"blok_at_percent": 15}, "request_invalid", "/blok_at_percent"),
        ({"fail_action": "panic"}, "request_invalid", "/fail_action"),
        ({"fail_bands": [{"up_to_usd_cents": None}]}, "request_invalid", "/fail_bands/0/action"),
        ({"custom_fields": [{"name": "a", "type": "date"}]}, "request_invalid", "/custom_fields/0/type"),
    ],
)
def test_a_wrong_policy_changes_nothing(
    operator: TestClient, shop: str, wanted: dict[str, Any], code: str, pointer: str
) -> None:
    refused = operator.put(f"/v1/policies/{shop}", json=wanted)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    assert operator.get(f"/v1/policies/{shop}").json()["number"] == 0


@pytest.mark.parametrize("text", ['{"review_at_percent": NaN}', '{"review_at_percent": 1e999}', "[]", "{"])
def test_a_body_that_is_no_policy_is_refused(operator: TestClient, shop: str, text: str) -> None:
    assert operator.put(f"/v1/policies/{shop}", content=text).status_code in {400, 422}


def test_another_merchants_policy_answers_as_an_absent_one(make_client: MakeClient, operator: TestClient) -> None:
    operator.put("/v1/policies/shop-b", json={"review_hours": 9})
    key = make_client(scopes=WRITER, merchants=frozenset({"shop-a"}))
    calls: tuple[Callable[[str], Any], ...] = (
        lambda shop: key.get(f"/v1/policies/{shop}"),
        lambda shop: key.get(f"/v1/policies/{shop}/history"),
        lambda shop: key.put(f"/v1/policies/{shop}", json={}),
        lambda shop: key.put(f"/v1/policies/{shop}", json={}, headers={"If-Match": '"x"'}),
    )
    for call in calls:
        theirs, absent = call("shop-b"), call("no-such-shop")
        assert (theirs.status_code, theirs.json()["code"]) == (404, "merchant_not_found")
        assert {**theirs.json(), "request_id": ""} == {**absent.json(), "request_id": ""}
    assert operator.get("/v1/policies/shop-b").json()["policy"]["review_hours"] == 9
    assert key.get("/v1/policies/shop-a").status_code == 200


def test_who_may_read_and_who_may_publish(make_client: MakeClient, gateway: TestClient, shop: str) -> None:
    assert gateway.get(f"/v1/policies/{shop}").status_code == 200
    refused = gateway.put(f"/v1/policies/{shop}", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    test = make_client(scopes=WRITER, test_mode=True)
    refused = test.put(f"/v1/policies/{shop}", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "key_too_narrow")


def test_a_declared_custom_field_is_a_feature_and_counts_from_its_past_on(
    operator: TestClient, body: Body, shop: str
) -> None:
    for _ in range(3):
        decided(operator, body, shop, custom={"tier": "gold"})
    declared = {"custom_fields": [{"name": "tier", "type": "string", "is_velocity_key": True}]}
    assert operator.put(f"/v1/policies/{shop}", json=declared).status_code == 200
    features = decided(operator, body, shop, custom={"tier": "gold"})["features"]
    assert (features["custom_tier"], features["custom_tier_payments_1h"]) == ("gold", 3)
    features = decided(operator, body, shop, custom={"tier": 5})["features"]
    assert (features["custom_tier"], features["custom_tier_payments_1h"]) == (None, None)
    assert "custom_tier" not in decided(operator, body, f"{shop}-other", custom={"tier": "gold"})["features"]
    assert operator.put(f"/v1/policies/{shop}", json={}).status_code == 200
    assert "custom_tier" not in decided(operator, body, shop, custom={"tier": "gold"})["features"]


def test_what_is_declared_counts_alike_after_a_restart(tmp_path_factory: pytest.TempPathFactory, body: Body) -> None:
    folder = tmp_path_factory.mktemp("declared") / "data"
    declared = {"custom_fields": [{"name": "tier", "type": "string", "is_velocity_key": True}]}
    with assembled(Settings(data=folder)) as assembly, client_of(assembly) as client:
        decided(client, body, "shop-a", custom={"tier": "gold"})
        client.put("/v1/policies/shop-a", json=declared)
        decided(client, body, "shop-a", custom={"tier": "gold"})
    with assembled(Settings(data=folder)) as assembly, client_of(assembly) as client:
        features = decided(client, body, "shop-a", custom={"tier": "gold"})["features"]
        assert features["custom_tier_payments_24h"] == 2


def test_what_is_not_durable_leaves_the_policy_before_in_force(
    operator: TestClient, body: Body, shop: str, assembly: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(published: object) -> None:
        raise LedgerUnavailable(f"no space for {published}")

    with monkeypatch.context() as broken:
        broken.setattr(assembly.policies, "append", fail)
        declared = {"custom_fields": [{"name": "tier", "type": "string", "is_velocity_key": True}]}
        assert operator.put(f"/v1/policies/{shop}", json=declared).status_code == 503
    answer = decided(operator, body, shop, custom={"tier": "gold"})
    assert "custom_tier" not in answer["features"]
    assert answer["degraded"] == []
    assert operator.get(f"/v1/policies/{shop}").json()["number"] == 0


def test_decisions_under_every_policy_are_replayed_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, body: Body
) -> None:
    folder = tmp_path_factory.mktemp("replayed") / "data"
    policies: tuple[dict[str, Any], ...] = (
        {},
        {"custom_fields": [{"name": "tier", "type": "string", "is_velocity_key": True}], "review_at_percent": 1},
        {"block_at_percent": 1, "review_at_percent": None, "challenge_at_percent": None},
        {"custom_fields": [{"name": "tier", "type": "number"}], "fail_action": "block"},
    )
    with assembled(Settings(data=folder)) as assembly, client_of(assembly) as client:
        for policy in policies:
            assert client.put("/v1/policies/shop-a", json=policy).status_code == 200
            for tier in ("gold", 5, None):
                decided(client, body, "shop-a", custom={"tier": tier})
        replay = Replay(
            assembly.ledger,
            lambda content, catalog, role: scorecard_of(content, catalog, role=role),
            assembly.snapshot.reference,
            assembly.lists.store,
        )
        replayed = list(replay.of(assembly.ledger.recent(timedelta(days=1))))
    assert [each.difference for each in replayed] == [None] * 12
    assert len({recorded_decision(each.record.decision).versions_id for each in replayed}) == 4


def test_a_past_that_cannot_be_read_leaves_the_policy_before_in_force(
    operator: TestClient, body: Body, shop: str, assembly: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(merchant_id: str, window: object) -> None:
        raise LedgerUnavailable(f"no disk for {merchant_id}, {window}")

    declared = {"custom_fields": [{"name": "tier", "type": "string", "is_velocity_key": True}]}
    decided(operator, body, shop, custom={"tier": "gold"})
    with monkeypatch.context() as broken:
        broken.setattr(assembly.ledger, "recent_of", fail)
        assert operator.put(f"/v1/policies/{shop}", json=declared).status_code == 503
    assert operator.get(f"/v1/policies/{shop}").json()["number"] == 0
    assert "custom_tier" not in decided(operator, body, shop)["features"]
    assert operator.put(f"/v1/policies/{shop}", json=declared).status_code == 200
    answer = decided(operator, body, shop, custom={"tier": "gold"})
    assert (answer["features"]["custom_tier_payments_1h"], answer["degraded"]) == (1, [])
