"""A missing table makes the features unknown that it would tell, says why, and changes nothing else."""

from collections.abc import Callable
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import fields, replace
from typing import Any

import pytest

from engine.decide import DEGRADING_CAUSES
from engine.enrichment import enrich
from engine.payment import Card, CartItem, Contact, Device, Email, Payment, Processing
from engine.reference import Reference, missing_cause

OPTIONAL = (
    "ip",
    "bins",
    *(field.name for field in fields(Reference) if field.default is not NO_DEFAULT and field.name != "ip_max_age_days"),
)
HOME = Contact(
    first_name="Ada",
    last_name="Lovelace",
    address="350 Fifth Avenue",
    address_2="Apt 12",
    city="New York",
    region="NY",
    country="US",
    postal="10118",
    phone_country_code="1",
    phone_number="2127363100",
    delivery_speed="overnight",
)


@pytest.fixture
def payment(make_payment: Callable[..., Payment]) -> Payment:
    """One that every table has something to say of."""
    return make_payment(
        email=Email(address="ada.lovelace+shop@gmail.com"),
        billing=HOME,
        shipping=replace(HOME, city="Chicago", region="IL", postal="60601", address="100 State Street"),
        card=Card(
            bin="411111",
            last_digits="1111",
            token="tok_1",
            cardholder_name="ADA LOVELACE",
            exp_month=12,
            exp_year=2027,
            avs_result="Y",
            cvv_result="M",
        ),
        device=Device(
            ip_address="8.8.8.8",
            user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36",
            accept_language="de-DE,de;q=0.9",
            timezone_offset=-300,
        ),
        processing=Processing(mcc="5732", decline_code="insufficient_funds"),
        cart=(CartItem(category="gift_card", quantity=2, price="50.00"),),
    )


def lacking(reference: Reference, *tables: str) -> Reference:
    absent: dict[str, Any] = dict.fromkeys(tables)
    return replace(reference, **absent)


@pytest.mark.parametrize("table", OPTIONAL)
def test_a_missing_table(payment: Payment, reference: Reference, table: str) -> None:
    whole, _ = enrich(payment, reference)
    without, causes = enrich(payment, lacking(reference, table))
    cause = missing_cause(table)
    assert cause in causes.values()
    assert cause in DEGRADING_CAUSES
    assert {name: value for name, value in without.items() if value is not None and value != whole[name]} == {}
    assert all(without[name] is None for name, why in causes.items() if why == cause)


def test_without_any_table_nothing_is_raised(payment: Payment, reference: Reference) -> None:
    known, causes = enrich(payment, lacking(reference, *OPTIONAL))
    assert known["email"] == "ada.lovelace+shop@gmail.com"
    assert {missing_cause(table) for table in OPTIONAL} <= set(causes.values())
