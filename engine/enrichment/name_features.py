"""The features of the shopper's names, in the order in which names.py gives them."""

from typing import Final

from engine.enrichment.scripts import CASES, SCRIPTS
from engine.features import Feature, FeatureType

_TEXT, _FLAG, _COUNT = FeatureType.STRING, FeatureType.BOOLEAN, FeatureType.INTEGER
_SOURCE: Final = "enrichment names"
_NAMES, _EMAIL, _WRITTEN = "names", "email_name", "name_written"


_WORD_BY_WORD: Final = (
    " One may have initials for words of the other, also together (JF Kennedy), or leave out middle names and a second "
    "family name; where each has a word that the other has not, or the family names differ, it is 79 at most. A slip "
    "of the keys is forgiven in a family name of four letters or more. A letter of a given name makes another, most of "
    "all at its end (Mario and Maria, Daniel and Daniela), but for other spellings (Jon, Kareem and Karim), doubled "
    "letters, two swapped before the ending, and a consonant left out of a long name. Unknown (`other_script`) for two "
    "scripts, kanji beside kana, traditional beside simplified characters."
)
_ALSO_SO: Final = " Compared word by word, as `cardholder_billing_name_similarity` says."
_TO_EMAIL: Final = (
    " Scripts are never compared: a name in other letters than the address has, as nearly every Cyrillic or Chinese "
    "one, is unknown (`other_script`)."
)


def _likeness(name: str, between: str, reason: str, also: str = "") -> Feature:
    return Feature(
        name=name,
        type=_COUNT,
        unit="%",
        doc=f"How alike {between} are: 100 is the same, 80 and above likely the same, less another.{also}",
        source=_SOURCE,
        direction=-1,
        reason=reason,
        says=f"{between[0].upper()}{between[1:]} are {{value}} % alike",
    )


NAME_FEATURES: Final = (
    _likeness("cardholder_billing_name_similarity", "cardholder and billing name", _NAMES, _WORD_BY_WORD),
    _likeness("cardholder_shipping_name_similarity", "cardholder and shipping name", _NAMES, _ALSO_SO),
    _likeness("billing_shipping_name_similarity", "billing and shipping name", _NAMES, _ALSO_SO),
    Feature(
        name="cardholder_matches_billing_name",
        type=_FLAG,
        doc="Cardholder and billing name are at least 80 % alike: one person's, by each word. Who has only the family "
        "name in common with the other, as spouses have, is another.",
        source=_SOURCE,
        direction=-1,
        reason=_NAMES,
        says="The cardholder is the one who is billed",
        denies="The cardholder is another one than is billed",
    ),
    _likeness("email_cardholder_name_similarity", "e-mail address and cardholder name", _EMAIL, _TO_EMAIL),
    _likeness("email_billing_name_similarity", "e-mail address and billing name", _EMAIL, _TO_EMAIL),
    Feature(
        name="email_matches_name",
        type=_FLAG,
        doc="The e-mail address is at least 80 % like the cardholder's or the billing name: it has both or one of "
        "first and family name, or an initial of one beside the other, in either order; any word after the first may "
        "be the family name. A name may be spelt otherwise (\u00fc as ue) or cut to its beginning (chris.lee of "
        "Christopher Lee; not Bob of Robert); middle initials, titles and a further word behind a dot are no matter. "
        "Letters in common are not enough (Dan Brown and jan.brown). Unknown where both names are in other letters.",
        source=_SOURCE,
        direction=-1,
        reason=_EMAIL,
        says="The e-mail address has the shopper's name",
        denies="The e-mail address has another name than the shopper",
    ),
    Feature(
        name="cardholder_name_words",
        type=_COUNT,
        unit="words",
        doc="How many words the cardholder's name has, titles left out.",
        source=_SOURCE,
        reason=_WRITTEN,
        says="The cardholder's name has {value} words",
    ),
    Feature(
        name="cardholder_name_has_digits",
        type=_FLAG,
        doc="The cardholder's name has digits in it.",
        source=_SOURCE,
        direction=1,
        reason=_WRITTEN,
        says="The cardholder's name has digits in it",
        denies="The cardholder's name has no digits",
    ),
    Feature(
        name="is_cardholder_name_placeholder",
        type=_FLAG,
        doc="The cardholder's name is a stopgap, such as test, John Doe or what gift cards have printed on them.",
        source=_SOURCE,
        direction=1,
        reason=_WRITTEN,
        says="The cardholder's name is a stopgap",
        denies="The cardholder's name is no known stopgap",
    ),
    Feature(
        name="cardholder_name_gibberish",
        type=_COUNT,
        unit="%",
        doc="How likely the letters of the cardholder's name are random, as of the e-mail address. Not judged are "
        "titles, words of one or two letters, legal forms (Ltd, GmbH) and Chinese names in Latin letters; unknown "
        "(`too_short`) where fewer than six letters from a to z are left.",
        source=_SOURCE,
        direction=1,
        reason=_WRITTEN,
        says="The letters of the cardholder's name are {value} % likely to be random",
    ),
    Feature(
        name="cardholder_name_script",
        type=_TEXT,
        doc="The script of most letters of the cardholder's name; cards are embossed in Latin letters.",
        source=_SOURCE,
        values=SCRIPTS,
        reason=_WRITTEN,
        says="The cardholder's name is written in {value} letters",
    ),
    Feature(
        name="cardholder_name_case",
        type=_TEXT,
        doc="The capitals of the cardholder's name: all upper, all lower, as in titles, or mixed as nobody writes.",
        source=_SOURCE,
        values=CASES,
        reason=_WRITTEN,
        says="The capitals of the cardholder's name: {value}",
    ),
    Feature(
        name="has_mixed_script_name",
        type=_FLAG,
        doc="A word of a name has letters of two scripts that look alike: a Cyrillic one that imitates a Latin one.",
        source=_SOURCE,
        direction=1,
        reason=_WRITTEN,
        says="A name mixes letters of two scripts in one word",
        denies="No name mixes scripts in one word",
    ),
)
