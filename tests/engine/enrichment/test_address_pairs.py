"""Whether goods go to the billing address, city and postal code: what is not said is unknown, what differs is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from engine.enrichment import enrich
from engine.payment import Contact, Payment
from engine.reference import Reference

HOME: Final = Contact(country="US", postal="10001", address="350 5th Ave", city="New York")
ADDRESS, CITY, POSTAL = (f"shipping_{each}_matches_billing" for each in ("address", "city", "postal"))


@pytest.mark.parametrize(
    ("billing", "shipping", "address", "city", "postal"),
    [
        (HOME, HOME, True, True, True),
        (HOME, replace(HOME, country=None), "country_unknown", "country_unknown", "country_unknown"),
        (HOME, replace(HOME, country=None, postal="10001-1234"), *("country_unknown",) * 3),
        (replace(HOME, country=None), replace(HOME, country=None), True, True, True),
        (
            replace(HOME, country=None),
            replace(HOME, country=None, postal="10001-1234"),
            "country_unknown",
            True,
            "country_unknown",
        ),
        (HOME, replace(HOME, country=None, address="12 Elm St"), False, "country_unknown", "country_unknown"),
        (HOME, replace(HOME, country=None, postal="94103"), False, "country_unknown", False),
        (HOME, replace(HOME, country=None, city="Boston"), "country_unknown", False, "country_unknown"),
        (HOME, replace(HOME, country="MX"), False, False, False),
        (
            Contact(country="US", postal="75001", city="Paris"),
            Contact(country="FR", postal="75001", city="Paris"),
            None,
            False,
            False,
        ),
        (replace(HOME, country="US"), replace(HOME, country="PR"), True, True, True),
        (replace(HOME, country="GB", postal="JE2 3AB"), replace(HOME, country="JE", postal="je23ab"), True, True, True),
        (
            replace(HOME, country="DE", postal="D-80331"),
            replace(HOME, country=None, postal="80331"),
            *("country_unknown",) * 3,
        ),
    ],
)
def test_shipping_against_billing(
    make_payment: Callable[..., Payment],
    reference: Reference,
    billing: Contact,
    shipping: Contact,
    address: bool | str | None,
    city: bool | str | None,
    postal: bool | str | None,
) -> None:
    for one, other in ((billing, shipping), (shipping, billing)):
        known, causes = enrich(make_payment(billing=one, shipping=other), reference)
        found = tuple(causes.get(name, known[name]) for name in (ADDRESS, CITY, POSTAL))
        assert found == (address, city, postal)


@pytest.mark.parametrize(
    ("country", "left", "right", "expected"),
    [
        ("DE", "K\u00f6ln", "Cologne", True),
        ("DE", "M\u00fcnchen", "Munich", True),
        ("IT", "Roma", "Rome", True),
        ("RU", "\u041c\u043e\u0441\u043a\u0432\u0430", "Moscow", True),
        ("CN", "\u5317\u4eac", "Beijing", True),
        ("US", "NYC", "New York", True),
        ("US", "St. Louis", "Saint Louis", True),
        ("US", "Ft Worth", "Fort Worth", True),
        ("US", "Portland", "Boston", False),
        ("RU", "\u041c\u043e\u0441\u043a\u0432\u0430", "Kazan", False),
        ("RU", "\u0410\u0431\u0432\u0433\u0434\u0435\u0436", "Moscow", "other_script"),
        ("GB", "Nether Wallop", "Upper Slaughter", False),
        (None, "Roma", "Rome", False),
        (None, "\u041c\u043e\u0441\u043a\u0432\u0430", "Moscow", "other_script"),
    ],
)
def test_a_city_has_many_names(
    make_payment: Callable[..., Payment],
    reference: Reference,
    country: str | None,
    left: str,
    right: str,
    expected: bool | str,
) -> None:
    billing, shipping = Contact(country=country, city=left), Contact(country=country, city=right)
    known, causes = enrich(make_payment(billing=billing, shipping=shipping), reference)
    assert causes.get(CITY, known[CITY]) == expected


def test_without_the_table_a_city_may_have_another_name(
    make_payment: Callable[..., Payment], reference: Reference
) -> None:
    for left, right, expected in (("St. Louis", "Saint Louis", True), ("Portland", "Boston", "places")):
        payment = make_payment(billing=Contact(country="US", city=left), shipping=Contact(country="US", city=right))
        known, causes = enrich(payment, replace(reference, places=None))
        assert causes.get(CITY, known[CITY]) == expected


def test_a_point_within_a_number_joins_nothing(make_payment: Callable[..., Payment], reference: Reference) -> None:
    billing, shipping = replace(HOME, address="12.5 Main St"), replace(HOME, address="125 Main St")
    assert enrich(make_payment(billing=billing, shipping=shipping), reference)[0][ADDRESS] is False
    spelt = replace(HOME, address="12.5 MAIN STREET")
    assert enrich(make_payment(billing=billing, shipping=spelt), reference)[0][ADDRESS] is True
