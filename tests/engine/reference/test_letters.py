"""Text without case and accents: what is the same is one text, and no text grows out of bounds."""

import sys
from unicodedata import is_normalized, normalize

import pytest

from engine.enrichment.streets import folded_postal, folded_street
from engine.reference.letters import apart, composed, plain_letters, unaccented, unmarked, words_of
from engine.reference.places import folded_place, place_key
from engine.reference.postal import folded_region, plain_code

FIELD: int = 255


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Champs-\u00c9lys\u00e9es", "champs-elysees"),
        ("STRA\u00dfE", "strasse"),
        ("\uff21\uff42\uff11", "ab1"),
        ("e\u0301", "e"),
        ("\uff21 \ufdfa", "\uff41 \ufdfa"),
        ("\ufb01", "fi"),
        ("\u30d1\u30fc\u30af1-2", "\u30d1\u30fc\u30af1-2"),
        ("\uff8a\uff9f\uff70\uff781-2", "\u30d1\u30fc\u30af1-2"),
        ("\u30d0\u30fc\u30af1-2", "\u30d0\u30fc\u30af1-2"),
        ("\uac15\ub0a8\uad6c", "\uac15\ub0a8\uad6c"),
        ("\u092e\u094b\u0939\u0928", "\u092e\u094b\u0939\u0928"),
        ("\u091c\u093c", "\u091c"),
        ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
        ("\u845b\U000e0100\u57ce", "\u845b\u57ce"),
        ("\u0401\u0436", "\u0435\u0436"),
        ("\u0e2a\u0e38\u0e14\u0e32", "\u0e2a\u0e38\u0e14\u0e32"),
    ],
)
def test_what_a_text_comes_to(text: str, plain: str) -> None:
    assert unaccented(text) == plain
    assert unaccented(normalize("NFD", text)) == plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u30ab\u30d0", "\u30ab\u30cf"),
        ("\u3064\u304f\u3070", "\u3064\u304f\u306f"),
        ("\u092e\u094b\u0939\u0928 \u0928\u0917\u0930", "\u092e\u0939\u093e\u0928 \u0928\u0917\u0930"),
        ("\u0e2a\u0e38\u0e14\u0e32", "\u0e2a\u0e35\u0e14\u0e32"),
    ],
)
def test_cities_that_differ_in_voicing_or_vowels_are_two(one: str, other: str) -> None:
    assert folded_place(one) != folded_place(other)
    assert plain_letters(one) != plain_letters(other)
    # The table was made without them.
    assert place_key(one) == place_key(other)


def test_vowel_signs_part_no_word() -> None:
    assert words_of("\u092e\u094b\u0939\u0928-\u0928\u0917\u0930 12") == [
        "\u092e\u094b\u0939\u0928",
        "\u0928\u0917\u0930",
        "12",
    ]
    assert words_of("Main St. 12-b") == ["Main", "St", "12", "b"]


@pytest.mark.parametrize("letter", ["\ufdfa", "\ufdfb", "\u321d", "\u3302", "\uac01", "\u1ec7"])
def test_no_field_grows_out_of_bounds(letter: str) -> None:
    folds = (
        unaccented,
        apart,
        composed,
        folded_street,
        folded_place,
        folded_region,
        plain_code,
        plain_letters,
        unmarked,
    )
    for fold in folds:
        assert len(fold(letter * FIELD)) <= 7 * FIELD
    assert len(folded_postal(letter * FIELD, "DE")) <= 7 * FIELD


def test_no_other_character_stands_for_a_sentence() -> None:
    characters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    grown = {each for each in characters if not is_normalized("NFKD", each) and len(normalize("NFKD", each)) > 7}
    assert grown == {"\ufdfa", "\ufdfb"}
