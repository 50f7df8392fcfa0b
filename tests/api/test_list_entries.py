"""Entries over HTTP: in force at once, refused with every fault, readable as of any change, replayed."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient, Response

from api.app import create_app
from api.wiring import Assembly
from engine.decision import recorded_decision
from engine.replay import Replay, Replayed
from models.scorecard_file import scorecard_of
from tests.api.list_calls import TOKEN, Body, add, card, decided, listed, merchant, operator, path, refused, shop

__all__ = ["merchant", "operator", "shop"]


def test_an_entry_is_in_force_for_the_next_decision_and_for_its_merchant_alone(
    operator: TestClient, merchant: TestClient, body: Body, shop: str
) -> None:
    assert decided(merchant, body, shop, **card())["action"] == "allow"
    taken = add(merchant, f"{shop}:block", {**TOKEN, "reason": "Chargeback 10.4"})
    assert (taken["added"], taken["updated"], taken["unchanged"]) == (1, 0, 0)
    blocked = decided(merchant, body, shop, **card())
    assert (blocked["action"], blocked["data_versions"]["lists"]) == ("block", str(taken["sequence"]))
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


async def test_lists_change_while_payments_are_decided(
    merchant: TestClient, body: Body, shop: str, assembly: Assembly
) -> None:
    app, answers = create_app(assembly), list[Response]()
    headers = {"authorization": str(merchant.headers["authorization"])}
    async with AsyncClient(transport=ASGITransport(app), base_url="http://assay", headers=headers) as client:

        async def pay(shopper: int) -> None:
            for number in range(10):
                event = {"transaction_id": f"order-{shopper}-{number}", "merchant_id": shop}
                asked = body(event=event, options={"deadline_ms": 2000}, **card(f"tok_{shopper}"))
                answers.append(await client.post("/v1/decisions", json=asked))

        async def put(shopper: int) -> None:
            for number in range(10):
                entry = {"type": "token", "value": f"tok_{shopper}", "reason": f"change {number}"}
                where = path(f"{shop}:{('block', 'allow')[number % 2]}")
                answers.append(await client.post(where, json={"entries": [entry]}))

        await asyncio.gather(*(each(shopper) for shopper in range(4) for each in (pay, put)))
    assert [answer.status_code for answer in answers if answer.status_code not in (200, 201)] == []
    replayed = [each for each in replay_of(assembly) if each.record.key.merchant_id == shop]
    assert [each.difference for each in replayed] == [None] * 40
    assert len({recorded_decision(each.record.decision).lists_sequence for each in replayed}) > 1


def replay_of(assembly: Assembly) -> Iterator[Replayed]:
    replay = Replay(
        assembly.ledger,
        lambda content, catalog, role: scorecard_of(content, catalog, role=role),
        assembly.snapshot.reference,
        assembly.lists.store,
    )
    return replay.of(assembly.ledger.recent(timedelta(days=1)))


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
    replayed = [each for each in replay_of(assembly) if each.record.key.merchant_id == shop]
    assert [each.difference for each in replayed] == [None] * 4
    sequences = [recorded_decision(each.record.decision).lists_sequence for each in replayed]
    assert sequences == sorted(set(sequences)), "each saw another state of the lists"
