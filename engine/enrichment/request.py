"""The request's own fields as features, but for those of identity.py: what is asked for, and of which account."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from engine.enrichment.enrichment import Computed, Enrichment, of_request
from engine.features import FeatureType, Value
from engine.payment import Payment, PaymentType, Stage
from engine.reference import Reference

_TEXT, _COUNT, _NUMBER = FeatureType.STRING, FeatureType.INTEGER, FeatureType.NUMBER
_FLAG = FeatureType.BOOLEAN
_MILLISECOND_OF_HOURS = timedelta(seconds=3.6)
"""Ages are kept to a thousandth of an hour."""
_ATTEMPTED_3DS = {"Y": True, "A": True, "U": True, "N": False, "R": False}
"""EMV 3-D Secure's transStatus. A challenge that is still to come (C, D, S) and information (I) prove nothing."""


FEATURES = (
    of_request("merchant_id", _TEXT, "/event/merchant_id", "The merchant that is paid.", case_sensitive=True),
    of_request(
        "transaction_type",
        _TEXT,
        "/event/type",
        "What is paid for: a purchase, a recurring purchase or a card verification.",
        values=tuple(PaymentType),
    ),
    of_request("stage", _TEXT, "/event/stage", "Which evaluation of the payment this is.", values=tuple(Stage)),
    of_request(
        "customer", _TEXT, "/account/user_id", "The merchant's id of the shopper's account.", case_sensitive=True
    ),
    of_request(
        "hours_since_customer_was_created",
        _NUMBER,
        "/account/created_at",
        "Age of the shopper's account when the payment came in.",
        unit="hours",
    ),
    of_request(
        "hours_since_password_changed",
        _NUMBER,
        "/account/password_changed_at",
        "Time since the account's password was changed: a take-over often begins with that.",
        unit="hours",
    ),
    of_request(
        "past_transactions_day",
        _COUNT,
        "/account/past_transactions_day",
        "The account's payments in the past day, as the merchant counts them.",
        unit="payments",
    ),
    of_request(
        "past_transactions_year",
        _COUNT,
        "/account/past_transactions_year",
        "The account's payments in the past year, as the merchant counts them.",
        unit="payments",
    ),
    of_request("shipping_speed", _TEXT, "/shipping/delivery_speed", "How fast the goods are to be shipped."),
    of_request("device", _TEXT, "/device/fingerprint", "The device's fingerprint.", case_sensitive=True),
    of_request(
        "session_age_seconds", _NUMBER, "/device/session_age", "How long the shopper was in the shop.", unit="seconds"
    ),
    of_request(
        "is_3d_secure",
        _FLAG,
        "/authentication/trans_status",
        "3-D Secure was attempted and did not fail: transStatus Y, A or U, else the success that was sent. Unknown "
        "while nothing is proved (C, D, S) and for what is only information (I).",
    ),
    of_request(
        "three_ds_status",
        _TEXT,
        "/authentication/trans_status",
        "The 3-D Secure transStatus: Y, A, N, R, U, C, D, I or S.",
    ),
    of_request(
        "has_liability_shift",
        _FLAG,
        "/authentication/liability_shift",
        "The issuer bears a fraud chargeback of this payment.",
    ),
    of_request(
        "order",
        _TEXT,
        "/payment/attempt_of",
        "The order that is paid for: the id of its first attempt, so retries of one order share it.",
        case_sensitive=True,
    ),
    of_request("currency", _TEXT, "/order/currency", "The payment's currency, ISO 4217."),
    of_request("is_gift", _FLAG, "/order/is_gift", "The order is marked as a gift."),
    of_request("is_recurring", _FLAG, "/payment/is_recurring", "A payment of a series that the shopper agreed to."),
    of_request("is_off_session", _FLAG, "/payment/is_off_session", "The shopper is not at the checkout."),
)


def _compute(payment: Payment, _reference: Reference, _known: Mapping[str, Value]) -> Computed:
    account, device, processing = payment.account, payment.device, payment.processing
    return (
        payment.merchant_id,
        payment.type.value,
        payment.stage.value,
        account.user_id,
        _hours_between(account.created_at, payment.at),
        _hours_between(account.password_changed_at, payment.at),
        account.past_transactions_day,
        account.past_transactions_year,
        payment.shipping.delivery_speed,
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
    )


def _hours_between(start: datetime | None, end: datetime) -> float | None:
    if start is None:
        return None
    return max((end - start) // _MILLISECOND_OF_HOURS, 0) / 1000


def _is_3d_secure(payment: Payment) -> bool | None:
    status = payment.authentication.trans_status
    if status is not None:
        return _ATTEMPTED_3DS.get(status)
    return payment.card.was_3d_secure_successful


def _is_recurring(payment: Payment) -> bool | None:
    if payment.type is PaymentType.RECURRING_PURCHASE:
        return True
    return payment.processing.is_recurring


REQUEST = Enrichment(topic="request", features=FEATURES, compute=_compute)
