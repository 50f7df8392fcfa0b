"""The decision call over HTTP: the contract's promises, and every bad input of the book."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from api.app import create_app
from api.clock import monotonic_ns, utc_now
from api.routes.decisions import call_of
from api.schemas import DecisionAnswer, read_request
from api.wiring import Assembly
from engine.access import Scope
from engine.catalog import CATALOG
from engine.deadline import Deadline

Body = Callable[..., dict[str, Any]]
MakeClient = Callable[..., TestClient]
CARD_NUMBER = "4242424242424242"


def test_the_answer_has_the_contracts_keys_in_order(gateway: TestClient, body: Body) -> None:
    answer = gateway.post("/v1/decisions", json=body())
    assert answer.status_code == 200
    assert list(answer.json()) == [
        "id",
        "transaction_id",
        "merchant_id",
        "created_at",
        "test_mode",
        "action",
        "three_ds",
        "risk_score",
        "risk_level",
        "rule_score",
        "tags",
        "reasons",
        "rules",
        "advice",
        "review",
        "model",
        "ruleset",
        "data_versions",
        "degraded",
        "durability",
        "warnings",
        "timing_ms",
    ]
    DecisionAnswer.model_validate_json(answer.content)
    assert answer.headers["x-request-id"].startswith("req_")


def test_the_same_body_again_gets_the_same_bytes(gateway: TestClient, body: Body) -> None:
    request = body()
    first = gateway.post("/v1/decisions", json=request)
    again = gateway.post("/v1/decisions", content=json.dumps(dict(reversed(request.items())), indent=2))
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


def test_the_same_id_with_another_body_is_refused(gateway: TestClient, body: Body) -> None:
    request = body()
    gateway.post("/v1/decisions", json=request)
    refused = gateway.post("/v1/decisions", json={**request, "order": {"amount_minor": 1, "currency": "USD"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_a_header_key_is_the_key(gateway: TestClient, body: Body) -> None:
    headers = {"Idempotency-Key": "order-17"}
    gateway.post("/v1/decisions", json=body(), headers=headers)
    other = gateway.post("/v1/decisions", json=body(), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    bad = gateway.post("/v1/decisions", json=body(), headers={"Idempotency-Key": "k" * 256})
    assert (bad.status_code, bad.json()["code"]) == (422, "idempotency_key_invalid")


def test_an_empty_header_key_is_refused_and_none_is_fine(gateway: TestClient, body: Body) -> None:
    request = body()
    refused = gateway.post("/v1/decisions", json=request, headers={"Idempotency-Key": ""})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_invalid")
    decided = gateway.post("/v1/decisions", json=request)
    assert (decided.status_code, decided.headers.get("idempotent-replayed")) == (200, None)


def test_an_answer_after_its_deadline_says_so_in_a_header(
    gateway: TestClient, body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = body()
    first = gateway.post("/v1/decisions", json=request)
    assert "assay-late" not in first.headers
    with monkeypatch.context() as patch:
        patch.setattr(Deadline, "is_over", lambda _: True)
        late = gateway.post("/v1/decisions", json=request)
    assert (late.headers["assay-late"], late.headers["idempotent-replayed"]) == ("true", "true")
    assert late.content == first.content


async def test_the_same_id_fifty_times_at_once_is_one_decision(
    assembly: Assembly, gateway: TestClient, body: Body
) -> None:
    headers = {"authorization": gateway.headers["authorization"]}
    transport = ASGITransport(create_app(assembly))
    async with AsyncClient(transport=transport, base_url="http://assay", headers=headers) as client:
        request = body(options={"deadline_ms": 2000})
        answers = await asyncio.gather(*(client.post("/v1/decisions", json=request) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


def test_a_decision_can_be_fetched_as_it_was_given(gateway: TestClient, body: Body) -> None:
    given = gateway.post("/v1/decisions", json=body())
    fetched = gateway.get(f"/v1/decisions/{given.json()['id']}")
    assert (fetched.status_code, fetched.content) == (200, given.content)


def test_a_dry_run_is_not_recorded(gateway: TestClient, body: Body) -> None:
    dry = gateway.post("/v1/decisions", json=body(options={"dry_run": True})).json()
    assert dry["durability"] == "not_recorded"
    assert gateway.get(f"/v1/decisions/{dry['id']}").status_code == 404


def test_explain_says_nothing_something_or_all(gateway: TestClient, body: Body) -> None:
    risky = {"credit_card": {"cvv_result": "N"}, "device": {"ip_address": "5.188.10.20"}}
    answers = {
        explain: gateway.post("/v1/decisions", json=body(**risky, options={"explain": explain})).json()
        for explain in ("none", "codes", "full")
    }
    assert (answers["none"]["reasons"], answers["none"]["rules"]) == ([], [])
    assert answers["codes"]["reasons"]
    assert not {"features", "unknown"} & answers["codes"].keys()
    features = answers["full"]["features"]
    assert set(features) == {feature.name for feature in CATALOG}
    assert (features["ip_country"], features["amount_in_usd"], features["shipping_country"]) == ("RU", 49.9, None)
    assert {rule["result"] for rule in answers["full"]["rules"]} >= {False}


def test_a_full_answer_is_for_keys_that_may_read_it(gateway: TestClient, make_client: MakeClient, body: Body) -> None:
    request = body(options={"explain": "full"})
    full = gateway.post("/v1/decisions", json=request).json()
    writer = make_client(scopes=frozenset({Scope.DECISIONS_WRITE, Scope.DECISIONS_READ}))
    plain = {name: value for name, value in request.items() if name != "options"}
    replayed, fetched = writer.post("/v1/decisions", json=plain), writer.get(f"/v1/decisions/{full['id']}")
    without = {name: value for name, value in full.items() if name not in {"features", "unknown"}}
    without["rules"] = [rule for rule in full["rules"] if rule["result"] is not False]
    assert len(without["rules"]) < len(full["rules"])
    assert replayed.json() == fetched.json() == without, "which rules were false is for the same keys as the features"
    assert gateway.get(f"/v1/decisions/{full['id']}").json() == full


def test_test_mode_decides_alike_and_touches_no_live_counter(
    gateway: TestClient, make_client: MakeClient, body: Body
) -> None:
    tester = make_client(test_mode=True)
    card = {"credit_card": {"token": "tok_modes"}, "options": {"explain": "full"}}
    for _ in range(3):
        tried = tester.post("/v1/decisions", json=body(**card)).json()
    assert tried["test_mode"] is True
    assert tried["features"]["card_payments_1h"] == 2
    live = gateway.post("/v1/decisions", json=body(**card)).json()
    assert live["features"]["card_payments_1h"] == 0
    assert gateway.get(f"/v1/decisions/{tried['id']}").status_code == 404


class TestKeys:
    def test_no_key_a_wrong_key_and_a_wrong_scheme_are_401(self, gateway: TestClient, body: Body) -> None:
        right = gateway.headers["authorization"]
        wrong = ["", "Bearer", "Bearer x", f"Basic {right[7:]}", right[:-1] + ("A" if right[-1] != "A" else "B")]
        wrong.append(right.replace("assay_live_", "assay_test_"))
        for header in wrong:
            refused = gateway.post("/v1/decisions", json=body(), headers={"Authorization": header})
            assert refused.status_code == 401, header
            assert refused.json()["code"] in {"key_missing", "key_refused"}
            assert refused.headers["www-authenticate"].startswith("Bearer")

    def test_a_key_without_the_scope_is_403(self, make_client: MakeClient, body: Body) -> None:
        reader = make_client(scopes=frozenset({Scope.DECISIONS_READ}))
        refused = reader.post("/v1/decisions", json=body())
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        writer = make_client(scopes=frozenset({Scope.DECISIONS_WRITE}))
        full = writer.post("/v1/decisions", json=body(options={"explain": "full"}))
        assert (full.status_code, full.json()["code"]) == (403, "scope_missing")

    def test_a_merchant_outside_the_keys_set_answers_as_absent(
        self, make_client: MakeClient, gateway: TestClient, body: Body
    ) -> None:
        shop_b = make_client(merchants=frozenset({"shop-b"}))
        outside = shop_b.post("/v1/decisions", json=body())
        assert (outside.status_code, outside.json()["code"]) == (404, "merchant_not_found")
        other = gateway.post("/v1/decisions", json=body()).json()["id"]
        theirs, absent = (shop_b.get(f"/v1/decisions/{id_}") for id_ in (other, "dec_nothing"))
        for answer in (theirs, absent):
            assert answer.status_code == 404
        left, right = theirs.json(), absent.json()
        assert {**left, "request_id": ""} == {**right, "request_id": ""}

    def test_a_key_for_one_merchant_need_not_name_it(self, make_client: MakeClient, body: Body) -> None:
        one, two = make_client(merchants=frozenset({"shop-b"})), make_client(merchants=frozenset({"x", "y"}))
        request = body()
        del request["event"]["merchant_id"]
        assert one.post("/v1/decisions", json=request).json()["merchant_id"] == "shop-b"
        refused = two.post("/v1/decisions", json=request)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/event/merchant_id")

    def test_keys_are_made_listed_and_revoked_over_the_api(self, make_client: MakeClient, body: Body) -> None:
        operator = make_client(scopes=frozenset(Scope))
        made = operator.post("/v1/keys", json={"name": "shop", "merchants": ["shop-c"]}).json()
        headers = {"Authorization": f"Bearer {made['key']}"}
        request = body(event={"merchant_id": "shop-c"})
        assert operator.post("/v1/decisions", json=request, headers=headers).status_code == 200
        listed = operator.get("/v1/keys")
        assert made["id"] in {key["id"] for key in listed.json()}
        assert made["key"].split("_", 3)[3] not in listed.text
        assert operator.delete(f"/v1/keys/{made['id']}").status_code == 204
        assert operator.post("/v1/decisions", json=request, headers=headers).status_code == 401
        assert operator.delete(f"/v1/keys/{made['id']}").status_code == 404
        bad = operator.post("/v1/keys", json={"name": "", "scopes": ["everything"]})
        assert (bad.status_code, bad.json()["code"]) == (422, "request_invalid")

    def test_a_gateway_cannot_make_keys(self, gateway: TestClient) -> None:
        assert gateway.post("/v1/keys", json={"name": "more"}).status_code == 403


WRONG: list[tuple[str, bytes, int, str]] = [
    ("truncated", b'{"event": {"transaction_id": "t", "mer', 400, "json_malformed"),
    ("empty", b"", 400, "json_malformed"),
    ("not utf-8", b'{"event": "\xff"}', 400, "json_malformed"),
    ("an array", b"[]", 400, "json_malformed"),
    ("2 MB", b'{"custom": {"x": "' + b"x" * 2_000_000 + b'"}}', 413, "body_too_large"),
    ("64 KB and one", b" " * (64 * 1024 + 1), 413, "body_too_large"),
]


@pytest.mark.parametrize(("content", "status", "code"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_bodies_that_are_no_request(gateway: TestClient, content: bytes, status: int, code: str) -> None:
    refused = gateway.post("/v1/decisions", content=content)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_body_without_a_length_is_cut_off_too(gateway: TestClient) -> None:
    refused = gateway.post("/v1/decisions", content=(b"x" * 1000 for _ in range(100)))
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("groups", "pointer", "code"),
    [
        ({"order": {"amount_minor": -1}}, "/order/amount_minor", "amount_negative"),
        ({"order": {"currency": "ZZZ"}}, "/order/currency", "currency_unknown"),
        ({"credit_card": {"issuer_id_number": "424242424"}}, "/credit_card/issuer_id_number", "bin_invalid"),
        ({"event": {"transaction_id": "a\x00b"}}, "/event/transaction_id", "control_character"),
        ({"billing": {"city": "Par\x00is"}}, "/billing/city", "control_character"),
        ({"credit_card": {"token": CARD_NUMBER}}, "/credit_card/token", "card_data_refused"),
        ({"custom": {"cvv": "123"}}, "/custom/cvv", "card_data_refused"),
    ],
)
def test_wrong_input_names_the_field_and_the_mend(
    gateway: TestClient, body: Body, groups: dict[str, Any], pointer: str, code: str
) -> None:
    refused = gateway.post("/v1/decisions", json=body(**groups))
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [(pointer, code)]
    assert CARD_NUMBER not in refused.text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none(gateway: TestClient, body: Body, number: str) -> None:
    content = json.dumps(body(device={"session_age": 1234.5})).replace("1234.5", number)
    refused = gateway.post("/v1/decisions", content=content)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/device/session_age")


@pytest.mark.parametrize(
    ("groups", "pointer"),
    [
        ({"device": {"ip_address": "nonsense"}}, "/device/ip_address"),
        ({"device": {"ip_address": "192.168.1.7"}}, "/device/ip_address"),
        ({"credit_card": {"issuer_id_number": "42424"}}, "/credit_card/issuer_id_number"),
        ({"billing": {"country": "Canada"}}, "/billing/country"),
        ({"event": {"time": "1970-01-01T00:00:00Z"}}, "/event/time"),
        ({"event": {"time": "2100-01-01T00:00:00Z"}}, "/event/time"),
        ({"billing": {"address_2": f"card {CARD_NUMBER}"}}, "/billing/address_2"),
        ({"custom": {"note": int(CARD_NUMBER)}}, "/custom/note"),
        ({"order": {"ammount": 3}}, "/order/ammount"),
    ],
)
def test_odd_input_is_decided_with_a_warning(
    gateway: TestClient, assembly: Assembly, body: Body, groups: dict[str, Any], pointer: str
) -> None:
    decided = gateway.post("/v1/decisions", json=body(**groups))
    assert decided.status_code == 200
    assert [warning["input_pointer"] for warning in decided.json()["warnings"]] == [pointer]
    assert CARD_NUMBER not in decided.text
    record = asyncio.run(assembly.ledger.get(decided.json()["id"]))
    assert record is not None
    assert CARD_NUMBER.encode() not in record.payment + record.decision + record.answer


@pytest.mark.parametrize(
    "groups",
    [
        {"order": {"amount_minor": 0}},
        {"device": {"ip_address": "2001:4860:4860::8888"}},
        {"device": {"ip_address": "::ffff:8.8.8.8"}},
        {"email": {"address": '"quoted name"@example.com'}},
        {"email": {"address": "käufer@bücher.example"}},
        {"billing": {"first_name": "🦊", "city": "東京"}},
        {"event": {"type": "card_verification"}, "order": {"amount_minor": 0}},
    ],
)
def test_unusual_but_right_input_is_decided_without_a_warning(
    gateway: TestClient, body: Body, groups: dict[str, Any]
) -> None:
    decided = gateway.post("/v1/decisions", json=body(**groups))
    assert (decided.status_code, decided.json()["warnings"]) == (200, [])


def test_paths_and_methods_that_are_not_there(gateway: TestClient) -> None:
    absent, wrong = gateway.get("/v1/nothing"), gateway.put("/v1/decisions")
    assert (absent.status_code, absent.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")


def test_health(gateway: TestClient) -> None:
    assert gateway.get("/healthz").json() == {"status": "ok"}
    assert gateway.get("/readyz").json() == {"status": "ready"}


def test_the_openapi_document_is_whole(gateway: TestClient) -> None:
    document = gateway.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    text = json.dumps(document)
    for reference in set(text.split('"#/components/schemas/')[1:]):
        name = reference.split('"')[0]
        assert name in document["components"]["schemas"], name
    examples = document["paths"]["/v1/decisions"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for number, example in enumerate(examples.values()):
        request = json.loads(json.dumps(example["value"]))
        request["event"]["transaction_id"] = f"openapi-{number}"
        assert gateway.post("/v1/decisions", json=request).status_code in {200, 422}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert ("security" in operation) == path.startswith("/v1/"), path


def test_threads_share_one_server_without_harm(gateway: TestClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: gateway.get("/healthz").status_code, range(40)))
    assert set(statuses) == {200}


def test_a_payment_to_be_replaced_that_is_not_known_is_a_warning(gateway: TestClient, body: Body) -> None:
    first = body()
    gateway.post("/v1/decisions", json=first)
    known, unknown = (
        gateway.post("/v1/decisions", json=body(event={"supersedes": id_, "transaction_id": f"tx-{uuid4()}"})).json()
        for id_ in (first["event"]["transaction_id"], "tx-never")
    )
    assert known["warnings"] == []
    ((code, pointer),) = {(each["code"], each["input_pointer"]) for each in unknown["warnings"]}
    assert (code, pointer) == ("supersedes_unknown", "/event/supersedes")


def test_a_payment_that_replaces_itself_is_refused(gateway: TestClient, body: Body) -> None:
    refused = gateway.post("/v1/decisions", json=body("tx-self", event={"supersedes": "tx-self"}))
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/event/supersedes", "supersedes_itself")
    ]


def test_the_three_stages_may_come_out_of_order(gateway: TestClient, body: Body) -> None:
    id_ = f"tx-{uuid4()}"
    ids = set()
    for stage in ("post_auth", "post_3ds", "pre_auth"):
        answer = gateway.post("/v1/decisions", json=body(id_, event={"stage": stage}))
        assert answer.status_code == 200
        ids.add(answer.json()["id"])
    assert len(ids) == 3


async def test_a_deadline_runs_from_receipt_and_a_late_answer_says_so(
    assembly: Assembly, gateway: TestClient, body: Body
) -> None:
    pipeline = assembly.pipeline
    asked = read_request(json.dumps(body(options={"deadline_ms": 30})).encode())
    key = assembly.keys.key(gateway.key_id)  # type: ignore[attr-defined]
    assert key is not None
    answer = await pipeline.decide(call_of(asked, key, utc_now()), monotonic_ns() - 10**12)
    said = json.loads(answer.body)
    assert (said["degraded"], said["risk_score"]) == (["deadline", "model"], None)
    assert DecisionAnswer.model_validate_json(answer.body)
