"""Who pays, as the request says: the e-mail address, the addresses, the card, and where from."""

from collections.abc import Mapping

from engine.enrichment.enrichment import Computed, Enrichment, of_contacts, of_request
from engine.features import FeatureType, Value
from engine.payment import BIN_DIGITS_MAX, BIN_DIGITS_MIN, Email, Payment
from engine.reference import Reference

_TEXT, _COUNTRY = FeatureType.STRING, FeatureType.COUNTRY

FEATURES = (
    of_request(
        "email", _TEXT, "/email/address", "The shopper's e-mail address in lower case, or its MD5 if only that came."
    ),
    of_request(
        "email_domain",
        _TEXT,
        "/email/address",
        "The e-mail address's domain, in ASCII and lower case; /email/domain where no address came.",
    ),
    of_request(
        "billing_country", _COUNTRY, "/billing/country", "Billing country.", aliases=("billing_address_country",)
    ),
    of_request(
        "billing_region", _TEXT, "/billing/region", "Billing state or region.", aliases=("billing_address_state",)
    ),
    of_request("billing_city", _TEXT, "/billing/city", "Billing city.", aliases=("billing_address_city",)),
    of_request(
        "billing_postal", _TEXT, "/billing/postal", "Billing postal code.", aliases=("billing_address_postal_code",)
    ),
    of_request(
        "shipping_country", _COUNTRY, "/shipping/country", "Shipping country.", aliases=("shipping_address_country",)
    ),
    of_request(
        "shipping_region", _TEXT, "/shipping/region", "Shipping state or region.", aliases=("shipping_address_state",)
    ),
    of_request("shipping_city", _TEXT, "/shipping/city", "Shipping city.", aliases=("shipping_address_city",)),
    of_request(
        "shipping_postal", _TEXT, "/shipping/postal", "Shipping postal code.", aliases=("shipping_address_postal_code",)
    ),
    of_request(
        "card",
        _TEXT,
        "/credit_card/token",
        "The card: its token, else a hash of BIN, last digits and expiry together.",
        aliases=("card_fingerprint",),
        case_sensitive=True,
    ),
    of_request("card_bin", _TEXT, "/credit_card/issuer_id_number", "The card's first 6 to 8 digits: its issuer."),
    of_request("card_bin6", _TEXT, "/credit_card/issuer_id_number", "The card's first 6 digits."),
    of_request(
        "card_bin8", _TEXT, "/credit_card/issuer_id_number", "The card's first 8 digits; unknown where fewer came."
    ),
    of_request("cardholder_name", _TEXT, "/credit_card/cardholder_name", "The name on the card as typed."),
    of_request("digital_wallet", _TEXT, "/credit_card/wallet", "The wallet that paid, or none."),
    of_request("ip_address", _TEXT, "/device/ip_address", "The shopper's public IP address."),
    of_request("user_agent", _TEXT, "/device/user_agent", "The browser's user agent."),
)


def _compute(payment: Payment, _reference: Reference, _known: Mapping[str, Value]) -> Computed:
    billing, shipping, card, device = payment.billing, payment.shipping, payment.card, payment.device
    return (
        payment.email_identity,
        _email_domain(payment.email),
        billing.country,
        billing.region,
        billing.city,
        billing.postal,
        shipping.country,
        shipping.region,
        shipping.city,
        shipping.postal,
        payment.card_identity,
        card.bin,
        None if card.bin is None else card.bin[:BIN_DIGITS_MIN],
        card.bin if card.bin is not None and len(card.bin) == BIN_DIGITS_MAX else None,
        card.cardholder_name,
        card.wallet,
        device.ip_address,
        device.user_agent,
    )


def _email_domain(email: Email) -> str | None:
    """What stands after the last @; a quoted local part may hold others."""
    _, at, domain = (email.address or "").rpartition("@")
    return domain if at else email.domain


IDENTITY = Enrichment(
    topic="identity",
    features=FEATURES,
    compute=_compute,
    fields=(
        "email.address",
        "email.domain",
        "email.md5",
        *of_contacts("country", "region", "city", "postal"),
        *(
            f"card.{name}"
            for name in ("token", "bin", "last_digits", "exp_month", "exp_year", "cardholder_name", "wallet")
        ),
        *(f"device.{name}" for name in ("ip_address", "user_agent")),
    ),
)
