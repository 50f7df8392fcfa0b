"""A key makes, lists and revokes within its own merchants, scopes and mode; beyond them it finds nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.routes.keys import MERCHANTS_MAX
from engine.access import Scope

MakeClient = Callable[..., TestClient]
SHOP_A = frozenset({"shop-a"})
MANAGER = frozenset({Scope.KEYS_WRITE, Scope.DECISIONS_READ})
READ = ["decisions:read"]


@pytest.fixture
def operator(make_client: MakeClient) -> TestClient:
    return make_client(scopes=frozenset(Scope))


def create(client: TestClient, **wanted: Any) -> tuple[int, Any]:
    answer = client.post("/v1/keys", json={"name": "new", **wanted})
    return answer.status_code, answer.json()


def ids(client: TestClient) -> set[str]:
    return {key["id"] for key in client.get("/v1/keys").json()}


def own_id(client: TestClient) -> str:
    return str(client.key_id)  # type: ignore[attr-defined]


def test_a_key_within_its_makers_bounds_is_made(make_client: MakeClient) -> None:
    manager = make_client(scopes=MANAGER, merchants=frozenset({"shop-a", "shop-b"}))
    status, key = create(manager, merchants=["shop-a"], scopes=READ)
    assert (status, key["merchants"], key["scopes"], key["test_mode"]) == (201, ["shop-a"], READ, False)


@pytest.mark.parametrize(
    ("wanted", "beyond"),
    [
        ({"merchants": None}, "merchants"),
        ({"merchants": ["shop-b"]}, "merchants"),
        ({"merchants": ["shop-a", "shop-b"]}, "merchants"),
        ({"scopes": ["decisions:write"]}, "scopes"),
        ({"scopes": ["decisions:read", "decisions:explain"]}, "scopes"),
        ({"test_mode": False}, "test_mode"),
        ({"merchants": None, "scopes": sorted(Scope), "test_mode": False}, "merchants, scopes, test_mode"),
    ],
)
def test_none_is_made_beyond_them(
    make_client: MakeClient, operator: TestClient, wanted: dict[str, Any], beyond: str
) -> None:
    manager = make_client(scopes=MANAGER, merchants=SHOP_A, test_mode=True)
    before = ids(operator)
    status, problem = create(manager, **({"merchants": ["shop-a"], "scopes": READ, "test_mode": True} | wanted))
    assert (status, problem["code"]) == (403, "key_too_wide")
    assert f"new key's {beyond}." in problem["detail"]
    assert ids(operator) == before


def test_only_a_live_key_for_all_merchants_makes_keys_of_the_other_mode(
    make_client: MakeClient, operator: TestClient
) -> None:
    assert create(operator, merchants=None, test_mode=True)[0] == 201
    shop = make_client(scopes=MANAGER, merchants=SHOP_A)
    assert create(shop, merchants=["shop-a"], scopes=READ, test_mode=True)[0] == 403
    test_operator = make_client(scopes=frozenset(Scope), test_mode=True)
    assert create(test_operator, merchants=None, test_mode=True)[0] == 201
    assert create(test_operator, merchants=None, test_mode=False)[0] == 403


def test_a_key_lists_and_revokes_what_lies_within_it_alone(make_client: MakeClient, operator: TestClient) -> None:
    shop = make_client(scopes=MANAGER, merchants=SHOP_A)
    within = make_client(merchants=SHOP_A)
    beyond = [
        make_client(merchants=frozenset({"shop-b"})),
        make_client(merchants=frozenset({"shop-a", "shop-b"})),
        make_client(merchants=None),
        make_client(merchants=SHOP_A, test_mode=True),
    ]
    listed = ids(shop)
    assert {own_id(shop), own_id(within)} <= listed
    assert listed.isdisjoint(map(own_id, beyond))
    assert {own_id(each) for each in (shop, within, *beyond)} <= ids(operator)

    absent = shop.delete("/v1/keys/aaaaaaaaaaaa")
    for each in beyond:
        theirs = shop.delete(f"/v1/keys/{own_id(each)}")
        assert (theirs.status_code, absent.status_code) == (404, 404)
        assert {**theirs.json(), "request_id": ""} == {**absent.json(), "request_id": ""}
        assert operator.delete(f"/v1/keys/{own_id(each)}").status_code == 204, "it was revoked by another shop's key"
    assert shop.delete(f"/v1/keys/{own_id(within)}").status_code == 204


def test_a_test_key_for_all_merchants_sees_no_live_key(make_client: MakeClient) -> None:
    live, test = make_client(), make_client(test_mode=True)
    test_operator = make_client(scopes=frozenset(Scope), test_mode=True)
    assert own_id(test) in ids(test_operator)
    assert own_id(live) not in ids(test_operator)
    assert test_operator.delete(f"/v1/keys/{own_id(live)}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "pointer", "detail"),
    [
        ({"name": "x"}, "/merchants", "Required."),
        ({"name": "x", "merchants": []}, "/merchants", "Send at least one."),
        ({"name": "x", "merchants": None, "scopes": []}, "/scopes", "Send at least one."),
        ({"name": "x\x00", "merchants": None}, "/name", "Without control characters."),
        ({"name": "x", "merchants": None, "scope": []}, "/scope", "There is no such field."),
    ],
)
def test_a_key_is_asked_for_in_full(
    make_client: Callable[..., TestClient], asked: dict[str, Any], pointer: str, detail: str
) -> None:
    operator = make_client(scopes=frozenset(Scope))
    refused = operator.post("/v1/keys", json=asked)
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["detail"]) for fault in refused.json()["errors"]] == [(pointer, detail)]


def test_a_card_number_is_no_name_of_a_key_and_no_problem_repeats_one(make_client: Callable[..., TestClient]) -> None:
    operator = make_client(scopes=frozenset(Scope))
    number = "4111 1111 1111 1111"
    for body in ({"name": number, "merchants": ["a"]}, {"name": "a", "merchants": ["a"], number: 1}):
        refused = operator.post("/v1/keys", json=body)
        assert refused.status_code == 422
        assert number not in refused.text


def test_a_key_of_more_merchants_than_can_be_looked_up_is_refused(make_client: MakeClient) -> None:
    manager = make_client(scopes=MANAGER)
    named = [f"shop-{number}" for number in range(MERCHANTS_MAX + 1)]
    status, problem = create(manager, merchants=named, scopes=READ)
    assert (status, [each["pointer"] for each in problem["errors"]]) == (422, ["/merchants"])
    status, key = create(manager, merchants=named[:-1], scopes=READ)
    assert (status, len(key["merchants"])) == (201, MERCHANTS_MAX)
