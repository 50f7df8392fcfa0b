"""Territories: one with its country's banks and post is that country, one with its own is another."""

from collections.abc import Callable

import pytest

from engine.enrichment import enrich
from engine.iso import COUNTRIES
from engine.payment import Card, Contact, Payment
from engine.reference import Reference
from engine.reference.territories import common_country, is_same_country, territory_of


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("US", "US", True),
        ("US", "PR", True),
        ("PR", "GU", True),
        ("GG", "GB", True),
        ("FR", "RE", True),
        ("US", "GB", False),
        ("PR", "JE", False),
        ("CN", "HK", False),
        ("NL", "AW", False),
    ],
)
def test_whether_two_codes_are_of_one_country(left: str, right: str, expected: bool) -> None:
    assert is_same_country(left, right) is expected
    assert is_same_country(right, left) is expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("US", "US", "US"),
        ("US", "PR", "US"),
        ("PR", "GU", "US"),
        ("AX", "FI", "FI"),
        ("PR", "PR", "PR"),
        ("PR", None, "PR"),
        (None, None, None),
    ],
)
def test_the_one_country_of_two_codes(left: str | None, right: str | None, expected: str | None) -> None:
    assert common_country(left, right) == expected
    assert common_country(right, left) == expected


@pytest.mark.parametrize(
    ("postal", "expected"),
    [
        ("98800", "NC"),
        ("98714", "PF"),
        ("98600", "WF"),
        ("97400", "RE"),
        ("98000", "FR"),
        ("75001", "FR"),
        (None, "FR"),
    ],
)
def test_where_what_is_written_as_france_is(postal: str | None, expected: str) -> None:
    assert territory_of("FR", postal) == expected
    assert territory_of("DE", postal) == "DE"


def test_every_code_is_of_itself_alone_or_of_its_country() -> None:
    for code in COUNTRIES:
        others = [other for other in COUNTRIES if is_same_country(code, other)]
        assert code in others
        assert len(others) == 1 or {"US", "GB", "FR", "DK", "FI", "NO", "AU"} & {*others}


def test_a_card_of_puerto_rico_is_at_home_in_the_states(
    make_payment: Callable[..., Payment], reference: Reference
) -> None:
    payment = make_payment(
        card=Card(country="US"),
        billing=Contact(country="PR", phone_number="+1 787 555 2368"),
        shipping=Contact(country="GB"),
    )
    known, _ = enrich(payment, reference)
    assert known["billing_country_matches_card"] is True
    assert known["shipping_country_matches_card"] is False
