"""A payment as the ledger keeps it: canonical JSON without the unknowns, and back."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from engine.kept_json import kept_json
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

_ORDERS_MAX: Final = 4096
"""Callers send a few orders of fields again and again."""

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
_SAID_IF_SET = ("test_mode", "type", "stage", "party", "supersedes")
_CART_FIELDS = tuple(CartItem.__slots__)
_NAMES = (*_GROUPS, "cart")


def payment_bytes(payment: Payment, groups: Mapping[str, Any] | None = None) -> bytes:
    """The canonical JSON of a payment; what is unknown is left out.

    `groups` are the payment's groups and cart as `in_order` has them, where they are at hand: to read them off the
    payment field by field takes three times as long.
    """
    record: dict[str, Any] = {"transaction_id": payment.transaction_id, "merchant_id": payment.merchant_id}
    for name in _SAID_IF_SET:
        if value := getattr(payment, name):
            record[name] = value
    record["at"] = payment.at
    if payment.event_time is not None:
        record["event_time"] = payment.event_time
    if groups is None:
        record.update(_groups_of(payment))
    else:
        for name in _NAMES:
            if group := groups.get(name):
                record[name] = group
    if payment.custom:
        record["custom"] = dict(payment.custom)
    if payment.unusable:
        record["unusable"] = dict(payment.unusable)
    return kept_json(record)


def in_order(kind: type[Any], known: dict[str, Any]) -> dict[str, Any]:
    """The known values of a group or a cart line, none of them None, in the order in which a record holds them."""
    names = _order_of(kind.__slots__, tuple(known))
    return known if names is None else {name: known[name] for name in names}


@lru_cache(maxsize=_ORDERS_MAX)
def _order_of(fields: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The order of these names, some of the fields, in a record; None where they stand in it already."""
    ordered = tuple(name for name in fields if name in names)
    return None if ordered == names else ordered


def _groups_of(payment: Payment) -> Iterator[tuple[str, Any]]:
    for name, fields in _FIELDS.items():
        group = getattr(payment, name)
        known = {field: value for field in fields if (value := getattr(group, field)) is not None}
        if known:
            yield name, known
    if payment.cart:
        yield (
            "cart",
            [
                {field: value for field in _CART_FIELDS if (value := getattr(item, field)) is not None}
                for item in payment.cart
            ],
        )


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
    fields["unusable"] = tuple(fields.get("unusable", {}).items())
    return Payment.recorded(fields)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
