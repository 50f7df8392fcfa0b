"""What the features of the request and of the enrichments say to models: direction, group of reasons, words.

One row a feature; a feature without one speaks for itself, in the words of its documentation. Groups have the codes of
the shipped scorecard where they say the same, so that a model blended with it adds to the same reasons.
"""

from dataclasses import replace
from typing import Final, NamedTuple

from engine.features import Feature


class _Row(NamedTuple):
    """See Feature."""

    reason: str
    direction: int = 0
    says: str = ""
    denies: str = ""


_REASONS: Final = {
    # The shopper's account
    "hours_since_customer_was_created": _Row("account_age", -1, "The shopper's account is {value} hours old"),
    "hours_since_password_changed": _Row(
        "account_takeover", -1, "The account's password was changed {value} hours ago"
    ),
    "past_transactions_day": _Row("account_history", 0, "The account paid {value} times in the past day"),
    "past_transactions_year": _Row("account_history", -1, "The account paid {value} times in the past year"),
    "email_domain": _Row("email_domain", 0, "The e-mail address is at {value}"),
    # Addresses
    "billing_country": _Row("billing_location", 0, "The billing address is in {value}"),
    "billing_region": _Row("billing_location", 0, "The billing address is in {value}"),
    "billing_city": _Row("billing_location", 0, "The billing address is in {value}"),
    "billing_postal": _Row("billing_location", 0, "The billing postal code is {value}"),
    "billing_country_matches_card": _Row(
        "billing_location",
        -1,
        "The billing address is in {card_country}, where the card was issued",
        "The billing address is in {billing_country}, the card was issued in {card_country}",
    ),
    "shipping_country": _Row("shipping_location", 0, "The goods go to {value}"),
    "shipping_region": _Row("shipping_location", 0, "The goods go to {value}"),
    "shipping_city": _Row("shipping_location", 0, "The goods go to {value}"),
    "shipping_postal": _Row("shipping_location", 0, "The shipping postal code is {value}"),
    "shipping_country_matches_billing": _Row(
        "shipping_location",
        -1,
        "The goods go to the billing country, {billing_country}",
        "The goods go to {shipping_country}, the billing address is in {billing_country}",
    ),
    "shipping_country_matches_card": _Row(
        "shipping_location",
        -1,
        "The goods go to the card's country, {card_country}",
        "The goods go to {shipping_country}, the card was issued in {card_country}",
    ),
    "shipping_speed": _Row("rush_shipping", 0, "The delivery is {value}"),
    # The card
    "card_bin": _Row("card_range", 0, "The card's first digits are {value}"),
    "card_bin6": _Row("card_range", 0, "The card's first six digits are {value}"),
    "card_bin8": _Row("card_range", 0, "The card's first eight digits are {value}"),
    "card_issuer": _Row("card_range", 0, "The card is of {value}"),
    "card_country": _Row("card_country", 0, "The card was issued in {value}"),
    "card_brand": _Row("card_funding", 0, "The card's brand is {value}"),
    "card_funding": _Row("card_funding", 0, "The card is a {value} card"),
    "digital_wallet": _Row("wallet", 0, "Paid by a wallet ({value})"),
    # The address on the internet, and the clock
    "ip_country": _Row("ip_location", 0, "The IP address is in {value}"),
    "ip_country_matches_card": _Row(
        "ip_location",
        -1,
        "The IP address is in {card_country}, where the card was issued",
        "The IP address is in {ip_country}, the card was issued in {card_country}",
    ),
    "ip_country_matches_billing": _Row(
        "ip_location",
        -1,
        "IP address and billing address are both in {billing_country}",
        "The IP address is in {ip_country}, the billing address in {billing_country}",
    ),
    "ip_country_matches_shipping": _Row(
        "ip_location",
        -1,
        "The goods go to {shipping_country}, where the IP address is",
        "The IP address is in {ip_country}, the goods go to {shipping_country}",
    ),
    "device_clock_matches_ip": _Row(
        "device_clock",
        -1,
        "The device's clock agrees with its IP address",
        "The device's clock is set for another country than its IP address",
    ),
    "local_hour": _Row("local_time", 0, "It is hour {value} on the shopper's clock"),
    "session_age_seconds": _Row("session", -1, "The shopper was in the shop for {value} seconds"),
    # What the issuer and 3-D Secure said
    "three_ds_status": _Row("three_ds", 0, "3-D Secure says {value}"),
    "is_3d_secure": _Row(
        "three_ds", -1, "3-D Secure was attempted and did not fail", "3-D Secure was not attempted, or failed"
    ),
    "has_liability_shift": _Row(
        "three_ds", -1, "The issuer bears the liability for fraud", "The issuer does not bear the liability for fraud"
    ),
    # The order
    "amount_in_usd": _Row("amount", 0, "The amount is {value}"),
    "currency": _Row("currency", 0, "The payment is in {value}"),
    "is_gift": _Row("cart", 0, "The order is marked as a gift", "The order is not marked as a gift"),
    "cart_quantity": _Row("cart", 0, "{value} goods in the cart"),
    "is_recurring": _Row("recurring", -1, "A payment of a series that the shopper agreed to", "No payment of a series"),
    "is_off_session": _Row("recurring", 0, "The shopper is not at the checkout", "The shopper is at the checkout"),
}

REASONS: Final = frozenset(_REASONS)
"""The names of the features that have a row."""


def with_reason(feature: Feature) -> Feature:
    """The feature with what it says to models."""
    row = _REASONS.get(feature.name)
    if row is None:
        return feature
    return replace(feature, reason=row.reason, direction=row.direction, says=row.says, denies=row.denies)
