"""What is bought, and how: goods that fraud prefers, the dearest of them, rush, retries, the account's age."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment, of_request
from engine.features import Feature, FeatureType, Unknown, Value
from engine.iso import CURRENCY_EXPONENTS
from engine.payment import AMOUNT_MINOR_MAX, CartItem, Party, Payment
from engine.reference import Reference
from engine.reference.goods import CATEGORY_LENGTH_READ, Kinds, kinds_of_category, kinds_of_mcc

AGES: Final = ("under_1h", "under_1d", "under_7d", "under_30d", "under_180d", "older")
_AGE_HOURS: Final = (1, 24, 7 * 24, 30 * 24, 180 * 24)
_RUSHED: Final = frozenset({"same_day", "overnight", "expedited"})

_NO_RATE, _PRICE_UNKNOWN = Unknown("no_rate"), Unknown("price_unknown")
_CATEGORY_UNKNOWN: Final = Unknown("category_unknown")
_LONG: Final = 13
"""Prices of so many digits before the point may be larger than any amount."""
_TENS: Final[tuple[int, ...]] = tuple(10**exponent for exponent in range(max(CURRENCY_EXPONENTS.values()) + 1))
_NO_KINDS: Final = (None, None, None)
_CATEGORIES_READ: Final = 64
"""Of one cart so many categories that differ: each costs some microseconds, and a deadline is short."""
_CATEGORIES_HELD: Final = 8
"""Carts of more categories than these are not held: they seldom come again, and take much room."""
_SOURCE: Final = "enrichment order"


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    order, processing, cart = payment.order, payment.processing, payment.cart
    age_hours = known["hours_since_customer_was_created"]
    speed, initiator = payment.shipping.delivery_speed, processing.initiator
    first = processing.attempt_of
    return (
        len(cart) or None,
        *_of_cart(payment, reference),
        *_kinds(processing.mcc, cart),
        None if speed is None else speed in _RUSHED,
        order.has_gift_message,
        order.discount_code,
        None if age_hours is None else AGES[bisect_right(_AGE_HOURS, age_hours)],
        processing.mcc,
        None if initiator is None else initiator == "merchant",
        None if payment.party is None else payment.party is Party.AGENT,
        None if first is None else first != payment.transaction_id,
    )


def _of_cart(payment: Payment, reference: Reference) -> tuple[Value, Value, Value | Unknown]:
    """How many goods, the most of one, and the dearest's price in cents, so that a phone is dear in every currency.

    A line that does not say how many leaves the sum open, a price that is no amount the dearest; of a line
    without a price nothing is known, so that what is known is the dearest of the others.
    """
    cart, currency = payment.cart, payment.order.currency
    if not cart:
        return (None, None, None)
    exponent = CURRENCY_EXPONENTS.get(currency)
    goods: int | None = 0
    most = highest = -1
    are_amounts = True
    for item in cart:
        quantity, price = item.quantity, item.price
        if quantity is None:
            goods = None
        else:
            goods = None if goods is None else goods + quantity
            most = max(most, quantity)
        if price is not None:
            minor = minor_units(price, exponent)
            are_amounts = are_amounts and minor is not None
            highest = highest if minor is None else max(highest, minor)
    most_of_one = None if most < 0 else most
    if highest < 0 or not are_amounts:
        return (goods, most_of_one, _PRICE_UNKNOWN)
    cents = reference.rates.usd_minor(highest, currency, payment.at)
    return (goods, most_of_one, _NO_RATE if cents is None else cents)


def minor_units(price: str, exponent: int | None) -> int | None:
    """A line's price in minor units, below 0 where it is; None where it is no amount."""
    whole, _, part = price.partition(".")
    if exponent is not None and len(part) <= exponent and len(whole) < _LONG and whole.isdigit() and price.isascii():
        # As nearly all are: digits as they stand, in a third of a Decimal's time.
        if not part:
            return int(whole) * _TENS[exponent]
        if part.isdigit():
            return int(whole + part) * _TENS[exponent - len(part)]
    return minor_units_of_decimal(price, exponent)


def minor_units_of_decimal(price: str, exponent: int | None) -> int | None:
    """The same of any text."""
    try:
        amount = Decimal(price)
    except InvalidOperation:
        return None
    if exponent is None or not amount.is_finite() or amount > AMOUNT_MINOR_MAX:
        return None
    return -1 if amount < 0 else round(amount.scaleb(exponent))


def _kinds(mcc: str | None, cart: Sequence[CartItem]) -> Computed:
    """For each kind True where the merchant's code or a category says so, False where all categories say otherwise."""
    categories = tuple(dict.fromkeys([item.category for item in cart]))
    return (_held_kinds if len(categories) <= _CATEGORIES_HELD else _kinds_of)(mcc, categories)


def _kinds_of(mcc: str | None, categories: tuple[str | None, ...]) -> Computed:
    read = [each for each in categories[:_CATEGORIES_READ] if each is not None]
    found = [kinds for category in read if (kinds := kinds_of_category(category)) is not None]
    if not found and mcc is None:
        return _NO_KINDS if not categories else (_CATEGORY_UNKNOWN,) * len(_NO_KINDS)
    some = Kinds(*map(any, zip(kinds_of_mcc(mcc), *found, strict=True)))
    if found and len(found) == len(categories) and max(map(len, read)) <= CATEGORY_LENGTH_READ:
        return some
    return tuple([is_one or (_CATEGORY_UNKNOWN if categories else None) for is_one in some])


_held_kinds: Final = lru_cache(maxsize=4096)(_kinds_of)


def _flag(name: str, doc: str, reason: str, says: str, denies: str, direction: int = 0) -> Feature:
    return Feature(
        name=name,
        type=FeatureType.BOOLEAN,
        doc=doc,
        source=_SOURCE,
        direction=direction,
        reason=reason,
        says=says,
        denies=denies,
    )


ORDER = Enrichment(
    topic="order",
    features=(
        Feature(
            name="cart_lines",
            type=FeatureType.INTEGER,
            unit="lines",
            doc="How many lines the cart has.",
            source=_SOURCE,
            reason="cart",
            says="{value} lines in the cart",
        ),
        of_request(
            "cart_quantity",
            FeatureType.INTEGER,
            "/shopping_cart",
            "How many goods are in the cart; unknown where a line does not say how many.",
            unit="goods",
        ),
        Feature(
            name="cart_highest_quantity",
            type=FeatureType.INTEGER,
            unit="goods",
            doc="How many of one good are bought, at most: many of one are bought to be sold.",
            source=_SOURCE,
            reason="cart",
            says="{value} of one good in the cart",
        ),
        Feature(
            name="cart_highest_price_usd",
            type=FeatureType.MONEY,
            unit="USD",
            doc="The price of the dearest single good in the cart, in US dollars at the reference rate of the day. A "
            "line that says no price is left out, and may be dearer.",
            source=_SOURCE,
            reason="cart",
            says="The dearest good in the cart costs {value}",
        ),
        _flag(
            "has_digital_goods",
            "A category of the cart, or the merchant category code, says digital goods: delivered at once, for good. "
            "False where every line has a category whose words are known and none says so.",
            "goods",
            "Digital goods are in the cart",
            "No digital goods are in the cart",
        ),
        _flag(
            "has_gift_cards",
            "A category of the cart, or the merchant category code, says gift cards or other stored value.",
            "goods",
            "Gift cards are in the cart",
            "No gift cards are in the cart",
        ),
        _flag(
            "has_resale_prone_goods",
            "A category of the cart, or the merchant category code, says goods that are easily sold on: phones, "
            "computers, watches, jewelry, sneakers, perfume, tickets, gift cards.",
            "goods",
            "Goods that are easily sold on are in the cart",
            "No goods that are easily sold on are in the cart",
        ),
        _flag(
            "is_rush_delivery",
            "The goods are to come the same day, overnight or expedited.",
            "rush_shipping",
            "The delivery is rushed",
            "The delivery is not rushed",
        ),
        _flag(
            "has_gift_message",
            "The order carries a message to who gets it.",
            "cart",
            "The order carries a gift message",
            "The order carries no gift message",
        ),
        Feature(
            name="discount_code",
            type=FeatureType.STRING,
            doc="The discount code that was used.",
            source=_SOURCE,
            reason="discount",
            says="The discount code {value} was used",
        ),
        Feature(
            name="account_age",
            type=FeatureType.STRING,
            doc="The age of the shopper's account in bands; hours_since_customer_was_created has it in hours.",
            source=_SOURCE,
            case_sensitive=True,
            values=AGES,
            reason="account_age",
            says="The shopper's account is of the age {value}",
        ),
        Feature(
            name="mcc",
            type=FeatureType.STRING,
            doc="The merchant category code, ISO 18245.",
            source=_SOURCE,
            reason="goods",
            says="The merchant category code is {value}",
        ),
        _flag(
            "is_merchant_initiated",
            "The merchant starts the payment (MIT), by an agreement that the shopper made before.",
            "recurring",
            "The merchant starts the payment",
            "The shopper starts the payment",
        ),
        _flag(
            "is_agent_order",
            "An agent types the order in for the shopper: mail or telephone order.",
            "channel",
            "An agent typed the order in",
            "The shopper typed the order in",
        ),
        _flag(
            "is_retry",
            "Another attempt at an order that was tried before (/payment/attempt_of).",
            "declines",
            "The order was tried before",
            "The order's first attempt",
        ),
    ),
    compute=_compute,
    reads=("hours_since_customer_was_created",),
)
