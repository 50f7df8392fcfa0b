"""The decision request, and the payment that it asks about."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, JsonValue, PrivateAttr

from api.schemas.findings import Findings, InputWarning, Odd, Wrong, pointer_to
from api.schemas.groups import (
    AccountGroup,
    AuthenticationGroup,
    CardGroup,
    CartItemGroup,
    ContactGroup,
    DeviceGroup,
    EmailGroup,
    EventGroup,
    Group,
    OptionsGroup,
    OrderGroup,
    PaymentGroup,
    ShippingGroup,
)
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS, TEXT
from api.schemas.screening import (
    Values,
    drop_card_numbers,
    drop_custom_card_numbers,
    is_sensitive,
    refuse_sensitive,
    refuse_unknown,
)
from api.schemas.values import EARLIEST, TEXT_LENGTH_MAX, Reader, instant
from engine.errors import Fault, PaymentInvalid
from engine.iso import CURRENCY_EXPONENTS
from engine.payment import (
    CUSTOM_FIELDS_MAX,
    Account,
    Authentication,
    Card,
    CartItem,
    Contact,
    Device,
    Email,
    Order,
    Payment,
    Processing,
    Stage,
)

CART_ITEMS_MAX = 200
EVENT_TIME_OFF_MAX = timedelta(minutes=2)
CLOCK_SKEW = timedelta(days=1)
INTEGER_BITS_MAX = 63
_GROUPS = tuple(GROUP_READERS)
_NAMES = {name: tuple(readers) for name, readers in GROUP_READERS.items()}
_TOLD_BY = frozenset(f"/{group}/{name}" for group, names in _NAMES.items() if group != "event" for name in names)
"""The fields whose value a payment may lack though it came; a time of the event that is off decides nothing."""
_CART_NAMES = tuple(CART_ITEM_READERS)
_ROOT_NAMES = (*_GROUPS, "shopping_cart", "custom", "options")
_OPTION_NAMES = tuple(OptionsGroup.model_fields)
_AMOUNT = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,10}))?")
_RULE_MARK = "::"
_CUSTOM_TYPE = Wrong("type_invalid", "Send a string, a number or a boolean.")
_CUSTOM_TOO_LONG = Odd("too_long", "A name has 1 to 255 characters and a value at most 255, so this was dropped.")
_CUSTOM_NO_NAME = Odd("name_invalid", "A name has a character that is no blank, so this was dropped.")
_CUSTOM_COLONS = Odd("name_invalid", "No rule can name a field with :: in its name. Rename it; it was kept.")
_CUSTOM_TOO_LARGE = Odd("out_of_range", "A whole number has at most 64 bits; send it as a string.")
_AUTHENTICATION_MISSING = Odd(
    "authentication_missing",
    "After 3-D Secure its result is needed: send trans_status, liability_shift, or "
    "credit_card.was_3d_secure_successful.",
)
_CUSTOM_SCHEMA: dict[str, JsonValue] = {
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    "maxProperties": CUSTOM_FIELDS_MAX,
}


class DecisionRequest(Group):
    """One card payment to decide. Only event.transaction_id, order.currency and an amount are required.

    An odd value (a private IP address, an unknown country) is taken as unknown, and the answer's warnings name it. A
    wrong one (no transaction id, a negative amount, a card number) is a 422 that names every fault found.
    """

    event: EventGroup
    order: OrderGroup
    account: AccountGroup | None = None
    email: EmailGroup | None = None
    billing: ContactGroup | None = None
    shipping: ShippingGroup | None = None
    credit_card: CardGroup | None = None
    authentication: AuthenticationGroup | None = None
    device: DeviceGroup | None = None
    payment: PaymentGroup | None = None
    shopping_cart: list[CartItemGroup] | None = Field(default=None, description=f"Up to {CART_ITEMS_MAX} lines.")
    custom: dict[str, Any] | None = Field(
        default=None,
        description="Your own values: strings, numbers and booleans, up to 100. Rules read them as `::name::`, each as "
        "what it is compared with.",
        examples=[{"tier": "gold", "visits": 12, "is_member": True}],
        json_schema_extra=_CUSTOM_SCHEMA,
    )
    options: Annotated[OptionsGroup, BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=OptionsGroup
    )

    _fingerprint: bytes = PrivateAttr(b"")

    @property
    def fingerprint(self) -> bytes:
        """What tells an equal body from another: a hash of all that was sent but `options`, however it was written."""
        return self._fingerprint

    @fingerprint.setter
    def fingerprint(self, value: bytes) -> None:
        self._fingerprint = value

    @property
    def groups(self) -> None:
        """Not at hand here: the record is read off the payment."""
        return

    @property
    def merchant_id(self) -> str | None:
        """The merchant that is named, under either name; None leaves it to the key."""
        return self.event.merchant_id or self.event.shop_id or None

    @property
    def event_time(self) -> datetime | None:
        """When the caller says that it happened (UTC); a time-ordered import takes this as the receipt time."""
        time = instant(self.event.time) if self.event.time else None
        return time if isinstance(time, datetime) else None

    def to_payment(
        self,
        merchant_id: str,
        test_mode: bool,  # noqa: FBT001 - three plain facts in their order
        received_at: datetime,
    ) -> tuple[Payment, tuple[InputWarning, ...]]:
        """The payment received at `received_at` (UTC), and what in the request was odd.

        Raises PaymentInvalid with every fault found.
        """
        findings = Findings()
        if self.__pydantic_extra__:
            refuse_unknown(self.__pydantic_extra__, "", findings, _ROOT_NAMES)
        if self.options.__pydantic_extra__:
            refuse_unknown(self.options.__pydantic_extra__, "/options", findings, _OPTION_NAMES)
        groups: dict[str, Values] = {}
        for name in _GROUPS:
            group = getattr(self, name)
            if group is not None:
                groups[f"/{name}"] = _read(group, GROUP_READERS[name], f"/{name}", findings, _NAMES[name])
        cart = _read_cart(self.shopping_cart or [], findings)
        drop_card_numbers(groups | cart, findings)
        custom = _read_custom(self.custom, findings) if self.custom else {}
        payment = _payment(groups, list(cart.values()), custom, (merchant_id, test_mode, received_at), findings)
        if payment is None:
            raise PaymentInvalid(*findings.faults)
        if payment.stage is Stage.POST_3DS and not _says_how_3ds_went(payment):
            findings.note("/authentication", _AUTHENTICATION_MISSING)
        return payment, findings.warnings()


def _read(
    group: Group, readers: Mapping[str, Reader | None], pointer: str, findings: Findings, known: tuple[str, ...]
) -> Values:
    """What a group's readers make of it; blank is None, and None is left out."""
    values: Values = {}
    for name, value in group.__dict__.items():
        if value is None or value == "":
            continue
        reader = readers[name]
        if reader is None or (reader is TEXT and len(value) <= TEXT_LENGTH_MAX):
            # Most fields are plain text; to call their reader takes longer than to read them.
            values[name] = value
            continue
        found = reader(value)
        if found.__class__ is Odd or found.__class__ is Wrong:
            findings.note(f"{pointer}/{name}", found)
            if found.__class__ is Odd and found.kept is not None:
                values[name] = found.kept
        else:
            values[name] = found
    if group.__pydantic_extra__:
        refuse_unknown(group.__pydantic_extra__, pointer, findings, known)
    return values


def _read_cart(items: list[CartItemGroup], findings: Findings) -> dict[str, Values]:
    """The cart's lines by their pointers."""
    if len(items) > CART_ITEMS_MAX:
        findings.note("/shopping_cart", Wrong("too_many", f"At most {CART_ITEMS_MAX} lines."))
        return {}
    return {
        (pointer := f"/shopping_cart/{index}"): _read(item, CART_ITEM_READERS, pointer, findings, _CART_NAMES)
        for index, item in enumerate(items)
    }


def _read_custom(fields: dict[str, Any], findings: Findings) -> Values:
    """The caller's own fields: text, numbers and booleans."""
    if len(fields) > CUSTOM_FIELDS_MAX:
        findings.note("/custom", Wrong("too_many", f"At most {CUSTOM_FIELDS_MAX} custom fields."))
        return {}
    custom: Values = {}
    for name, sent in fields.items():
        value = sent.strip() if isinstance(sent, str) else sent
        if value is None or value == "":
            continue
        if isinstance(value, (dict, list)) or is_sensitive(name, value):
            pointer = pointer_to("/custom", name)
            if not refuse_sensitive(name, value, pointer, findings):
                findings.note(pointer, _CUSTOM_TYPE)
        elif not name.strip():
            findings.note(pointer_to("/custom", name), _CUSTOM_NO_NAME)
        elif len(name) > TEXT_LENGTH_MAX or (isinstance(value, str) and len(value) > TEXT_LENGTH_MAX):
            findings.note(pointer_to("/custom", name), _CUSTOM_TOO_LONG)
        elif isinstance(value, int) and value.bit_length() > INTEGER_BITS_MAX:
            findings.note(pointer_to("/custom", name), _CUSTOM_TOO_LARGE)
        else:
            custom[name] = value
            if _RULE_MARK in name:
                findings.note(pointer_to("/custom", name), _CUSTOM_COLONS)
    drop_custom_card_numbers(custom, findings)
    return custom


def _payment(
    groups: dict[str, Values],
    cart: list[Values],
    custom: Values,
    facts: tuple[str, bool, datetime],
    findings: Findings,
) -> Payment | None:
    """The payment, or None where it has faults; those that the payment itself finds are among the findings then."""
    merchant_id, test_mode, received_at = facts
    event = groups["/event"]
    if event.get("merchant_id", "") and event.get("shop_id", event["merchant_id"]) != event["merchant_id"]:
        findings.note("/event/shop_id", Wrong("merchant_mismatch", "Differs from merchant_id; send one of them."))
    optional: dict[str, Any] = {name: event[name] for name in ("type", "stage", "party", "supersedes") if name in event}
    for name, (argument, build) in BUILDERS.items():
        if known := groups.get(name):
            if name == "/account":
                known = _account(known, received_at, findings)
            optional[argument] = build(**RESHAPED[name](known) if name in RESHAPED else known)
    order = _order(groups["/order"], findings)
    try:
        payment = Payment(
            transaction_id=event.get("transaction_id", ""),
            merchant_id=merchant_id,
            at=received_at,
            order=order,
            test_mode=test_mode,
            event_time=event_time_of(event.get("time"), received_at, findings),
            cart=tuple([CartItem(**item) for item in cart]),
            custom=custom,
            unusable=_dropped(findings.unusable) if findings.unusable else (),
            **optional,
        )
    except PaymentInvalid as error:
        findings.add_faults(_as_sent(fault, groups) for fault in error.faults)
        return None
    return None if findings.faults else payment


def _dropped(unusable: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What of it a payment may lack though it came; of the cart the first line that lacks a field stands for all."""
    told: dict[str, tuple[str, str]] = {}
    for pointer, cause in unusable.items():
        field = pointer.rpartition("/")[2]
        if pointer in _TOLD_BY:
            told[pointer] = (pointer, cause)
        elif pointer.startswith("/shopping_cart/") and field in _CART_NAMES:
            told.setdefault(field, (pointer, cause))
    return tuple(told.values())


def _says_how_3ds_went(payment: Payment) -> bool:
    authentication = payment.authentication
    said = (authentication.trans_status, authentication.liability_shift, payment.card.was_3d_secure_successful)
    return any(each is not None for each in said)


def _as_sent(fault: Fault, groups: dict[str, Values]) -> Fault:
    """A fault of the payment at the field that was sent: some have two names."""
    pointer = fault.pointer
    if pointer == "/event/merchant_id" and "merchant_id" not in groups["/event"] and "shop_id" in groups["/event"]:
        pointer = "/event/shop_id"
    if pointer == "/order/amount_minor" and "amount_minor" not in groups["/order"]:
        pointer = "/order/amount"
    return Fault(pointer=pointer, code=fault.code, detail=fault.detail)


def event_time_of(time: datetime | None, received_at: datetime, findings: Findings) -> datetime | None:
    """The caller's time where it agrees with ours."""
    if time is not None and is_off(time, received_at):
        off = Odd("event_time_off", "More than 2 minutes off the time of receipt, which was used instead.")
        findings.note("/event/time", off)
        return None
    return time


def is_off(time: datetime, received_at: datetime) -> bool:
    """Whether the caller's time does not agree with ours."""
    return abs(time - received_at) > EVENT_TIME_OFF_MAX


def _account(account: Values, received_at: datetime, findings: Findings) -> Values:
    """Times of an account are in its past."""
    for name in ("created_at", "password_changed_at"):
        if name in account and not EARLIEST <= account[name] <= received_at + CLOCK_SKEW:
            del account[name]
            findings.note(f"/account/{name}", Odd("out_of_range", "Send a time from 1995 on that is past."))
    return account


def with_md5(email: Values) -> Values:
    """An MD5 sent as the address, as minFraud allows, is the MD5."""
    if "address" in email and "@" not in email["address"]:
        digest = email.pop("address")
        email.setdefault("md5", digest)
    return email


def with_bin(card: Values) -> Values:
    """The BIN under its name here, and no more of the number than PCI DSS lets be kept together.

    That is the first 8 and last 4 of a 16-digit number, the first 6 and last 4 of a shorter one. The length is not
    known; numbers that begin with 34, 37 (American Express), 30, 36, 38 and 39 (Diners Club) have 14 or 15 digits.
    """
    if (bin_ := card.pop("issuer_id_number", None)) is not None:
        is_short = "last_digits" in card and bin_[:2] in {"30", "34", "36", "37", "38", "39"}
        # Before the others, as a record has it.
        return {"bin": bin_[:6] if is_short else bin_, **card}
    return card


BUILDERS: dict[str, tuple[str, type[Any]]] = {
    "/account": ("account", Account),
    "/email": ("email", Email),
    "/billing": ("billing", Contact),
    "/shipping": ("shipping", Contact),
    "/credit_card": ("card", Card),
    "/authentication": ("authentication", Authentication),
    "/device": ("device", Device),
    "/payment": ("processing", Processing),
}
"""Groups by their pointers: where the payment has them, and what they are there."""

RESHAPED: Mapping[str, Callable[[Values], Values]] = {"/email": with_md5, "/credit_card": with_bin}
"""What puts a group's values under the payment's names for them."""


def _order(order: Values, findings: Findings) -> Order:
    """The order; where its amount has a fault, a stand-in of zero, so that the payment's other faults are found."""
    known = {name: value for name, value in order.items() if name not in {"amount", "amount_minor", "currency"}}
    currency = order.get("currency", "")
    amount_minor: int | None = order.get("amount_minor")
    if "amount" in order:
        amount = minor_units(order["amount"], CURRENCY_EXPONENTS.get(currency))
        if isinstance(amount, Wrong):
            findings.note("/order/amount", amount)
        elif amount_minor is not None and amount is not None and amount != amount_minor:
            findings.note("/order/amount", Wrong("amount_mismatch", "Differs from amount_minor; send one of them."))
        elif amount_minor is None and amount is not None:
            amount_minor = amount
    elif amount_minor is None:
        findings.note("/order/amount_minor", Wrong("missing", "Required: the amount in minor units, or order.amount."))
    return Order(amount_minor=amount_minor or 0, currency=currency, **known)


def minor_units(text: str, exponent: int | None) -> int | Wrong | None:
    """A decimal string in minor units; None where the currency, and with it the exponent, is unknown."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return Wrong("amount_invalid", 'Send a decimal string such as "12.50": no signs, groups or exponents.')
    sign, whole, decimals = match[1], match[2], match[3] or ""
    if exponent is None:
        return None
    if len(decimals) > exponent:
        return Wrong("amount_decimals", f"This currency has {exponent} decimals; send no more.")
    minor = int(whole + decimals.ljust(exponent, "0"))
    return -minor if sign else minor
