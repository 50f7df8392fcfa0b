"""Phrases that are written short: all that is meant, and where a text has them."""

import pytest

from engine.reference.phrases import Phrases, phrases_of


@pytest.mark.parametrize(
    ("short", "meant"),
    [
        ("gold", {"gold"}),
        ("e ?books?", {"e book", "e books", "ebook", "ebooks"}),
        ("(game|virtual) coins?|licen[cs]e",
         {"game coin", "game coins", "virtual coin", "virtual coins", "licence", "license"}),
        ("bed(ding|room)?", {"bed", "bedding", "bedroom"}),
        ("tarjetas? (de )?regalo",
         {"tarjeta regalo", "tarjetas regalo", "tarjeta de regalo", "tarjetas de regalo"}),
    ],
)  # fmt: skip
def test_what_is_meant(short: str, meant: set[str]) -> None:
    assert set(phrases_of(short)) == meant


def test_where_a_text_has_them() -> None:
    phrases = Phrases((("money", "gift ?cards?|cards?"), ("toy", "card games?|cards?")))
    found = list(phrases.found(["a", "gift", "card", "game"]))
    assert [(set(lists), behind) for lists, behind in found] == [({"money"}, 3), ({"money", "toy"}, 3), ({"toy"}, 4)]
    assert not list(phrases.found(["gift"]))
    assert not list(Phrases((("one", "a|b"),)).found(["c"]))
