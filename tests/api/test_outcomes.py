"""Outcomes over HTTP: reported once, listed as answered, refused with the mend."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.keys import new_key
from api.schemas.outcome import OUTCOME_EXAMPLES, OutcomeAnswer
from api.settings import Settings
from api.wiring import Assembly, assembled
from engine.access import Scope
from engine.errors import LedgerUnavailable

Body = Callable[..., dict[str, Any]]
MakeClient = Callable[..., TestClient]
CARD_NUMBER = "4242424242424242"
SCOPES = frozenset({Scope.DECISIONS_WRITE, Scope.DECISIONS_READ, Scope.OUTCOMES_WRITE})


@pytest.fixture(scope="module")
def gateway(make_client: MakeClient) -> TestClient:
    return make_client(scopes=SCOPES)


@pytest.fixture
def decision(gateway: TestClient, body: Body) -> dict[str, Any]:
    answer = gateway.post("/v1/decisions", json=body(order={"currency": "GBP"}))
    assert answer.status_code == 200, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


def path_of(decision: dict[str, Any]) -> str:
    return f"/v1/decisions/{decision['id']}/outcome"


def refused(client: TestClient, decision: dict[str, Any], outcome: Any) -> dict[tuple[str, str], str]:
    """Pointer and code of each fault, with its words."""
    answer = client.post(
        path_of(decision), content=outcome if isinstance(outcome, (str, bytes)) else json.dumps(outcome)
    )
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {(fault["pointer"], fault["code"]): fault["detail"] for fault in answer.json()["errors"]}


def warned(client: TestClient, decision: dict[str, Any], outcome: Any) -> list[tuple[str, str]]:
    answer = client.post(path_of(decision), json=outcome)
    assert answer.status_code == 201, answer.text
    return [(each["input_pointer"], each["code"]) for each in answer.json()["warnings"]]


def test_the_answer_says_what_was_recorded(gateway: TestClient, decision: dict[str, Any]) -> None:
    before = datetime.now(UTC)
    told = gateway.post(
        path_of(decision),
        json={
            "type": "Declined ",
            "occurred_at": "2026-11-01T10:00:00+02:00",
            "decline_code": "insufficient_funds",
            "issuer_response_code": "51",
            "avs_result": "y",
            "cvv_result": "M",
            "authentication": {"three_ds_version": "2.2.0", "trans_status": "n", "eci": "7", "liability_shift": False},
        },
    )
    assert told.status_code == 201
    answer = OutcomeAnswer.model_validate_json(told.content)
    assert before <= answer.received_at <= datetime.now(UTC) + timedelta(seconds=1)
    assert {name: value for name, value in told.json().items() if name not in {"id", "received_at"}} == {
        "decision_id": decision["id"],
        "transaction_id": decision["transaction_id"],
        "merchant_id": "shop-a",
        "test_mode": False,
        "type": "declined",
        "occurred_at": "2026-11-01T08:00:00+00:00",
        "amount_minor": None,
        "currency": None,
        "decline_code": "insufficient_funds",
        "issuer_response_code": "51",
        "avs_result": "Y",
        "cvv_result": "M",
        "authentication": {"three_ds_version": "2.2.0", "trans_status": "N", "eci": "07", "liability_shift": False},
        "warnings": [],
    }
    assert told.json()["id"].startswith("out_")


@pytest.mark.parametrize("name", OUTCOME_EXAMPLES)
def test_every_example_is_taken(gateway: TestClient, decision: dict[str, Any], name: str) -> None:
    assert warned(gateway, decision, OUTCOME_EXAMPLES[name]["value"]) == []


def test_an_equal_report_gets_the_same_bytes(gateway: TestClient, decision: dict[str, Any]) -> None:
    outcome = {"type": "captured", "amount_minor": 4990, "currency": "GBP"}
    first = gateway.post(path_of(decision), json=outcome)
    again = gateway.post(path_of(decision), content=json.dumps(dict(reversed(outcome.items())), indent=2))
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


def test_partial_refunds_are_told_apart_by_their_time(gateway: TestClient, decision: dict[str, Any]) -> None:
    def refund(at: str) -> str:
        told = gateway.post(path_of(decision), json={"type": "refunded", "amount_minor": 500, "occurred_at": at})
        return str(told.json()["id"])

    ids = [refund(at) for at in ("2026-11-02T10:00:00Z", "2026-11-02T10:00:01Z", "2026-11-02T10:00:00Z")]
    assert ids[0] == ids[2] != ids[1]


def test_an_amount_without_a_currency_is_in_the_payments(gateway: TestClient, decision: dict[str, Any]) -> None:
    told = gateway.post(path_of(decision), json={"type": "refunded", "amount_minor": 500})
    assert told.json()["currency"] == "GBP"
    assert gateway.post(path_of(decision), json={"type": "refunded"}).json()["currency"] is None


def test_a_header_key_is_for_one_report(gateway: TestClient, decision: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": f"k-{decision['id']}"}
    first = gateway.post(path_of(decision), json={"type": "authorized"}, headers=headers)
    again = gateway.post(path_of(decision), json={"type": "authorized"}, headers=headers)
    assert (first.status_code, again.content) == (201, first.content)
    other = gateway.post(path_of(decision), json={"type": "declined"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    for wrong in ("k" * 256, ""):
        bad = gateway.post(path_of(decision), json={"type": "declined"}, headers={"Idempotency-Key": wrong})
        assert (bad.status_code, bad.json()["code"]) == (422, "idempotency_key_invalid")


def test_outcomes_are_listed_as_they_were_answered(gateway: TestClient, decision: dict[str, Any]) -> None:
    path = f"/v1/decisions/{decision['id']}/outcomes"
    assert gateway.get(path).json() == {"data": [], "has_more": False, "next_cursor": None}
    told = [gateway.post(path_of(decision), json={"type": kind}).json() for kind in ("refunded", "captured", "checked")]
    assert gateway.get(path).json()["data"] == told
    first = gateway.get(path, params={"limit": 2}).json()
    assert (first["data"], first["has_more"]) == (told[:2], True)
    last = gateway.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert last == {"data": told[2:], "has_more": False, "next_cursor": None}
    wrong = gateway.get(path, params={"cursor": "out_none"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/cursor")


class TestTenants:
    def test_anothers_decision_answers_as_an_absent_one(
        self, make_client: MakeClient, decision: dict[str, Any]
    ) -> None:
        others = (
            make_client(scopes=SCOPES, merchants=frozenset({"shop-b"})),
            make_client(scopes=SCOPES, test_mode=True),
        )
        for client in others:
            for method, end in (("POST", "outcome"), ("GET", "outcomes")):
                bodies = []
                for decision_id in (decision["id"], "dec_absent"):
                    content = b'{"type":"declined"}' if method == "POST" else None
                    answer = client.request(method, f"/v1/decisions/{decision_id}/{end}", content=content)
                    assert (answer.status_code, answer.json()["code"]) == (404, "decision_not_found")
                    bodies.append({**answer.json(), "request_id": ""})
                assert bodies[0] == bodies[1]

    def test_each_call_needs_its_scope(self, make_client: MakeClient, decision: dict[str, Any]) -> None:
        reader = make_client(scopes=frozenset({Scope.DECISIONS_READ}))
        writer = make_client(scopes=frozenset({Scope.OUTCOMES_WRITE}))
        told = reader.post(path_of(decision), json={"type": "declined"})
        assert (told.status_code, told.json()["code"]) == (403, "scope_missing")
        assert writer.post(path_of(decision), json={"type": "declined"}).status_code == 201
        assert writer.get(f"{path_of(decision)}s").status_code == 403
        assert reader.get(f"{path_of(decision)}s").status_code == 200


class TestWrongInput:
    @pytest.mark.parametrize(
        ("outcome", "fault"),
        [
            ({}, ("/type", "missing")),
            ({"type": None}, ("/type", "missing")),
            ({"type": " "}, ("/type", "missing")),
            ({"type": "paid"}, ("/type", "value_unknown")),
            ({"type": 7}, ("/type", "type_invalid")),
            ({"type": "captured", "amount_minor": -1}, ("/amount_minor", "amount_negative")),
            ({"type": "captured", "amount_minor": 10**14}, ("/amount_minor", "amount_too_large")),
            ({"type": "captured", "amount_minor": "12"}, ("/amount_minor", "type_invalid")),
            ({"type": "captured", "amount_minor": 12.5}, ("/amount_minor", "type_invalid")),
            ({"type": "captured", "amount_minor": True}, ("/amount_minor", "type_invalid")),
            ({"type": "captured", "currency": "XXY"}, ("/currency", "currency_unknown")),
            ({"type": "declined", "decline_code": 51}, ("/decline_code", "type_invalid")),
            ({"type": "declined", "decline_code": "a\0b"}, ("/decline_code", "control_character")),
            ({"type": "checked", "authentication": "Y"}, ("/authentication", "type_invalid")),
            (
                {"type": "checked", "authentication": {"liability_shift": "yes"}},
                ("/authentication/liability_shift", "type_invalid"),
            ),
            ({"type": "declined", "cvv": "123"}, ("/cvv", "card_data_refused")),
            ({"type": "declined", "card_number": CARD_NUMBER}, ("/card_number", "card_data_refused")),
            ({"type": "checked", "authentication": {"cvc": "123"}}, ("/authentication/cvc", "card_data_refused")),
            ({"type": "declined", "raw": {"pan": CARD_NUMBER}}, ("/raw/pan", "card_data_refused")),
            ('{"type": "declined", "amount_minor": NaN}', ("/amount_minor", "number_not_finite")),
            ('{"type": "declined", "amount_minor": 1e999}', ("/amount_minor", "number_not_finite")),
        ],
    )
    def test_a_wrong_value_is_named_with_its_mend(
        self, gateway: TestClient, decision: dict[str, Any], outcome: Any, fault: tuple[str, str]
    ) -> None:
        found = refused(gateway, decision, outcome)
        assert list(found) == [fault]
        assert found[fault]

    def test_all_faults_are_named_at_once_and_nothing_is_repeated(
        self, gateway: TestClient, decision: dict[str, Any]
    ) -> None:
        sent = {"amount_minor": "wrong-amount", "cvv2": "987", "decline_code": ["wrong-code"]}
        answer = gateway.post(path_of(decision), json=sent)
        assert [each["pointer"] for each in answer.json()["errors"]] == [
            "/cvv2",
            "/type",
            "/amount_minor",
            "/decline_code",
        ]
        assert answer.json()["code"] == "card_data_refused"
        assert not any(text in answer.text for text in ("wrong-amount", "987", "wrong-code"))

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"declined"', b"\xff", b'{"type":"\\ud800"}'])
    def test_what_is_no_json_object_is_400(self, gateway: TestClient, decision: dict[str, Any], content: bytes) -> None:
        answer = gateway.post(path_of(decision), content=content)
        assert (answer.status_code, answer.json()["code"]) == (400, "json_malformed")

    @pytest.mark.parametrize(
        ("outcome", "warnings"),
        [
            ({"occurred_at": "yesterday"}, [("/occurred_at", "time_invalid")]),
            ({"occurred_at": "2099-01-01T00:00:00Z"}, [("/occurred_at", "out_of_range")]),
            ({"occurred_at": "1970-01-01T00:00:00Z"}, [("/occurred_at", "out_of_range")]),
            ({"avs_result": "yes"}, [("/avs_result", "value_unknown")]),
            ({"decline_code": "c" * 65}, [("/decline_code", "too_long")]),
            ({"decline_code": f"said {CARD_NUMBER}"}, [("/decline_code", "card_data_removed")]),
            ({"declin_code": "51"}, [("/declin_code", "field_unknown")]),
            ({"authentication": {"trans_status": "Q", "xid": "1"}}, [
                ("/authentication/xid", "field_unknown"),
                ("/authentication/trans_status", "value_unknown"),
            ]),
        ],
    )  # fmt: skip
    def test_an_odd_value_is_recorded_as_unknown_with_a_warning(
        self, gateway: TestClient, decision: dict[str, Any], outcome: dict[str, Any], warnings: list[tuple[str, str]]
    ) -> None:
        assert warned(gateway, decision, {"type": "declined", **outcome}) == warnings

    def test_no_card_number_is_kept(self, tmp_path: Path, body: Body) -> None:
        with assembled(Settings(data=tmp_path / "data")) as own:
            key, text = new_key(name="test", test_mode=False, scopes=SCOPES, merchants=None)
            own.keys.add_key(key)
            client = TestClient(create_app(own), headers={"Authorization": f"Bearer {text}"})
            decision = client.post("/v1/decisions", json=body()).json()
            said = {"decline_code": f"c {CARD_NUMBER}", "note": CARD_NUMBER, "currency": "GBP"}
            assert len(warned(client, decision, {"type": "declined", **said})) == 2
            assert CARD_NUMBER not in client.get(f"{path_of(decision)}s").text
        kept = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
        assert decision["id"].encode() in kept
        assert CARD_NUMBER.encode() not in kept

    def test_a_body_over_the_limit_is_413(self, gateway: TestClient, decision: dict[str, Any]) -> None:
        answer = gateway.post(path_of(decision), json={"type": "declined", "note": "x" * 70_000})
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_ledger_that_fails_is_503_and_a_retry_is_taken(
    assembly: Assembly, gateway: TestClient, decision: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise LedgerUnavailable("The disk is full: free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(assembly.outcomes, "append", fail)
        answer = gateway.post(path_of(decision), json={"type": "declined"})
    assert (answer.status_code, answer.json()["code"]) == (503, "ledger_unavailable")
    assert answer.headers["retry-after"] == "1"
    again = gateway.post(path_of(decision), json={"type": "declined"})
    assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, None)
