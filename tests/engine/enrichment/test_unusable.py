"""What came and was dropped leaves another cause behind than what never came, and a user agent that came is there."""

from typing import Any

import pytest

from engine.enrichment import enrich
from engine.payment import Payment
from engine.payment_record import payment_bytes, payment_of
from engine.reference import Reference
from tests.api.decision_requests import decide, with_value

CARD_NUMBER = "Mozilla/5.0 4242 4242 4242 4242"


def decided(pointer: str, value: object) -> Payment:
    payment: Payment = decide(with_value(pointer, value))[0]
    return payment


@pytest.mark.parametrize(
    ("pointer", "value", "cause", "names"),
    [
        ("/device/ip_address", "10.1.2.3", "private_ip", ("ip_address", "ip_country", "ip_normalized", "is_vpn")),
        ("/device/ip_address", "::ffff:192.168.1.1", "private_ip", ("ip_address", "ip_country")),
        ("/device/ip_address", "fe80::1%eth0", "private_ip", ("ip_country",)),
        ("/device/ip_address", "203.0.113.9", "reserved_ip", ("ip_address", "ip_country", "is_tor")),
        ("/device/ip_address", "1.2.3", "ip_invalid", ("ip_address", "ip_country", "is_hosting")),
        ("/email/address", "ada at example", "unusable", ("email", "email_domain", "is_disposable_email")),
        ("/device/user_agent", "x" * 1025, "unusable", ("user_agent", "browser", "is_automated_user_agent")),
        ("/device/user_agent", CARD_NUMBER, "unusable", ("user_agent", "browser")),
        ("/billing/country", "XX", "unusable", ("billing_country",)),
    ],
)
def test_what_was_dropped_is_unknown_for_that(
    reference: Reference, pointer: str, value: Any, cause: str, names: tuple[str, ...]
) -> None:
    payment = decided(pointer, value)
    assert payment.unusable == ((pointer, cause),)
    known, causes = enrich(payment, reference)
    assert {known[name] for name in names} == {None}
    assert {causes.get(name) for name in names} == {cause}


def test_what_never_came_has_no_cause(reference: Reference) -> None:
    _, causes = enrich(decided("/device/ip_address", ""), reference)
    assert not {"ip_address", "ip_country", "email", "user_agent", "browser"} & causes.keys()


@pytest.mark.parametrize("agent", ["x" * 1025, CARD_NUMBER])
def test_a_user_agent_that_was_dropped_did_come(reference: Reference, agent: str) -> None:
    # Asked twice: what is held of a payment without one is not its answer.
    for sent, is_there in (("", False), (agent, True), ("", False), (agent, True)):
        assert enrich(decided("/device/user_agent", sent), reference)[0]["has_user_agent"] is is_there


def test_an_odd_address_takes_nothing_from_what_else_is_known(reference: Reference) -> None:
    payment = decided("/email", {"address": "ada at example", "domain": "example.org"})
    known, causes = enrich(payment, reference)
    assert known["email_domain"] == "example.org"
    assert "email_domain" not in causes


def test_a_record_says_what_was_dropped() -> None:
    payment = decided("/device/ip_address", "10.1.2.3")
    assert payment_of(payment_bytes(payment)) == payment
    assert b"10.1.2.3" not in payment_bytes(payment)
    assert b"unusable" not in payment_bytes(decided("/device/ip_address", "81.2.69.160"))


def test_a_time_that_is_off_is_no_value_that_is_lacking() -> None:
    assert decided("/event/time", "2020-01-01T00:00:00Z").unusable == ()
