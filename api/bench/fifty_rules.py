"""Fifty rules to measure with: the shipped ones, and more as a busy merchant writes them, of all kinds."""

from typing import Final

from engine.rules import default_source

TEXTS: Final = (
    "Block if card_distinct_ips_24h >= 5 and amount_in_usd > 200",
    "Block if email_distinct_cards_24h >= 4 or email_declined_24h > 6",
    "Block if ip_distinct_bins_1h >= 6 and card_funding != 'credit'",
    "Block if card_declined_1h >= 4 and card_authorized_24h = 0",
    "Block if ip_network_distinct_cards_1h >= 30 and cvc_check in ('fail', 'unchecked')",
    "Block if bin6_declined_1h > 25 and amount_in_usd < 5",
    "Block if device_distinct_cards_24h >= 5 and not is_recurring",
    "Block if email_domain in ('mailinator.com', 'guerrillamail.com', 'yopmail.com', '10minutemail.com')",
    "Block if three_ds_status = 'U' and amount_in_usd > 800 and not has_liability_shift",
    "Review if amount_in_usd > 1500",
    "Review if amount_in_usd > 300 and hours_since_customer_was_created < 2",
    "Review if shipping_address_distinct_cards_7d >= 4",
    "Review if shipping_country not in ('US', 'CA', 'GB', 'DE', 'FR', 'AT') and amount_in_usd >= 250",
    "Review if card_country != ip_country and card_country != billing_country and amount_in_usd > 100",
    "Review if phone_distinct_cards_24h >= 3 or phone_distinct_emails_30d >= 6",
    "Review if hours_since_password_changed < 1 and amount_in_usd > 150",
    "Review if card_amount_usd_24h > 2000 or email_amount_usd_24h > 2000 or ip_amount_usd_24h > 5000",
    "Review if card_funding = 'prepaid' and shipping_speed = 'overnight' and amount_in_usd > 120",
    "Review if is_gift and not billing_country_matches_card and amount_in_usd > 90",
    "Review if risk_score >= 8 and card_distinct_devices_30d >= 3",
    "Review if risk_level = 'highest' and is_missing(device)",
    "Review if cart_quantity > 12 and past_transactions_year = 0",
    "Request 3DS if risk_score > 3 and not is_recurring",
    "Request 3DS if amount_in_usd >= 400 and card_payments_30d = 0",
    "Request 3DS if not ip_country_matches_billing and transaction_type = 'purchase'",
    "Request 3DS if email_distinct_card_countries_30d >= 2",
    "Request 3DS if local_hour < 5 and amount_in_usd > 200 and card_funding in ('debit', 'prepaid')",
    "Allow if customer_authorized_30d >= 5 and customer_declined_24h = 0 and amount_in_usd < 150",
    "Allow if card_email_authorized_30d >= 3 and ip_country_matches_card and amount_in_usd <= 99.99",
    "Score +15 if billing_country != shipping_country",
    "Score +10 if session_age_seconds < 20 or is_missing(session_age_seconds)",
    "Score +20 if address_line1_check = 'fail' or address_zip_check = 'fail'",
    "Score -10 if past_transactions_year > 10 and card_country = 'US'",
    "Tag 'night' if local_hour in (0, 1, 2, 3, 4)",
    "Tag 'large' if amount_in_usd > 500 and (currency != 'USD' or card_brand = 'amex')",
)
"""The thirty-five that are not shipped."""


def fifty_rules(texts: tuple[str, ...] = TEXTS) -> str:
    """The ruleset's text."""
    return "\n".join([default_source(), *(_rule(number, text) for number, text in enumerate(texts, start=1))])


def _rule(number: int, text: str) -> str:
    return f'\n[[rule]]\nid = "more-{number:02}"\nname = "Rule {number}"\ntext = """{text}"""\nreason = "{number}"\n'
