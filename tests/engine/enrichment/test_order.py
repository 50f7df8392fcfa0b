"""What is bought: goods that fraud prefers, dear and round amounts; what is not said is unknown."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from string import ascii_lowercase
from time import thread_time_ns
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enrichment import enrich
from engine.enrichment.order import ORDER, minor_units, minor_units_of_decimal
from engine.features import Value
from engine.payment import Account, CartItem, Contact, Order, Party, Payment, Processing
from engine.reference import Reference
from engine.reference.goods import kinds_of_category

Make = Callable[..., Payment]


@pytest.mark.parametrize(
    ("category", "kinds"),
    [
        ("Gift Cards", (True, True, True)),
        ("e-gift card", (True, True, True)),
        ("PC game keys", (True, False, False)),
        ("Mobile top-up", (True, False, True)),
        ("Software > Licences", (True, False, False)),
        ("E-books", (True, False, False)),
        ("Smartphones & Tablets", (False, False, True)),
        ("Concert tickets", (False, False, True)),
        ("jewellery", (False, False, True)),
        ("books", (False, False, False)),
        ("garden furniture", (False, False, False)),
        ("phone cases", (False, False, False)),
        ("Phones & Accessories", (False, False, True)),
        ("iPhone 15 case", (False, False, False)),
        ("ticket holders", (False, False, False)),
        ("Mobile phone accessories", (False, False, False)),
        ("Laptop bags", (False, False, False)),
        ("Computer desks", (False, False, False)),
        ("Formula 1 caps", (False, False, False)),
        ("Skin care", (False, False, False)),
        ("CS skins", (True, False, False)),
        ("Digital cameras", (False, False, True)),
        ("Digital goods", (True, False, False)),
        ("Digital", (True, False, False)),
        ("apparel", (False, False, False)),
        ("vr games", (False, False, False)),
        ("Geschenkkarten", (True, True, True)),
        ("Téléphones", (False, False, True)),
        ("Möbel", (False, False, False)),
        ("Electrónica", (False, False, True)),
        ("case for iPhone 15 Pro Max", (False, False, True)),
        ("iPhone 15 Pro Max case", (False, False, False)),
        ("watch, gold case", (False, False, True)),
        ("tarjetas de regalo", (True, True, True)),
        ("headphonesets", None),
        ("смартфоны", None),
        ("C-1042", None),
        ("", None),
    ],
)
def test_what_a_category_says(category: str, kinds: tuple[bool, ...] | None) -> None:
    assert kinds_of_category(category) == kinds


@pytest.mark.parametrize(
    "words",
    [
        lambda drawn: "".join(drawn.choices(ascii_lowercase, k=255)),
        lambda drawn: " ".join(drawn.choices(ascii_lowercase, k=128)),
        lambda drawn: " ".join(drawn.choices(("phone", "smart", "gift", "power", "prepaid", "case"), k=60)),
        lambda drawn: "".join(drawn.choices("\u0430\u0431\u0432 ", k=255)),
        lambda drawn: "".join(drawn.choices("\ufdfa\u3302", k=255)),
    ],
)
def test_no_cart_takes_a_deadlines_time(
    make_payment: Make, reference: Reference, words: Callable[[Random], str]
) -> None:
    drawn, took = Random(3), []
    for _ in range(5):
        payment = make_payment(cart=tuple(CartItem(category=words(drawn)[:255]) for _ in range(200)))
        begun = thread_time_ns()
        ORDER.compute(payment, reference, {"hours_since_customer_was_created": None})
        took.append(thread_time_ns() - begun)
    # Some 1 ms: what is allowed here is for a slow machine.
    assert min(took) < 8_000_000


def test_what_was_not_read_is_unknown(make_payment: Make, reference: Reference) -> None:
    many = tuple(CartItem(category=f"books {number}") for number in range(200))
    long = CartItem(category="books " * 40 + "gift cards")
    for cart in (many, (long,), (BOOK, long)):
        known, causes = enrich(make_payment(cart=cart), reference)
        assert (known["has_gift_cards"], causes["has_gift_cards"]) == (None, "category_unknown")
        assert enrich(make_payment(cart=(GIFT, *cart)), reference)[0]["has_gift_cards"] is True
    assert enrich(make_payment(cart=(BOOK,) * 200), reference)[0]["has_gift_cards"] is False


GIFT, BOOK, UNNAMED = CartItem(category="gift cards"), CartItem(category="books"), CartItem(quantity=1)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"cart": (BOOK, GIFT)}, {"has_gift_cards": True, "has_digital_goods": True, "cart_lines": 2}),
        ({"cart": (BOOK,)}, {"has_gift_cards": False, "has_resale_prone_goods": False}),
        ({"cart": (GIFT, UNNAMED)}, {"has_gift_cards": True}),
        ({"cart": (BOOK, UNNAMED)}, {"has_gift_cards": "category_unknown"}),
        ({"cart": (BOOK, CartItem(category="бытовая техника"))}, {"has_gift_cards": "category_unknown"}),
        ({"cart": (GIFT, CartItem(category="C-1042"))}, {"has_gift_cards": True, "has_resale_prone_goods": True}),
        ({"cart": (BOOK,), "processing": Processing(mcc="6540")}, {"has_gift_cards": True, "mcc": "6540"}),
        ({"processing": Processing(mcc="5816")}, {"has_digital_goods": True, "has_gift_cards": None}),
        ({}, {"has_digital_goods": None, "cart_lines": None, "is_rush_delivery": None, "account_age": None}),
        (
            {"cart": (CartItem(price="19.90", quantity=10), CartItem(price="5", quantity=1))},
            {"cart_highest_price_usd": 1990, "cart_highest_quantity": 10, "cart_quantity": 11},
        ),
        ({"cart": (UNNAMED, CartItem(price="1"))}, {"cart_quantity": None, "cart_highest_quantity": 1}),
        ({"cart": (CartItem(price="5"), CartItem(price="x"))}, {"cart_highest_price_usd": "price_unknown"}),
        ({"cart": (CartItem(price="-5"),)}, {"cart_highest_price_usd": "price_unknown"}),
        ({"cart": (CartItem(price="-5"), CartItem(price="2.5"))}, {"cart_highest_price_usd": 250}),
        ({"cart": (BOOK,)}, {"cart_highest_price_usd": "price_unknown", "cart_highest_quantity": None}),
        ({"order": Order(amount_minor=10_000, currency="USD")}, {"is_round_amount": True}),
        ({"order": Order(amount_minor=10_500, currency="USD")}, {"is_round_amount": False}),
        ({"order": Order(amount_minor=3_000, currency="JPY")}, {"is_round_amount": True}),
        ({"order": Order(amount_minor=5_000, currency="KWD")}, {"is_round_amount": False}),
        ({"order": Order(amount_minor=0, currency="USD")}, {"is_round_amount": "no_amount"}),
        ({"shipping": Contact(delivery_speed="overnight")}, {"is_rush_delivery": True}),
        ({"shipping": Contact(delivery_speed="standard")}, {"is_rush_delivery": False}),
        ({"processing": Processing(attempt_of="tx-0", initiator="merchant")}, {"is_retry": True}),
        ({"processing": Processing(attempt_of="tx-1", initiator="customer")}, {"is_merchant_initiated": False}),
        ({"party": Party.AGENT}, {"is_agent_order": True, "is_retry": None}),
    ],
)
def test_what_the_order_says(
    make_payment: Make, reference: Reference, fields: dict[str, Any], found: Mapping[str, Value]
) -> None:
    known, causes = enrich(make_payment(**fields), reference)
    assert {name: causes.get(name) if known[name] is None else known[name] for name in found} == found


@pytest.mark.parametrize(
    ("hours", "band"),
    [
        (0, "under_1h"), (1, "under_1d"), (23, "under_1d"), (24, "under_7d"), (29 * 24, "under_30d"),
        (30 * 24, "under_180d"), (180 * 24, "older"),
    ],
)  # fmt: skip
def test_how_old_the_account_is(make_payment: Make, reference: Reference, hours: int, band: str) -> None:
    at = make_payment().at
    known, _ = enrich(make_payment(account=Account(created_at=at - timedelta(hours=hours))), reference)
    assert known["account_age"] == band


PRICES = st.from_regex(r"-?[0-9]{0,14}(\.[0-9]{0,5})?", fullmatch=True) | st.text(
    "0123456789.-+eE_ \u0663NaInf", max_size=9
)


@given(PRICES, st.sampled_from((None, 0, 2, 3, 4)))
def test_a_price_is_read_as_a_decimal_is(price: str, exponent: int | None) -> None:
    assert minor_units(price, exponent) == minor_units_of_decimal(price, exponent)
