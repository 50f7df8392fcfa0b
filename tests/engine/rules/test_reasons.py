"""Values and reasons as people read them."""

import pytest

from engine.features import Value
from engine.rules import format_value
from engine.rules.reasons import check_reason, read_reason
from tests.engine.rules.rule_features import CATALOG, row


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("amount_in_usd", 125_000, "1,250.00 USD"),
        ("amount_in_usd", 5, "0.05 USD"),
        ("amount_in_usd", 0, "0.00 USD"),
        ("amount_in_eur", -1250, "-12.50 EUR"),
        ("risk_score", 12.5, "12.5"),
        ("risk_score", 2.0, "2"),
        ("risk_score", 1234.567, "1,234.57"),
        ("risk_score", -0.001, "0"),
        ("card_payments_1h", 1234, "1,234"),
        ("is_recurring", True, "yes"),
        ("is_recurring", False, "no"),
        ("card_country", "US", "US"),
        ("email", "bob@example.com", "bob@example.com"),
        ("email", "a\x1b[31m\nb", "a·[31m·b"),
        ("email", "x" * 100, "x" * 80 + "..."),
        ("email", None, "unknown"),
        ("amount_in_usd", None, "unknown"),
    ],
)
def test_values(name: str, value: Value, shown: str) -> None:
    assert format_value(CATALOG[name], value) == shown


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("No placeholder", "No placeholder"),
        ("", ""),
        ("{ip_distinct_cards_10m} cards from one IP", "An unknown number of cards from one IP"),
        ("Paid {amount_in_eur} in {card_country}", "Paid an unknown amount in unknown"),
        ("{amount_in_usd}{email}", "5.00 USDa"),
        ("{email} paid", "a paid"),
        ("From {billing_address_country}", "From DE"),
    ],
)
def test_reasons(text: str, filled: str) -> None:
    assert check_reason(text, CATALOG.names()) == ()
    features = row(amount_in_usd=500, email="a", billing_country="DE")
    assert read_reason(text, CATALOG).filled(CATALOG, features.values) == filled


@pytest.mark.parametrize(
    "text", ["{emial}", "{email", "email}", "{}", "{{email}}", "{email!r}", "{email.x}", "{email:9}"]
)
def test_faults(text: str) -> None:
    assert check_reason(text, CATALOG.names())


def test_the_nearest_name_is_offered() -> None:
    (fault,) = check_reason("{emial}", CATALOG.names())
    assert fault.hint == "Did you mean `{email}`?"


def test_a_custom_field_is_not_shown() -> None:
    (fault,) = check_reason("Tier {::tier::}", CATALOG.names())
    assert fault.message == "The custom field `::tier::` cannot be shown in a reason."
