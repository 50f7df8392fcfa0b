"""Chargebacks and fraud warnings over HTTP: each step once, all or nothing, matched to its payment, listed."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.schemas.scheme_report import CHARGEBACK_EXAMPLES, FRAUD_WARNING_EXAMPLES
from engine.access import Scope
from tests.api.disputes import (
    CHARGEBACKS,
    NUMBERS,
    SCOPES,
    WARNINGS,
    Body,
    MakeClient,
    chargeback,
    labels,
    listed,
    odd,
    pay,
    refused,
    taken,
    warning,
)


@pytest.mark.parametrize("name", CHARGEBACK_EXAMPLES)
def test_every_example_of_a_chargeback_is_taken(disputed_shop: TestClient, name: str) -> None:
    sent = CHARGEBACK_EXAMPLES[name]["value"]
    for each in sent.get("chargebacks", [sent]):
        own = {**each, "merchant_id": disputed_shop.merchant}  # type: ignore[attr-defined]
        assert taken(disputed_shop, own)["warnings"] == []


def test_every_example_of_a_warning_is_taken(disputed_shop: TestClient) -> None:
    sent = FRAUD_WARNING_EXAMPLES["one"]["value"]
    own = {**sent, "merchant_id": disputed_shop.merchant}  # type: ignore[attr-defined]
    assert taken(disputed_shop, own, WARNINGS)["warnings"] == []


def test_a_chargeback_is_matched_to_its_payment_and_says_what_it_claims(disputed_shop: TestClient, body: Body) -> None:
    told = taken(disputed_shop, chargeback(transaction_id=pay(disputed_shop, body)))
    assert (told["new"], told["repeated"], told["unmatched"], told["warnings"]) == (1, 0, 0, [])
    (one,) = told["chargebacks"]
    assert (one["stage"], one["result"], one["claim"], one["is_matched"]) == (
        "chargeback",
        None,
        "third_party_fraud",
        True,
    )
    assert one["decision_id"].startswith("dec_")
    assert one["id"].startswith("chb_")
    assert labels(disputed_shop) == [("chargeback", True)]


def test_one_without_a_payment_waits_for_it(disputed_shop: TestClient, body: Body) -> None:
    sent = chargeback()
    told = taken(disputed_shop, sent)
    assert (told["unmatched"], told["chargebacks"][0]["decision_id"]) == (1, None)
    assert [each["transaction_id"] for each in listed(disputed_shop, matched=False)] == [sent["transaction_id"]]
    with disputed_shop:  # One event loop for all of these, as in the server: it is matched behind the answer.
        pay(disputed_shop, body, transaction_id=sent["transaction_id"])
        while listed(disputed_shop, matched=False):
            time.sleep(0.001)
        assert [each["case_id"] for each in listed(disputed_shop, matched=True)] == [sent["case_id"]]
    again = taken(disputed_shop, sent)
    assert (again["repeated"], again["unmatched"]) == (1, 0)


def test_velocities_see_it(disputed_shop: TestClient, body: Body) -> None:
    card = {"token": f"tok_disputed_{next(NUMBERS)}"}
    paid = pay(disputed_shop, body, credit_card=card)
    taken(disputed_shop, chargeback(transaction_id=paid))
    taken(disputed_shop, warning(transaction_id=paid), WARNINGS)
    request = body(credit_card=card, options={"explain": "full"})
    request["event"]["merchant_id"] = disputed_shop.merchant  # type: ignore[attr-defined]
    features = disputed_shop.post("/v1/decisions", json=request).json()["features"]
    assert (features["card_disputed_7d"], features["card_fraud_warning_1h"]) == (1, 1)


def test_the_outcomes_of_a_decision_tell_of_it(disputed_shop: TestClient, body: Body) -> None:
    told = taken(disputed_shop, chargeback(transaction_id=pay(disputed_shop, body)))
    decision = told["chargebacks"][0]["decision_id"]
    (outcome,) = disputed_shop.get(f"/v1/decisions/{decision}/outcomes").json()["data"]
    assert (outcome["type"], outcome["amount_minor"], outcome["currency"]) == ("disputed", 4990, "USD")


@pytest.mark.parametrize("kind", ["disputed", "fraud_warning"])
def test_it_is_not_reported_as_an_outcome(make_client: MakeClient, body: Body, kind: str) -> None:
    client = make_client()
    decision = client.post("/v1/decisions", json=body()).json()["id"]
    answer = client.post(f"/v1/decisions/{decision}/outcome", json={"type": kind})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "value_unknown"


def test_the_same_step_again_is_the_answer_that_stands(disputed_shop: TestClient) -> None:
    sent = chargeback()
    first = disputed_shop.post(CHARGEBACKS, json=sent)
    again = disputed_shop.post(CHARGEBACKS, json=sent)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert (again.json()["new"], again.json()["repeated"]) == (0, 1)
    assert again.json()["chargebacks"] == first.json()["chargebacks"]
    assert labels(disputed_shop) == [("chargeback", True)]
    both = taken(disputed_shop, {"chargebacks": [sent, chargeback(), sent]})
    assert (both["new"], both["repeated"]) == (1, 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount_minor", 4991),
        ("currency", "EUR"),
        ("transaction_id", "another"),
        ("network", "mastercard"),
        ("reason_code", "10.2"),
        ("occurred_at", "2025-11-19T00:00:00Z"),
    ],
)
def test_the_same_step_told_otherwise_is_refused_and_names_the_field(
    disputed_shop: TestClient, field: str, value: object
) -> None:
    sent = chargeback()
    taken(disputed_shop, sent)
    answer = disputed_shop.post(CHARGEBACKS, json={"chargebacks": [chargeback(), {**sent, field: value}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "case_contradicted")
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"/chargebacks/1/{field}"]
    assert len(listed(disputed_shop)) == 1, "what came with it is not recorded either"


def test_a_warning_told_otherwise_names_the_type_of_fraud_by_its_own_field(disputed_shop: TestClient) -> None:
    sent = warning()
    assert disputed_shop.post("/v1/fraud-warnings", json=sent).status_code == 201
    answer = disputed_shop.post("/v1/fraud-warnings", json={**sent, "fraud_type": "made_with_lost_card"})
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/fraud_type"]


def test_won_and_lost_are_told_once_a_stage(disputed_shop: TestClient) -> None:
    sent = chargeback()
    taken(disputed_shop, sent)
    stage = {**sent, "stage": "representment", "reason_code": ...}
    taken(disputed_shop, chargeback(**{**stage, "result": "lost"}))
    assert refused(disputed_shop, chargeback(**{**stage, "result": "won"})) == [("/result", "case_contradicted")]
    taken(disputed_shop, chargeback(**{**stage, "stage": "arbitration", "result": "won"}))
    assert labels(disputed_shop) == [("chargeback", True), ("first_party_misuse", False)]
    assert [(each["stage"], each["result"]) for each in listed(disputed_shop)] == [
        ("chargeback", None),
        ("representment", "lost"),
        ("arbitration", "won"),
    ]


def test_a_reversal_clears_the_payment_from_when_it_was_known(disputed_shop: TestClient) -> None:
    sent = chargeback()
    taken(disputed_shop, sent)
    known_before = disputed_shop.get("/v1/labels").json()["data"][0]["received_at"]
    taken(disputed_shop, {**sent, "stage": "reversal"})
    assert labels(disputed_shop) == [("chargeback", True), ("chargeback", False)]
    before = disputed_shop.get("/v1/labels", params={"as_of": known_before}).json()["data"]
    assert [each["is_fraud"] for each in before] == [True]


@pytest.mark.parametrize(
    ("code", "claim", "kinds", "warned"),
    [
        ("13.1", "service_dispute", [("service_dispute", False)], []),
        ("12.5", "other", [], []),
        ("99.9", "unknown", [], [("/reason_code", "reason_code_unknown")]),
        ("10.1", "unknown", [], [("/reason_code", "reason_code_needs_review")]),
    ],
)
def test_what_a_code_claims_makes_the_label_or_none(
    disputed_shop: TestClient, code: str, claim: str, kinds: list[tuple[str, bool]], warned: list[tuple[str, str]]
) -> None:
    told = taken(disputed_shop, chargeback(reason_code=code))
    assert (told["chargebacks"][0]["claim"], told["chargebacks"][0]["reason_code"]) == (claim, code)
    assert odd(told) == warned
    assert labels(disputed_shop) == kinds


def test_a_warning_is_a_label_until_it_is_withdrawn(disputed_shop: TestClient) -> None:
    sent = warning(network="MC")
    (one,) = taken(disputed_shop, sent, WARNINGS)["fraud_warnings"]
    assert (one["network"], one["fraud_type"], one["is_withdrawn"]) == (
        "mastercard",
        "unauthorized_use_of_card",
        False,
    )
    taken(disputed_shop, {**sent, "is_withdrawn": True}, WARNINGS)
    assert labels(disputed_shop) == [("fraud_warning", True), ("fraud_warning", False)]
    assert [each["is_withdrawn"] for each in listed(disputed_shop, WARNINGS)] == [False, True]
    assert listed(disputed_shop) == []


def test_a_warning_may_have_the_number_of_a_chargeback(disputed_shop: TestClient) -> None:
    sent = chargeback()
    assert taken(disputed_shop, sent)["new"] == 1
    assert taken(disputed_shop, warning(case_id=sent["case_id"]), WARNINGS)["new"] == 1


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"currency": "EUR"}, [("/currency", "currency_differs")]),
        ({"amount_minor": 4991}, [("/amount_minor", "amount_above_payment")]),
        ({"amount_minor": 1}, []),
        ({"occurred_at": "2020-01-01T00:00:00Z"}, [("/occurred_at", "before_payment")]),
        ({"source": "acquirer"}, [("/source", "field_unknown")]),
    ],
)
def test_what_is_odd_beside_the_payment_is_kept_with_a_warning(
    disputed_shop: TestClient, body: Body, changes: dict[str, Any], warned: list[tuple[str, str]]
) -> None:
    told = taken(disputed_shop, chargeback(transaction_id=pay(disputed_shop, body), **changes))
    assert odd(told) == warned
    assert len(listed(disputed_shop)) == 1


def test_another_merchant_is_not_there(disputed_shop: TestClient, make_client: MakeClient, body: Body) -> None:
    other = make_client(scopes=SCOPES, merchants=frozenset({f"other-shop-{next(NUMBERS)}"}))
    sent = chargeback(transaction_id=pay(disputed_shop, body))
    taken(disputed_shop, sent)
    told = taken(other, sent)
    assert (told["new"], told["unmatched"]) == (1, 1), "the same ids are another's"
    assert len(listed(disputed_shop)) == len(listed(other)) == 1
    named = {**sent, "merchant_id": disputed_shop.merchant}  # type: ignore[attr-defined]
    absent = other.post(CHARGEBACKS, json={**sent, "merchant_id": "no-such-shop"})
    assert other.post(CHARGEBACKS, json=named).json()["code"] == absent.json()["code"] == "merchant_not_found"
    assert other.get(CHARGEBACKS, params={"cursor": listed(disputed_shop)[0]["id"]}).status_code == 422


def test_a_key_of_several_names_the_merchant_and_lists_all_of_them(make_client: MakeClient) -> None:
    shops = frozenset({f"many-{next(NUMBERS)}", f"many-{next(NUMBERS)}"})
    client = make_client(scopes=SCOPES, merchants=shops)
    assert refused(client, chargeback()) == [("/merchant_id", "missing")]
    sent = [chargeback(merchant_id=shop) for shop in sorted(shops) * 2]
    taken(client, {"chargebacks": sent})
    assert [each["case_id"] for each in listed(client)] == [each["case_id"] for each in sent]
    first = min(shops)
    assert {each["merchant_id"] for each in listed(client, merchant_id=first)} == {first}


def test_test_mode_is_apart(make_client: MakeClient) -> None:
    merchants = frozenset({f"both-{next(NUMBERS)}"})
    live = make_client(scopes=SCOPES, merchants=merchants)
    test = make_client(scopes=SCOPES, merchants=merchants, test_mode=True)
    sent = chargeback()
    taken(live, sent)
    assert listed(test) == []
    assert taken(test, {**sent, "amount_minor": 1})["new"] == 1
    assert listed(test)[0]["test_mode"] is True


@pytest.mark.parametrize(("path", "method"), [(CHARGEBACKS, "POST"), (WARNINGS, "POST")])
def test_a_key_without_the_scope_reports_nothing(make_client: MakeClient, path: str, method: str) -> None:
    client = make_client(scopes=frozenset({Scope.DECISIONS_READ}))
    answer = client.request(method, path, json=chargeback(merchant_id="shop-a"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    writer = make_client(scopes=frozenset({Scope.LABELS_WRITE}))
    assert writer.get(path).status_code == 403


@pytest.mark.parametrize("path", [CHARGEBACKS, WARNINGS])
def test_reports_are_paged_by_cursor(disputed_shop: TestClient, path: str) -> None:
    sent = [chargeback() if path == CHARGEBACKS else warning() for _ in range(7)]
    taken(disputed_shop, {path.rpartition("/")[2].replace("-", "_"): sent}, path)
    found: list[str] = []
    cursor = None
    while True:
        page = disputed_shop.get(path, params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        found += [each["case_id"] for each in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if cursor is None:
            break
    assert found == [each["case_id"] for each in sent]


@pytest.mark.parametrize(
    "asked", [{"cursor": "chb_none"}, {"matched": "perhaps"}, {"limit": 0}, {"limit": 1001}, {"mached": "false"}]
)
def test_a_wrong_query_is_refused(disputed_shop: TestClient, asked: dict[str, Any]) -> None:
    assert disputed_shop.get(CHARGEBACKS, params=asked).status_code == 422


def test_the_metrics_count_what_was_new(disputed_shop: TestClient) -> None:
    def counted() -> float:
        text = disputed_shop.get("/metrics").text
        lines = [line for line in text.splitlines() if line.startswith('assay_scheme_reports_total{kind="chargeback"}')]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    before, sent = counted(), chargeback()
    taken(disputed_shop, {"chargebacks": [sent, sent, chargeback()]})
    assert counted() - before == 2
