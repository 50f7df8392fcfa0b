"""A payment as the ledger keeps it: canonical JSON without the unknowns, and back."""

from datetime import UTC, datetime
from typing import Any

import orjson

from engine.payment import (
    Account,
    Authentication,
    Card,
    CartItem,
    Contact,
    Device,
    Email,
    Order,
    Party,
    Payment,
    PaymentType,
    Processing,
    Stage,
)

_GROUPS: dict[str, type[Any]] = {
    "account": Account,
    "email": Email,
    "billing": Contact,
    "shipping": Contact,
    "card": Card,
    "authentication": Authentication,
    "device": Device,
    "order": Order,
    "processing": Processing,
}
_FIELDS = {name: tuple(group.__slots__) for name, group in _GROUPS.items()}
_TEXTS = ("transaction_id", "merchant_id", "test_mode", "type", "stage", "party", "supersedes")
_CART_FIELDS = tuple(CartItem.__slots__)


def payment_bytes(payment: Payment) -> bytes:
    """The canonical JSON of a payment; what is unknown is left out."""
    record: dict[str, Any] = {name: value for name in _TEXTS if (value := getattr(payment, name))}
    record["at"] = payment.at
    if payment.event_time is not None:
        record["event_time"] = payment.event_time
    for name, fields in _FIELDS.items():
        group = getattr(payment, name)
        known = {field: value for field in fields if (value := getattr(group, field)) is not None}
        if known:
            record[name] = known
    if payment.cart:
        record["cart"] = [
            {field: value for field in _CART_FIELDS if (value := getattr(item, field)) is not None}
            for item in payment.cart
        ]
    if payment.custom:
        record["custom"] = dict(payment.custom)
    return orjson.dumps(record)


def payment_of(record: bytes) -> Payment:
    """The payment that `payment_bytes` wrote, as it was checked then."""
    fields: dict[str, Any] = orjson.loads(record)
    for name, group in _GROUPS.items():
        if name in fields:
            fields[name] = group(**fields[name])
    if "account" in fields:
        account = fields["account"]
        fields["account"] = Account(
            user_id=account.user_id,
            username_md5=account.username_md5,
            created_at=_instant(account.created_at),
            past_transactions_day=account.past_transactions_day,
            past_transactions_year=account.past_transactions_year,
            password_changed_at=_instant(account.password_changed_at),
        )
    fields["at"] = _instant(fields["at"])
    fields["event_time"] = _instant(fields.get("event_time"))
    for name, enumeration in (("type", PaymentType), ("stage", Stage), ("party", Party)):
        if name in fields:
            fields[name] = enumeration(fields[name])
    fields["cart"] = tuple(CartItem(**item) for item in fields.get("cart", ()))
    return Payment.recorded(fields)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
