"""Stages of one payment, corrections and rehearsals."""

from collections.abc import Callable

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


def _declined(call: Call) -> None:
    first = call("happened-declined", credit_card={"token": "tok_declined"})
    said = call.client.post(f"/v1/decisions/{first['id']}/outcome", json={"type": "declined", "decline_code": "05"})
    assert said.status_code == 201, said.text


def _blocked(call: Call) -> None:
    # In test mode a token forces the block.
    assert call("happened-blocked", credit_card={"token": "tok_assay_block"})["action"] == "block"


def _on_another_card(call: Call) -> None:
    call("happened-another", credit_card={"token": "tok_first_card"})


def _replaced_before(call: Call) -> None:
    call("happened-wrong", credit_card={"token": "tok_thrice"})
    call("happened-right", event={"supersedes": "happened-wrong"}, credit_card={"token": "tok_thrice"})


def _names_its_correction(call: Call) -> None:
    # Before there is such a payment, so that nothing was replaced.
    call("happened-ring", event={"supersedes": "happened-ringed"}, credit_card={"token": "tok_ring"})


def _replaced(call: Call) -> None:
    call("happened-again", credit_card={"token": "tok_mutual"})
    call("happened-replaced", event={"supersedes": "happened-again"}, credit_card={"token": "tok_mutual"})


@pytest.mark.parametrize(
    ("happen", "named", "transaction_id", "token"),
    [
        (_declined, "happened-declined", "corrects-declined", "tok_declined"),
        (_blocked, "happened-blocked", "corrects-blocked", "tok_assay_block"),
        (_on_another_card, "happened-another", "corrects-another", "tok_second_card"),
        (_replaced_before, "happened-wrong", "happened-third", "tok_thrice"),
        (_names_its_correction, "happened-ring", "happened-ringed", "tok_ring"),
        # A later stage of what was replaced, which names what replaced it.
        (_replaced, "happened-replaced", "happened-again", "tok_mutual"),
    ],
    ids=["declined", "blocked", "another card", "corrected before", "names this one", "replaces its own correction"],
)
def test_what_happened_is_not_superseded(
    trial: Call, happen: Callable[[Call], None], named: str, transaction_id: str, token: str
) -> None:
    happen(trial)
    event = {"supersedes": named, "stage": "post_auth"}
    warnings = trial(transaction_id, event=event, credit_card={"token": token})["warnings"]
    assert [each["code"] for each in warnings if each["input_pointer"] == "/event/supersedes"] == ["supersedes_refused"]
    listed = trial.client.get("/v1/decisions", params={"transaction_id": named, "merchant_id": "shop-a"}).json()
    assert listed["superseded_by"] == ("happened-right" if named == "happened-wrong" else None)


def test_a_declined_attempt_that_is_named_as_corrected_is_counted(call: Call) -> None:
    card = {"credit_card": {"token": "tok_hidden"}}
    first = call("hidden-1", **card)
    assert call.client.post(f"/v1/decisions/{first['id']}/outcome", json={"type": "declined"}).status_code == 201
    seen = call.features("hidden-2", event={"supersedes": "hidden-1"}, **card)
    assert (seen["card_payments_1h"], seen["card_declined_1h"]) == (1, 1)
    after = call.features("hidden-3", **card)
    assert (after["card_payments_1h"], after["card_declined_1h"]) == (2, 1)


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
