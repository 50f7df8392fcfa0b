"""Chargebacks that are wrong: every fault named, nothing recorded, card data refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.disputes import CARD_NUMBER, CHARGEBACKS, SCOPES, MakeClient, chargeback, listed, refused, taken

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
def test_wrong_input_names_the_field(
    disputed_shop: TestClient, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert refused(disputed_shop, chargeback(**changes)) == [fault]
    at, code = fault
    both = refused(disputed_shop, {"chargebacks": [chargeback(), chargeback(**changes)]})
    assert both == [(f"/chargebacks/1{at}", code)]
    assert listed(disputed_shop) == []


def test_every_fault_of_many_is_named(disputed_shop: TestClient) -> None:
    sent = [chargeback(network="acme"), chargeback(), chargeback(amount_minor=0, currency="USS")]
    assert refused(disputed_shop, {"chargebacks": sent}) == [
        ("/chargebacks/0/network", "value_unknown"),
        ("/chargebacks/2/amount_minor", "out_of_range"),
        ("/chargebacks/2/currency", "currency_unknown"),
    ]


def test_of_more_faults_than_are_named_each_report_is_refused_all_the_same(disputed_shop: TestClient) -> None:
    sent = [chargeback(network="acme") for _ in range(60)]
    assert len(refused(disputed_shop, {"chargebacks": sent})) == 50
    assert listed(disputed_shop) == []


@pytest.mark.parametrize("sent", [{"chargebacks": []}, {"chargebacks": "x"}, {"chargebacks": [7]}])
def test_a_list_that_is_none_is_refused(disputed_shop: TestClient, sent: Any) -> None:
    assert refused(disputed_shop, sent)[0][0].startswith("/chargebacks")


def test_a_card_number_in_a_text_is_dropped_and_ids_are_opaque(disputed_shop: TestClient) -> None:
    told = taken(disputed_shop, chargeback(case_id=CARD_NUMBER))
    assert told["warnings"] == []
    answer = disputed_shop.post(CHARGEBACKS, json=chargeback(reason_code=f"c {CARD_NUMBER}"))
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
