"""Outcomes, labels, policies, finding a decision: what the decision's promises rest on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.calling import Asks, Call

Answer = dict[str, Any]


def _report(call: Call, decision_id: str, **outcome: Any) -> Any:
    return call.client.post(f"/v1/decisions/{decision_id}/outcome", json=outcome)


def test_a_decision_is_fetched_by_its_id_and_by_its_transaction(call: Call) -> None:
    first = call("found-1")
    second = call("found-1", event={"stage": "post_auth"})
    assert call.client.get(f"/v1/decisions/{first['id']}").json() == first
    found = call.client.get("/v1/decisions", params={"transaction_id": "found-1", "merchant_id": "shop-a"}).json()
    assert [each["id"] for each in found["data"]] == [first["id"], second["id"]]


def test_another_merchants_transaction_is_found_by_nobody(make_client: Any, call: Call) -> None:
    call("found-2")
    own = make_client(merchants=frozenset({"shop-b"}))
    for transaction_id in ("found-2", "absent"):
        assert own.get("/v1/decisions", params={"transaction_id": transaction_id}).json()["data"] == []


def test_an_outcome_is_counted_at_its_receipt_time(call: Call) -> None:
    card = {"credit_card": {"token": "tok_declines"}}
    declined = call(**card)
    assert call.features(**card)["card_declined_1h"] == 0
    long_ago = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    told = _report(call, declined["id"], type="declined", decline_code="insufficient_funds", occurred_at=long_ago)
    assert told.status_code == 201, told.text
    assert call.features(**card)["card_declined_1h"] == 1, "it counts when we learnt it, not when it happened"


def test_an_outcome_reported_again_counts_once(call: Call) -> None:
    card = {"credit_card": {"token": "tok_declined_twice"}}
    declined = call(**card)
    first = _report(call, declined["id"], type="declined", decline_code="do_not_honor")
    again = _report(call, declined["id"], type="declined", decline_code="do_not_honor")
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert call.features(**card)["card_declined_1h"] == 1


def test_outcomes_may_come_out_of_order(call: Call) -> None:
    paid = call()
    for kind in ("refunded", "captured", "authorized"):
        assert _report(call, paid["id"], type=kind).status_code == 201


def test_an_outcome_of_an_unknown_payment_is_404(call: Call) -> None:
    refused = _report(call, "dec_absent", type="authorized")
    assert (refused.status_code, refused.json()["code"]) == (404, "decision_not_found")


def test_fifty_equal_outcomes_at_once_are_one(call: Call, asks: Asks) -> None:
    paid = call(credit_card={"token": "tok_outcome_burst"})
    path = f"/v1/decisions/{paid['id']}/outcome"
    answers = asks.at_once([{"type": "declined", "decline_code": "05"}] * 50, path)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.content for answer in answers}) == 1


def test_a_payment_does_not_see_its_own_outcome(call: Call) -> None:
    card = {"credit_card": {"token": "tok_own_outcome"}}
    first = call("own-outcome", **card)
    _report(call, first["id"], type="declined")
    assert call.features("own-outcome", event={"stage": "post_auth"}, **card)["card_declined_1h"] == 0


def test_our_own_block_is_counted(trial: Call) -> None:
    email = {"email": {"address": "blocked@example.net"}}
    trial(credit_card={"token": "tok_assay_block"}, **email)
    assert trial.features(**email)["email_blocked_1h"] == 1


def test_labels_are_read_as_they_were_known(call: Call) -> None:
    paid = call("labelled-1")
    before = datetime.now(UTC).isoformat()
    label = {
        "merchant_id": "shop-a",
        "transaction_id": paid["transaction_id"],
        "kind": "chargeback",
        "is_fraud": True,
        "occurred_at": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
    }
    told = call.client.post("/v1/labels", json=label)
    assert told.status_code in {200, 201}, told.text

    def known(as_of: str) -> list[str]:
        answer = call.client.get("/v1/labels", params={"as_of": as_of})
        return [each["transaction_id"] for each in answer.json()["data"]]

    assert "labelled-1" not in known(before), "it happened before, but nobody knew"
    assert "labelled-1" in known(datetime.now(UTC).isoformat())


def test_a_label_sent_again_is_no_new_label(call: Call) -> None:
    label = {
        "merchant_id": "shop-a",
        "transaction_id": "labelled-2",
        "kind": "cleared",
        "is_fraud": False,
        "occurred_at": "2026-11-01T00:00:00Z",
    }
    for _ in range(2):
        assert call.client.post("/v1/labels", json=label).status_code in {200, 201}
    listed = call.client.get("/v1/labels", params={"as_of": datetime.now(UTC).isoformat()}).json()["data"]
    assert [each["transaction_id"] for each in listed].count("labelled-2") == 1


class TestPolicies:
    MERCHANT = "policy-shop"

    def _policy(self, call: Call) -> Answer:
        answer = call.client.get(f"/v1/policies/{self.MERCHANT}")
        assert answer.status_code == 200, answer.text
        policy: Answer = answer.json()
        return policy

    def test_a_policy_is_per_merchant_and_takes_effect_at_once(self, call: Call) -> None:
        mine = {"event": {"merchant_id": self.MERCHANT}}
        before = call(**mine)
        current = self._policy(call)
        settings = {**current["policy"], "elevated_at_percent": 0.01, "highest_at_percent": 0.02}
        told = call.client.put(f"/v1/policies/{self.MERCHANT}", json=settings)
        assert told.status_code == 200, told.text
        assert (before["risk_level"], call(**mine)["risk_level"]) == ("normal", "highest")
        assert call()["risk_level"] == "normal", "another merchant's policy is its own"
        assert self._policy(call)["version"] != current["version"]

    def test_a_policy_that_does_not_check_leaves_the_last_good_one(self, call: Call) -> None:
        current = self._policy(call)
        broken = {**current["policy"], "block_at_percent": 5, "review_at_percent": 50}
        refused = call.client.put(f"/v1/policies/{self.MERCHANT}", json=broken)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"]
        assert self._policy(call)["version"] == current["version"]

    def test_a_declared_custom_field_is_a_feature_and_a_velocity_key(self, call: Call) -> None:
        mine = {"event": {"merchant_id": self.MERCHANT}}
        call(custom={"tier": "gold"}, **mine)
        current = self._policy(call)
        declared = [{"name": "tier", "type": "string", "is_velocity_key": True}]
        told = call.client.put(f"/v1/policies/{self.MERCHANT}", json={**current["policy"], "custom_fields": declared})
        assert told.status_code == 200, told.text
        features = call.features(custom={"tier": "gold"}, **mine)
        assert features["custom_tier"] == "gold"
        assert features["custom_tier_payments_24h"] == 1, "filled from the ledger first"
