"""Lists over HTTP: in force at once, told apart by tenant, readable as of any change."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.wiring import Assembly
from engine.access import Scope
from engine.decision import recorded_decision
from engine.lists.entry import NAMED_LISTS_MAX
from engine.replay import Replay
from models.scorecard_file import scorecard_of

MakeClient = Callable[..., TestClient]
Body = Callable[..., dict[str, Any]]
SCOPES = frozenset(
    {
        Scope.LISTS_READ,
        Scope.LISTS_WRITE,
        Scope.DECISIONS_WRITE,
        Scope.DECISIONS_READ,
        Scope.DECISIONS_EXPLAIN,
        Scope.POLICIES_WRITE,
    }
)
TOKEN = {"type": "token", "value": "tok_bad"}


@pytest.fixture(scope="module")
def operator(make_client: MakeClient) -> TestClient:
    return make_client(scopes=SCOPES)


@pytest.fixture
def shop() -> str:
    return f"shop-{uuid4()}"


@pytest.fixture
def merchant(make_client: MakeClient, shop: str) -> TestClient:
    return make_client(scopes=SCOPES, merchants=frozenset({shop}))


def path(list_id: str, rest: str = "/entries") -> str:
    return f"/v1/lists/{quote(list_id, safe='')}{rest}"


def add(client: TestClient, list_id: str, *entries: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path(list_id), json={"entries": list(entries)})
    assert answer.status_code == 201, answer.text
    read: dict[str, Any] = answer.json()
    return read


def listed(client: TestClient, list_id: str, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(path(list_id) + query)
    assert answer.status_code == 200, answer.text
    read: list[dict[str, Any]] = answer.json()["data"]
    return read


def refused(answer: Any, status: int = 422) -> list[tuple[str, str]]:
    assert answer.status_code == status, answer.text
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]] or [("", answer.json()["code"])]


def decided(client: TestClient, body: Body, shop: str, **groups: Any) -> dict[str, Any]:
    event = {"transaction_id": f"tx-{uuid4()}", "merchant_id": shop, **groups.pop("event", {})}
    answer = client.post("/v1/decisions", json=body(event=event, **groups))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def card(token: str = TOKEN["value"]) -> dict[str, Any]:
    return {"credit_card": {"token": token}}


def test_an_entry_is_in_force_for_the_next_decision_and_for_its_merchant_alone(
    operator: TestClient, merchant: TestClient, body: Body, shop: str
) -> None:
    assert decided(merchant, body, shop, **card())["action"] == "allow"
    taken = add(merchant, f"{shop}:block", {**TOKEN, "reason": "Chargeback 10.4"})
    assert (taken["added"], taken["updated"], taken["unchanged"]) == (1, 0, 0)
    blocked = decided(merchant, body, shop, **card())
    assert blocked["action"] == "block"
    (reason,) = (each for each in blocked["reasons"] if each["source"] == "list")
    assert (reason["code"], reason["text"]) == (
        "block_list_token",
        "The card is on the merchant's block list: Chargeback 10.4",
    )
    assert blocked["advice"]["decided_by"] == ["block_list_token"]
    assert "take the entry off your block list" in blocked["advice"]["next_step"]
    assert decided(operator, body, f"{shop}-other", **card())["action"] == "allow"
    (entry,) = listed(merchant, f"{shop}:block")
    assert merchant.delete(path(f"{shop}:block", f"/entries/{entry['id']}")).status_code == 204
    assert decided(merchant, body, shop, **card())["action"] == "allow"


def test_the_operators_block_list_outranks_a_merchants_allow_list(
    operator: TestClient, merchant: TestClient, body: Body, shop: str
) -> None:
    token = f"tok_{uuid4()}"
    entry = {"type": "token", "value": token, "reason": "Chargeback at another shop"}
    (taken,) = add(operator, "block", entry)["data"]
    add(merchant, f"{shop}:allow", {"type": "token", "value": token})
    blocked = decided(merchant, body, shop, **card(token))
    assert blocked["action"] == "block"
    assert blocked["advice"]["decided_by"] == ["operator_block_list_token"]
    assert "ask the operator" in blocked["advice"]["next_step"]
    assert blocked["advice"]["allow_rule"] is None
    assert "another shop" not in str(blocked)
    assert operator.delete(path("block", f"/entries/{taken['id']}")).status_code == 204
    assert decided(merchant, body, shop, **card(token))["action"] == "allow"


def test_adding_again_changes_the_terms_or_nothing(merchant: TestClient, shop: str) -> None:
    block = f"{shop}:block"
    first = add(merchant, block, TOKEN)
    again = add(merchant, block, TOKEN, {"type": "email", "value": "J.Doe+x@GoogleMail.com"})
    assert [each["outcome"] for each in again["data"]] == ["unchanged", "added"]
    assert again["data"][0] == {**first["data"][0], "outcome": "unchanged"}
    assert again["data"][1]["value"] == "jdoe@gmail.com"
    extended = add(merchant, block, {**TOKEN, "expires_at": "2099-01-01T00:00:00Z"})
    assert (extended["updated"], extended["data"][0]["id"]) == (1, first["data"][0]["id"])
    assert extended["data"][0]["expires_at"] == "2099-01-01T00:00:00Z"
    assert extended["sequence"] > again["sequence"] > first["sequence"]
    assert add(merchant, block, TOKEN, TOKEN, {**TOKEN, "reason": "x"})["updated"] == 2
    assert len(listed(merchant, block)) == 2


def test_a_list_is_read_as_of_any_change(merchant: TestClient, shop: str) -> None:
    block = f"{shop}:block"
    first = add(merchant, block, TOKEN)["sequence"]
    second = add(merchant, block, {"type": "device", "value": "d-1"})["sequence"]
    (entry,) = listed(merchant, block, "?value=tok_bad")
    merchant.delete(path(block, f"/entries/{entry['id']}"))
    assert [each["value"] for each in listed(merchant, block)] == ["d-1"]
    (then,) = listed(merchant, block, f"?as_of={first}")
    assert (then["value"], then["removed_sequence"], then["removed_by"]) == (
        "tok_bad",
        second + 1,
        merchant.key_id,  # type: ignore[attr-defined]
    )
    assert len(listed(merchant, block, f"?as_of={second}")) == 2
    assert merchant.delete(path(block, f"/entries/{entry['id']}")).status_code == 404


def test_entries_are_found_by_value_however_it_is_written_and_paged(merchant: TestClient, shop: str) -> None:
    block = f"{shop}:block"
    add(merchant, block, *({"type": "device", "value": f"d-{number}"} for number in range(5)))
    add(merchant, block, {"type": "phone", "value": "+44 (0)20 7946 0000"})
    (found,) = listed(merchant, block, "?value=%2B442079460000")
    assert (found["type"], found["value"]) == ("phone", "+442079460000")
    assert [each["value"] for each in listed(merchant, block, "?value=d-3&type=device")] == ["d-3"]
    assert not listed(merchant, block, "?value=d-9")
    page = merchant.get(path(block, "/entries?limit=4")).json()
    assert (page["has_more"], [each["value"] for each in page["data"]][:2]) == (True, ["+442079460000", "d-4"])
    rest = merchant.get(path(block, f"/entries?limit=4&cursor={page['next_cursor']}")).json()
    assert ([each["value"] for each in rest["data"]], rest["next_cursor"]) == (["d-1", "d-0"], None)


def test_every_fault_is_named_and_nothing_is_taken(merchant: TestClient, shop: str) -> None:
    sent = [
        {"value": "a@example.com"},
        {"type": "email", "value": "nobody"},
        {"type": "ip", "value": "8.8.8.0/24"},
        {"type": "ip", "value": "10.0.0.1"},
        {"type": "cidr", "value": "8.8.8.8"},
        {"type": "cidr", "value": "8.0.0.0/7"},
        {"type": "bin", "value": "4242"},
        {"type": "country", "value": "UK"},
        {"type": "phone", "value": "020 7946 0000"},
        {"type": "address", "value": "1 Market Street"},
        {"type": "string", "value": "x"},
        {"type": "device", "value": "d", "reason": " ", "expires_at": "2020-01-01"},
        {"type": "device", "value": "d\u0000"},
        TOKEN,
    ]
    assert refused(merchant.post(path(f"{shop}:block"), json={"entries": sent})) == [
        ("/entries/0/type", "missing"),
        ("/entries/1/value", "email_invalid"),
        ("/entries/2/value", "ip_invalid"),
        ("/entries/3/value", "ip_not_public"),
        ("/entries/4/value", "cidr_invalid"),
        ("/entries/5/value", "cidr_too_wide"),
        ("/entries/6/value", "bin_too_short"),
        ("/entries/7/value", "country_unknown"),
        ("/entries/8/value", "phone_invalid"),
        ("/entries/9/value", "address_invalid"),
        ("/entries/10/type", "value_invalid"),
        ("/entries/11/reason", "value_invalid"),
        ("/entries/11/expires_at", "out_of_range"),
        ("/entries/12/value", "control_character"),
    ]
    assert refused(merchant.post(path(f"{shop}:allow"), json={"entries": [{"type": "country", "value": "DE"}]})) == [
        ("/entries/0/type", "value_invalid")
    ]
    assert not listed(merchant, f"{shop}:block")
    answer = merchant.post(path(f"{shop}:block"), content=b"{", headers={"content-type": "application/json"})
    assert refused(answer, 400) == [("", "json_malformed")]
    assert refused(merchant.post(path(f"{shop}:block"), json={"entries": [{"type": "colour", "value": 5}]})) == [
        ("/entries/0/value", "value_invalid"),
        ("/entries/0/type", "value_invalid"),
    ]
    too_many = {"entries": [{"type": "device", "value": str(number)} for number in range(501)]}
    assert merchant.post(path(f"{shop}:block"), json=too_many).status_code == 422


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "token", "value": "4242424242424242"},
        {"type": "token", "value": "tok_4242424242424242"},
        {"type": "bin", "value": "4242 4242 4242 4242"},
        {"type": "address", "value": "US|94105|4242424242424242 Street"},
        {"type": "device", "value": "d", "reason": "card 4242 4242 4242 4242"},
    ],
)
def test_card_numbers_are_refused_and_not_repeated(merchant: TestClient, shop: str, entry: dict[str, str]) -> None:
    answer = merchant.post(path(f"{shop}:block"), json={"entries": [entry]})
    assert (answer.status_code, answer.json()["code"]) == (422, "card_data_refused")
    assert "4242" not in answer.text
    assert not listed(merchant, f"{shop}:block")


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


def test_a_list_has_room_for_so_many(merchant: TestClient, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.listing.LIST_ENTRIES_MAX", 3)
    block = f"{shop}:block"
    add(merchant, block, *({"type": "device", "value": f"d-{number}"} for number in range(3)))
    answer = merchant.post(path(block), json={"entries": [{"type": "device", "value": "d-3"}]})
    assert refused(answer) == [("/entries", "too_many")]
    assert "d-0" in str(listed(merchant, block))


def test_a_bad_payment_is_listed_with_one_call(merchant: TestClient, body: Body, shop: str) -> None:
    payment = {
        "event": {"transaction_id": "order-1"},
        "account": {"user_id": "c-7"},
        "email": {"address": "j.doe+1@gmail.com"},
        "device": {"ip_address": "2001:4860:1:2::9", "fingerprint": "dev-7"},
        "billing": {
            "country": "DE",
            "postal": "10115",
            "address": "Invalidenstr. 117",
            "phone_number": "030 1234567",
        },
        "credit_card": {"token": "tok_7", "issuer_id_number": "42424242", "country": "DE"},
    }
    decided(merchant, body, shop, **payment)
    answer = merchant.post(
        path(f"{shop}:block", "/entries/from_payment"), json={"transaction_id": "order-1", "reason": "Chargeback"}
    )
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert {each["type"]: each["value"] for each in taken["data"]} | {"address": ""} == {
        "email": "jdoe@gmail.com",
        "ip": "2001:4860:1:2::/64",
        "token": "tok_7",
        "customer": "c-7",
        "device": "dev-7",
        "phone": "+49301234567",
        "address": "",
    }
    assert (taken["missing"], {each["reason"] for each in taken["data"]}) == ([], {"Chargeback"})
    for groups in (
        {"email": {"address": "jd.oe@googlemail.com"}},
        {"device": {"ip_address": "2001:4860:1:2:9::1"}},
        {"billing": {"country": "DE", "postal": "10115", "address": "Invalidenstraße 117"}},
        {"shipping": {"country": "DE", "postal": "10115", "address": "INVALIDENSTR 117"}},
        {"billing": {"phone_number": "+49 (0)30 1234567"}},
    ):
        assert decided(merchant, body, shop, **groups)["action"] == "block", groups
    assert decided(merchant, body, shop, billing={"country": "DE"})["action"] == "allow"


def test_a_payments_types_can_be_chosen_and_what_it_lacks_is_said(
    operator: TestClient, merchant: TestClient, body: Body, shop: str
) -> None:
    token = f"tok_{uuid4()}"
    decided(merchant, body, shop, event={"transaction_id": "order-2"}, **card(token), account={"user_id": "c-1"})
    from_payment = path(f"{shop}:block", "/entries/from_payment")
    wanted: dict[str, Any] = {"transaction_id": "order-2", "types": ["token", "email"]}
    taken = merchant.post(from_payment, json=wanted).json()
    assert ([each["type"] for each in taken["data"]], taken["missing"]) == (["token"], ["email"])
    assert refused(merchant.post(from_payment, json={**wanted, "types": ["country"]})) == [("/types", "value_invalid")]
    assert merchant.post(from_payment, json={"transaction_id": "none"}).json()["code"] == "transaction_not_found"
    merchant.post("/v1/lists", json={"name": "people", "type": "customer"})
    people = merchant.post(path(f"{shop}:people", "/entries/from_payment"), json={"transaction_id": "order-2"}).json()
    assert [each["value"] for each in people["data"]] == ["c-1"]
    operators = path("block", "/entries/from_payment")
    assert refused(operator.post(operators, json={"transaction_id": "order-2"})) == [("/merchant_id", "missing")]
    whole = operator.post(operators, json={"transaction_id": "order-2", "merchant_id": shop}).json()
    assert [each["type"] for each in whole["data"]] == ["token"], "a customer's id is a merchant's own"
    operator.delete(path("block", f"/entries/{whole['data'][0]['id']}"))


def test_a_csv_is_taken_line_by_line(merchant: TestClient, shop: str) -> None:
    file = (
        "\ufeffType;Value;Reason;expires_at\r\n"
        'email;a@example.com;"said; twice";\r\n'
        "\r\n"
        "phone;'+442079460000;;2099-01-01\r\n"
        "colour;red;;\r\n"
        "token;4242424242424242;;\r\n"
        "device;d-1;;2020-01-01\r\n"
        "device;d-2;x;y;z\r\n"
    ).encode()
    answer = merchant.post(path(f"{shop}:block"), content=file, headers={"content-type": "text/csv; charset=utf-8"})
    assert answer.status_code == 201, answer.text
    report = answer.json()
    assert (report["added"], report["rejected"]) == (2, 4)
    assert [(each["line"], each["field"], each["code"]) for each in report["rejects"]] == [
        (5, "type", "value_unknown"),
        (6, "value", "card_data_refused"),
        (7, "expires_at", "out_of_range"),
        (8, "value", "too_many"),
    ]
    assert "4242" not in answer.text
    phone, email = listed(merchant, f"{shop}:block")
    assert (phone["value"], phone["expires_at"], email["reason"]) == (
        "+442079460000",
        "2099-01-01T00:00:00Z",
        "said; twice",
    )
    for wrong in (b"", b"email\na@example.com\n", b"value,value\na,b\n", b"\xff\xfe"):
        answer = merchant.post(path(f"{shop}:block"), content=wrong, headers={"content-type": "text/csv"})
        assert answer.status_code == 422, answer.text


def test_decisions_replay_byte_for_byte_after_their_lists_changed(
    merchant: TestClient, body: Body, shop: str, assembly: Assembly
) -> None:
    block, allow = f"{shop}:block", f"{shop}:allow"
    actions = []
    for number in range(4):
        actions.append(decided(merchant, body, shop, **card(), account={"user_id": "c-1"})["action"])
        if number == 0:
            add(merchant, block, {**TOKEN, "expires_at": "2099-01-01T00:00:00Z"})
        if number == 1:
            add(merchant, allow, {"type": "customer", "value": "c-1"})
        if number == 2:
            for each in listed(merchant, allow):
                merchant.delete(path(allow, f"/entries/{each['id']}"))
    assert actions == ["allow", "block", "allow", "block"]
    for each in listed(merchant, block):
        merchant.delete(path(block, f"/entries/{each['id']}"))
    replay = Replay(
        assembly.ledger,
        lambda content, catalog, role: scorecard_of(content, catalog, role=role),
        assembly.snapshot.reference,
        assembly.lists.store,
    )
    replayed = [
        each for each in replay.of(assembly.ledger.recent(timedelta(days=1))) if each.record.key.merchant_id == shop
    ]
    assert [each.difference for each in replayed] == [None] * 4
    sequences = [recorded_decision(each.record.decision).lists_sequence for each in replayed]
    assert sequences == sorted(set(sequences)), "each saw another state of the lists"
