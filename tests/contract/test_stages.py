"""Stages of one payment, corrections and rehearsals."""

import pytest

from tests.contract.calling import Asks, Call

CARD = {"credit_card": {"token": "tok_stages"}}


def test_the_stages_of_one_payment_are_counted_once(call: Call) -> None:
    card = {"credit_card": {"token": "tok_counted_once"}}
    for stage in ("pre_auth", "post_3ds", "post_auth"):
        assert call.features("staged-1", event={"stage": stage}, **card)["card_payments_1h"] == 0
    assert call.features("staged-2", **card)["card_payments_1h"] == 1


def test_each_stage_has_its_own_decision(call: Call) -> None:
    ids = {call("staged-3", event={"stage": stage}, **CARD)["id"] for stage in ("pre_auth", "post_3ds", "post_auth")}
    assert len(ids) == 3


@pytest.mark.parametrize("order", [("post_auth", "pre_auth"), ("post_3ds", "post_auth", "pre_auth")])
def test_stages_may_come_out_of_order(call: Call, order: tuple[str, ...]) -> None:
    transaction_id, card = f"disordered-{'-'.join(order)}", {"credit_card": {"token": f"tok_{'_'.join(order)}"}}
    for stage in order:
        assert call.features(transaction_id, event={"stage": stage}, **card)["card_payments_1h"] == 0
    assert call.features(f"{transaction_id}-next", **card)["card_payments_1h"] == 1


def test_a_later_stage_reads_velocities_at_its_own_time_itself_excluded(call: Call) -> None:
    card = {"credit_card": {"token": "tok_later_stage"}}
    assert call.features("later-1", **card)["card_payments_1h"] == 0
    assert call.features("later-2", **card)["card_payments_1h"] == 1
    assert call.features("later-1", event={"stage": "post_auth"}, **card)["card_payments_1h"] == 1


def test_results_after_authorization_are_used(call: Call) -> None:
    before = call.features("checked-1", **CARD)
    after = call.features(
        "checked-1",
        event={"stage": "post_auth"},
        credit_card={"token": "tok_stages", "avs_result": "N", "cvv_result": "N"},
    )
    assert (before["cvc_check"], after["cvc_check"]) == (None, "fail")


def test_a_correction_supersedes_and_does_not_count_twice(call: Call) -> None:
    card = {"credit_card": {"token": "tok_corrected"}}
    call("wrong-1", order={"amount_minor": 99900}, **card)
    corrected = call.features("right-1", event={"supersedes": "wrong-1"}, order={"amount_minor": 9990}, **card)
    assert (corrected["card_payments_1h"], corrected["card_amount_usd_1h"]) == (0, 0)
    after = call.features("next-1", **card)
    assert (after["card_payments_1h"], after["card_amount_usd_1h"]) == (1, 99.9)


def test_a_correction_of_an_unknown_payment_is_decided_with_a_warning(call: Call) -> None:
    assert ("/event/supersedes", "supersedes_unknown") in call.warned(event={"supersedes": "never-seen"})


def test_a_dry_run_is_decided_not_stored_not_counted(call: Call) -> None:
    card = {"credit_card": {"token": "tok_rehearsed"}}
    dry = call("dry-1", options={"dry_run": True}, **card)
    assert dry["durability"] == "not_recorded"
    assert call.client.get(f"/v1/decisions/{dry['id']}").status_code == 404
    assert call.features("dry-1", **card)["card_payments_1h"] == 0


def test_a_burst_on_one_card_is_seen_as_0_to_49(call: Call, asks: Asks) -> None:
    requests = [
        call.body(credit_card={"token": "tok_burst"}, options={"explain": "full", "deadline_ms": 2000})
        for _ in range(50)
    ]
    answers = asks.at_once(requests)
    assert sorted(answer.json()["features"]["card_payments_1h"] for answer in answers) == list(range(50))
