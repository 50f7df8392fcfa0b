"""Everyday spellings of one address in the words of its country."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.enrichment import enrich
from engine.payment import Contact, Payment
from engine.reference import Reference


@pytest.mark.parametrize(
    ("country", "one", "other"),
    [
        ("US", "12 Oak Mt", "12 Oak Mount"),
        ("US", "12 Oak Ft", "12 Oak Fort"),
        ("US", "12 Oak Trl", "12 Oak Trail"),
        ("US", "12 Oak Plz", "12 Oak Plaza"),
        ("US", "12 Oak Hts", "12 Oak Heights"),
        ("US", "12 Oak Expy", "12 Oak Expressway"),
        ("US", "12 Oak Pt", "12 Oak Point"),
        ("US", "12 Oak Aly", "12 Oak Alley"),
        ("US", "12 Oak Xing", "12 Oak Crossing"),
        ("US", "12 Oak Tpke", "12 Oak Turnpike"),
        ("US", "12 Oak Fwy", "12 Oak Freeway"),
        ("US", "12 Main St 2nd Fl", "12 Main St Floor 2"),
        ("PL", "D\u0142uga 12/5", "D\u0142uga 12 m. 5"),
        (
            "RU",
            "\u0422\u0432\u0435\u0440\u0441\u043a\u0430\u044f \u0443\u043b., 5",
            "\u0443\u043b. \u0422\u0432\u0435\u0440\u0441\u043a\u0430\u044f 5",
        ),
        (
            "RU",
            "\u041d\u0435\u0432\u0441\u043a\u0438\u0439 \u043f\u0440-\u0442 5",
            "\u041d\u0435\u0432\u0441\u043a\u0438\u0439 \u043f\u0440\u043e\u0441\u043f\u0435\u043a\u0442, \u0434. 5",
        ),
        (
            "RU",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 5 \u043a\u043e\u0440\u043f. 2",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 5 \u043a2",
        ),
        (
            "RU",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 5 \u043a. 2",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 \u0434. 5, \u043a\u043e\u0440\u043f\u0443\u0441 2",
        ),
        (
            "RU",
            "\u043d\u0430\u0431. \u041c\u043e\u0439\u043a\u0438 5",
            "\u043d\u0430\u0431\u0435\u0440\u0435\u0436\u043d\u0430\u044f \u041c\u043e\u0439\u043a\u0438 5",
        ),
        ("BR", "Rua Sol 5 Bl. B", "Rua Sol 5 Bloco B"),
        ("BR", "Rua Sta. Rita 5", "Rua Santa Rita 5"),
        ("BE", "Rue Neuve 5 bte 2", "Rue Neuve 5 bo\xeete 2"),
        ("FR", "5 rue Neuve Bat. B", "5 rue Neuve B\xe2timent B"),
        (
            "RU",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 5 \u043a\u043e\u0440\u043f. 2",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 5\u043a2",
        ),
        ("JP", "\u795e\u5bae\u524d1\u4e01\u76ee2\u756a3\u53f7", "\u795e\u5bae\u524d1-2-3"),
        ("JP", "\u795e\u5bae\u524d\uff11\u30fc\uff12\u30fc\uff13", "\u795e\u5bae\u524d1-2-3"),
        ("JP", "\u795e\u5bae\u524d1\u306e2\u306e3", "\u795e\u5bae\u524d1-2-3"),
        ("KR", "\ud14c\ud5e4\ub780\ub85c152", "\ud14c\ud5e4\ub780\ub85c 152"),
        ("ES", "Plaza Mayor 5", "Pza. Mayor 5"),
    ],
)
def test_a_countrys_words_are_read(
    make_payment: Callable[..., Payment], reference: Reference, country: str, one: str, other: str
) -> None:
    billing = Contact(address=one, city="Anytown", country=country, postal="12345")
    known, _ = enrich(make_payment(billing=billing, shipping=replace(billing, address=other)), reference)
    assert (known["billing_address"] == known["shipping_address"]) is True
    assert known["shipping_address_matches_billing"] is True


@pytest.mark.parametrize(
    ("country", "one", "other"),
    [
        ("US", "12 Main Pl", "12 Main Plaza"),
        (
            "RU",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 5 \u043a\u043e\u0440\u043f. 2",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 52",
        ),
        (
            "RU",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 5 \u043a\u043e\u0440\u043f. 2",
            "\u0443\u043b. \u041c\u0438\u0440\u0430 5 \u043a\u043e\u0440\u043f. 3",
        ),
        ("JP", "\u795e\u5bae\u524d1\u4e01\u76ee2\u756a3\u53f7", "\u795e\u5bae\u524d1-23"),
        ("KR", "\ud14c\ud5e4\ub780\ub85c152", "\ud14c\ud5e4\ub780\ub85c 15"),
        ("FR", "5 rue Neuve Bat. B", "5 rue Neuve Bat. C"),
    ],
)
def test_other_words_are_another_address(
    make_payment: Callable[..., Payment], reference: Reference, country: str, one: str, other: str
) -> None:
    billing = Contact(address=one, city="Anytown", country=country, postal="12345")
    known, _ = enrich(make_payment(billing=billing, shipping=replace(billing, address=other)), reference)
    assert (known["billing_address"] == known["shipping_address"]) is False
    assert known["shipping_address_matches_billing"] is False
