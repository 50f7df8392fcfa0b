"""Names of one word, what is typed for a second one, titles glued to a name, and letters in another width."""

from collections.abc import Callable

import pytest

from engine.enrichment import enrich
from engine.enrichment.scripts import script_of
from engine.payment import Card, Contact, Email, Payment
from engine.reference import Reference


@pytest.mark.parametrize(
    ("holder", "first", "last", "is_one"),
    [
        ("SUKARNO", "Sukarno", "Sukarno", True),
        ("ALI ALI", "Ali", None, True),
        ("SUKARNO", "Sukarno", "N/A", True),
        ("SUKARNO", "Sukarno", "na", True),
        ("SUKARNO", "Sukarno", "None", True),
        ("SUKARNO", "FNU", "Sukarno", True),
        ("SUKARNO", "Suharto", "LNU", False),
        # Na is a family name too.
        ("MIN NA", "Min", "Na", True),
        ("MIN NA", "Jun", "Na", False),
        ("JOHN SMITH", "J\u3164OHN", "SM\u00adITH", True),
        (
            "\u0e2a\u0e21\u0e0a\u0e32\u0e22 \u0e43\u0e08\u0e14\u0e35",
            "\u0e19\u0e32\u0e22\u0e2a\u0e21\u0e0a\u0e32\u0e22",
            "\u0e43\u0e08\u0e14\u0e35",
            True,
        ),
        ("\u9ad8\u6a4b\u4e00\u90ce", "\u9ad8\u6a4b", "\u4e00\u90ce\u69d8", True),
    ],
)
def test_one_name_alone_stopgaps_and_what_is_glued_to_a_name(
    make_payment: Callable[..., Payment],
    reference: Reference,
    *,
    holder: str,
    first: str,
    last: str | None,
    is_one: bool,
) -> None:
    billing = Contact(first_name=first, last_name=last)
    known, _ = enrich(make_payment(card=Card(cardholder_name=holder), billing=billing), reference)
    assert known["cardholder_matches_billing_name"] is is_one


def test_without_the_cards_name_a_family_name_stays(make_payment: Callable[..., Payment], reference: Reference) -> None:
    card, billing = Card(cardholder_name=None), Contact(first_name="Min", last_name="Na")
    known, _ = enrich(make_payment(card=card, billing=billing, email=Email(address="min.na@example.com")), reference)
    assert known["email_billing_name_similarity"] == 100


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("\uff2a\uff4f\uff48\uff4e", "latin"),
        ("\U0001d409\U0001d428\U0001d421\U0001d427", "latin"),
        ("\uff83\uff84", "east_asian"),
        ("\u9ad8\u6a4b", "east_asian"),
    ],
)
def test_full_width_and_styled_letters_are_of_their_likes_script(name: str, script: str) -> None:
    assert script_of(name) == script
