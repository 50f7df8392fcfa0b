"""What POST /v1/decisions asks for and answers."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.schemas import DecisionAnswer
from tests.contract.calling import Call


@pytest.mark.parametrize(
    ("group", "name", "pointer"),
    [
        ("event", "transaction_id", "/event/transaction_id"),
        ("event", "merchant_id", "/event/merchant_id"),
        ("order", "amount_minor", "/order/amount_minor"),
        ("order", "currency", "/order/currency"),
    ],
)
def test_everything_is_optional_except_four_fields(call: Call, group: str, name: str, pointer: str) -> None:
    assert call()["action"] in {"allow", "challenge", "review", "block"}
    request = call.body()
    del request[group][name]
    refused = call.client.post("/v1/decisions", json=request)
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [(pointer, "missing")]


def test_merchant_id_may_be_left_out_when_the_key_acts_for_one(make_client: Any, call: Call) -> None:
    request = call.body()
    del request["event"]["merchant_id"]
    own = make_client(merchants=frozenset({"only-shop"}))
    assert own.post("/v1/decisions", json=request).json()["merchant_id"] == "only-shop"


def test_the_amount_may_be_a_decimal_string(call: Call) -> None:
    minor = call.features(order={"amount_minor": 1250, "currency": "USD"})
    assert minor["amount_in_usd"] == 12.5
    request = call.body()
    request["order"] = {"amount": "12.50", "currency": "USD"}
    request["options"] = {"explain": "full"}
    assert call.client.post("/v1/decisions", json=request).json()["features"]["amount_in_usd"] == 12.5


def test_shop_id_is_another_name_for_merchant_id(call: Call) -> None:
    request = call.body()
    request["event"]["shop_id"] = request["event"].pop("merchant_id")
    assert call.client.post("/v1/decisions", json=request).json()["merchant_id"] == "shop-a"


def test_the_answer_has_every_field_that_is_documented(call: Call) -> None:
    answer = call.raw()
    DecisionAnswer.model_validate_json(answer.content)
    full = call(options={"explain": "full"})
    assert set(full) == set(DecisionAnswer.model_fields)


def test_a_challenge_runs_3ds_and_is_asked_again_with_the_result(trial: Call) -> None:
    token = {"credit_card": {"token": "tok_assay_challenge"}}
    asked = trial("challenged-1", **token)
    assert (asked["action"], asked["three_ds"]) == ("challenge", "request")
    event = {"stage": "post_3ds"}
    proven = trial("challenged-1", event=event, authentication={"trans_status": "Y", "eci": "05"}, **token)
    assert (proven["action"], proven["three_ds"]) == ("allow", "none")


def test_a_reviewed_payment_can_also_ask_for_3ds(call: Call) -> None:
    answer = call(
        order={"amount_minor": 68900},
        credit_card={"issuer_id_number": "493001", "cvv_result": "N"},
        device={"ip_address": "5.188.10.20"},
        billing={"country": "US"},
        shipping={"country": "RO"},
    )
    assert (answer["action"], answer["three_ds"]) == ("review", "request")
    assert answer["review"]["id"].startswith("rev_")
    assert answer["review"]["expires_at"] > answer["created_at"]
    assert answer["review"]["action_at_expiry"] in {"allow", "block"}


def test_action_is_challenge_when_3ds_is_all_that_is_asked(trial: Call) -> None:
    answer = trial(credit_card={"token": "tok_assay_challenge"})
    assert (answer["action"], answer["three_ds"], answer["review"]) == ("challenge", "request", None)


def test_a_blocked_payment_never_asks_for_3ds(trial: Call) -> None:
    answer = trial(credit_card={"token": "tok_assay_block"})
    assert (answer["action"], answer["three_ds"]) == ("block", "none")


def test_risk_score_is_a_percentage_or_null(call: Call, trial: Call) -> None:
    assert 0.01 <= call()["risk_score"] <= 99
    unscored = trial(credit_card={"token": "tok_assay_no_score"})
    assert (unscored["risk_score"], unscored["risk_level"]) == (None, "not_assessed")


@pytest.mark.parametrize("level", ["normal", "elevated", "highest"])
def test_risk_levels_are_bands_of_the_policy(trial: Call, level: str) -> None:
    answer = trial(credit_card={"token": f"tok_assay_{level}"})
    assert answer["risk_level"] == level
    low, high = {"normal": (0, 2), "elevated": (2, 10), "highest": (10, 100)}[level]
    assert low <= answer["risk_score"] < high


def test_explain_none_gives_no_reasons_and_no_rules(call: Call) -> None:
    answer = call(credit_card={"cvv_result": "N"}, options={"explain": "none"})
    assert (answer["reasons"], answer["rules"]) == ([], [])
    assert "features" not in answer


def test_explain_codes_gives_reasons_and_the_rules_that_are_not_false(call: Call) -> None:
    answer = call(credit_card={"cvv_result": "N"}, options={"explain": "codes"})
    assert answer["reasons"]
    assert {rule["result"] for rule in answer["rules"]} <= {True, None}
    assert "features" not in answer


def test_explain_full_gives_all_rules_and_features_to_keys_with_the_scope(call: Call, gateway: TestClient) -> None:
    answer = call(credit_card={"cvv_result": "N"}, options={"explain": "full"})
    assert False in {rule["result"] for rule in answer["rules"]}
    assert answer["features"]["cvc_check"] == "fail"
    assert gateway.post("/v1/decisions", json=call.body(options={"explain": "full"})).status_code == 200


def test_each_reason_has_a_code_words_a_source_and_a_weight_where_a_model_says_it(call: Call) -> None:
    answer = call(credit_card={"cvv_result": "N"}, device={"ip_address": "5.188.10.20"}, billing={"country": "US"})
    for reason in answer["reasons"]:
        assert reason["code"]
        assert reason["text"]
        assert reason["source"] in {"rule", "model", "list", "policy"}
        assert (reason["weight"] is not None) == (reason["source"] == "model")
    assert {"rule", "model"} <= {reason["source"] for reason in answer["reasons"]}


def test_each_decision_names_its_ruleset_model_and_data(call: Call) -> None:
    answer = call()
    assert len(answer["ruleset"]) == 64
    assert answer["model"]["id"]
    assert set(answer["data_versions"]) >= {"ip", "bins", "rates"}


def test_a_payment_with_the_least_fields_is_decided(call: Call) -> None:
    features = call.features()
    assert features["ip_country"] is None, "unknown is null, never a value"
    assert features["card_payments_1h"] is None
