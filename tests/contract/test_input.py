"""Odd input is decided with a warning; wrong input is a problem that names the field and the mend."""

import json
from typing import Any

import pytest

from engine.access import Scope
from tests.contract.calling import CARD_NUMBER, Call


@pytest.mark.parametrize(
    ("groups", "pointer", "feature"),
    [
        ({"device": {"ip_address": "999.1.1.1"}}, "/device/ip_address", "ip_country"),
        ({"billing": {"country": "Atlantis"}}, "/billing/country", "billing_country"),
        ({"credit_card": {"issuer_id_number": "42424"}}, "/credit_card/issuer_id_number", "card_bin"),
    ],
)
def test_odd_input_gives_a_warning_and_an_unknown_feature(
    call: Call, groups: dict[str, Any], pointer: str, feature: str
) -> None:
    answer = call(**groups, options={"explain": "full"})
    assert [warning["input_pointer"] for warning in answer["warnings"]] == [pointer]
    assert answer["features"][feature] is None


def test_an_event_time_more_than_two_minutes_off_is_a_warning_and_receipt_time_is_used(call: Call) -> None:
    answer = call(event={"time": "2020-01-01T00:00:00Z"})
    assert [(each["input_pointer"], each["code"]) for each in answer["warnings"]] == [("/event/time", "event_time_off")]
    assert answer["created_at"] > "2026"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b'{"event": {', 400, "json_malformed"),
        (b" " * (64 * 1024 + 1), 413, "body_too_large"),
    ],
)
def test_a_body_that_is_no_request_is_a_problem(call: Call, content: bytes, status: int, code: str) -> None:
    refused = call.client.post("/v1/decisions", content=content)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_problem_has_a_stable_code_a_pointer_and_the_mend(call: Call) -> None:
    problem = call.raw(order={"amount_minor": -5}).json()
    assert (problem["status"], problem["code"]) == (422, "payment_invalid")
    (fault,) = problem["errors"]
    assert (fault["pointer"], fault["code"]) == ("/order/amount_minor", "amount_negative")
    assert fault["detail"]
    assert set(problem) == {"type", "title", "status", "detail", "code", "request_id", "errors"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none_are_422(call: Call, number: str) -> None:
    content = json.dumps(call.body(order={"amount_minor": 777777})).replace("777777", number)
    refused = call.client.post("/v1/decisions", content=content)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/order/amount_minor")


@pytest.mark.parametrize(
    ("groups", "fault"),
    [
        ({"order": {"amount_minor": -1}}, ("/order/amount_minor", "amount_negative")),
        ({"order": {"currency": "XXQ"}}, ("/order/currency", "currency_unknown")),
        ({"billing": {"city": "Pa\x00ris"}}, ("/billing/city", "control_character")),
        ({"credit_card": {"issuer_id_number": "424242424"}}, ("/credit_card/issuer_id_number", "bin_invalid")),
    ],
)
def test_wrong_values_are_422(call: Call, groups: dict[str, Any], fault: tuple[str, str]) -> None:
    assert call.refused(**groups) == [fault]


def test_amount_zero_is_valid(call: Call) -> None:
    assert call(order={"amount_minor": 0})["warnings"] == []
    assert call(order={"amount_minor": 0}, event={"type": "card_verification"})["warnings"] == []


class TestCardData:
    @pytest.mark.parametrize("field", ["token", "issuer_id_number", "last_digits", "cardholder_name"])
    @pytest.mark.parametrize("digits", [CARD_NUMBER, "1" * 13, "9" * 19])
    def test_13_to_19_bare_digits_in_card_and_token_fields_are_refused(
        self, call: Call, field: str, digits: str
    ) -> None:
        assert call.refused(credit_card={field: digits}) == [(f"/credit_card/{field}", "card_data_refused")]

    def test_an_all_digit_token_must_be_longer_than_19(self, call: Call) -> None:
        assert call.refused(credit_card={"token": "123456789012"}) == [("/credit_card/token", "token_invalid")]
        assert call(credit_card={"token": "3" * 30})["warnings"] == []

    def test_id_fields_are_opaque(self, call: Call) -> None:
        assert call(f"{CARD_NUMBER[:15]}9", account={"user_id": "5555555555554444"})["warnings"] == []

    @pytest.mark.parametrize("written", [CARD_NUMBER, "4242 4242 4242 4242", "4242-4242-4242-4242"])
    def test_a_card_number_in_free_text_is_dropped_with_a_warning(self, call: Call, written: str) -> None:
        found = call.warned(billing={"address_2": f"call me {written}"})
        assert found == [("/billing/address_2", "card_data_removed")]

    def test_a_card_number_as_a_number_is_dropped_with_a_warning(self, call: Call) -> None:
        assert call.warned(custom={"note": int(CARD_NUMBER)}) == [("/custom/note", "card_data_removed")]

    def test_digits_without_prefix_length_and_luhn_are_kept(self, call: Call) -> None:
        assert call.warned(billing={"address_2": f"ref {CARD_NUMBER[:-1]}9"}) == []

    def test_phone_fields_are_exempt(self, call: Call) -> None:
        # 13 digits with Visa's prefix and a right check digit.
        assert call.warned(billing={"phone_number": "4222222222222"}) == []

    @pytest.mark.parametrize("name", ["cvv", "cvc2", "card_security_code"])
    def test_cvv_named_fields_are_refused(self, call: Call, name: str) -> None:
        assert call.refused(credit_card={name: "123"}) == [(f"/credit_card/{name}", "card_data_refused")]
        assert call.warned(credit_card={"cvv_result": "M"}) == []

    def test_bin_and_last_four_are_first_8_and_last_4_or_first_6_and_last_4(self, call: Call) -> None:
        sixteen = {"issuer_id_number": "41111111", "last_digits": "1111"}
        fifteen = {"issuer_id_number": "37828224", "last_digits": "0005"}
        assert call.features(credit_card=sixteen)["card_bin"] == "41111111"
        assert call.features(credit_card=fifteen)["card_bin"] == "378282"

    def test_ids_of_a_key_that_look_like_card_numbers_are_refused(self, make_client: Any, call: Call) -> None:
        careless = Call(make_client(), call.body)
        numbers = [f"424242{index:09d}" for index in range(40)]
        statuses = [careless.raw(number + _check_digit(number)).status_code for number in numbers]
        assert statuses[0] == 200, "one in ten references looks like a card number by chance"
        assert statuses[-1] == 422
        refused = careless.raw(numbers[-1] + _check_digit(numbers[-1])).json()
        assert refused["code"] == "card_data_refused"
        assert refused["errors"][0]["pointer"] == "/event/transaction_id"
        assert call.raw().status_code == 200, "another key is not concerned"


def _check_digit(digits: str) -> str:
    doubled = [int(digit) * (2 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def test_card_data_is_nowhere_in_a_problem(call: Call) -> None:
    for groups in ({"credit_card": {"token": CARD_NUMBER}}, {"custom": {"cvv": "737"}}):
        text = call.raw(**groups).text
        assert CARD_NUMBER not in text
        assert "737" not in text


class TestKeys:
    def test_without_a_key_401(self, call: Call) -> None:
        refused = call.client.post("/v1/decisions", json=call.body(), headers={"Authorization": ""})
        assert refused.status_code == 401

    def test_without_the_scope_403(self, make_client: Any, call: Call) -> None:
        reader = make_client(scopes=frozenset({Scope.DECISIONS_READ}))
        assert reader.post("/v1/decisions", json=call.body()).status_code == 403

    def test_another_merchants_id_answers_exactly_as_an_absent_one(self, make_client: Any, call: Call) -> None:
        own = make_client(merchants=frozenset({"shop-b"}))
        others = call()["id"]
        theirs, absent = own.get(f"/v1/decisions/{others}"), own.get("/v1/decisions/dec_absent")
        assert theirs.status_code == absent.status_code == 404
        assert {**theirs.json(), "request_id": ""} == {**absent.json(), "request_id": ""}
