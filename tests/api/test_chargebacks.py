"""Chargebacks and fraud warnings over HTTP: each step once, all or nothing, matched to its payment, listed."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.schemas.scheme_report import (
    CHARGEBACK_EXAMPLES,
    FRAUD_WARNING_EXAMPLES,
    ChargebackList,
    ChargebacksAnswer,
    FraudWarningList,
    FraudWarningsAnswer,
)
from engine.access import Scope

Body = Callable[..., dict[str, Any]]
MakeClient = Callable[..., TestClient]
CARD_NUMBER = "4242424242424242"
SCOPES = frozenset({Scope.DECISIONS_WRITE, Scope.DECISIONS_READ, Scope.DECISIONS_EXPLAIN, Scope.LABELS_WRITE})
NUMBERS = count()
CHARGEBACKS, WARNINGS = "/v1/chargebacks", "/v1/fraud-warnings"


@pytest.fixture
def shop(make_client: MakeClient) -> TestClient:
    """A key for one merchant of its own."""
    merchant = f"disputed-shop-{next(NUMBERS)}"
    client = make_client(scopes=SCOPES, merchants=frozenset({merchant}))
    client.merchant = merchant  # type: ignore[attr-defined]
    return client


def pay(shop: TestClient, body: Body, **groups: Any) -> str:
    request = body(**groups)
    request["event"]["merchant_id"] = shop.merchant  # type: ignore[attr-defined]
    answer = shop.post("/v1/decisions", json=request)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["transaction_id"])


def chargeback(**changes: Any) -> dict[str, Any]:
    number = next(NUMBERS)
    fields = {
        "transaction_id": f"disputed-{number}",
        "case_id": f"case-{number}",
        "network": "visa",
        "reason_code": "10.4",
        "amount_minor": 4990,
        "currency": "USD",
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def warning(**changes: Any) -> dict[str, Any]:
    return chargeback(**({"reason_code": ..., "fraud_type": "unauthorized_use_of_card"} | changes))


def taken(client: TestClient, sent: Any, path: str = CHARGEBACKS) -> dict[str, Any]:
    answer = client.post(path, json=sent)
    assert answer.status_code == 201, answer.text
    (ChargebacksAnswer if path == CHARGEBACKS else FraudWarningsAnswer).model_validate_json(answer.content)
    told: dict[str, Any] = answer.json()
    return told


def refused(client: TestClient, sent: Any, path: str = CHARGEBACKS) -> list[tuple[str, str]]:
    answer = client.post(path, json=sent)
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def odd(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["input_pointer"], each["code"]) for each in told["warnings"]]


def listed(client: TestClient, path: str = CHARGEBACKS, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    (ChargebackList if path == CHARGEBACKS else FraudWarningList).model_validate_json(answer.content)
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def labels(client: TestClient) -> list[tuple[str, bool]]:
    return [(each["kind"], each["is_fraud"]) for each in client.get("/v1/labels").json()["data"]]


@pytest.mark.parametrize("name", CHARGEBACK_EXAMPLES)
def test_every_example_of_a_chargeback_is_taken(shop: TestClient, name: str) -> None:
    sent = CHARGEBACK_EXAMPLES[name]["value"]
    for each in sent.get("chargebacks", [sent]):
        own = {**each, "merchant_id": shop.merchant}  # type: ignore[attr-defined]
        assert taken(shop, own)["warnings"] == []


def test_every_example_of_a_warning_is_taken(shop: TestClient) -> None:
    sent = {**FRAUD_WARNING_EXAMPLES["one"]["value"], "merchant_id": shop.merchant}  # type: ignore[attr-defined]
    assert taken(shop, sent, WARNINGS)["warnings"] == []


def test_a_chargeback_is_matched_to_its_payment_and_says_what_it_claims(shop: TestClient, body: Body) -> None:
    told = taken(shop, chargeback(transaction_id=pay(shop, body)))
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
    assert labels(shop) == [("chargeback", True)]


def test_one_without_a_payment_waits_for_it(shop: TestClient, body: Body) -> None:
    sent = chargeback()
    told = taken(shop, sent)
    assert (told["unmatched"], told["chargebacks"][0]["decision_id"]) == (1, None)
    assert [each["transaction_id"] for each in listed(shop, matched=False)] == [sent["transaction_id"]]
    with shop:  # One event loop for all of these, as in the server: it is matched behind the answer.
        pay(shop, body, transaction_id=sent["transaction_id"])
        while listed(shop, matched=False):
            time.sleep(0.001)
        assert [each["case_id"] for each in listed(shop, matched=True)] == [sent["case_id"]]
    again = taken(shop, sent)
    assert (again["repeated"], again["unmatched"]) == (1, 0)


def test_velocities_see_it(shop: TestClient, body: Body) -> None:
    card = {"token": f"tok_disputed_{next(NUMBERS)}"}
    paid = pay(shop, body, credit_card=card)
    taken(shop, chargeback(transaction_id=paid))
    taken(shop, warning(transaction_id=paid), WARNINGS)
    request = body(credit_card=card, options={"explain": "full"})
    request["event"]["merchant_id"] = shop.merchant  # type: ignore[attr-defined]
    features = shop.post("/v1/decisions", json=request).json()["features"]
    assert (features["card_disputed_7d"], features["card_fraud_warning_1h"]) == (1, 1)


def test_the_outcomes_of_a_decision_tell_of_it(shop: TestClient, body: Body) -> None:
    told = taken(shop, chargeback(transaction_id=pay(shop, body)))
    decision = told["chargebacks"][0]["decision_id"]
    (outcome,) = shop.get(f"/v1/decisions/{decision}/outcomes").json()["data"]
    assert (outcome["type"], outcome["amount_minor"], outcome["currency"]) == ("disputed", 4990, "USD")


@pytest.mark.parametrize("kind", ["disputed", "fraud_warning"])
def test_it_is_not_reported_as_an_outcome(make_client: MakeClient, body: Body, kind: str) -> None:
    client = make_client()
    decision = client.post("/v1/decisions", json=body()).json()["id"]
    answer = client.post(f"/v1/decisions/{decision}/outcome", json={"type": kind})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "value_unknown"


def test_the_same_step_again_is_the_answer_that_stands(shop: TestClient) -> None:
    sent = chargeback()
    first = shop.post(CHARGEBACKS, json=sent)
    again = shop.post(CHARGEBACKS, json=sent)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert (again.json()["new"], again.json()["repeated"]) == (0, 1)
    assert again.json()["chargebacks"] == first.json()["chargebacks"]
    assert labels(shop) == [("chargeback", True)]
    both = taken(shop, {"chargebacks": [sent, chargeback(), sent]})
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
    shop: TestClient, field: str, value: object
) -> None:
    sent = chargeback()
    taken(shop, sent)
    answer = shop.post(CHARGEBACKS, json={"chargebacks": [chargeback(), {**sent, field: value}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "case_contradicted")
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"/chargebacks/1/{field}"]
    assert len(listed(shop)) == 1, "what came with it is not recorded either"


def test_won_and_lost_are_told_once_a_stage(shop: TestClient) -> None:
    sent = chargeback()
    taken(shop, sent)
    stage = {**sent, "stage": "representment", "reason_code": ...}
    taken(shop, chargeback(**{**stage, "result": "lost"}))
    assert refused(shop, chargeback(**{**stage, "result": "won"})) == [("/result", "case_contradicted")]
    taken(shop, chargeback(**{**stage, "stage": "arbitration", "result": "won"}))
    assert labels(shop) == [("chargeback", True), ("first_party_misuse", False)]
    assert [(each["stage"], each["result"]) for each in listed(shop)] == [
        ("chargeback", None),
        ("representment", "lost"),
        ("arbitration", "won"),
    ]


def test_a_reversal_clears_the_payment_from_when_it_was_known(shop: TestClient) -> None:
    sent = chargeback()
    taken(shop, sent)
    known_before = shop.get("/v1/labels").json()["data"][0]["received_at"]
    taken(shop, {**sent, "stage": "reversal"})
    assert labels(shop) == [("chargeback", True), ("chargeback", False)]
    before = shop.get("/v1/labels", params={"as_of": known_before}).json()["data"]
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
    shop: TestClient, code: str, claim: str, kinds: list[tuple[str, bool]], warned: list[tuple[str, str]]
) -> None:
    told = taken(shop, chargeback(reason_code=code))
    assert (told["chargebacks"][0]["claim"], told["chargebacks"][0]["reason_code"]) == (claim, code)
    assert odd(told) == warned
    assert labels(shop) == kinds


def test_a_warning_is_a_label_until_it_is_withdrawn(shop: TestClient) -> None:
    sent = warning(network="MC")
    (one,) = taken(shop, sent, WARNINGS)["fraud_warnings"]
    assert (one["network"], one["fraud_type"], one["is_withdrawn"]) == (
        "mastercard",
        "unauthorized_use_of_card",
        False,
    )
    taken(shop, {**sent, "is_withdrawn": True}, WARNINGS)
    assert labels(shop) == [("fraud_warning", True), ("fraud_warning", False)]
    assert [each["is_withdrawn"] for each in listed(shop, WARNINGS)] == [False, True]
    assert listed(shop) == []


def test_a_warning_may_have_the_number_of_a_chargeback(shop: TestClient) -> None:
    sent = chargeback()
    assert taken(shop, sent)["new"] == 1
    assert taken(shop, warning(case_id=sent["case_id"]), WARNINGS)["new"] == 1


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
    shop: TestClient, body: Body, changes: dict[str, Any], warned: list[tuple[str, str]]
) -> None:
    told = taken(shop, chargeback(transaction_id=pay(shop, body), **changes))
    assert odd(told) == warned
    assert len(listed(shop)) == 1


TOMORROW = (datetime.now(UTC) + timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"transaction_id": ...}, ("/transaction_id", "missing")),
        ({"transaction_id": ""}, ("/transaction_id", "missing")),
        ({"case_id": " "}, ("/case_id", "missing")),
        ({"case_id": "x" * 256}, ("/case_id", "too_long")),
        ({"case_id": "a\u0085b"}, ("/case_id", "control_character")),
        ({"case_id": 5812330017}, ("/case_id", "type_invalid")),
        ({"network": "acme"}, ("/network", "value_unknown")),
        ({"network": ...}, ("/network", "missing")),
        ({"stage": "second"}, ("/stage", "value_unknown")),
        ({"stage": "warning"}, ("/stage", "value_unknown")),
        ({"result": "tied"}, ("/result", "value_unknown")),
        ({"stage": "reversal", "result": "lost"}, ("/result", "value_contradictory")),
        ({"reason_code": ...}, ("/reason_code", "missing")),
        ({"amount_minor": 0}, ("/amount_minor", "out_of_range")),
        ({"amount_minor": -4990}, ("/amount_minor", "out_of_range")),
        ({"amount_minor": 10**18}, ("/amount_minor", "out_of_range")),
        ({"amount_minor": 49.9}, ("/amount_minor", "type_invalid")),
        ({"amount_minor": "4990"}, ("/amount_minor", "type_invalid")),
        ({"currency": "USS"}, ("/currency", "currency_unknown")),
        ({"currency": ...}, ("/currency", "missing")),
        ({"occurred_at": "yesterday"}, ("/occurred_at", "time_invalid")),
        ({"occurred_at": TOMORROW}, ("/occurred_at", "out_of_range")),
        ({"occurred_at": "1970-01-01"}, ("/occurred_at", "out_of_range")),
        ({"card_number": CARD_NUMBER}, ("/card_number", "card_data_refused")),
        ({"cvv": "123"}, ("/cvv", "card_data_refused")),
    ],
)
def test_wrong_input_names_the_field(shop: TestClient, changes: dict[str, Any], fault: tuple[str, str]) -> None:
    assert refused(shop, chargeback(**changes)) == [fault]
    at, code = fault
    both = refused(shop, {"chargebacks": [chargeback(), chargeback(**changes)]})
    assert both == [(f"/chargebacks/1{at}", code)]
    assert listed(shop) == []


def test_every_fault_of_many_is_named(shop: TestClient) -> None:
    sent = [chargeback(network="acme"), chargeback(), chargeback(amount_minor=0, currency="USS")]
    assert refused(shop, {"chargebacks": sent}) == [
        ("/chargebacks/0/network", "value_unknown"),
        ("/chargebacks/2/amount_minor", "out_of_range"),
        ("/chargebacks/2/currency", "currency_unknown"),
    ]


@pytest.mark.parametrize("sent", [{"chargebacks": []}, {"chargebacks": "x"}, {"chargebacks": [7]}])
def test_a_list_that_is_none_is_refused(shop: TestClient, sent: Any) -> None:
    assert refused(shop, sent)[0][0].startswith("/chargebacks")


def test_a_card_number_in_a_text_is_dropped_and_ids_are_opaque(shop: TestClient) -> None:
    told = taken(shop, chargeback(case_id=CARD_NUMBER))
    assert told["warnings"] == []
    answer = shop.post(CHARGEBACKS, json=chargeback(reason_code=f"c {CARD_NUMBER}"))
    assert answer.status_code == 422
    assert CARD_NUMBER not in answer.text


def test_ids_that_are_mostly_card_numbers_are_refused(make_client: MakeClient) -> None:
    client = make_client(scopes=SCOPES, merchants=frozenset({"careless-shop"}))
    numbers = [f"41111111111{number:05}" for number in range(400_00)]
    cards = [each for each in numbers if luhn(each)][:30]
    sent = [chargeback(case_id=each) for each in cards]
    assert ("/chargebacks/29/case_id", "card_data_refused") in refused(client, {"chargebacks": sent})


def luhn(digits: str) -> bool:
    doubled = [int(each) * (2 - index % 2) for index, each in enumerate(digits)]
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def test_another_merchant_is_not_there(shop: TestClient, make_client: MakeClient, body: Body) -> None:
    other = make_client(scopes=SCOPES, merchants=frozenset({f"other-shop-{next(NUMBERS)}"}))
    sent = chargeback(transaction_id=pay(shop, body))
    taken(shop, sent)
    told = taken(other, sent)
    assert (told["new"], told["unmatched"]) == (1, 1), "the same ids are another's"
    assert len(listed(shop)) == len(listed(other)) == 1
    named = {**sent, "merchant_id": shop.merchant}  # type: ignore[attr-defined]
    absent = other.post(CHARGEBACKS, json={**sent, "merchant_id": "no-such-shop"})
    assert other.post(CHARGEBACKS, json=named).json()["code"] == absent.json()["code"] == "merchant_not_found"
    assert other.get(CHARGEBACKS, params={"cursor": listed(shop)[0]["id"]}).status_code == 422


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
def test_reports_are_paged_by_cursor(shop: TestClient, path: str) -> None:
    sent = [chargeback() if path == CHARGEBACKS else warning() for _ in range(7)]
    taken(shop, {path.rpartition("/")[2].replace("-", "_"): sent}, path)
    found: list[str] = []
    cursor = None
    while True:
        page = shop.get(path, params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        found += [each["case_id"] for each in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if cursor is None:
            break
    assert found == [each["case_id"] for each in sent]


@pytest.mark.parametrize(
    "asked", [{"cursor": "chb_none"}, {"matched": "perhaps"}, {"limit": 0}, {"limit": 1001}, {"mached": "false"}]
)
def test_a_wrong_query_is_refused(shop: TestClient, asked: dict[str, Any]) -> None:
    assert shop.get(CHARGEBACKS, params=asked).status_code == 422


def test_the_metrics_count_what_was_new(shop: TestClient) -> None:
    def counted() -> float:
        text = shop.get("/metrics").text
        lines = [line for line in text.splitlines() if line.startswith('assay_scheme_reports_total{kind="chargeback"}')]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    before, sent = counted(), chargeback()
    taken(shop, {"chargebacks": [sent, sent, chargeback()]})
    assert counted() - before == 2
