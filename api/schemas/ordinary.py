"""The short way of an ordinary request: from its JSON to the payment, with no model of the request between.

It takes a request only where nothing is to be said about it: known fields alone, each of its JSON type and in a form
that its reader takes. Everything else it leaves to `DecisionRequest`, which alone makes warnings and faults: a request
is the same payment on both ways, and what is said of one is said in one place.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from api.schemas.findings import Findings, InputWarning, Odd, Wrong
from api.schemas.forms import CART_LINE, EVENT, GROUPS, ORDER, Forms, UnusualError, Values, type_or_blank
from api.schemas.groups import Explain, OptionsGroup
from api.schemas.request import (
    CART_ITEMS_MAX,
    CLOCK_SKEW,
    INTEGER_BITS_MAX,
    DecisionRequest,
    event_time_of,
    is_off,
    minor_units,
)
from api.schemas.screening import searched_text
from api.schemas.values import EARLIEST, TEXT_LENGTH_MAX
from engine.card_data import LENGTH_MIN, holds_card_number, is_card_number_name, is_cvv_name
from engine.iso import CURRENCY_EXPONENTS
from engine.payment import (
    AMOUNT_MINOR_MAX,
    CUSTOM_FIELDS_MAX,
    ID_LENGTH_MAX,
    Account,
    CartItem,
    Order,
    Payment,
    Stage,
    assembled,
)
from engine.payment_record import in_order

_CACHED_NAME_LENGTH_MAX: Final = 64
_MS_MIN, _MS_MAX = 30, 2000
_SHORT_NUMBERS: Final = 10 ** (LENGTH_MIN - 1)
"""Whole numbers below have fewer digits than a card number."""
_WHOLE_NUMBERS_MAX: Final = 2.0**INTEGER_BITS_MAX


class OrdinaryRequest:
    """What `DecisionRequest` is to its callers, of a request that was read the short way."""

    __slots__ = ("_again", "_fields", "event_time", "fingerprint", "groups", "merchant_id", "options")

    def __init__(
        self,
        event: Values,
        fields: Values,
        groups: Values,
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
        fields = self._fields
        fields["merchant_id"] = merchant_id
        fields["at"] = received_at
        fields["test_mode"] = test_mode
        time = fields["event_time"] = self.event_time
        warnings: tuple[InputWarning, ...] = ()
        if time is not None and is_off(time, received_at):
            findings = Findings()
            fields["event_time"] = event_time_of(time, received_at, findings)
            warnings = findings.warnings()
        # What Payment checks was checked: here, and in the readers of the card and the countries.
        return assembled(Payment, fields), warnings


def ordinary_request(
    tree: Values, fingerprint: bytes, again: Callable[[], DecisionRequest], *, has_blanks: bool
) -> OrdinaryRequest | None:
    """The request in the JSON, which is read in its place; None where it is not an ordinary one.

    `has_blanks`: whether there may be empty texts.
    """
    try:
        event, fields, groups, options = _read(tree, type_or_blank if has_blanks else type)
    except (UnusualError, KeyError):
        # KeyError: a field, or a group, that is not known or not there.
        return None
    return OrdinaryRequest(event, fields, groups, options, fingerprint, again)


def _read(tree: Values, json_type: Callable[[object], type]) -> tuple[Values, Values, Values, OptionsGroup]:
    """The event, the fields of the payment that are the request's, its groups as a record holds them, and the options.

    What is known of a group is at hand here, and nowhere later.
    """
    texts: list[str] = []
    opaque: list[str] = []
    event = _group(tree["event"], EVENT, json_type, texts, opaque)
    order = _group(tree["order"], ORDER, json_type, texts, opaque)
    fields = _taken(event)
    groups: Values = {}
    options = _OPTIONS
    for name, sent in tree.items():
        if name in _REQUIRED or (sent is None and name in _ROOT_NAMES):
            continue
        if name == "custom":
            fields["custom"] = _custom(sent, texts)
        elif name == "shopping_cart":
            lines = groups["cart"] = _cart(sent, json_type, texts, opaque)
            fields["cart"] = tuple([assembled(CartItem, line) for line in lines])
        elif name == "options":
            options = _options(sent)
        else:
            forms, argument, build, twin, reshaped = GROUPS[name]
            if known := _group(sent, forms, json_type, texts, opaque):
                groups[argument] = known = known if reshaped is None else in_order(build, reshaped(known))
                # As `assembled` does, whose call for each group would cost as much as this.
                made = fields[argument] = twin(**known)
                made.__class__ = build
    _check_texts(texts, opaque)
    groups["order"] = order = in_order(Order, _ordered(order))
    fields["order"] = assembled(Order, order)
    _check(fields)
    return event, fields, groups, options


def _group(  # noqa: C901 - no calls within
    sent: Any,  # noqa: ANN401 - whatever is JSON
    forms: Forms,
    json_type: Callable[[object], type],
    texts: list[str],
    opaque: list[str],
) -> Values:
    """What the readers make of a group, in its place; null and empty are left out.

    Plain texts are added to `texts`, or to `opaque` where they are not searched for card numbers; they are checked
    with those of the other groups. `json_type` is `type_or_blank` where there may be empty texts, else `type`.
    """
    if sent.__class__ is not dict:
        raise UnusualError
    searched, unsearched, readings, blank, names = forms[(*sent, *map(json_type, sent.values()))]
    values: Values = sent
    for name in blank:
        del values[name]
    if searched is not None:
        texts += searched(values)
    if unsearched is not None:
        opaque += unsearched(values)
    for name, reader, known, is_text, is_searched in readings:
        value = values[name]
        found = known.get(value)
        if found is None:
            if is_text and value.strip() != value:
                raise UnusualError
            found = reader(value)
            if found.__class__ is Odd or found.__class__ is Wrong:
                raise UnusualError
            if is_searched and found.__class__ is str:
                # Searched with the others, but where it may be longer than those.
                if len(found) <= TEXT_LENGTH_MAX:
                    texts.append(found)
                elif holds_card_number(found):
                    raise UnusualError
        values[name] = found
    return values if names is None else {name: values[name] for name in names}


def _check_texts(texts: list[str], opaque: list[str]) -> None:
    """Raise where a text has blanks around it or is too long, or one of `texts` holds a card number.

    All are looked at together: one look at each text as it comes takes several times as long.
    """
    joined = "\0".join(texts)
    texts += opaque
    if [text for text in texts if len(text) > TEXT_LENGTH_MAX or text.strip() != text] or holds_card_number(joined):
        raise UnusualError


def _cart(sent: object, json_type: Callable[[object], type], texts: list[str], opaque: list[str]) -> list[Values]:
    """What is known of the cart's lines."""
    if not isinstance(sent, list) or len(sent) > CART_ITEMS_MAX:
        raise UnusualError
    return [_group(line, CART_LINE, json_type, texts, opaque) for line in sent]


def _custom(sent: object, texts: list[str]) -> Values:
    """The caller's own fields, under names that say nothing of card data."""
    if not isinstance(sent, dict) or len(sent) > CUSTOM_FIELDS_MAX:
        raise UnusualError
    custom: Values = {}
    for name, value in sent.items():
        if value is None or value == "":
            continue
        if len(name) > _CACHED_NAME_LENGTH_MAX or not _is_plain_name(name):
            raise UnusualError
        kind = value.__class__
        if kind is str:
            texts.append(value)
        elif kind is not bool and (kind is not int or not -_SHORT_NUMBERS < value < _SHORT_NUMBERS):
            texts.append(_number_text(value))
        custom[name] = value
    return custom


def _number_text(value: object) -> str:
    """What of a number is searched for card numbers."""
    if isinstance(value, float):
        # A whole number that is larger may have been sent with more digits than were read.
        is_exact = abs(value) < _WHOLE_NUMBERS_MAX
    else:
        is_exact = isinstance(value, int) and value.bit_length() <= INTEGER_BITS_MAX
    if not is_exact:
        raise UnusualError
    return searched_text(value)


@lru_cache(maxsize=1024)
def _is_plain_name(name: str) -> bool:
    """Whether a custom field of this name is kept whatever its value; cached for names that come again and again."""
    is_card_data = is_cvv_name(name) or is_card_number_name(name) or holds_card_number(name)
    return bool(name) and name.strip() == name and "::" not in name and not is_card_data


def _options(sent: object) -> OptionsGroup:
    if not isinstance(sent, dict) or not sent.keys() <= _OPTION_NAMES:
        raise UnusualError
    try:
        return _options_of(sent.get("deadline_ms"), sent.get("explain"), sent.get("dry_run"))
    except TypeError:
        # A list or an object, which no option is.
        raise UnusualError from None


@lru_cache(maxsize=1024, typed=True)
def _options_of(deadline_ms: object, explain: object, dry_run: object) -> OptionsGroup:
    """Options that any number of requests share: nobody writes to them."""
    deadline_ms = _OPTIONS.deadline_ms if deadline_ms is None else deadline_ms
    if type(deadline_ms) is not int or not _MS_MIN <= deadline_ms <= _MS_MAX:
        raise UnusualError
    explain = _OPTIONS.explain.value if explain is None else explain
    if not isinstance(explain, str) or not isinstance(dry_run, bool | None):
        raise UnusualError
    return OptionsGroup(deadline_ms=deadline_ms, explain=_EXPLAINS[explain], dry_run=bool(dry_run))


def _ordered(order: Values) -> Values:
    """The order, of an amount and a currency that any payment may have."""
    amount, amount_minor = order.pop("amount", None), order.get("amount_minor")
    if amount is not None:
        minor = minor_units(amount, CURRENCY_EXPONENTS[order["currency"]])
        if minor.__class__ is not int or amount_minor not in (None, minor):
            raise UnusualError
        order["amount_minor"] = amount_minor = minor
    if amount_minor is None or not 0 <= amount_minor <= AMOUNT_MINOR_MAX or order["currency"] not in CURRENCY_EXPONENTS:
        raise UnusualError
    return order


def _taken(event: Values) -> Values:
    """What the payment keeps of the event, beside custom fields that it may have."""
    transaction_id, merchant_id = event["transaction_id"], event.get("merchant_id")
    if not _is_id(transaction_id) or event.get("supersedes") == transaction_id:
        raise UnusualError
    if merchant_id is not None and event.get("shop_id", merchant_id) != merchant_id:
        raise UnusualError
    fields = {"custom": {}, **event}
    for name in _OF_THE_CALL:
        fields.pop(name, None)
    return fields


def _check(fields: Values) -> None:
    """Raise where the payment's parts together are what a warning tells of."""
    account = fields.get("account")
    if account is not None and (
        (account.created_at is not None and account.created_at < EARLIEST)
        or (account.password_changed_at is not None and account.password_changed_at < EARLIEST)
    ):
        raise UnusualError
    if fields.get("stage") is Stage.POST_3DS:
        authentication, card = fields.get("authentication"), fields.get("card")
        is_said = authentication is not None and (
            authentication.trans_status is not None or authentication.liability_shift is not None
        )
        if not is_said and (card is None or card.was_3d_secure_successful is None):
            raise UnusualError


def _is_after(account: Account | None, latest: datetime) -> bool:
    """Whether an account is of the future."""
    if account is None:
        return False
    made_at, changed_at = account.created_at, account.password_changed_at
    return (made_at is not None and made_at > latest) or (changed_at is not None and changed_at > latest)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= ID_LENGTH_MAX and text.isprintable()


_OF_THE_CALL = ("merchant_id", "shop_id", "time")
_REQUIRED = frozenset({"event", "order"})
_ROOT_NAMES = DecisionRequest.model_fields.keys()
_OPTIONS = OptionsGroup()
_OPTION_NAMES = OptionsGroup.model_fields.keys()
_EXPLAINS = {each.value: each for each in Explain}
