"""Lists over HTTP: told apart by tenant, made once, deleted where no rule needs them."""

from uuid import uuid4

from fastapi.testclient import TestClient

from engine.access import Scope
from engine.lists.entry import NAMED_LISTS_MAX
from tests.api.list_calls import (
    SCOPES,
    TOKEN,
    Body,
    MakeClient,
    add,
    card,
    decided,
    listed,
    merchant,
    operator,
    path,
    refused,
    shop,
)

__all__ = ["merchant", "operator", "shop"]


def test_anothers_list_answers_as_one_that_is_not_there(merchant: TestClient, operator: TestClient, shop: str) -> None:
    other = f"{shop}-other"
    operator.post("/v1/lists", json={"merchant_id": other, "name": "theirs", "type": "email"})
    add(operator, f"{other}:theirs", {"value": "a@example.com"})
    absent = merchant.get(path(f"{shop}:nothing", "")).json()
    for list_id in (f"{other}:theirs", f"{other}:block", "block", "allow", "nothing"):
        for answer in (
            merchant.get(path(list_id, "")),
            merchant.get(path(list_id)),
            merchant.post(path(list_id), json={"entries": [TOKEN]}),
            merchant.post(path(list_id, "/entries/from_payment"), json={"transaction_id": "x"}),
            merchant.delete(path(list_id, "/entries/ent_1")),
            merchant.delete(path(list_id, "")),
        ):
            assert answer.status_code == 404, answer.text
            assert {**answer.json(), "request_id": ""} == {**absent, "request_id": ""}
    assert merchant.get(f"/v1/lists?merchant_id={other}").status_code == 404
    assert merchant.post("/v1/lists", json={"merchant_id": None, "name": "mine", "type": "email"}).status_code == 404
    shown = merchant.get("/v1/lists").json()["data"]
    assert [each["id"] for each in shown] == [f"{shop}:allow", f"{shop}:block"]


def test_scopes_and_modes(make_client: MakeClient, shop: str) -> None:
    reader = make_client(scopes=frozenset({Scope.LISTS_READ}), merchants=frozenset({shop}))
    assert listed(reader, f"{shop}:block") == []
    assert reader.post(path(f"{shop}:block"), json={"entries": [TOKEN]}).json()["code"] == "scope_missing"
    test = make_client(scopes=SCOPES, merchants=frozenset({shop}), test_mode=True)
    assert listed(test, f"{shop}:block") == []
    assert test.post(path(f"{shop}:block"), json={"entries": [TOKEN]}).json()["code"] == "key_too_narrow"
    several = make_client(scopes=SCOPES, merchants=frozenset({shop, "shop-z"}))
    assert refused(several.get("/v1/lists")) == [("/merchant_id", "missing")]
    assert refused(several.post("/v1/lists", json={"name": "n", "type": "email"})) == [("/merchant_id", "missing")]


def test_a_merchant_with_any_id_has_lists(operator: TestClient, body: Body) -> None:
    shop = f"a/entries/b:{uuid4()}"
    add(operator, f"{shop}:block", TOKEN)
    assert [each["list_id"] for each in listed(operator, f"{shop}:block")] == [f"{shop}:block"]
    assert decided(operator, body, shop, **card())["action"] == "block"


def test_named_lists_are_made_once_filled_by_type_and_deleted(merchant: TestClient, shop: str) -> None:
    made = merchant.post("/v1/lists", json={"name": "trusted", "type": "customer"})
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["id"], shown["kind"], shown["type"], shown["entries"]) == (f"{shop}:trusted", "named", "customer", 0)
    assert shown["created_by"] == merchant.key_id  # type: ignore[attr-defined]
    again = merchant.post("/v1/lists", json={"name": "trusted", "type": "email"})
    assert (again.status_code, again.json()["code"]) == (409, "list_exists")
    for name in ("block", "Allow", "9lives", "a b", "x" * 65):
        assert refused(merchant.post("/v1/lists", json={"name": name, "type": "email"}))[0][0] == "/name"
    add(merchant, f"{shop}:trusted", {"value": "c-1"})
    assert refused(merchant.post(path(f"{shop}:trusted"), json={"entries": [TOKEN]})) == [
        ("/entries/0/type", "value_invalid")
    ]
    assert merchant.get(path(f"{shop}:trusted", "")).json()["entries"] == 1
    assert merchant.delete(path(f"{shop}:trusted", "")).status_code == 204
    assert merchant.get(path(f"{shop}:trusted", "")).status_code == 404
    assert merchant.delete(path(f"{shop}:block", "")).json()["code"] == "list_built_in"
    assert merchant.post("/v1/lists", json={"name": "trusted", "type": "email"}).status_code == 201


def test_a_name_is_the_operators_or_a_merchants(operator: TestClient, merchant: TestClient, shop: str) -> None:
    theirs, ours = f"l{uuid4().hex}", f"l{uuid4().hex}"
    assert merchant.post("/v1/lists", json={"name": theirs, "type": "email"}).status_code == 201
    wanted = {"merchant_id": None, "name": theirs, "type": "email"}
    assert operator.post("/v1/lists", json=wanted).status_code == 409
    assert operator.post("/v1/lists", json={**wanted, "name": ours}).status_code == 201
    assert merchant.post("/v1/lists", json={"name": ours, "type": "email"}).status_code == 409
    assert operator.post("/v1/lists", json={**wanted, "merchant_id": f"{shop}-2"}).status_code == 201


def test_there_are_not_too_many_named_lists(merchant: TestClient) -> None:
    for number in range(NAMED_LISTS_MAX):
        assert merchant.post("/v1/lists", json={"name": f"n{number}", "type": "email"}).status_code == 201
    assert refused(merchant.post("/v1/lists", json={"name": "more", "type": "email"})) == [("/name", "too_many")]
