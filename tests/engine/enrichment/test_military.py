"""The forces' post is known by city, region or postal code alone, and what it serves is nowhere to be measured from."""

from collections.abc import Callable

import pytest

from engine.enrichment import enrich
from engine.enrichment.military import is_military_place
from engine.payment import Contact, Device, Payment
from engine.reference import Reference


@pytest.mark.parametrize(
    ("city", "region", "country", "postal", "expected"),
    [
        ("APO", "AE", "US", "09012", True),
        ("APO", None, None, None, True),
        ("FPO AP", None, "US", None, True),
        ("DPO, AE", None, "US", None, True),
        ("A.P.O. AE 09012", None, "US", None, True),
        ("apo ap 96301-1234 ", None, None, None, True),
        ("BFPO 58", None, "GB", None, True),
        (None, "ap", "US", None, True),
        (None, "US-AE", "US", None, True),
        (None, None, "US", "09012-1234", True),
        (None, None, "US", "34002", True),
        (None, None, "US", "96201", True),
        (None, None, "US", "96701", False),
        (None, None, "US", "34101", False),
        (None, None, "DE", "09012", False),
        (None, "AP", "IN", None, False),
        (None, None, "GB", "BF1 2AU", True),
        (None, None, "GB", "BB1 2AU", False),
        ("Apopka", "FL", "US", "32703", False),
        ("Napo", None, "EC", None, False),
        ("Dporto", None, None, None, False),
        ("", "", "US", "", False),
        (None, None, None, None, False),
    ],
)
def test_where_the_forces_post_delivers(
    city: str | None, region: str | None, country: str | None, postal: str | None, expected: bool
) -> None:
    assert is_military_place(city, region, country, postal) is expected


@pytest.mark.parametrize("address", [None, "-", "PSC 1234", "12 Main St"])
def test_a_soldier_is_nowhere_with_a_street_line_or_without(
    make_payment: Callable[..., Payment], reference: Reference, address: str | None
) -> None:
    soldier = Contact(country="US", city="APO", region="AE", postal="09012", address=address)
    payment = make_payment(billing=soldier, device=Device(ip_address="86.130.10.20"))
    found, causes = enrich(payment, reference)
    assert found["billing_is_military"] is True
    assert causes["distance_between_ip_and_billing_address"] == "place_unknown"


def test_without_a_street_line_no_address_is_denied_to_be_one(
    make_payment: Callable[..., Payment], reference: Reference
) -> None:
    found, _ = enrich(make_payment(billing=Contact(country="US", city="Austin", postal="78701")), reference)
    assert found["billing_is_military"] is None
