"""What BIN, codes and expiry tell of the card; and that no request makes any of it raise."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.bin import BIN
from engine.enrichment.checks import CHECKS
from engine.enrichment.currency import CURRENCY
from engine.enrichment.expiry import EXPIRY
from engine.enrichment.order import ORDER
from engine.features import Unknown, Value
from engine.payment import Authentication, Card, CartItem, Contact, Device, Order, Payment, Processing, Stage
from engine.reference import BinTable, Reference

Make = Callable[..., Payment]
TOPICS = (BIN, CHECKS, EXPIRY, CURRENCY, ORDER)
NAMES = frozenset(feature.name for topic in TOPICS for feature in topic.features)


def known_of(payment: Payment, reference: Reference, *names: str) -> tuple[Value, ...]:
    known, causes = enrich(payment, reference)
    return tuple(causes.get(name) if known[name] is None else known[name] for name in names)


@pytest.mark.parametrize(
    ("card", "found"),
    [
        (Card(bin="42424242"), {"card_category": "CLASSIC", "card_is_prepaid": False, "card_is_commercial": False}),
        (Card(bin="405878"), {"card_is_prepaid": True, "card_funding": "prepaid"}),
        (Card(bin="42424242"), {"bin_matched_digits": 6, "bin_confidence": "medium", "card_contradicts_bin": None}),
        (Card(bin="42424242", country="GB"), {"card_contradicts_bin": False, "bin_confidence": "medium"}),
        (Card(bin="42424242", country="NG"), {"card_contradicts_bin": True, "card_country": "NG"}),
        (Card(bin="42424242", country="NG"), {"bin_confidence": "low"}),
        # To its issuer a card of a territory is one of the country.
        (Card(bin="493001", country="PR"), {"card_contradicts_bin": False, "bin_confidence": "medium"}),
        (Card(bin="42424242", country="JE"), {"card_contradicts_bin": False, "card_country": "JE"}),
        (Card(bin="493001", country="MX"), {"card_contradicts_bin": True, "bin_confidence": "low"}),
        (Card(bin="42424242", brand="mastercard"), {"card_contradicts_bin": True, "card_brand": "mastercard"}),
        (Card(bin="42424242", funding="prepaid"), {"card_is_prepaid": True, "card_contradicts_bin": True}),
        # The processor that does not know has said nothing: the table answers.
        (Card(bin="440393", funding="unknown"), {"card_funding": "prepaid", "card_is_prepaid": True}),
        (Card(bin="440393", funding="unknown"), {"card_contradicts_bin": None, "bin_confidence": "medium"}),
        (Card(bin="42424242", brand="unknown"), {"card_brand": "visa", "card_contradicts_bin": None}),
        (Card(bin="000000", brand="unknown"), {"card_brand": "not_found", "card_contradicts_bin": "not_found"}),
        (Card(brand="unknown", funding="unknown"), {"card_brand": None, "card_funding": None, "card_is_prepaid": None}),
        # Of a co-badged card the table names one brand, the processor another.
        (Card(bin="497010", brand="cartes_bancaires"), {"card_contradicts_bin": None, "bin_confidence": "medium"}),
        (Card(bin="457199", brand="dankort"), {"card_brand": "dankort", "card_contradicts_bin": None}),
        (Card(bin="457199", brand="dankort", country="DK"), {"card_contradicts_bin": False}),
        (Card(bin="457199", brand="dankort", country="SE"), {"card_contradicts_bin": True}),
        (Card(bin="42424242", brand="interac", funding="debit"), {"card_contradicts_bin": True}),
        # A charge card is sent as the credit card that it is a kind of.
        (Card(bin="375801", brand="amex", funding="credit"), {"card_contradicts_bin": False}),
        (Card(funding="debit"), {"card_is_prepaid": False, "card_brand": None, "card_category": None}),
        (Card(bin="000000"), {"card_category": "not_found", "bin_confidence": "not_found"}),
        (Card(bin="000000", brand="visa"), {"card_brand": "visa", "card_issuer": "not_found"}),
        (Card(bin="42424242", last_digits="4242"), {"card_is_test_number": True}),
        (Card(bin="424242", last_digits="4242"), {"card_is_test_number": True}),
        (Card(bin="42424242", last_digits="1881"), {"card_is_test_number": False}),
        (Card(bin="42424242"), {"card_is_test_number": "last_digits_unknown"}),
        (Card(bin="493001"), {"card_is_test_number": False}),
        (Card(), {"card_is_test_number": None, "bin_confidence": None}),
    ],
)
def test_what_the_bin_tells(make_payment: Make, reference: Reference, card: Card, found: Mapping[str, Value]) -> None:
    assert known_of(make_payment(card=card), reference, *found) == tuple(found.values())


def test_the_operators_row_is_of_high_confidence(make_payment: Make, reference: Reference, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    row = "42424242,VISA,CREDIT,BUSINESS,Own Bank,IE\n424244,MASTERCARD,CREDIT,,,\n"
    path.write_text("BIN,Brand,Type,Category,Issuer,isoCode2\n" + row, encoding="utf-8")
    assert reference.bins is not None
    own = replace(reference, bins=reference.bins.again(path))
    names = ("bin_confidence", "bin_matched_digits", "card_is_commercial", "card_country")
    assert known_of(make_payment(card=Card(bin="42424242")), own, *names) == ("high", 8, True, "IE")
    assert known_of(make_payment(card=Card(bin="424242")), own, *names[:2]) == ("medium", 6)
    # A range that begins with 4 is Visa's.
    assert known_of(make_payment(card=Card(bin="424244")), own, "bin_confidence") == ("low",)


def test_a_table_in_place_of_another_answers_anew(make_payment: Make, reference: Reference, tmp_path: Path) -> None:
    payment = make_payment(card=Card(bin="42424242"))
    assert known_of(payment, reference, "card_country") == ("GB",)
    path = tmp_path / "own.csv"
    path.write_text("BIN,Brand,Type,Category,Issuer,isoCode2\n42424242,VISA,,,,FR\n", encoding="utf-8")
    assert known_of(payment, replace(reference, bins=BinTable.load(path)), "card_country") == ("FR",)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"card": Card(brand="visa", avs_result="A")}, {"address_line1_check": "pass", "address_zip_check": "fail"}),
        ({"card": Card(brand="discover", avs_result="A")}, {"address_zip_check": "ambiguous"}),
        ({"card": Card(avs_result="A")}, {"address_zip_check": "ambiguous", "cvc_check": None}),
        ({"card": Card(avs_result="Q")}, {"address_zip_check": "code_unknown"}),
        ({"card": Card(brand="jcb", avs_result="Y")}, {"address_line1_check": "ambiguous"}),
        ({"card": Card(bin="42424242", brand="unknown", avs_result="A")}, {"address_line1_check": "pass"}),
        ({"card": Card(brand="amex", avs_result="F")}, {"cardholder_name_check": "ambiguous"}),
        ({"card": Card(brand="amex", avs_result="O")}, {"cardholder_name_check": "pass", "address_zip_check": "fail"}),
        ({"card": Card(cvv_result="N")}, {"cvc_check": "fail", "address_zip_check": None}),
        ({"authentication": Authentication(trans_status="Y")}, {"three_ds_check": "pass", "eci": None}),
        ({"authentication": Authentication(trans_status="C")}, {"three_ds_check": "unchecked"}),
        ({"authentication": Authentication(trans_status="R")}, {"three_ds_check": "fail"}),
        (
            {"card": Card(brand="visa"), "authentication": Authentication(eci="05")},
            {"three_ds_check": "pass", "eci_liability_shift": "yes"},
        ),
        (
            {"authentication": Authentication(eci="02")},
            {"three_ds_check": "ambiguous", "eci_authentication": "ambiguous"},
        ),
        (
            {"card": Card(brand="mir"), "authentication": Authentication(eci="02")},
            {"three_ds_check": "code_unknown", "eci_liability_shift": "code_unknown", "eci": "02"},
        ),
        ({"authentication": Authentication(eci="07")}, {"three_ds_check": "ambiguous", "eci": "07"}),
        ({"card": Card(was_3d_secure_successful=True)}, {"three_ds_check": "pass", "three_ds_codes_agree": None}),
        ({"card": Card(was_3d_secure_successful=False)}, {"three_ds_check": "ambiguous"}),
        (
            {"card": Card(brand="visa"), "authentication": Authentication(trans_status="Y", eci="02")},
            {"three_ds_codes_agree": "code_unknown", "three_ds_check": "pass"},
        ),
        (
            {"authentication": Authentication(trans_status="N", eci="05")},
            {"three_ds_codes_agree": "ambiguous"},
        ),
        (
            {"card": Card(brand="visa"), "authentication": Authentication(trans_status="Y", eci="05")},
            {"three_ds_codes_agree": True, "eci_authentication": "authenticated"},
        ),
        (
            {"card": Card(brand="visa"), "authentication": Authentication(trans_status="Y", eci="07")},
            {"three_ds_codes_agree": False, "three_ds_check": "pass"},
        ),
        (
            {"card": Card(brand="visa", was_3d_secure_successful=True), "authentication": Authentication(eci="07")},
            {"three_ds_codes_agree": False},
        ),
        (
            {"card": Card(brand="visa", was_3d_secure_successful=False), "authentication": Authentication(eci="06")},
            {"three_ds_codes_agree": True, "three_ds_check": "attempted"},
        ),
        (
            {"card": Card(brand="mastercard"), "authentication": Authentication(eci="06", exemption="low_value")},
            {"three_ds_check": "unchecked", "eci_authentication": "exempt", "sca_exemption": "low_value"},
        ),
        (
            {"stage": Stage.POST_AUTH, "processing": Processing(was_authorized=False, decline_code="51")},
            {"decline_family": "insufficient_funds", "is_decline_final": False, "was_authorized": False},
        ),
        (
            {"card": Card(brand="visa"), "processing": Processing(decline_code="R1", processor="worldpay")},
            {"decline_family": "revoked", "is_decline_final": True},
        ),
        ({"processing": Processing(decline_code="bored")}, {"decline_family": "code_unknown"}),
        ({}, {"three_ds_check": None, "decline_family": None, "was_authorized": None}),
    ],
)
def test_what_the_codes_say(
    make_payment: Make, reference: Reference, fields: dict[str, Any], found: Mapping[str, Value]
) -> None:
    assert known_of(make_payment(**fields), reference, *found) == tuple(found.values())


@pytest.mark.parametrize(
    ("at", "month", "year", "found"),
    [
        ("2026-11-02T14:30", 12, 2029, (37, False, False)),
        ("2026-11-02T14:30", 12, 2026, (1, False, True)),
        ("2026-11-30T23:59", 11, 2026, (0, False, True)),
        # It is still November on Baker Island.
        ("2026-12-01T11:59", 11, 2026, (0, False, True)),
        ("2026-12-01T12:00", 11, 2026, (-1, True, False)),
        ("2026-11-02T14:30", 1, 2020, (-82, True, False)),
        ("2026-11-02T14:30", None, 2026, ("expiry_incomplete",) * 3),
        ("2026-11-02T14:30", None, None, (None,) * 3),
    ],
)
def test_when_the_card_expires(
    make_payment: Make, reference: Reference, at: str, month: int | None, year: int | None, found: tuple[Value, ...]
) -> None:
    payment = make_payment(at=datetime.fromisoformat(at).replace(tzinfo=UTC), card=Card(exp_month=month, exp_year=year))
    assert known_of(payment, reference, *(feature.name for feature in EXPIRY.features)) == found


def test_whether_the_currency_is_of_the_countries(make_payment: Make, reference: Reference) -> None:
    payment = make_payment(
        card=Card(bin="42424242"), billing=Contact(country="US"), order=Order(amount_minor=100, currency="GBP")
    )
    names = ("currency_matches_card_country", "currency_matches_billing_country", "currency_matches_ip_country")
    assert known_of(payment, reference, *names) == (True, False, "country_unknown")
    polar = replace(payment, billing=Contact(country="AQ"))
    assert known_of(polar, reference, names[1]) == ("not_found",)


@pytest.mark.parametrize("table", ["bins", "card_codes", "currencies"])
def test_a_missing_table_makes_its_features_unknown_and_nothing_else(
    make_payment: Make, reference: Reference, table: str
) -> None:
    payment = make_payment(
        card=Card(bin="42424242", last_digits="4242", avs_result="Y", cvv_result="M", brand="visa", country="GB"),
        authentication=Authentication(eci="05"),
        processing=Processing(decline_code="51"),
        billing=Contact(country="GB"),
        device=Device(ip_address="81.2.69.160"),
    )
    whole, _ = enrich(payment, reference)
    bare, causes = enrich(payment, without(reference, table))
    lost = {name for name, value in whole.items() if bare[name] != value}
    assert lost
    cause = {"bins": "bin"}.get(table, table)
    assert {causes[name] for name in lost} == {cause}
    assert all(bare[name] is None for name in lost)


def without(reference: Reference, table: str) -> Reference:
    fields: dict[str, Any] = {table: None}
    return replace(reference, **fields)


TEXTS = st.none() | st.text(max_size=8) | st.sampled_from(("A", "M", "05", "65", "R1", "5", "51 : x", "visa", "adyen"))
CARDS = st.builds(
    Card,
    bin=st.none() | st.from_regex(r"[0-9]{6,8}", fullmatch=True),
    last_digits=st.none() | st.from_regex(r"[0-9]{1,4}", fullmatch=True),
    brand=TEXTS,
    funding=TEXTS,
    exp_month=st.none() | st.integers(-5, 20),
    exp_year=st.none() | st.integers(-9_999, 99_999),
    avs_result=TEXTS,
    cvv_result=TEXTS,
    was_3d_secure_successful=st.none() | st.booleans(),
)
ITEMS = st.builds(
    CartItem,
    category=st.none() | st.text(max_size=20),
    quantity=st.none() | st.integers(0, 10**6),
    price=st.none() | st.text(max_size=8) | st.sampled_from(("12.50", "NaN", "Infinity", "1e999999", "-1", "0", "1e9")),
)


# Hypothesis writes out what it was given now and then, and warns where that is long; a warning is an error here.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    card=CARDS,
    cart=st.lists(ITEMS, max_size=4),
    authentication=st.builds(Authentication, trans_status=TEXTS, eci=TEXTS),
    processing=st.builds(Processing, decline_code=TEXTS, processor=TEXTS, mcc=TEXTS),
    order=st.builds(
        Order, amount_minor=st.integers(0, 10**13), currency=st.sampled_from(("USD", "JPY", "KWD", "CLF", "EUR"))
    ),
)
def test_no_request_makes_it_raise_and_answers_held_are_the_same(
    make_payment: Make,
    reference: Reference,
    card: Card,
    cart: list[CartItem],
    authentication: Authentication,
    processing: Processing,
    order: Order,
) -> None:
    payment = make_payment(
        card=card, cart=tuple(cart), authentication=authentication, processing=processing, order=order
    )
    known: dict[str, Value] = {"ip_country": None, "billing_country": None, "hours_since_customer_was_created": 5.0}
    first = {}
    for topic in TOPICS:
        values = topic.compute(payment, reference, known)
        assert len(values) == len(topic.features)
        first[topic.topic] = values
        known |= {
            feature.name: None if isinstance(value, Unknown) else value
            for feature, value in zip(topic.features, values, strict=True)
        }
    for topic in TOPICS:
        assert topic.compute(payment, reference, known) == first[topic.topic]
    assert known.keys() >= NAMES
