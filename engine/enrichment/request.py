"""The request's own fields as features."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Value
from engine.payment import BIN_DIGITS_MAX, BIN_DIGITS_MIN, Email, Payment, PaymentType, Stage
from engine.reference import Reference

_TEXT, _COUNT, _NUMBER = FeatureType.STRING, FeatureType.INTEGER, FeatureType.NUMBER
_FLAG, _COUNTRY = FeatureType.BOOLEAN, FeatureType.COUNTRY
_MILLISECOND_OF_HOURS = timedelta(seconds=3.6)
"""Ages are kept to a thousandth of an hour."""
_ATTEMPTED_3DS = frozenset("YACIU")


def _field(
    name: str,
    type_: FeatureType,
    pointer: str,
    doc: str,
    *,
    unit: str = "",
    aliases: tuple[str, ...] = (),
    case_sensitive: bool = False,
    values: tuple[str, ...] = (),
) -> Feature:
    return Feature(
        name=name,
        type=type_,
        doc=doc,
        source=f"request {pointer}",
        unit=unit,
        aliases=aliases,
        case_sensitive=case_sensitive,
        values=values,
    )


FEATURES = (
    _field("merchant_id", _TEXT, "/event/merchant_id", "The merchant that is paid.", case_sensitive=True),
    _field(
        "transaction_type",
        _TEXT,
        "/event/type",
        "What is paid for: a purchase, a recurring purchase or a card verification.",
        values=tuple(PaymentType),
    ),
    _field("stage", _TEXT, "/event/stage", "Which evaluation of the payment this is.", values=tuple(Stage)),
    _field("customer", _TEXT, "/account/user_id", "The merchant's id of the shopper's account.", case_sensitive=True),
    _field(
        "hours_since_customer_was_created",
        _NUMBER,
        "/account/created_at",
        "Age of the shopper's account when the payment came in.",
        unit="hours",
    ),
    _field(
        "hours_since_password_changed",
        _NUMBER,
        "/account/password_changed_at",
        "Time since the account's password was changed: a take-over often begins with that.",
        unit="hours",
    ),
    _field(
        "past_transactions_day",
        _COUNT,
        "/account/past_transactions_day",
        "The account's payments in the past day, as the merchant counts them.",
        unit="payments",
    ),
    _field(
        "past_transactions_year",
        _COUNT,
        "/account/past_transactions_year",
        "The account's payments in the past year, as the merchant counts them.",
        unit="payments",
    ),
    _field(
        "email", _TEXT, "/email/address", "The shopper's e-mail address in lower case, or its MD5 if only that came."
    ),
    _field(
        "email_domain",
        _TEXT,
        "/email/address",
        "The e-mail address's domain, in ASCII and lower case; /email/domain where no address came.",
    ),
    _field("billing_country", _COUNTRY, "/billing/country", "Billing country.", aliases=("billing_address_country",)),
    _field("billing_region", _TEXT, "/billing/region", "Billing state or region.", aliases=("billing_address_state",)),
    _field("billing_city", _TEXT, "/billing/city", "Billing city.", aliases=("billing_address_city",)),
    _field(
        "billing_postal", _TEXT, "/billing/postal", "Billing postal code.", aliases=("billing_address_postal_code",)
    ),
    _field(
        "shipping_country", _COUNTRY, "/shipping/country", "Shipping country.", aliases=("shipping_address_country",)
    ),
    _field(
        "shipping_region", _TEXT, "/shipping/region", "Shipping state or region.", aliases=("shipping_address_state",)
    ),
    _field("shipping_city", _TEXT, "/shipping/city", "Shipping city.", aliases=("shipping_address_city",)),
    _field(
        "shipping_postal", _TEXT, "/shipping/postal", "Shipping postal code.", aliases=("shipping_address_postal_code",)
    ),
    _field("shipping_speed", _TEXT, "/shipping/delivery_speed", "How fast the goods are to be shipped."),
    _field(
        "card",
        _TEXT,
        "/credit_card/token",
        "The card: its token, else a hash of BIN, last digits and expiry together.",
        aliases=("card_fingerprint",),
        case_sensitive=True,
    ),
    _field("card_bin", _TEXT, "/credit_card/issuer_id_number", "The card's first 6 to 8 digits: its issuer."),
    _field("card_bin6", _TEXT, "/credit_card/issuer_id_number", "The card's first 6 digits."),
    _field("card_bin8", _TEXT, "/credit_card/issuer_id_number", "The card's first 8 digits; unknown where fewer came."),
    _field("cardholder_name", _TEXT, "/credit_card/cardholder_name", "The name on the card as typed."),
    _field("digital_wallet", _TEXT, "/credit_card/wallet", "The wallet that paid, or none."),
    _field("ip_address", _TEXT, "/device/ip_address", "The shopper's public IP address."),
    _field("user_agent", _TEXT, "/device/user_agent", "The browser's user agent."),
    _field("device", _TEXT, "/device/fingerprint", "The device's fingerprint.", case_sensitive=True),
    _field(
        "session_age_seconds", _NUMBER, "/device/session_age", "How long the shopper was in the shop.", unit="seconds"
    ),
    _field(
        "is_3d_secure",
        _FLAG,
        "/authentication/trans_status",
        "3-D Secure was attempted and did not fail.",
    ),
    _field(
        "three_ds_status", _TEXT, "/authentication/trans_status", "The 3-D Secure transStatus: Y, A, N, R, U, C or I."
    ),
    _field(
        "has_liability_shift",
        _FLAG,
        "/authentication/liability_shift",
        "The issuer bears a fraud chargeback of this payment.",
    ),
    _field(
        "order",
        _TEXT,
        "/payment/attempt_of",
        "The order that is paid for: the id of its first attempt, so retries of one order share it.",
        case_sensitive=True,
    ),
    _field("currency", _TEXT, "/order/currency", "The payment's currency, ISO 4217."),
    _field("is_gift", _FLAG, "/order/is_gift", "The order is marked as a gift."),
    _field("is_recurring", _FLAG, "/payment/is_recurring", "A payment of a series that the shopper agreed to."),
    _field("is_off_session", _FLAG, "/payment/is_off_session", "The shopper is not at the checkout."),
    _field(
        "cart_quantity",
        _COUNT,
        "/shopping_cart",
        "How many goods are in the cart; unknown where a line does not say how many.",
        unit="goods",
    ),
)


def _compute(payment: Payment, _reference: Reference, _known: Mapping[str, Value]) -> Computed:
    account, billing, shipping = payment.account, payment.billing, payment.shipping
    card, device, processing = payment.card, payment.device, payment.processing
    return (
        payment.merchant_id,
        payment.type.value,
        payment.stage.value,
        account.user_id,
        _hours_between(account.created_at, payment.at),
        _hours_between(account.password_changed_at, payment.at),
        account.past_transactions_day,
        account.past_transactions_year,
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
        shipping.delivery_speed,
        payment.card_identity,
        card.bin,
        None if card.bin is None else card.bin[:BIN_DIGITS_MIN],
        card.bin if card.bin is not None and len(card.bin) == BIN_DIGITS_MAX else None,
        card.cardholder_name,
        card.wallet,
        device.ip_address,
        device.user_agent,
        device.fingerprint,
        device.session_age,
        _is_3d_secure(payment),
        payment.authentication.trans_status,
        payment.authentication.liability_shift,
        processing.attempt_of or payment.transaction_id,
        payment.order.currency,
        payment.order.is_gift,
        _is_recurring(payment),
        processing.is_off_session,
        _cart_quantity(payment),
    )


def _email_domain(email: Email) -> str | None:
    """What stands after the last @; a quoted local part may hold others."""
    _, at, domain = (email.address or "").rpartition("@")
    return domain if at else email.domain


def _cart_quantity(payment: Payment) -> int | None:
    quantities = [item.quantity for item in payment.cart if item.quantity is not None]
    # A sum without the line that is unknown would be a value made up.
    return sum(quantities) if payment.cart and len(quantities) == len(payment.cart) else None


def _hours_between(start: datetime | None, end: datetime) -> float | None:
    if start is None:
        return None
    return max((end - start) // _MILLISECOND_OF_HOURS, 0) / 1000


def _is_3d_secure(payment: Payment) -> bool | None:
    status = payment.authentication.trans_status
    if status is not None:
        return status in _ATTEMPTED_3DS
    return payment.card.was_3d_secure_successful


def _is_recurring(payment: Payment) -> bool | None:
    if payment.type is PaymentType.RECURRING_PURCHASE:
        return True
    return payment.processing.is_recurring


REQUEST = Enrichment(topic="request", features=FEATURES, compute=_compute)
