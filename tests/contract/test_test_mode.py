"""Test keys and values with fixed outcomes."""

from typing import Any

import pytest

from tests.contract.calling import Call

ACTIONS = ("allow", "challenge", "review", "block")


@pytest.mark.parametrize("action", ACTIONS)
def test_values_with_fixed_outcomes(trial: Call, action: str) -> None:
    answer = trial(credit_card={"token": f"tok_assay_{action}"})
    assert (answer["test_mode"], answer["action"]) == (True, action)
    assert "test_value" in {reason["code"] for reason in answer["reasons"]}


@pytest.mark.parametrize(
    ("value", "level"), [("normal", "normal"), ("elevated", "elevated"), ("no_score", "not_assessed")]
)
def test_a_test_value_gives_the_same_however_often_it_is_sent(trial: Call, value: str, level: str) -> None:
    shop = {"event": {"merchant_id": f"often-{value}"}, "credit_card": {"token": f"tok_assay_{value}"}}
    answers = [trial(device={"ip_address": "81.2.69.160"}, **shop) for _ in range(10)]
    assert {(answer["action"], answer["risk_level"]) for answer in answers} == {(answers[0]["action"], level)}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("kind", ["purchase", "card_verification"])
def test_test_values_work_at_amount_zero_and_for_card_verification(trial: Call, action: str, kind: str) -> None:
    answer = trial(event={"type": kind}, order={"amount_minor": 0}, credit_card={"token": f"tok_assay_{action}"})
    assert answer["action"] == action


def test_in_live_mode_a_test_value_is_an_ordinary_token(call: Call) -> None:
    answer = call(credit_card={"token": "tok_assay_block"})
    assert answer["action"] != "block"
    assert "test_value" not in {reason["code"] for reason in answer["reasons"]}


def test_test_keys_never_touch_live_counters(call: Call, trial: Call) -> None:
    card = {"credit_card": {"token": "tok_both_modes"}}
    for _ in range(3):
        trial(**card)
    assert call.features(**card)["card_payments_1h"] == 0
    assert trial.features(**card)["card_payments_1h"] == 3


@pytest.mark.parametrize("amount_minor", [4990, 0])
def test_test_mode_decides_alike(call: Call, trial: Call, amount_minor: int) -> None:
    groups: dict[str, Any] = {
        "order": {"amount_minor": amount_minor},
        "credit_card": {"cvv_result": "N"},
        "device": {"ip_address": "5.188.10.20"},
        "billing": {"country": "US"},
    }
    own = {"id", "transaction_id", "created_at", "test_mode", "timing_ms", "review"}
    live, tried = call(**groups), trial(**groups)
    assert {name: value for name, value in live.items() if name not in own} == {
        name: value for name, value in tried.items() if name not in own
    }


def test_a_payment_without_a_score_follows_the_fail_policy(trial: Call) -> None:
    token = {"credit_card": {"token": "tok_assay_no_score"}}
    small, large = trial(order={"amount_minor": 4999}, **token), trial(order={"amount_minor": 5001}, **token)
    assert (small["action"], large["action"]) == ("allow", "challenge")
    assert "model" in small["degraded"]
