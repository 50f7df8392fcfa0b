"""Payment: what was asked. Frozen, checked at construction, and never with a card number in it.

Groups and names follow the request (docs/api.md), which follows MaxMind minFraud where that has the field. Every
optional field is None where it was not given: unknown, never "" or 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, make_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from engine.card_data import is_bare_card_length, token_holds_card_number
from engine.errors import Fault, PaymentInvalid
from engine.iso import COUNTRIES, CURRENCY_EXPONENTS

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
ID_LENGTH_MAX = 255
AMOUNT_MINOR_MAX = 10**13
CUSTOM_FIELDS_MAX = 100
BIN_DIGITS_MIN, BIN_DIGITS_MAX = 6, 8
LAST_DIGITS_MAX, CARD_NUMBER_DIGITS_MAX = 4, 19


class Stage(StrEnum):
    """Which evaluation of the payment this is; the stages of one transaction id are one payment, counted once."""

    PRE_AUTH = "pre_auth"
    POST_3DS = "post_3ds"
    POST_AUTH = "post_auth"


class PaymentType(StrEnum):
    """What is paid for; a card verification has amount 0."""

    PURCHASE = "purchase"
    RECURRING_PURCHASE = "recurring_purchase"
    CARD_VERIFICATION = "card_verification"


class Party(StrEnum):
    """Who is at the checkout."""

    CUSTOMER = "customer"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The shopper's account at the merchant."""

    user_id: str | None = None
    username_md5: str | None = None
    created_at: datetime | None = None
    past_transactions_day: int | None = None
    past_transactions_year: int | None = None
    password_changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """The shopper's e-mail: the address in lower case with an ASCII domain, or the MD5 of it."""

    address: str | None = None
    md5: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person and a postal address: billing or shipping."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address: str | None = None
    address_2: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    postal: str | None = None
    phone_country_code: str | None = None
    phone_number: str | None = None
    delivery_speed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The request's `credit_card` group: a token, the BIN (6-8 digits) and the last digits; never a card number."""

    bin: str | None = None
    last_digits: str | None = None
    token: str | None = None
    brand: str | None = None
    funding: str | None = None
    country: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    cardholder_name: str | None = None
    wallet: str | None = None
    avs_result: str | None = None
    cvv_result: str | None = None
    was_3d_secure_successful: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """What 3-D Secure said."""

    three_ds_version: str | None = None
    trans_status: str | None = None
    eci: str | None = None
    liability_shift: bool | None = None
    exemption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The shopper's device; `timezone_offset` in minutes east of UTC, `session_age` in seconds."""

    ip_address: str | None = None
    user_agent: str | None = None
    accept_language: str | None = None
    session_id: str | None = None
    session_age: float | None = None
    fingerprint: str | None = None
    timezone_offset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is bought: the amount in the currency's minor units (cents; yen have none)."""

    amount_minor: int
    currency: str
    discount_code: str | None = None
    is_gift: bool | None = None
    has_gift_message: bool | None = None
    referrer_uri: str | None = None
    affiliate_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """The request's `payment` group: how it is to be processed; `attempt_of` is the first attempt's id."""

    method: str | None = None
    processor: str | None = None
    mcc: str | None = None
    is_recurring: bool | None = None
    is_off_session: bool | None = None
    initiator: str | None = None
    attempt_of: str | None = None
    was_authorized: bool | None = None
    decline_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItem:
    """A line of the shopping cart; `price` is a decimal string in main units of the order's currency."""

    category: str | None = None
    item_id: str | None = None
    quantity: int | None = None
    price: str | None = None


class PaymentKey(NamedTuple):
    """What a decision is found by: one payment of one merchant in live or test mode, at one stage.

    A named tuple, because each call looks it up half a dozen times, and a tuple's hash is not worked out in Python.
    """

    merchant_id: str
    test_mode: bool
    transaction_id: str
    stage: Stage


_NO_ACCOUNT, _NO_EMAIL, _NO_CONTACT, _NO_CARD = Account(), Email(), Contact(), Card()
_NO_AUTHENTICATION, _NO_DEVICE, _NO_PROCESSING = Authentication(), Device(), Processing()
_NO_CUSTOM: Mapping[str, str | int | float | bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One card payment as asked, received at `at` (UTC).

    Raises PaymentInvalid with every fault found. `event_time` is what the caller said; it decides nothing outside a
    time-ordered import, where `at` is set from it. `unusable`: the request's fields that came and were dropped, by JSON
    pointer, and why.
    """

    transaction_id: str
    merchant_id: str
    at: datetime
    order: Order
    test_mode: bool = False
    event_time: datetime | None = None
    type: PaymentType = PaymentType.PURCHASE
    stage: Stage = Stage.PRE_AUTH
    party: Party | None = None
    supersedes: str | None = None
    account: Account = field(default=_NO_ACCOUNT)
    email: Email = field(default=_NO_EMAIL)
    billing: Contact = field(default=_NO_CONTACT)
    shipping: Contact = field(default=_NO_CONTACT)
    card: Card = field(default=_NO_CARD)
    authentication: Authentication = field(default=_NO_AUTHENTICATION)
    device: Device = field(default=_NO_DEVICE)
    processing: Processing = field(default=_NO_PROCESSING)
    cart: tuple[CartItem, ...] = ()
    custom: Mapping[str, str | int | float | bool] = field(default_factory=lambda: _NO_CUSTOM)
    unusable: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check what no payment may be; what is merely odd was made unknown, with a warning, by the edge."""
        assert self.at.tzinfo is UTC, "receipt time is UTC"
        faults = tuple(_faults(self))
        if faults:
            raise PaymentInvalid(*faults)

    @property
    def key(self) -> PaymentKey:
        """What its decision is found by."""
        return PaymentKey(
            merchant_id=self.merchant_id,
            test_mode=self.test_mode,
            transaction_id=self.transaction_id,
            stage=self.stage,
        )

    @property
    def at_us(self) -> int:
        """The receipt time in microseconds since the epoch."""
        return (self.at - EPOCH) // MICROSECOND

    @property
    def day(self) -> int:
        """The receipt date (UTC) as a number of days: what is dated by the day is asked by it."""
        return self.at.toordinal()

    def received(self, at: datetime) -> "Payment":
        """The same payment at another receipt time; it was checked already, so it is not checked again."""
        copy = object.__new__(Payment)
        for name in _PAYMENT_DEFAULTS:
            object.__setattr__(copy, name, getattr(self, name))
        object.__setattr__(copy, "at", at)
        return copy

    @staticmethod
    def recorded(values: Mapping[str, Any]) -> "Payment":
        """The payment that a record holds, by field; what is left out is the default.

        It was checked when it was received and is not checked anew: a currency or a country that was withdrawn since
        stays what was asked then.
        """
        payment = object.__new__(Payment)
        for name, default in _PAYMENT_DEFAULTS.items():
            object.__setattr__(payment, name, values.get(name, default))
        return payment

    @property
    def card_identity(self) -> str | None:
        """What counts as the same card: the token, else BIN, last digits and expiry together; else unknown.

        BIN and last digits alone are shared by thousands of cards of a large issuer, so they identify none.
        """
        card = self.card
        if card.token is not None:
            return card.token
        if card.bin and card.last_digits and card.exp_month and card.exp_year:
            parts = f"{card.bin}:{card.last_digits}:{card.exp_month}:{card.exp_year}"
            return f"bin-last-exp:{sha256(parts.encode()).hexdigest()[:24]}"
        return None

    @property
    def email_identity(self) -> str | None:
        """What counts as the same e-mail: the address, else its MD5 where only that was sent; else unknown."""
        return self.email.address or self.email.md5


T = TypeVar("T")


def assembled(kind: type[T], values: Mapping[str, Any]) -> T:
    """A group, a cart line or a Payment, as `kind(**values)` makes it, in a third of the time and unchecked.

    A frozen class sets each field by a call. So its twin, which is open and has the same slots, is filled in and then
    becomes one of `kind`.
    """
    made: Any = TWINS[kind](**values)
    made.__class__ = kind
    whole: T = made
    return whole


def _twin(kind: type[Any]) -> type[Any]:
    members = [
        (each.name, each.type, field(default=each.default, default_factory=each.default_factory))
        if each.default is MISSING
        else (each.name, each.type, field(default=each.default))
        for each in fields(kind)
    ]
    return make_dataclass(f"{kind.__name__}Twin", members, slots=True, kw_only=True, eq=False, repr=False)


_KINDS = (Account, Email, Contact, Card, Authentication, Device, Order, Processing, CartItem, Payment)
TWINS: Mapping[type[Any], type[Any]] = {kind: _twin(kind) for kind in _KINDS}
"""The open twin of each kind, which `assembled` fills in."""

_PAYMENT_DEFAULTS: Mapping[str, Any] = {
    each.name: _NO_CUSTOM if each.default_factory is not MISSING else each.default for each in fields(Payment)
}


def _faults(payment: Payment) -> Iterator[Fault]:
    yield from _id_faults("/event/transaction_id", payment.transaction_id)
    yield from _id_faults("/event/merchant_id", payment.merchant_id)
    if payment.supersedes == payment.transaction_id:
        yield Fault(
            pointer="/event/supersedes",
            code="supersedes_itself",
            detail="Send the corrected payment under a new transaction_id, and name the earlier one here.",
        )
    yield from _order_faults(payment)
    yield from _card_faults(payment.card)
    for group, contact in (("billing", payment.billing), ("shipping", payment.shipping)):
        if contact.country is not None and contact.country not in COUNTRIES:
            yield Fault(
                pointer=f"/{group}/country", code="country_unknown", detail="Use an ISO 3166-1 alpha-2 code such as US."
            )
    if len(payment.custom) > CUSTOM_FIELDS_MAX:
        yield Fault(pointer="/custom", code="too_many", detail=f"At most {CUSTOM_FIELDS_MAX} custom fields.")


def _id_faults(pointer: str, value: str) -> Iterator[Fault]:
    if not value:
        yield Fault(pointer=pointer, code="missing", detail="Required and not empty.")
    elif len(value) > ID_LENGTH_MAX:
        yield Fault(pointer=pointer, code="too_long", detail=f"At most {ID_LENGTH_MAX} characters.")
    elif not value.isprintable():
        yield Fault(pointer=pointer, code="control_character", detail="Remove control characters such as NUL.")


def _order_faults(payment: Payment) -> Iterator[Fault]:
    if payment.order.amount_minor < 0:
        yield Fault(
            pointer="/order/amount_minor",
            code="amount_negative",
            detail="An amount is zero or more; report a refund as an outcome of its payment.",
        )
    elif payment.order.amount_minor > AMOUNT_MINOR_MAX:
        yield Fault(pointer="/order/amount_minor", code="amount_too_large", detail=f"At most {AMOUNT_MINOR_MAX}.")
    if payment.order.currency not in CURRENCY_EXPONENTS:
        yield Fault(
            pointer="/order/currency", code="currency_unknown", detail="Use an ISO 4217 alphabetic code such as USD."
        )


def _card_faults(card: Card) -> Iterator[Fault]:
    for name in ("bin", "last_digits", "token", "cardholder_name"):
        text = getattr(card, name)
        if text is not None and is_bare_card_length(text):
            pointer = "/credit_card/issuer_id_number" if name == "bin" else f"/credit_card/{name}"
            yield Fault(
                pointer=pointer,
                code="card_data_refused",
                detail="This looks like a card number. Send a token, the first 6-8 and the last 4 digits.",
            )
            return
    if card.bin is not None and not _is_bin(card.bin):
        yield Fault(
            pointer="/credit_card/issuer_id_number", code="bin_invalid", detail="Send the first 6 to 8 digits, no more."
        )
    if card.token is not None and token_holds_card_number(card.token):
        yield Fault(
            pointer="/credit_card/token",
            code="card_data_refused",
            detail="This token holds a card number. Send your processor's own token.",
        )
    elif card.token is not None and card.token.isdecimal() and len(card.token) <= CARD_NUMBER_DIGITS_MAX:
        yield Fault(
            pointer="/credit_card/token",
            code="token_invalid",
            detail="A token of digits alone must be longer than 19, so that no card number passes for one.",
        )
    if card.last_digits is not None and not (card.last_digits.isdecimal() and len(card.last_digits) <= LAST_DIGITS_MAX):
        yield Fault(pointer="/credit_card/last_digits", code="last_digits_invalid", detail="Send the last 4 digits.")
    if card.country is not None and card.country not in COUNTRIES:
        yield Fault(
            pointer="/credit_card/country", code="country_unknown", detail="Use an ISO 3166-1 alpha-2 code such as US."
        )


def _is_bin(digits: str) -> bool:
    return digits.isdecimal() and digits.isascii() and BIN_DIGITS_MIN <= len(digits) <= BIN_DIGITS_MAX
