"""Lists: what they promise of the payments that meet them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.wiring import Assembly
from engine.access import Scope
from tests.contract.calling import Call

Decided = Callable[..., dict[str, Any]]


@pytest.fixture
def shop() -> str:
    return f"shop-{uuid4()}"


@pytest.fixture
def pays(call: Call, shop: str) -> Decided:
    """A payment of a customer of the shop."""

    def pays(customer: str, transaction_id: str | None = None, **groups: Any) -> dict[str, Any]:
        return call(transaction_id, event={"merchant_id": shop}, account={"user_id": customer}, **groups)

    return pays


def put(client: TestClient, list_id: str, *values: str, kind: str = "customer", **terms: Any) -> dict[str, Any]:
    entries = [{"type": kind, "value": value, **terms} for value in values]
    answer = client.post(f"/v1/lists/{list_id}/entries", json={"entries": entries})
    assert answer.status_code == 201, answer.text
    read: dict[str, Any] = answer.json()
    return read


def of_lists(answer: dict[str, Any]) -> list[str]:
    return [each["code"] for each in answer["reasons"] if each["source"] == "list"]


def test_a_list_is_in_force_at_once_and_says_why(operator: TestClient, pays: Decided, shop: str) -> None:
    assert pays("c-1")["action"] == "allow"
    put(operator, f"{shop}:block", "c-1", reason="Chargeback")
    blocked = pays("c-1")
    assert (blocked["action"], of_lists(blocked)) == ("block", ["block_list_customer"])
    assert "Chargeback" in str(blocked["reasons"])
    put(operator, f"{shop}:allow", "c-1")
    assert pays("c-1")["action"] == "allow"


def test_the_operators_block_list_outranks_an_allow_list(operator: TestClient, pays: Decided, shop: str) -> None:
    device = f"dev-{uuid4()}"
    put(operator, f"{shop}:allow", "c-1")
    (entry,) = put(operator, "block", device, kind="device", reason="Seen at shop-z")["data"]
    blocked = pays("c-1", device={"fingerprint": device})
    assert (blocked["action"], of_lists(blocked)[0]) == ("block", "operator_block_list_device")
    assert "shop-z" not in str(blocked)
    assert operator.delete(f"/v1/lists/block/entries/{entry['id']}").status_code == 204


def test_an_entry_holds_until_it_expires(assembly: Assembly, operator: TestClient, body: Any, shop: str) -> None:
    now = datetime.now(UTC)
    put(operator, f"{shop}:block", "c-1", expires_at=(now + timedelta(hours=1)).isoformat())
    actions = []
    for minutes in (59, 61):
        app = create_app(assembly, now=partial(max, now, now + timedelta(minutes=minutes)))
        client = TestClient(app, headers={"authorization": str(operator.headers["authorization"])})
        asked = body(event={"merchant_id": shop}, account={"user_id": "c-1"}, options={"deadline_ms": 2000})
        actions.append(client.post("/v1/decisions", json=asked).json()["action"])
    assert actions == ["block", "allow"]


def test_one_call_lists_a_bad_payment(operator: TestClient, pays: Decided, shop: str) -> None:
    pays(
        "c-1",
        "order-1",
        email={"address": "j.doe+1@gmail.com"},
        device={"ip_address": "8.8.4.4", "fingerprint": "dev-1"},
        billing={"country": "US", "postal": "94105", "address": "1 Market Street", "phone_number": "415 555 2671"},
        credit_card={"token": "tok_bad", "issuer_id_number": "424242"},
    )
    answer = operator.post(f"/v1/lists/{shop}:block/entries/from_payment", json={"transaction_id": "order-1"})
    listed = {each["type"] for each in answer.json()["data"]}
    assert listed == {"customer", "email", "ip", "device", "phone", "address", "token"}
    for groups in (
        {"email": {"address": "jdoe@googlemail.com"}},
        {"device": {"ip_address": "8.8.4.4"}},
        {"device": {"fingerprint": "dev-1"}},
        {"shipping": {"country": "US", "postal": "94105-1234", "address": "1 market st"}},
        {"billing": {"phone_number": "+1 (415) 555-2671"}},
        {"credit_card": {"token": "tok_bad"}},
    ):
        assert pays("c-2", **groups)["action"] == "block", groups
    assert pays("c-2", billing={"country": "US"}, credit_card={"issuer_id_number": "424242"})["action"] == "allow"


def test_another_merchants_list_is_absent(make_client: Any, operator: TestClient, shop: str) -> None:
    put(operator, f"{shop}:block", "c-1")
    other = make_client(scopes=frozenset(Scope), merchants=frozenset({f"{shop}-other"}))
    for list_id in (f"{shop}:block", f"{shop}:absent", "block"):
        for answer in (
            other.get(f"/v1/lists/{list_id}/entries"),
            other.post(f"/v1/lists/{list_id}/entries", json={"entries": [{"type": "email", "value": "a@b.com"}]}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "list_not_found")


def test_a_list_is_read_as_of_a_change(operator: TestClient, shop: str) -> None:
    first = put(operator, f"{shop}:block", "c-1")
    put(operator, f"{shop}:block", "c-2")
    operator.delete(f"/v1/lists/{shop}:block/entries/{first['data'][0]['id']}")

    def values(query: str = "") -> list[str]:
        return [each["value"] for each in operator.get(f"/v1/lists/{shop}:block/entries{query}").json()["data"]]

    assert values() == ["c-2"]
    assert values(f"?as_of={first['sequence']}") == ["c-1"]
