"""What came and was dropped: the features that it would have told are unknown for that, not for want of it.

Which features those are is found by asking: the payment is enriched once more with a usual value in the place of what
was dropped, and what is then known was unknown for it. Few payments pay for that, and no list has to be kept true.
What is left of a text of several parts is not looked at: a street whose second line was dropped is not known to be no
PO box.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from engine.payment import Payment

_CART: Final = "shopping_cart"
_CONTACT: Final[Mapping[str, Any]] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company": "Analytical Engines Ltd",
    "address": "12 St James's Square",
    "address_2": "Flat 4",
    "city": "London",
    "region": "LND",
    "country": "GB",
    "postal": "SW1Y 4JH",
    "phone_country_code": "44",
    "phone_number": "020 7946 0018",
    "delivery_speed": "standard",
}
_LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
_USUAL: Final[Mapping[str, Mapping[str, Any]]] = {
    "account": {
        "user_id": "user-77",
        "username_md5": "5f4dcc3b5aa765d61d8327deb882cf99",
        "created_at": _LONG_AGO,
        "past_transactions_day": 1,
        "past_transactions_year": 12,
        "password_changed_at": _LONG_AGO,
    },
    "email": {
        "address": "ada.lovelace@example.com",
        "md5": "9e26471d35a78862c17e467d87cddedf",
        "domain": "example.com",
    },
    "billing": _CONTACT,
    "shipping": _CONTACT,
    "card": {
        "bin": "411111",
        "last_digits": "1111",
        "token": "tok_usual",
        "brand": "visa",
        "funding": "credit",
        "country": "GB",
        "exp_month": 12,
        "exp_year": 2029,
        "cardholder_name": "ADA LOVELACE",
        "wallet": "none",
        "avs_result": "Y",
        "cvv_result": "M",
        "was_3d_secure_successful": True,
    },
    "authentication": {
        "three_ds_version": "2.2.0",
        "trans_status": "Y",
        "eci": "05",
        "liability_shift": True,
        "exemption": "none",
    },
    "device": {
        "ip_address": "81.2.69.160",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "accept_language": "en-GB,en;q=0.8",
        "session_id": "visit",
        "session_age": 184.5,
        "fingerprint": "usual",
        "timezone_offset": 0,
    },
    "order": {
        "discount_code": "SUMMER",
        "is_gift": False,
        "has_gift_message": False,
        "referrer_uri": "https://example.com/",
        "affiliate_id": "aff-9",
    },
    "processing": {
        "method": "card",
        "processor": "stripe",
        "mcc": "5942",
        "is_recurring": False,
        "is_off_session": False,
        "initiator": "customer",
        "attempt_of": "order",
        "was_authorized": True,
        "decline_code": "insufficient_funds",
    },
    _CART: {"category": "books", "item_id": "isbn", "quantity": 1, "price": "10"},
}
"""By group and field of a payment, of the cart by that of a line: all that a request may leave out."""
_GROUPS: Final = {"credit_card": "card", "payment": "processing"}
_FIELDS: Final = {"issuer_id_number": "bin"}
"""The names of a request that a payment has under others."""
_TOGETHER: Final = {"address": "address_2", "first_name": "last_name"}
"""A person's, and a place's, in two fields."""
_OTHERS: Final = {
    **_TOGETHER,
    **{second: first for first, second in _TOGETHER.items()},
    "phone_country_code": "phone_number",
}
"""What says nothing without a field: a number without the code that it is dialled behind is another country's."""


def whole(payment: Payment) -> Payment:
    """The payment without what is left of a text, or of the cart's lines, where a part of it was dropped."""
    rest: dict[str, dict[str, Any]] = {}
    for pointer, _ in payment.unusable:
        group, field = _place(pointer)
        for each in _rest(group, field):
            if each != "phone_number" or "+" not in (getattr(payment, group).phone_number or ""):
                rest.setdefault(group, {})[each] = None
    return _with(payment, rest) if rest else payment


def mended(payment: Payment) -> tuple[Payment, str]:
    """A payment that has usual values for what was dropped of it for its first cause, and that cause."""
    cause = payment.unusable[0][1]
    dropped = _dropped([each for each in payment.unusable if each[1] == cause])
    groups = {group: {field: _USUAL[group][field] for field in fields} for group, fields in dropped.items()}
    rest = tuple([each for each in payment.unusable if each[1] != cause])
    return replace(_with(payment, groups), unusable=rest), cause


def _dropped(unusable: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The fields of each group of a payment that were dropped, and those that say nothing without them."""
    groups: dict[str, set[str]] = {}
    for pointer, _ in unusable:
        group, field = _place(pointer)
        groups.setdefault(group, set()).update((field, *_rest(group, field)))
    return groups


def _place(pointer: str) -> tuple[str, str]:
    """Group and field of a payment at a pointer into a request: of the cart the field of any line."""
    _, group, *_, field = pointer.split("/")
    return _GROUPS.get(group, group), _FIELDS.get(field, field)


def _rest(group: str, field: str) -> tuple[str, ...]:
    """What says nothing without this field: its other part, and what other lines of the cart have."""
    if group == _CART:
        return (field,)
    return (_OTHERS[field],) if _USUAL[group] is _CONTACT and field in _OTHERS else ()


def _with(payment: Payment, groups: Mapping[str, Mapping[str, Any]]) -> Payment:
    made: dict[str, Any] = {
        group: replace(getattr(payment, group), **values) for group, values in groups.items() if group != _CART
    }
    if lines := groups.get(_CART):
        made["cart"] = tuple([replace(line, **lines) for line in payment.cart])
    return replace(payment, **made)
