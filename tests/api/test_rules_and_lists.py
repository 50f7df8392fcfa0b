"""Rules that name lists: whose lists a rule may name, and what keeps a list from being deleted."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from engine.access import Scope
from tests.api.ruleset_calls import Body, decided, publish, rule

MakeClient = Callable[..., TestClient]
SHOPS = frozenset({"list-shop-a", "list-shop-b"})


@pytest.fixture(scope="module")
def operator(make_client: MakeClient) -> TestClient:
    return make_client(scopes=frozenset(Scope))


def make_list(client: TestClient, name: str, merchant_id: str | None) -> str:
    made = client.post("/v1/lists", json={"merchant_id": merchant_id, "name": name, "type": "customer"})
    assert made.status_code == 201, made.text
    list_id: str = made.json()["id"]
    return list_id


def named(name: str, **fields: Any) -> dict[str, Any]:
    return rule("listed", f"Block if amount_in_usd > 1000 and customer not in @{name}", **fields)


def test_a_merchants_rules_name_its_own_lists_and_the_operators_alone(operator: TestClient, body: Body) -> None:
    shops, own, shared = sorted(SHOPS), f"own-{uuid4().hex[:8]}", f"shared-{uuid4().hex[:8]}"
    make_list(operator, own, shops[0])
    make_list(operator, shared, None)
    assert publish(operator, shops[0], named(own)).status_code == 200
    assert publish(operator, shops[1], named(shared)).status_code == 200
    for owner in (shops[1], None):
        refused = publish(operator, owner, named(own))
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_list")
    for shop in shops:
        asked = {"account": {"user_id": "u-1"}}
        event = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop}
        order = {"amount_minor": 200_000, "currency": "USD"}
        answer = operator.post("/v1/decisions", json=body(event=event, order=order, **asked)).json()
        assert answer["reasons"][0]["code"] == "listed"
    checked = operator.post(
        "/v1/rules/check", json={"text": named(own)["text"]}, params={"merchant_id": shops[1]}
    ).json()
    assert [each["code"] for each in checked["faults"]] == ["unknown_list"]


@pytest.mark.parametrize("mode", ["live", "shadow", "paused"])
def test_a_list_that_a_published_rule_names_is_not_deleted(operator: TestClient, mode: str) -> None:
    shop, name = f"list-{uuid4()}", f"kept-{uuid4().hex[:8]}"
    list_id = make_list(operator, name, shop)
    assert publish(operator, shop, named(name, mode=mode)).status_code == 200
    refused = operator.delete(f"/v1/lists/{list_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "list_in_use")
    assert "listed" in refused.json()["detail"]
    assert publish(operator, shop).status_code == 200
    assert operator.delete(f"/v1/lists/{list_id}").is_success


def test_what_others_rules_name_is_nothing_to_a_merchants_list(operator: TestClient, body: Body) -> None:
    name, shops = f"same-{uuid4().hex[:8]}", (f"list-{uuid4()}", f"list-{uuid4()}")
    ids = [make_list(operator, name, shop) for shop in shops]
    assert publish(operator, shops[0], named(name)).status_code == 200
    assert operator.delete(f"/v1/lists/{ids[1]}").is_success
    assert operator.delete(f"/v1/lists/{ids[0]}").status_code == 409
    assert decided(operator, body, shops[1])["action"] != "block"


def test_the_operators_list_is_kept_for_the_rules_of_any_merchant(operator: TestClient) -> None:
    name, shop = f"all-{uuid4().hex[:8]}", f"list-{uuid4()}"
    list_id = make_list(operator, name, None)
    assert publish(operator, shop, named(name)).status_code == 200
    assert operator.delete(f"/v1/lists/{list_id}").status_code == 409
    assert publish(operator, shop).status_code == 200
    assert operator.delete(f"/v1/lists/{list_id}").is_success
