"""Which reader reads which field: one entry a field of `groups`; the tests hold the two together."""

from collections.abc import Mapping

from api.schemas import values as read
from api.schemas import vocabulary as words
from engine.payment import Party, PaymentType, Stage

TEXT = read.text()
_LONG_TEXT = read.text(1024)
_NAME = read.text(64)
_AS_IT_STANDS = None
"""Pydantic's typing has already made it what it should be."""
_COUNT = read.number(0, 1_000_000)

CONTACT: Mapping[str, read.Reader | None] = {
    "first_name": TEXT,
    "last_name": TEXT,
    "company": TEXT,
    "address": TEXT,
    "address_2": TEXT,
    "city": TEXT,
    "region": TEXT,
    "country": read.country,
    "postal": TEXT,
    "phone_country_code": read.phone_country_code,
    "phone_number": read.phone_number,
}

GROUP_READERS: Mapping[str, Mapping[str, read.Reader | None]] = {
    "event": {
        # The required ids are checked with the payment.
        "transaction_id": _AS_IT_STANDS,
        "merchant_id": _AS_IT_STANDS,
        "shop_id": _AS_IT_STANDS,
        "time": read.instant,
        "type": read.member_of(PaymentType),
        "stage": read.member_of(Stage),
        "party": read.member_of(Party),
        "supersedes": TEXT,
    },
    "account": {
        "user_id": TEXT,
        "username_md5": read.md5,
        "created_at": read.instant,
        "past_transactions_day": _COUNT,
        "past_transactions_year": _COUNT,
        "password_changed_at": read.instant,
    },
    "email": {"address": read.email_address, "md5": read.md5, "domain": read.email_domain},
    "billing": CONTACT,
    "shipping": {**CONTACT, "delivery_speed": read.one_of(words.DELIVERY_SPEEDS)},
    "credit_card": {
        "issuer_id_number": read.bin_digits,
        "last_digits": read.last_digits,
        "token": read.token,
        "brand": read.one_of(words.BRANDS, words.BRAND_ALIASES),
        "funding": read.one_of(words.FUNDINGS),
        "country": read.country,
        "exp_month": read.number(1, 12),
        "exp_year": read.year,
        "cardholder_name": read.cardholder_name,
        "wallet": read.one_of(words.WALLETS, words.WALLET_ALIASES),
        "avs_result": read.code("[A-Z0-9]{1,2}", "the processor's AVS code, 1 or 2 letters or digits"),
        "cvv_result": read.code("[A-Z0-9]{1,2}", "the processor's CVV result, 1 or 2 letters or digits"),
        "was_3d_secure_successful": _AS_IT_STANDS,
    },
    "authentication": {
        "three_ds_version": read.code(r"[12](\.[0-9]){0,2}", "the 3-D Secure version, such as 2.2.0"),
        "trans_status": read.code("[YNUACDRIS]", "transStatus: Y, N, U, A, C, D, R, I or S"),
        "eci": read.code("0[0-7]", "the ECI, 00 to 07", width=2),
        "liability_shift": _AS_IT_STANDS,
        "exemption": read.one_of(words.EXEMPTIONS, words.EXEMPTION_ALIASES),
    },
    "device": {
        "ip_address": read.ip_address,
        "user_agent": _LONG_TEXT,
        "accept_language": TEXT,
        "session_id": TEXT,
        "session_age": read.number(0, 1_000_000_000),
        "fingerprint": TEXT,
        "timezone_offset": read.number(-840, 840),
    },
    "order": {
        # The amounts are read together.
        "amount_minor": _AS_IT_STANDS,
        "amount": _AS_IT_STANDS,
        "currency": read.upper,
        "discount_code": TEXT,
        "is_gift": _AS_IT_STANDS,
        "has_gift_message": _AS_IT_STANDS,
        "referrer_uri": _LONG_TEXT,
        "affiliate_id": TEXT,
    },
    "payment": {
        "method": read.one_of(words.METHODS),
        "processor": _NAME,
        "mcc": read.code("[0-9]{4}", "four digits (ISO 18245)", width=4),
        "is_recurring": _AS_IT_STANDS,
        "is_off_session": _AS_IT_STANDS,
        "initiator": read.one_of(words.INITIATORS, words.INITIATOR_ALIASES),
        "attempt_of": TEXT,
        "was_authorized": _AS_IT_STANDS,
        "decline_code": _NAME,
    },
}

CART_ITEM_READERS: Mapping[str, read.Reader | None] = {
    "category": TEXT,
    "item_id": TEXT,
    "quantity": _COUNT,
    "price": read.price,
}
