"""The payments that are linked with a decision's: what they share, a page at a time, and nobody else's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.schemas.linked import LinkedBy, LinkedList
from api.wiring import Assembly
from engine.access import Scope
from engine.velocity import VELOCITIES
from engine.velocity.sharing import LINKED_BY

Body = Callable[..., dict[str, Any]]
MakeClient = Callable[..., TestClient]

ADA = {
    "email": {"address": "ada.links@example.com"},
    "credit_card": {"token": "tok_ada_links"},
    "device": {"ip_address": "81.2.69.160", "fingerprint": "fp-ada-links"},
}


def decide(client: TestClient, body: dict[str, Any]) -> str:
    answer = client.post("/v1/decisions", json=body)
    assert answer.status_code == 200, answer.text
    decision_id: str = answer.json()["id"]
    return decision_id


def linked(client: TestClient, decision_id: str, **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/decisions/{decision_id}/linked", params=asked)
    assert answer.status_code == 200, answer.text
    LinkedList.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def test_what_payments_share_is_named_the_latest_first(make_client: MakeClient, body: Body) -> None:
    shop = make_client(merchants=frozenset({"links-1"}))
    event = {"merchant_id": "links-1"}
    decide(shop, body("a", event=event, **ADA))
    decide(shop, body("nobodys", event=event, email={"address": "bob@example.com"}))
    by_email = decide(shop, body("b", event=event, email={"address": "ada.links+shop@example.com"}))
    by_ip = decide(shop, body("c", event=event, device={"ip_address": "81.2.69.160"}))
    asked = decide(shop, body("d", event=event, **ADA))
    found = linked(shop, asked)
    assert [(each["transaction_id"], each["linked_by"]) for each in found["data"]] == [
        ("c", ["ip"]),
        ("b", ["email"]),
        ("a", ["card", "device", "email", "ip"]),
    ]
    assert [each["decision_id"] for each in found["data"][:2]] == [by_ip, by_email]
    assert found["data"][0]["action"] in {"allow", "challenge", "review", "block"}
    assert (found["has_more"], found["next_cursor"]) == (False, None)
    assert [each["transaction_id"] for each in linked(shop, asked, by="card")["data"]] == ["a"]
    assert linked(shop, asked, by="phone")["data"] == []


def test_a_page_goes_on_where_the_one_before_ended(make_client: MakeClient, body: Body) -> None:
    shop = make_client(merchants=frozenset({"links-2"}))
    for number in range(5):
        asked = decide(shop, body(f"p{number}", event={"merchant_id": "links-2"}, **ADA))
    names: list[str] = []
    cursor: dict[str, str] = {}
    for has_more in (True, False):
        page = linked(shop, asked, limit=2, **cursor)
        names += [each["transaction_id"] for each in page["data"]]
        assert page["has_more"] is has_more
        cursor = {"cursor": page["next_cursor"]}
    assert names == ["p3", "p2", "p1", "p0"]


@pytest.mark.parametrize("query", ["cursor=never-seen", "by=shoe_size", "limit=0", "limit=101", "size=3"])
def test_a_wrong_query_is_refused(gateway: TestClient, body: Body, query: str) -> None:
    asked = decide(gateway, body(**ADA))
    answer = gateway.get(f"/v1/decisions/{asked}/linked?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert answer.json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


def test_nobody_sees_anothers_payments(make_client: MakeClient, body: Body) -> None:
    """Neither through one's own decision nor through another's: that is as absent (law 12). Modes are apart, too."""
    own, other = (make_client(merchants=frozenset({name})) for name in ("links-3", "links-4"))
    tester = make_client(merchants=frozenset({"links-3"}), test_mode=True)
    anothers = decide(other, body(event={"merchant_id": "links-4"}, **ADA))
    decide(tester, body(event={"merchant_id": "links-3"}, **ADA))
    mine = decide(own, body(event={"merchant_id": "links-3"}, **ADA))
    assert linked(own, mine)["data"] == []
    for client, decision_id in ((own, anothers), (tester, mine), (own, "dec_absent")):
        answer = client.get(f"/v1/decisions/{decision_id}/linked")
        assert (answer.status_code, answer.json()["code"]) == (404, "decision_not_found")


def test_a_scope_is_needed(make_client: MakeClient, gateway: TestClient, body: Body) -> None:
    asked = decide(gateway, body(**ADA))
    writer = make_client(scopes=frozenset({Scope.DECISIONS_WRITE}))
    assert writer.get(f"/v1/decisions/{asked}/linked").status_code == 403


def test_counters_that_know_no_payment_say_so(assembly: Assembly, gateway: TestClient, body: Body) -> None:
    asked = decide(gateway, body(**ADA))
    elsewhere: Any = object()
    client = TestClient(create_app(replace(assembly, counters=elsewhere)), headers={**gateway.headers})
    answer = client.get(f"/v1/decisions/{asked}/linked")
    assert (answer.status_code, answer.json()["code"]) == (503, "links_unavailable")


def test_all_that_is_named_is_something_that_payments_are_found_by() -> None:
    """Some velocity of every installation is counted by it alone."""
    assert {each.value for each in LinkedBy} == set(LINKED_BY)
    keys = {velocity.key for velocity in VELOCITIES if velocity.status is None}
    assert {(feature,) for feature in LINKED_BY.values()} <= keys
