"""The phone number's country beside the others, and its area code beside the billing postal code."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from engine.enrichment import enrich
from engine.payment import Card, Contact, Device, Payment
from engine.reference import Reference

US_TEXAS: Final = Contact(country="US", postal="78701", region="TX", phone_number="512 236 5000")


@pytest.mark.parametrize(
    ("billing", "expected"),
    [
        (US_TEXAS, True),
        (replace(US_TEXAS, phone_number="212 736 5000"), False),
        (replace(US_TEXAS, phone_number="+44 20 7946 0018"), False),
        (replace(US_TEXAS, phone_number="800 222 1222"), "no_one_country"),
        (replace(US_TEXAS, region="PR", postal="00901", phone_number="787 722 1234"), True),
        (replace(US_TEXAS, region="PR", postal="00901-1234", phone_number="+1 939 722 1234"), True),
        (replace(US_TEXAS, region="GU", postal="96910", phone_number="671 646 1234"), True),
        (replace(US_TEXAS, region="VI", postal="00802", phone_number="340 774 1234"), True),
        (replace(US_TEXAS, region="AS", postal="96799", phone_number="684 633 1234"), True),
        (replace(US_TEXAS, region="MP", postal="96950", phone_number="670 234 1234"), True),
        (replace(US_TEXAS, phone_number="787 722 1234"), False),
        (replace(US_TEXAS, region="PR", postal="00901"), False),
        (replace(US_TEXAS, phone_number="876 926 1234"), False),
        (Contact(country="PR", postal="00901", phone_number="787 722 1234"), "not_told"),
        (replace(US_TEXAS, postal=None), None),
        (replace(US_TEXAS, postal="0"), "not_told"),
        (replace(US_TEXAS, country="CA", postal="H2X 1Y4", phone_number="514 987 6543"), True),
        (Contact(country="GB", postal="SW1Y 4JH", phone_number="020 7946 0018"), "not_told"),
        (Contact(country="US", postal="78701"), None),
    ],
)
def test_the_area_code_against_the_postal_code(
    make_payment: Callable[..., Payment], reference: Reference, billing: Contact, expected: bool | str | None
) -> None:
    found, causes = enrich(make_payment(billing=billing), reference)
    assert causes.get("phone_matches_billing_postal", found["phone_matches_billing_postal"]) == expected


def test_the_phones_country_against_all_others(make_payment: Callable[..., Payment], reference: Reference) -> None:
    payment = make_payment(
        billing=Contact(country="US", phone_number="+44 20 7946 0018"),
        shipping=Contact(country="GB", phone_number="020 7946 0018"),
        card=Card(bin="493001"),
        device=Device(ip_address="86.130.10.20"),
    )
    found, _ = enrich(payment, reference)
    assert [found[f"phone_country_matches_{each}"] for each in ("billing", "shipping", "card", "ip")] == [
        False,
        True,
        False,
        True,
    ]
    assert found["shipping_phone_matches_billing"] is True


_HERE, _BAD = Contact(country="GB", phone_number="020 7946 0018"), Contact(country="GB", phone_number="123")
_ANYWHERE: Final = Contact(phone_number="020 7946 0018")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (_HERE, _HERE, True),
        (_HERE, _ANYWHERE, "country_unknown"),
        (_ANYWHERE, _ANYWHERE, "country_unknown"),
        (_HERE, _BAD, "phone_invalid"),
        (_ANYWHERE, _BAD, "phone_invalid"),
    ],
)
def test_why_two_numbers_are_not_compared(
    make_payment: Callable[..., Payment],
    reference: Reference,
    one: Contact,
    other: Contact,
    expected: bool | str,
) -> None:
    for billing, shipping in ((one, other), (other, one)):
        found, causes = enrich(make_payment(billing=billing, shipping=shipping), reference)
        name = "shipping_phone_matches_billing"
        assert causes.get(name, found[name]) == expected


@pytest.mark.parametrize(
    ("billing", "cause"),
    [
        (Contact(phone_number="+44 20 7946 0018"), "country_unknown"),
        (Contact(phone_number="020 7946 0018"), "country_unknown"),
        (Contact(country="GB", phone_number="123"), "phone_invalid"),
        (Contact(country="GB", phone_number="0000000000"), "phone_invalid"),
        (Contact(country="GB", phone_number="0800 123 4567"), "no_one_country"),
        (Contact(country="GB"), None),
    ],
)
def test_why_a_phone_is_not_compared(
    make_payment: Callable[..., Payment], reference: Reference, billing: Contact, cause: str | None
) -> None:
    found, causes = enrich(make_payment(billing=billing), reference)
    name = "phone_country_matches_billing"
    assert (found[name], causes.get(name)) == (None, cause)
