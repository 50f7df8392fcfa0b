"""Names with other marks, in the letters of other keyboards, shortened: which are one person's, which another's."""

import pytest

from engine.enrichment.names import NAMES, _of_names
from engine.enrichment.scripts import may_be_written_otherwise, script_of

FEATURES = [feature.name for feature in NAMES.features]


@pytest.mark.parametrize(
    ("holder", "first", "last", "is_same"),
    [
        # Shortened, in letters of another keyboard or charset, with and without marks that many leave out
        ("M\xaa Jos\xe9", "Mar\xeda", "Jos\xe9", True),
        ("Mohd Ali", "Mohammed", "Ali", True),
        ("\u0645\u062d\u0645\u062f \u0639\u0644\u064a", "\u0645\u062d\u0645\u062f", "\u0639\u0644\u0649", True),
        (
            "\u0641\u0627\u0637\u0645\u0629 \u062d\u0633\u0646",
            "\u0641\u0627\u0637\u0645\u0647",
            "\u062d\u0633\u0646",
            True,
        ),
        (
            "\u0645\u062d\u0640\u0645\u062f \u0639\u0644\u064a",
            "\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f",
            "\u0639\u0644\u06cc",
            True,
        ),
        ("\u9ad9\u6a4b \u4e00\u90ce", "\u4e00\u90ce", "\u9ad8\u6a4b", True),
        ("STEPHEN KING", "Steven", "King", True),
        ("DJORDJE DJORDJEVIC", "\u0110or\u0111e", "\u0110or\u0111evi\u0107", True),
        ("JOHN O'BRIEN", "John", "O Brien", True),
        ("\uff80\uff85\uff76 \uff80\uff9e\uff72\uff81", "\u3060\u3044\u3061", "\u305f\u306a\u304b", True),
        (
            "\u092b\u093c\u093e\u0924\u093f\u092e\u093e \u0916\u093c\u093e\u0928",
            "\u092b\u093e\u0924\u093f\u092e\u093e",
            "\u0916\u093e\u0928",
            True,
        ),
        (
            "\u039d\u03af\u03ba\u03bf\u03c2 \u03a0\u03b1\u03c0\u03c0\u03ac\u03c2",
            "\u039d\u0399\u039a\u039f\u03a3",
            "\u03a0\u0391\u03a0\u03a0\u0391\u03a3",
            True,
        ),
        # Vowel signs and voicing marks make another name.
        ("\u30bf\u30ca\u30ab \u30c0\u30a4\u30c1", "\u30bf\u30a4\u30c1", "\u30bf\u30ca\u30ab", False),
        (
            "\u092e\u0940\u0928\u093e \u0936\u0930\u094d\u092e\u093e",
            "\u092e\u094b\u0928\u093e",
            "\u0936\u0930\u094d\u092e\u093e",
            False,
        ),
        ("\u092e\u094b\u0939\u0928 \u0932\u093e\u0932", "\u092e\u0939\u093e\u0928", "\u0932\u093e\u0932", False),
        ("\u09b0\u09bf\u09ae\u09be \u09a6\u09be\u09b8", "\u09b0\u09ae\u09be", "\u09a6\u09be\u09b8", False),
        (
            "\u0bb0\u0bb5\u0bbf \u0b95\u0bc1\u0bae\u0bbe\u0bb0\u0bcd",
            "\u0bb0\u0bb5\u0bbe",
            "\u0b95\u0bc1\u0bae\u0bbe\u0bb0\u0bcd",
            False,
        ),
        (
            "\u0e2a\u0e38\u0e14\u0e32 \u0e43\u0e08\u0e14\u0e35",
            "\u0e2a\u0e35\u0e14\u0e32",
            "\u0e43\u0e08\u0e14\u0e35",
            False,
        ),
        ("Diana Rossi", "Dana", "Rossi", False),
        ("Nadja Rossi", "Nada", "Rossi", False),
        ("Stephan King", "Steven", "King", False),
        ("Ma Garcia", "Mario", "Garcia", False),
    ],
)
def test_marks_variants_and_short_spellings(holder: str, first: str, last: str, is_same: bool) -> None:
    found = dict(zip(FEATURES, _of_names(holder, f"{first} {last}", None, None, None), strict=True))
    assert found["cardholder_matches_billing_name"] is is_same


def test_the_beginning_of_a_long_text_tells_its_script() -> None:
    long = "\uac00" * 64
    assert script_of(long + "a" * 191) == "east_asian"
    assert not may_be_written_otherwise(long + "\u5c71", long + "\u7530")
