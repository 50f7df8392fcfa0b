"""The shopper's names: whether cardholder, billing, shipping name and e-mail address agree, and how they are written.

Names are compared without case, marks, titles and the order of their words. Other scripts than Latin are compared with
themselves alone: a Cyrillic name and a Latin e-mail address are unknown, not different; so are kanji and kana.
"""

import re
from collections.abc import Mapping
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment, of_contacts
from engine.enrichment.mailbox import mailbox_of
from engine.enrichment.name_features import NAME_FEATURES
from engine.enrichment.name_in_email import NOT_LETTERS, letters_of, likeness_to_local
from engine.enrichment.name_likeness import ALIKE_PERCENT, likeness_percent
from engine.enrichment.scripts import (
    are_of_two_scripts,
    case_of,
    in_katakana,
    is_mixed,
    may_be_written_otherwise,
    script_of,
)
from engine.enrichment.shown_text import as_shown
from engine.features import Unknown, Value
from engine.payment import Contact, Payment
from engine.reference import Reference
from engine.reference.letter_pairs import LetterPairs
from engine.reference.letters import plain_letters

_LETTERS_MIN: Final = 3
_OTHER_SCRIPT, _TOO_SHORT, _NO_LETTERS = Unknown("other_script"), Unknown("too_short"), Unknown("letter_pairs")
_DIGIT: Final = re.compile(r"\d")
_JOINING: Final = str.maketrans("", "", "'`")
"""Apostrophes, which join what they stand between: O'Brien is one word. Other signs for one are no more there."""
_TITLES: Final = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "herr", "frau", "monsieur", "madame", "mme", "sr"}
    | {"sra", "jr", "ii", "iii", "iv"}
)
_LEGAL_FORMS: Final = frozenset(
    {"ltd", "limited", "plc", "llc", "llp", "inc", "corp", "gmbh", "kgaa", "ohg", "sarl", "sas", "sasu", "eurl", "spa"}
    | {"srl", "ltda", "pty", "pte", "bhd", "sdn", "oyj", "aps", "asa", "kft", "zrt", "sro", "doo"}
)
"""What companies are called by law, where it has more than two letters: shorter ones are not judged."""
_JUDGED_MIN: Final = 3
"""Shorter words are not judged: initials, and legal forms such as AG."""
_OF_SCHEMES: Final = ("card", "cardholder", "prepaid", "gift", "gift card", "gift cardholder", "test", "test card")
_PLACEHOLDERS: Final = frozenset(
    {"test", "test test", "test user", "card holder", "cardholder", "cardholder name", "name", "name on card", "abc"}
    | {"john doe", "jane doe", "unknown", "none", "null", "na", "n a", "customer", "guest", "user", "first last"}
    | {"full name", "first name", "your name", "card member", "prepaid", "prepaid card", "valued customer"}
    | {"a gift for you", "gift for you", "gift card for you", "giftcard", "gift card", "gift", "gift recipient"}
    | {"gift card recipient", "gift card holder", "test card", "test cardholder", "test name", "card test"}
    | {f"{scheme} {what}" for scheme in ("visa", "mastercard", "amex", "american express") for what in _OF_SCHEMES}
    | {"valued cardholder", "valued card member", "preferred customer", "our customer", "instant issue", "anonymous"}
    | {"max mustermann", "erika mustermann", "mustermann", "joe bloggs", "john q public"}
    | {"asdf", "asdf asdf", "qwerty", "foo bar", "xxx"}
)
"""What is typed where a form insists on a name, and what gift and instantly issued cards have printed on them."""

_STOPGAPS: Final = frozenset({"na", "n/a", "n.a", "nil", "none", "null", "fnu", "lnu", "no last name", "no surname"})
"""What is typed for a second name by who has one alone, as many in Indonesia and South India do."""
_STOPGAP_MAX: Final = 16
_THAI_TITLES: Final = ("\u0e19\u0e32\u0e07\u0e2a\u0e32\u0e27", "\u0e19\u0e32\u0e07", "\u0e19\u0e32\u0e22")
"""Miss, Mrs and Mr, which stand before a given name without a blank; the longer first."""
_JAPANESE_TITLE: Final = "\u69d8"
"""Behind the whole name, without a blank; no name ends in it."""
_LETTERS_MAX: Final = 300
"""Of a name are compared: a field has fewer characters, of which some stand for five letters each."""


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    billing, shipping = payment.billing, payment.shipping
    return _of_names(
        payment.card.cardholder_name,
        _full_name(billing, payment.card.cardholder_name),
        _full_name(shipping, payment.card.cardholder_name),
        payment.email.address,
        reference.letter_pairs,
    )


def _full_name(contact: Contact, holder: str | None) -> str | None:
    """Both names, without what is typed for one that somebody has not, unless the card has that too: Min Na."""
    first, last = contact.first_name, contact.last_name
    if not (first and last):
        return first or last
    kept = [each for each in (first, last) if not _is_stopgap(each, holder)]
    return " ".join(kept) or f"{first} {last}"


def _is_stopgap(name: str, holder: str | None) -> bool:
    if len(name) > _STOPGAP_MAX or (plain := name.strip(" .").lower()) not in _STOPGAPS:
        return False
    # Na is a family name as well: without the card's nobody can tell.
    return holder is not None and plain not in holder.lower().split()


def _of_names(
    holder: str | None, billing: str | None, shipping: str | None, email: str | None, letters: LetterPairs | None
) -> Computed:
    """All of the topic; a table that is read anew is another key."""
    of_holder, of_billing = _words(holder), _words(billing)
    # Goods go to who is billed more often than not.
    of_shipping = of_billing if shipping == billing else _words(shipping)
    # Most are: then their scripts are one, and are not looked at.
    are_ascii = f"{holder}{billing}{shipping}{email}".isascii()
    local = None if email is None else mailbox_of(email).local
    by_holder = _likeness_to_email(local, of_holder, are_ascii=are_ascii)
    by_billing = by_holder if of_billing == of_holder else _likeness_to_email(local, of_billing, are_ascii=are_ascii)
    alike = _likeness(of_holder, of_billing, are_ascii=are_ascii)
    return (
        alike,
        alike if shipping == billing else _likeness(of_holder, of_shipping, are_ascii=are_ascii),
        _likeness(of_billing, of_shipping, are_ascii=are_ascii),
        alike >= ALIKE_PERCENT if isinstance(alike, int) else alike,
        by_holder,
        by_billing,
        _matches(by_holder, by_billing),
        *_of_holder(holder, of_holder, letters),
        _any_mixed(holder, billing, shipping),
    )


def _of_holder(holder: str | None, words: tuple[str, ...] | None, letters: LetterPairs | None) -> Computed:
    if holder is None or words is None:
        return (None,) * 6
    judged = " ".join([word for word in words if len(word) >= _JUDGED_MIN and word not in _LEGAL_FORMS])
    percent = _NO_LETTERS if letters is None else letters.gibberish_percent(judged)
    return (
        len(words),
        _DIGIT.search(holder) is not None,
        " ".join(words) in _PLACEHOLDERS,
        _TOO_SHORT if percent is None else percent,
        script_of(holder),
        case_of(holder),
    )


def _words(name: str | None) -> tuple[str, ...] | None:
    """The words of a name as they are compared; titles go, unless nothing else is there."""
    if name is None:
        return None
    plain = plain_letters(as_shown(name))[:_LETTERS_MAX]
    # Most have letters and blanks alone: those are words as they stand.
    is_plain = plain.isascii() and plain.replace(" ", "").isalpha()
    found = tuple((plain if is_plain else in_katakana(NOT_LETTERS.sub(" ", plain.translate(_JOINING)))).split())
    if not (is_plain or plain.isascii()):
        found = _without_glued_titles(found)
    return found if _TITLES.isdisjoint(found) else tuple([word for word in found if word not in _TITLES]) or found


def _without_glued_titles(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a name without the titles that Thai and Japanese put to them without a blank."""
    if not words:
        return words
    first, *others = words
    title = next((each for each in _THAI_TITLES if first.startswith(each) and len(first) > len(each) + 1), "")
    *before, last = (first.removeprefix(title), *others)
    return (*before, last.removesuffix(_JAPANESE_TITLE) or last)


def _once(words: tuple[str, ...]) -> tuple[str, ...]:
    """One word for a name that is twice the same: who has one name alone writes it into both fields."""
    return words[:1] if len(words) > 1 and words.count(words[0]) == len(words) else words


def _likeness(one: tuple[str, ...] | None, other: tuple[str, ...] | None, *, are_ascii: bool) -> int | Unknown | None:
    """How alike two names are, in %; those of two scripts cannot be compared."""
    if one is None or other is None:
        return None
    if not one or not other:
        return _TOO_SHORT
    one, other = _once(one), _once(other)
    if are_ascii:
        return likeness_percent(one, other)
    left, right = "".join(one), "".join(other)
    if are_of_two_scripts(left, right):
        return _OTHER_SCRIPT
    percent = likeness_percent(one, other)
    return _OTHER_SCRIPT if percent < ALIKE_PERCENT and may_be_written_otherwise(left, right) else percent


def _likeness_to_email(local: str | None, words: tuple[str, ...] | None, *, are_ascii: bool) -> int | Unknown | None:
    """How alike an address's local part is to a name, in %: to first and last name, or initials, in either order."""
    if local is None or words is None:
        return None
    letters = letters_of(local)
    if len(letters) < _LETTERS_MIN or not words:
        return _TOO_SHORT
    if not are_ascii and are_of_two_scripts(letters, "".join(words)):
        return _OTHER_SCRIPT
    return likeness_to_local(letters, local, _once(words))


def _matches(one: int | Unknown | None, other: int | Unknown | None) -> bool | Unknown | None:
    """Whether one is alike; no where none of those known is."""
    if isinstance(one, int):
        return one >= ALIKE_PERCENT or (isinstance(other, int) and other >= ALIKE_PERCENT)
    if isinstance(other, int):
        return other >= ALIKE_PERCENT
    return other if one is None else one


def _any_mixed(*names: str | None) -> bool | None:
    written = [name for name in names if name is not None]
    return is_mixed(" ".join(written)) if written else None


NAMES = Enrichment(
    topic="names",
    features=NAME_FEATURES,
    compute=_compute,
    fields=("card.cardholder_name", *of_contacts("first_name", "last_name"), "email.address"),
)
