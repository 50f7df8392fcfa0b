"""Text without case and accents: what is the same is one text, and no text grows out of bounds."""

import sys
from unicodedata import is_normalized, normalize

import pytest

from engine.enrichment.streets import folded_postal, folded_street
from engine.reference.letters import apart, composed, plain_letters, unaccented
from engine.reference.places import folded_place
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
    ],
)
def test_what_a_text_comes_to(text: str, plain: str) -> None:
    assert unaccented(text) == plain


@pytest.mark.parametrize("letter", ["\ufdfa", "\ufdfb", "\u321d", "\u3302", "\uac01", "\u1ec7"])
def test_no_field_grows_out_of_bounds(letter: str) -> None:
    for fold in (unaccented, apart, composed, folded_street, folded_place, folded_region, plain_code, plain_letters):
        assert len(fold(letter * FIELD)) <= 7 * FIELD
    assert len(folded_postal(letter * FIELD, "DE")) <= 7 * FIELD


def test_no_other_character_stands_for_a_sentence() -> None:
    characters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    grown = {each for each in characters if not is_normalized("NFKD", each) and len(normalize("NFKD", each)) > 7}
    assert grown == {"\ufdfa", "\ufdfb"}
