"""The short way of an ordinary request: from its JSON to the payment, with no model of the request between.

It takes a request only where nothing is to be said about it: known fields alone, each of its JSON type and in a form
that its reader takes. Everything else it leaves to `DecisionRequest`, which alone makes warnings and faults: a request
is the same payment on both ways, and what is said of one is said in one place.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, get_args

from api.schemas.findings import Findings, InputWarning, Odd, Wrong
from api.schemas.groups import CartItemGroup, Explain, Group, OptionsGroup
from api.schemas.readers import CART_ITEM_READERS, GROUP_READERS, TEXT
from api.schemas.request import (
    BUILDERS,
    CART_ITEMS_MAX,
    CLOCK_SKEW,
    INTEGER_BITS_MAX,
    RESHAPED,
    DecisionRequest,
    event_time_of,
    minor_units,
)
from api.schemas.screening import EXEMPT, digits_of
from api.schemas.values import EARLIEST, TEXT_LENGTH_MAX, Reader
from api.schemas.vocabulary import BRANDS, DELIVERY_SPEEDS, EXEMPTIONS, FUNDINGS, METHODS, WALLETS
from engine.card_data import LENGTH_MIN, holds_card_number, is_card_number_name, is_cvv_name
from engine.iso import COUNTRIES, CURRENCY_EXPONENTS
from engine.payment import (
    AMOUNT_MINOR_MAX,
    CUSTOM_FIELDS_MAX,
    ID_LENGTH_MAX,
    Account,
    CartItem,
    Order,
    Party,
    Payment,
    PaymentType,
    Stage,
    assembled,
)
from engine.payment_record import in_order

_CACHED_NAME_LENGTH_MAX: Final = 64
_MS_MIN, _MS_MAX = 30, 2000

_Values = dict[str, Any]
_Rule = tuple[type, Reader | None, Mapping[Any, Any], bool]
"""Of a field: the type it has in JSON, its reader, frequent values with what the reader makes of them, and whether its
text is searched for card numbers."""
_Rules = Mapping[str, _Rule]


class _UnusualError(Exception):
    """Something may be to be said about this request."""


class OrdinaryRequest:
    """What `DecisionRequest` is to its callers, of a request that was read the short way."""

    __slots__ = ("_again", "_fields", "event_time", "fingerprint", "groups", "merchant_id", "options")

    def __init__(
        self,
        event: _Values,
        fields: _Values,
        groups: _Values,
        options: OptionsGroup,
        fingerprint: bytes,
        again: Callable[[], DecisionRequest],
    ) -> None:
        """`fields` are the payment's, its `groups` as a record holds them; `again` reads the request the other way."""
        self.merchant_id: str | None = event.get("merchant_id") or event.get("shop_id")
        self.event_time: datetime | None = event.get("time")
        self.options = options
        self.fingerprint = fingerprint
        self.groups: Mapping[str, Any] | None = groups
        """Of the payment that `to_payment` gives, for its record."""
        self._fields = fields
        self._again = again

    def to_payment(
        self,
        merchant_id: str,
        test_mode: bool,  # noqa: FBT001 - three plain facts in their order
        received_at: datetime,
    ) -> tuple[Payment, tuple[InputWarning, ...]]:
        """The payment received at `received_at` (UTC), and what in the request was odd.

        Raises PaymentInvalid with every fault found.
        """
        if not _is_id(merchant_id) or _is_after(self._fields.get("account"), received_at + CLOCK_SKEW):
            self.groups = None
            return self._again().to_payment(merchant_id, test_mode, received_at)
        assert received_at.tzinfo is UTC, "receipt time is UTC"
        findings = Findings()
        facts = {
            "merchant_id": merchant_id,
            "at": received_at,
            "test_mode": test_mode,
            "event_time": event_time_of(self.event_time, received_at, findings),
        }
        # What Payment checks was checked: here, and in the readers of the card and the countries.
        payment = assembled(Payment, self._fields | facts)
        return payment, findings.warnings()


def ordinary_request(
    tree: object, fingerprint: Callable[[], bytes], again: Callable[[], DecisionRequest]
) -> OrdinaryRequest | None:
    """The request in the JSON; None where it is not an ordinary one."""
    if not isinstance(tree, dict):
        return None
    try:
        event, fields, groups, options = _read(tree)
    except (_UnusualError, KeyError):
        # KeyError: a field, or a group, that is not known or not there.
        return None
    return OrdinaryRequest(event, fields, groups, options, fingerprint(), again)


def _read(tree: _Values) -> tuple[_Values, _Values, _Values, OptionsGroup]:
    """The event, the fields of the payment that are the request's, its groups as a record holds them, and the options.

    What is known of a group is at hand here, and nowhere later.
    """
    texts: list[str] = []
    fields: _Values = {"custom": {}}
    groups: _Values = {}
    event = _group(tree["event"], _EVENT, texts)
    order = _group(tree["order"], _ORDER, texts)
    options = _OPTIONS
    for name, sent in tree.items():
        if name in _REQUIRED or (sent is None and name in _ROOT_NAMES):
            continue
        if name == "custom":
            fields["custom"] = _custom(sent, texts)
        elif name == "shopping_cart":
            lines = groups["cart"] = _cart(sent, texts)
            fields["cart"] = tuple([assembled(CartItem, line) for line in lines])
        elif name == "options":
            options = _options(sent)
        else:
            rules, argument, build, reshaped = _GROUPS[name]
            if known := _group(sent, rules, texts):
                groups[argument] = known = in_order(build, known if reshaped is None else reshaped(known))
                fields[argument] = assembled(build, known)
    if holds_card_number("\0".join(texts)):
        raise _UnusualError
    groups["order"] = order = in_order(Order, _ordered(order))
    fields["order"] = assembled(Order, order)
    _take_event(event, fields)
    _check(fields)
    return event, fields, groups, options


def _group(sent: object, rules: _Rules, texts: list[str]) -> _Values:  # noqa: C901, PLR0912 - no calls within
    """What the readers make of a group; null and empty are left out. Text to be searched is added to `texts`."""
    if not isinstance(sent, dict):
        raise _UnusualError
    values: _Values = {}
    for name, value in sent.items():
        kind, reader, known, is_searched = rules[name]
        sent_type = type(value)
        if sent_type is not kind:
            if value is None:
                continue
            if kind is not float or sent_type is not int:
                raise _UnusualError
        elif kind is str:
            if not value:
                continue
            if value.strip() != value:
                raise _UnusualError
            if reader is TEXT:
                # Most fields are plain text; to call their reader takes longer than to read them.
                length = len(value)
                if length > TEXT_LENGTH_MAX:
                    raise _UnusualError
                values[name] = value
                if length >= LENGTH_MIN and is_searched:
                    texts.append(value)
                continue
        found = value if reader is None else known.get(value) or reader(value)
        if type(found) is str:
            if is_searched and len(found) >= LENGTH_MIN:
                texts.append(found)
        elif isinstance(found, (Odd, Wrong)):
            raise _UnusualError
        values[name] = found
    return values


def _cart(sent: object, texts: list[str]) -> list[_Values]:
    """What is known of the cart's lines."""
    if not isinstance(sent, list) or len(sent) > CART_ITEMS_MAX:
        raise _UnusualError
    return [in_order(CartItem, _group(line, _CART_ITEM, texts)) for line in sent]


def _custom(sent: object, texts: list[str]) -> _Values:
    """The caller's own fields, under names that say nothing of card data."""
    if not isinstance(sent, dict) or len(sent) > CUSTOM_FIELDS_MAX:
        raise _UnusualError
    custom: _Values = {}
    for name, value in sent.items():
        if value is None or value == "":
            continue
        if len(name) > _CACHED_NAME_LENGTH_MAX or not _is_plain_name(name):
            raise _UnusualError
        if value.__class__ is not bool:
            texts.append(_custom_text(value))
        custom[name] = value
    return custom


def _custom_text(value: object) -> str:
    """The text of a custom field, or its number as text: what is searched for card numbers."""
    if isinstance(value, str):
        if len(value) > TEXT_LENGTH_MAX or value.strip() != value:
            raise _UnusualError
        return value
    if isinstance(value, float) or (isinstance(value, int) and value.bit_length() <= INTEGER_BITS_MAX):
        return digits_of(value)
    raise _UnusualError


@lru_cache(maxsize=1024)
def _is_plain_name(name: str) -> bool:
    """Whether a custom field of this name is kept whatever its value; cached for names that come again and again."""
    is_card_data = is_cvv_name(name) or is_card_number_name(name) or holds_card_number(name)
    return bool(name) and name.strip() == name and not is_card_data


def _options(sent: object) -> OptionsGroup:
    if not isinstance(sent, dict) or not sent.keys() <= _OPTION_NAMES:
        raise _UnusualError
    deadline_ms, explain, dry_run = sent.get("deadline_ms"), sent.get("explain"), sent.get("dry_run")
    if deadline_ms is None:
        deadline_ms = _OPTIONS.deadline_ms
    elif deadline_ms.__class__ is not int or not _MS_MIN <= deadline_ms <= _MS_MAX:
        raise _UnusualError
    if explain is None:
        explain = _OPTIONS.explain
    elif explain.__class__ is not str:
        raise _UnusualError
    if dry_run.__class__ is not bool and dry_run is not None:
        raise _UnusualError
    return _options_of(deadline_ms, _EXPLAINS[explain], bool(dry_run))


@lru_cache(maxsize=1024)
def _options_of(deadline_ms: int, explain: Explain, dry_run: bool) -> OptionsGroup:  # noqa: FBT001 - as they are sent
    """Options that any number of requests share: nobody writes to them."""
    return OptionsGroup(deadline_ms=deadline_ms, explain=explain, dry_run=dry_run)


def _ordered(order: _Values) -> _Values:
    """The order, of an amount and a currency that any payment may have."""
    amount, amount_minor = order.pop("amount", None), order.get("amount_minor")
    if amount is not None:
        minor = minor_units(amount, CURRENCY_EXPONENTS[order["currency"]])
        if minor.__class__ is not int or amount_minor not in (None, minor):
            raise _UnusualError
        order["amount_minor"] = amount_minor = minor
    if amount_minor is None or not 0 <= amount_minor <= AMOUNT_MINOR_MAX or order["currency"] not in CURRENCY_EXPONENTS:
        raise _UnusualError
    return order


def _take_event(event: _Values, fields: _Values) -> None:
    """Put what the payment keeps of the event into its fields."""
    transaction_id, supersedes = event["transaction_id"], event.get("supersedes")
    merchant_id = event.get("merchant_id")
    if not _is_id(transaction_id) or supersedes == transaction_id:
        raise _UnusualError
    if merchant_id is not None and event.get("shop_id", merchant_id) != merchant_id:
        raise _UnusualError
    fields["transaction_id"] = transaction_id
    for name in ("type", "stage", "party", "supersedes"):
        if name in event:
            fields[name] = event[name]


def _check(fields: _Values) -> None:
    """Raise where the payment's parts together are what a warning tells of."""
    account = fields.get("account")
    if account is not None and (
        (account.created_at is not None and account.created_at < EARLIEST)
        or (account.password_changed_at is not None and account.password_changed_at < EARLIEST)
    ):
        raise _UnusualError
    if fields.get("stage") is Stage.POST_3DS:
        authentication, card = fields.get("authentication"), fields.get("card")
        is_said = authentication is not None and (
            authentication.trans_status is not None or authentication.liability_shift is not None
        )
        if not is_said and (card is None or card.was_3d_secure_successful is None):
            raise _UnusualError


def _is_after(account: Account | None, latest: datetime) -> bool:
    """Whether an account is of the future."""
    if account is None:
        return False
    made_at, changed_at = account.created_at, account.password_changed_at
    return (made_at is not None and made_at > latest) or (changed_at is not None and changed_at > latest)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= ID_LENGTH_MAX and text.isprintable()


# ---- the tables, made of the models and their readers

_FREQUENT: Mapping[str, tuple[str, ...]] = {
    "type": tuple(PaymentType),
    "stage": tuple(Stage),
    "party": tuple(Party),
    "country": tuple(COUNTRIES),
    "currency": tuple(CURRENCY_EXPONENTS),
    "brand": BRANDS,
    "funding": FUNDINGS,
    "wallet": WALLETS,
    "avs_result": tuple("ABCDEGIMNPRSTUWXYZ"),
    "cvv_result": tuple("MNPSUXY"),
    "three_ds_version": ("2.1.0", "2.2.0", "2.3.1"),
    "trans_status": tuple("YNUACDRIS"),
    "eci": ("00", "01", "02", "05", "06", "07"),
    "exemption": EXEMPTIONS,
    "delivery_speed": DELIVERY_SPEEDS,
    "method": METHODS,
}
"""Values that most requests have, by field: their readers are asked once, here."""


def _rules(model: type[Group], readers: Mapping[str, Reader | None]) -> _Rules:
    return {
        name: _rule(name, _json_type(model.model_fields[name].annotation), reader) for name, reader in readers.items()
    }


def _rule(name: str, kind: type, reader: Reader | None) -> _Rule:
    texts = [str(value) for value in _FREQUENT.get(name, ())]
    known = {} if reader is None else {text: reader(text) for text in texts}
    if kind is float and reader is not None:
        reader = _of_float(reader)
    return kind, reader, known, kind is str and name not in EXEMPT


def _of_float(reader: Reader) -> Reader:
    """A whole number may stand where a number does."""
    return lambda value: reader(float(value))


def _json_type(annotation: object) -> type:
    """The one of JSON's types in a field's annotation."""
    if annotation in (str, int, float, bool):
        kind: type = annotation
        return kind
    return next(_json_type(part) for part in get_args(annotation) if part is not type(None))


def _model_of(name: str) -> type[Group]:
    annotation = DecisionRequest.model_fields[name].annotation
    parts = (annotation, *get_args(annotation))
    return next(part for part in parts if isinstance(part, type) and issubclass(part, Group))


_RULES = {name: _rules(_model_of(name), readers) for name, readers in GROUP_READERS.items()}
_EVENT, _ORDER = _RULES["event"], _RULES["order"]
_CART_ITEM = _rules(CartItemGroup, CART_ITEM_READERS)
_GROUPS = {
    pointer.removeprefix("/"): (_RULES[pointer.removeprefix("/")], argument, build, RESHAPED.get(pointer))
    for pointer, (argument, build) in BUILDERS.items()
}
_REQUIRED = frozenset({"event", "order"})
_ROOT_NAMES = DecisionRequest.model_fields.keys()
_OPTIONS = OptionsGroup()
_OPTION_NAMES = OptionsGroup.model_fields.keys()
_EXPLAINS = {each.value: each for each in Explain}
