"""Enrichments: what is found, and that unknown is never a mismatch."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.enrichment import ENRICHMENTS, enrich
from engine.features import FeatureType
from engine.payment import Authentication, Card, CartItem, Contact, Device, Email, Order, Payment, Processing
from engine.reference import Reference

Make = Callable[..., Payment]


def test_every_enrichment_gives_its_features_in_order(make_payment: Make, reference: Reference) -> None:
    known, _ = enrich(make_payment(), reference)
    features = [feature for enrichment in ENRICHMENTS for feature in enrichment.features]
    flags = [feature.name for feature in features if feature.type is FeatureType.BOOLEAN]
    assert list(known) == [*(feature.name for feature in features if feature.name not in flags), *flags]


def test_values_have_the_declared_types(make_payment: Make, reference: Reference) -> None:
    payment = make_payment(
        card=Card(bin="493001", last_digits="0001", token="tok", cvv_result="M", avs_result="Y", wallet="apple_pay"),
        billing=Contact(country="US"),
        device=Device(ip_address="73.15.20.30", timezone_offset=-300, session_age=3.0),
        order=Order(amount_minor=1000, currency="JPY", is_gift=False),
    )
    known, _ = enrich(payment, reference)
    held: dict[FeatureType, Any] = {
        FeatureType.BOOLEAN: bool,
        FeatureType.INTEGER: int,
        FeatureType.NUMBER: float,
        FeatureType.MONEY: int,
        FeatureType.STRING: str,
        FeatureType.COUNTRY: str,
    }
    for enrichment in ENRICHMENTS:
        for feature in enrichment.features:
            value = known[feature.name]
            assert value is None or type(value) is held[feature.type], feature.name


def test_countries_agree_differ_or_are_unknown(make_payment: Make, reference: Reference) -> None:
    payment = make_payment(
        card=Card(bin="493001"), billing=Contact(country="US"), device=Device(ip_address="86.130.10.20")
    )
    known, causes = enrich(payment, reference)
    assert (known["card_country"], known["ip_country"]) == ("US", "GB")
    assert known["billing_country_matches_card"] is True
    assert known["ip_country_matches_card"] is False
    assert known["shipping_country_matches_card"] is None
    assert causes["shipping_country_matches_card"] == "country_unknown"


def test_a_missing_database_is_unknown_with_its_cause(make_payment: Make, reference: Reference) -> None:
    bare = replace(reference, ip=None, bins=None)
    payment = make_payment(card=Card(bin="493001"), device=Device(ip_address="86.130.10.20"))
    known, causes = enrich(payment, bare)
    assert (known["ip_country"], known["card_country"], known["ip_country_matches_card"]) == (None, None, None)
    assert (causes["ip_country"], causes["card_country"]) == ("geo", "bin")


def test_a_bin_that_nobody_knows_is_not_found(make_payment: Make, reference: Reference) -> None:
    known, causes = enrich(make_payment(card=Card(bin="000000")), reference)
    assert known["card_country"] is None
    assert causes["card_country"] == "not_found"


def test_what_the_processor_says_comes_before_the_table(make_payment: Make, reference: Reference) -> None:
    known, _ = enrich(make_payment(card=Card(bin="493001", country="CA", funding="prepaid")), reference)
    assert (known["card_country"], known["card_funding"]) == ("CA", "prepaid")


def test_the_amount_in_usd_knows_the_minor_units(make_payment: Make, reference: Reference) -> None:
    dollars, _ = enrich(make_payment(order=Order(amount_minor=1234, currency="USD")), reference)
    yen, _ = enrich(make_payment(order=Order(amount_minor=10_000, currency="JPY")), reference)
    assert dollars["amount_in_usd"] == 1234
    assert isinstance(yen["amount_in_usd"], int)
    assert 3_000 < yen["amount_in_usd"] < 15_000


@pytest.mark.parametrize(
    ("device", "billing", "hour", "cause"),
    [
        (Device(timezone_offset=-300), Contact(), 9, None),
        (Device(ip_address="86.130.10.20"), Contact(), 14, None),
        (Device(), Contact(country="JP"), 23, None),
        (Device(ip_address="73.15.20.30"), Contact(), None, "ambiguous"),
        (Device(), Contact(), None, None),
    ],
)
def test_the_local_clock(
    make_payment: Make, reference: Reference, device: Device, billing: Contact, hour: int | None, cause: str | None
) -> None:
    payment = make_payment(at=datetime(2026, 11, 2, 14, 30, tzinfo=UTC), device=device, billing=billing)
    known, causes = enrich(payment, reference)
    assert known["local_hour"] == hour
    assert causes.get("local_hour") == cause


def test_the_device_clock_against_the_ip(make_payment: Make, reference: Reference) -> None:
    agreeing = Device(ip_address="86.130.10.20", timezone_offset=0)
    known, _ = enrich(make_payment(device=agreeing), reference)
    assert known["device_clock_matches_ip"] is True
    known, _ = enrich(make_payment(device=replace(agreeing, timezone_offset=180)), reference)
    assert known["device_clock_matches_ip"] is False


@pytest.mark.parametrize(
    ("brand", "code", "street", "postal"),
    [
        ("visa", "A", "pass", "fail"),
        # What is published of these two differs.
        ("discover", "A", None, None),
        ("discover", "Y", None, None),
        ("discover", "Z", "fail", "pass"),
        ("visa", "Y", "pass", "pass"),
        (None, "N", "fail", "fail"),
        (None, "A", None, None),
        ("visa", "?", None, None),
    ],
)
def test_avs_letters_mean_what_their_network_says(
    make_payment: Make, reference: Reference, brand: str | None, code: str, street: str | None, postal: str | None
) -> None:
    known, _ = enrich(make_payment(card=Card(brand=brand, avs_result=code)), reference)
    assert (known["address_line1_check"], known["address_zip_check"]) == (street, postal)


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        (Email(address="k.miller@example.net"), "example.net"),
        (Email(address='"a@b"@xn--bcher-kva.example'), "xn--bcher-kva.example"),
        (Email(address="a@example.net", domain="example.org"), "example.net"),
        (Email(md5="0" * 32, domain="example.org"), "example.org"),
        (Email(md5="0" * 32), None),
        (Email(), None),
    ],
)
def test_the_domain_is_the_addresss(make_payment: Make, reference: Reference, email: Email, domain: str | None) -> None:
    assert enrich(make_payment(email=email), reference)[0]["email_domain"] == domain


@pytest.mark.parametrize(
    ("status", "is_3ds"),
    [
        *zip("YAU", (True,) * 3, strict=True),
        ("N", False),
        ("R", False),
        *zip("CDSI", (None,) * 4, strict=True),
        (None, None),
    ],
)
def test_3ds_counts_unless_it_failed(
    make_payment: Make, reference: Reference, status: str | None, is_3ds: bool | None
) -> None:
    known, _ = enrich(make_payment(authentication=Authentication(trans_status=status)), reference)
    assert known["is_3d_secure"] is is_3ds


@pytest.mark.parametrize(
    ("quantities", "expected"), [((), None), ((2, 3), 5), ((0,), 0), ((None,), None), ((2, None, 3), None)]
)
def test_a_cart_with_a_line_of_unknown_quantity_has_no_quantity(
    make_payment: Make, reference: Reference, quantities: tuple[int | None, ...], expected: int | None
) -> None:
    known, _ = enrich(make_payment(cart=tuple(CartItem(quantity=quantity) for quantity in quantities)), reference)
    assert known["cart_quantity"] == expected


@pytest.mark.parametrize(
    ("sent", "six", "eight"),
    [("49300123", "493001", "49300123"), ("4930012", "493001", None), ("493001", "493001", None), (None, None, None)],
)
def test_the_bin_by_six_and_by_eight_digits(
    make_payment: Make, reference: Reference, sent: str | None, six: str | None, eight: str | None
) -> None:
    known, _ = enrich(make_payment(card=Card(bin=sent)), reference)
    assert (known["card_bin6"], known["card_bin8"]) == (six, eight)


def test_the_retries_of_an_order_share_it(make_payment: Make, reference: Reference) -> None:
    first = make_payment(transaction_id="order-1")
    retry = make_payment(transaction_id="order-1-b", processing=Processing(attempt_of="order-1"))
    other = make_payment(transaction_id="order-2")
    assert [enrich(payment, reference)[0]["order"] for payment in (first, retry, other)] == [
        "order-1",
        "order-1",
        "order-2",
    ]
