"""Labels over HTTP: each fact once, all or nothing, read as they were known."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.keys import new_key
from api.schemas.label import LABEL_EXAMPLES, LABELS_MAX, LabelList, LabelsAnswer
from api.wiring import Assembly
from engine.access import Scope
from engine.errors import LedgerUnavailable

Body = Callable[..., dict[str, Any]]
MakeClient = Callable[..., TestClient]
CARD_NUMBER = "4242424242424242"
SCOPES = frozenset({Scope.DECISIONS_WRITE, Scope.DECISIONS_READ, Scope.LABELS_WRITE})
NUMBERS = count()


@pytest.fixture(scope="module")
def analyst(make_client: MakeClient) -> TestClient:
    return make_client(scopes=SCOPES)


@pytest.fixture
def shop(make_client: MakeClient) -> TestClient:
    """A key for one merchant that nobody else labels."""
    return make_client(scopes=SCOPES, merchants=frozenset({f"shop-{next(NUMBERS)}"}))


def label(**changes: Any) -> dict[str, Any]:
    fields = {
        "transaction_id": f"labelled-{next(NUMBERS)}",
        "kind": "chargeback",
        "is_fraud": True,
        "occurred_at": "2025-11-20T00:00:00Z",
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def refused(client: TestClient, body: Any) -> list[tuple[str, str]]:
    answer = client.post("/v1/labels", json=body)
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def known(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/labels", params=asked)
    assert answer.status_code == 200, answer.text
    LabelList.model_validate_json(answer.content)
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def test_a_label_says_whether_its_payment_was_decided(analyst: TestClient, body: Body) -> None:
    decided = analyst.post("/v1/decisions", json=body()).json()
    sent = [
        label(transaction_id=decided["transaction_id"], merchant_id="shop-a", source="acquirer"),
        label(transaction_id=decided["transaction_id"], merchant_id="shop-b", kind=" Analyst_Verdict", is_fraud=False),
    ]
    answer = analyst.post("/v1/labels", json={"labels": sent})
    assert answer.status_code == 201, answer.text
    told = LabelsAnswer.model_validate_json(answer.content)
    assert (told.new, told.repeated, told.unmatched) == (2, 0, 1)
    assert [each.is_matched for each in told.labels] == [True, False]
    assert [(each.kind, each.source) for each in told.labels] == [
        ("chargeback", "acquirer"),
        ("analyst_verdict", "api"),
    ]


@pytest.mark.parametrize("name", LABEL_EXAMPLES)
def test_every_example_is_taken(analyst: TestClient, name: str) -> None:
    answer = analyst.post("/v1/labels", json=LABEL_EXAMPLES[name]["value"])
    assert (answer.status_code, answer.json()["warnings"]) == (201, [])


def test_the_same_fact_again_is_no_new_label_and_keeps_its_first_receipt(shop: TestClient) -> None:
    one = label()
    first = shop.post("/v1/labels", json=one).json()
    again = shop.post("/v1/labels", json={"labels": [one, label(), one]}).json()
    assert (first["new"], first["repeated"]) == (1, 0)
    assert (again["new"], again["repeated"]) == (1, 2)
    listed = known(shop)
    assert [each["received_at"] for each in listed] == [first["received_at"], again["received_at"]]


def test_labels_are_listed_as_known_then(shop: TestClient) -> None:
    received = []
    for _ in range(3):
        answer = shop.post("/v1/labels", json=label())
        received.append(datetime.fromisoformat(answer.json()["received_at"]))
    for index, at in enumerate(received):
        assert len(known(shop, as_of=at.isoformat())) == index + 1
        assert len(known(shop, as_of=(at - timedelta(microseconds=1)).isoformat())) == index
    assert len(known(shop)) == 3


def test_labels_are_paged(shop: TestClient) -> None:
    sent = [label() for _ in range(7)]
    shop.post("/v1/labels", json={"labels": sent})
    found, cursor = [], None
    while True:
        asked = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = shop.get("/v1/labels", params=asked).json()
        found += [each["transaction_id"] for each in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if cursor is None:
            break
    assert found == [each["transaction_id"] for each in sent]


def test_a_label_after_the_clock_went_back_is_behind_every_cursor_given(assembly: Assembly) -> None:
    clock = [datetime(2030, 1, 1, tzinfo=UTC)]
    key, text = new_key(name="x", test_mode=False, scopes=SCOPES, merchants=frozenset({"shop-clock"}))
    assembly.keys.add_key(key)
    app = create_app(assembly, now=lambda: clock[0])
    client = TestClient(app, headers={"Authorization": f"Bearer {text}"})
    client.post("/v1/labels", json={"labels": [label(), label()]})
    cursor = client.get("/v1/labels", params={"limit": 1}).json()["next_cursor"]
    clock[0] -= timedelta(hours=1)
    late = label()
    assert client.post("/v1/labels", json=late).json()["received_at"] == "2030-01-01T00:00:00+00:00"
    page = client.get("/v1/labels", params={"cursor": cursor}).json()
    assert page["data"][-1]["transaction_id"] == late["transaction_id"]
    assert len(page["data"]) == 2


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"as_of": "yesterday"}, ("/as_of", "time_invalid")),
        ({"as_of": "2026-11-23T17:00:00 00:00"}, ("/as_of", "time_invalid")),
        ({"cursor": "x"}, ("/cursor", "value_unknown")),
        ({"as_off": "2026-11-23"}, ("/as_off", "field_unknown")),
        ({"": "x"}, ("/", "field_unknown")),
        ({"limit": [1, 2]}, ("/limit", "too_many")),
        ({"limit": 0}, ("/limit", "value_invalid")),
        ({"limit": "many"}, ("/limit", "value_invalid")),
    ],
)
def test_a_wrong_query_is_named(analyst: TestClient, asked: dict[str, Any], fault: tuple[str, str]) -> None:
    answer = analyst.get("/v1/labels", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [fault]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"transaction_id": ...}, ("/transaction_id", "missing")),
        ({"transaction_id": " "}, ("/transaction_id", "missing")),
        ({"transaction_id": "t" * 256}, ("/transaction_id", "too_long")),
        ({"transaction_id": "a\nb"}, ("/transaction_id", "control_character")),
        ({"transaction_id": "a\0b"}, ("/transaction_id", "control_character")),
        ({"transaction_id": 17}, ("/transaction_id", "type_invalid")),
        ({"kind": ...}, ("/kind", "missing")),
        ({"kind": "fraud"}, ("/kind", "value_unknown")),
        ({"is_fraud": ...}, ("/is_fraud", "missing")),
        ({"is_fraud": "yes"}, ("/is_fraud", "type_invalid")),
        ({"is_fraud": 1}, ("/is_fraud", "type_invalid")),
        ({"occurred_at": ...}, ("/occurred_at", "missing")),
        ({"occurred_at": "soon"}, ("/occurred_at", "time_invalid")),
        ({"occurred_at": "1969-12-31T00:00:00Z"}, ("/occurred_at", "out_of_range")),
        ({"merchant_id": "m" * 256}, ("/merchant_id", "too_long")),
        ({"cvv": "123"}, ("/cvv", "card_data_refused")),
        ({"card": {"pan": CARD_NUMBER}}, ("/card/pan", "card_data_refused")),
    ],
)
def test_a_wrong_value_is_named_alone_and_in_a_list(
    shop: TestClient, change: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert refused(shop, label(**change)) == [fault]
    pointer, code = fault
    assert refused(shop, {"labels": [label(), label(**change)]}) == [(f"/labels/1{pointer}", code)]
    assert known(shop) == [], "all or nothing"


def test_a_time_of_tomorrow_is_a_clock_and_one_beyond_it_a_fault(shop: TestClient) -> None:
    now = datetime.now(UTC)
    assert shop.post("/v1/labels", json=label(occurred_at=(now + timedelta(hours=23)).isoformat())).status_code == 201
    assert refused(shop, label(occurred_at=(now + timedelta(hours=25)).isoformat())) == [
        ("/occurred_at", "out_of_range")
    ]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"labels": []}, ("/labels", "missing")),
        ({"labels": None}, ("/labels", "missing")),
        ({"labels": "chargeback"}, ("/labels", "type_invalid")),
        ({"labels": {}}, ("/labels", "type_invalid")),
        ({"labels": [7]}, ("/labels/0", "type_invalid")),
        ({"labels": [{}] * (LABELS_MAX + 1)}, ("/labels", "too_many")),
    ],
)
def test_a_wrong_list_is_named(shop: TestClient, body: Any, fault: tuple[str, str]) -> None:
    assert refused(shop, body)[0] == fault


def test_faults_of_all_labels_are_named_at_once(analyst: TestClient) -> None:
    wrong = {"labels": [label(merchant_id="shop-a", kind="x"), label(merchant_id="shop-a", is_fraud=None, kind="y")]}
    assert refused(analyst, wrong) == [("/labels/0/kind", "value_unknown"), ("/labels/1/is_fraud", "missing")]
    assert refused(analyst, {"labels": [label(merchant_id="shop-a"), label(), label()]}) == [
        ("/labels/1/merchant_id", "missing"),
        ("/labels/2/merchant_id", "missing"),
    ]


def test_odd_values_are_warned_of(shop: TestClient) -> None:
    answer = shop.post("/v1/labels", json=label(source=f"file {CARD_NUMBER}", reason="10.4"))
    assert [(each["input_pointer"], each["code"]) for each in answer.json()["warnings"]] == [
        ("/reason", "field_unknown"),
        ("/source", "card_data_removed"),
    ]
    assert known(shop)[0]["source"] == "api"


def test_merchants_and_modes_are_apart(make_client: MakeClient) -> None:
    mine, other = f"mine-{next(NUMBERS)}", f"other-{next(NUMBERS)}"
    both = make_client(scopes=SCOPES, merchants=frozenset({mine, other}))
    sent = {"labels": [label(merchant_id=mine), label(merchant_id=other)]}
    assert both.post("/v1/labels", json=sent).status_code == 201
    test_key = make_client(scopes=SCOPES, merchants=frozenset({mine}), test_mode=True)
    test_key.post("/v1/labels", json=label())
    alone = make_client(scopes=SCOPES, merchants=frozenset({mine}))
    assert [each["merchant_id"] for each in known(both)] == [mine, other]
    assert [each["merchant_id"] for each in known(both, merchant_id=other)] == [other]
    assert [(each["merchant_id"], each["test_mode"]) for each in known(alone)] == [(mine, False)]
    assert [(each["merchant_id"], each["test_mode"]) for each in known(test_key)] == [(mine, True)]
    for asked in (alone.post("/v1/labels", json=sent), alone.get("/v1/labels", params={"merchant_id": other})):
        assert (asked.status_code, asked.json()["code"]) == (404, "merchant_not_found")
    assert len(known(alone)) == 1, "where one label is for another's merchant, none is recorded"


def test_each_call_needs_its_scope(make_client: MakeClient) -> None:
    reader = make_client(scopes=frozenset({Scope.DECISIONS_READ}))
    writer = make_client(scopes=frozenset({Scope.LABELS_WRITE}))
    assert reader.post("/v1/labels", json=label(merchant_id="shop-a")).status_code == 403
    assert writer.get("/v1/labels").status_code == 403
    assert writer.post("/v1/labels", json=label(merchant_id="shop-a")).status_code == 201


def test_as_many_labels_as_a_body_holds(shop: TestClient) -> None:
    sent = [{**label(), "kind": "cleared", "is_fraud": False, "transaction_id": str(number)} for number in range(500)]
    answer = shop.post("/v1/labels", json={"labels": sent})
    assert (answer.status_code, answer.json()["new"], answer.json()["unmatched"]) == (201, 500, 500)
    over = shop.post("/v1/labels", json={"labels": [{**sent[0], "source": "s" * 200}] * 300})
    assert (over.status_code, over.json()["code"]) == (413, "body_too_large")


def test_a_ledger_that_fails_is_503_and_sending_again_is_safe(
    assembly: Assembly, shop: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise LedgerUnavailable("The disk is full: free some space.")

    one = label()
    with monkeypatch.context() as patch:
        patch.setattr(assembly.labels, "append_labels", fail)
        answer = shop.post("/v1/labels", json=one)
    assert (answer.status_code, answer.json()["code"]) == (503, "ledger_unavailable")
    assert shop.post("/v1/labels", json=one).json()["new"] == 1


def test_labels_that_are_not_durable_in_time_are_503_and_sending_again_is_safe(
    assembly: Assembly, shop: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: object) -> None:
        await asyncio.sleep(3600)

    one = label()
    with monkeypatch.context() as patch:
        patch.setattr(assembly.labels, "append_labels", hang)
        patch.setattr("api.routes.labels.REPORT_SECONDS", 0.01)
        answer = shop.post("/v1/labels", json=one)
    assert (answer.status_code, answer.json()["code"]) == (503, "deadline_exceeded")
    assert shop.post("/v1/labels", json=one).json()["new"] == 1


@pytest.mark.parametrize("kind", ["first_party_misuse", "service_dispute"])
def test_what_is_never_fraud_is_not_said_to_be(shop: TestClient, kind: str) -> None:
    assert refused(shop, label(kind=kind)) == [("/is_fraud", "value_contradictory")]
    assert shop.post("/v1/labels", json=label(kind=kind, is_fraud=False)).status_code == 201


def test_of_more_faults_than_are_named_each_label_is_refused_all_the_same(shop: TestClient) -> None:
    assert len(refused(shop, {"labels": [label(kind="guess") for _ in range(60)]})) == 50
