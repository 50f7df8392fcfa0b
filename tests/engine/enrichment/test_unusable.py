"""What came and was dropped leaves another cause behind than what never came, and a user agent that came is there."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from api.schemas.request import _TOLD_BY
from engine.enrichment import enrich
from engine.enrichment.unusable import mended
from engine.payment import Payment
from engine.payment_record import payment_bytes, payment_of
from engine.reference import Reference
from tests.api.decision_requests import LEAST, decide, with_value

_REQUIRED = {"/order/amount", "/order/amount_minor", "/order/currency"}
"""Without these there is no payment: a fault, and no warning."""
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
        # What follows from a field is unknown for it as well.
        ("/shipping/delivery_speed", "express", "unusable", ("shipping_speed", "is_rush_delivery")),
        ("/authentication/trans_status", "Q", "unusable", ("three_ds_status", "is_3d_secure", "three_ds_check")),
        ("/authentication/eci", "99", "unusable", ("eci", "eci_authentication")),
        ("/credit_card/issuer_id_number", "4571", "unusable", ("card_bin", "card_brand", "card_issuer")),
        ("/credit_card/brand", "solo", "unusable", ("card_brand",)),
        ("/credit_card/avs_result", "ABC", "unusable", ("address_line1_check", "address_zip_check")),
        ("/credit_card/cvv_result", "???", "unusable", ("cvc_check",)),
        ("/credit_card/cardholder_name", "x" * 256, "unusable", ("cardholder_name", "cardholder_name_words")),
        ("/account/created_at", "yesterday", "unusable", ("hours_since_customer_was_created", "account_age")),
        ("/device/session_age", -1, "unusable", ("session_age_seconds", "session_age_band")),
        ("/device/accept_language", "x" * 256, "unusable", ("device_language", "device_language_count")),
        ("/billing/address", "x" * 256, "unusable", ("billing_is_po_box", "billing_has_unit")),
        ("/billing/postal", "x" * 256, "unusable", ("billing_postal", "billing_postal_is_valid")),
        ("/billing/phone_number", "020 7946 0018 / 07400 123456", "unusable", ("phone_is_valid", "phone_normalized")),
        ("/billing/phone_number", "N/A", "unusable", ("phone_is_valid", "phone_country")),
        ("/payment/decline_code", "x" * 65, "unusable", ("decline_family", "is_decline_final")),
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


TOO_LONG = "4283 Express Lane PO Box 12 " + "x" * 260
PHONE = {"phone_country_code": "44", "phone_number": "07911 123456"}
HOME = {"address": "12 Main St", "address_2": "Apt 4", "city": "Sarasota", "postal": "34249", "country": "US"}
ALL = {
    "billing": {"first_name": "Ada", "last_name": "Lovelace", **HOME, **PHONE},
    "shipping": {"first_name": "Ada", "last_name": "Lovelace", **HOME},
    "credit_card": {"cardholder_name": "ADA LOVELACE"},
    "shopping_cart": [{"quantity": 1, "price": "5", "category": "books"}, {"quantity": 1}],
}


@pytest.mark.parametrize(
    ("group", "field", "value", "names"),
    [
        (
            "shipping",
            "address_2",
            TOO_LONG,
            (
                "shipping_is_po_box",
                "shipping_has_unit",
                "shipping_is_known_forwarder",
                "shipping_address",
                "shipping_building",
                "shipping_address_matches_billing",
            ),
        ),
        ("shipping", "address", TOO_LONG, ("shipping_is_po_box", "shipping_has_unit", "shipping_address")),
        (
            "billing",
            "last_name",
            "x" * 256,
            ("cardholder_billing_name_similarity", "cardholder_matches_billing_name"),
        ),
        ("billing", "first_name", "x" * 256, ("cardholder_matches_billing_name",)),
        ("billing", "phone_country_code", "GB", ("phone_normalized", "phone_is_valid", "phone_country")),
        ("shopping_cart", "quantity", 10**9, ("cart_quantity", "cart_highest_quantity")),
    ],
)
def test_what_is_left_of_something_dropped_is_not_taken_for_all_of_it(
    reference: Reference, group: str, field: str, value: Any, names: tuple[str, ...]
) -> None:
    fields = copy.deepcopy(LEAST | ALL)
    usual = enrich(decide(fields)[0], reference)[0]
    part = fields[group][1] if group == "shopping_cart" else fields[group]
    part[field] = value
    payment = decide(fields)[0]
    known, causes = enrich(payment, reference)
    assert None not in [usual[name] for name in names]
    assert {name: known[name] for name in names} == dict.fromkeys(names)
    assert {name: causes.get(name) for name in names} == dict.fromkeys(names, "unusable")
    assert payment_of(payment_bytes(payment)) == payment


def test_a_number_with_a_plus_needs_no_country_code(reference: Reference) -> None:
    payment = decide(LEAST | {"billing": {"phone_country_code": "GB", "phone_number": "+44 7911 123456"}})[0]
    known, _ = enrich(payment, reference)
    assert (known["phone_normalized"], known["phone_country"]) == ("+447911123456", "GG")


def test_of_a_cart_each_field_that_was_dropped_is_told_once() -> None:
    odd = {"quantity": 10**9, "category": "x" * 256}
    payment = decided("/shopping_cart", [{"quantity": 1}, odd, odd])
    assert dict(payment.unusable).keys() == {"/shopping_cart/1/quantity", "/shopping_cart/1/category"}


@pytest.mark.parametrize("pointer", sorted(_TOLD_BY - _REQUIRED))
def test_each_field_that_may_be_dropped_has_a_usual_value(pointer: str) -> None:
    payment = replace(decided("/email/address", None), unusable=((pointer, "unusable"),))
    usable, cause = mended(payment)
    assert (cause, usable.unusable) == ("unusable", ())
    assert payment_bytes(usable) != payment_bytes(replace(payment, unusable=()))


def test_each_has_the_cause_of_what_it_was_made_of(reference: Reference) -> None:
    payment = replace(
        decided("/device/ip_address", "10.1.2.3"),
        unusable=(("/device/ip_address", "private_ip"), ("/billing/country", "unusable")),
    )
    _, causes = enrich(payment, reference)
    assert (causes["ip_country"], causes["billing_country"]) == ("private_ip", "unusable")
    # Of both it is said what is lacking last.
    assert causes["ip_country_matches_billing"] in {"private_ip", "unusable", "country_unknown"}


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
