"""The shopper's names: whether cardholder, billing, shipping name and e-mail address agree, and how they are written.

Names are compared without case, marks, titles and the order of their words. Other scripts than Latin are compared with
themselves alone: a Cyrillic name and a Latin e-mail address are unknown, not different; so are kanji and kana.
"""

import re
from collections.abc import Mapping
from typing import Final

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne

from engine.enrichment.enrichment import Computed, Enrichment, of_contacts
from engine.enrichment.mailbox import mailbox_of
from engine.enrichment.name_features import NAME_FEATURES
from engine.enrichment.name_likeness import ALIKE_PERCENT, likeness_percent
from engine.enrichment.scripts import (
    are_of_two_scripts,
    case_of,
    in_katakana,
    is_mixed,
    may_be_written_otherwise,
    script_of,
)
from engine.features import Unknown, Value
from engine.payment import Contact, Payment
from engine.reference import Reference
from engine.reference.letter_pairs import LetterPairs
from engine.reference.letters import plain_letters

_LETTERS_MIN: Final = 3
_OTHER_SCRIPT, _TOO_SHORT, _NO_LETTERS = Unknown("other_script"), Unknown("too_short"), Unknown("letter_pairs")
_NOT_LETTERS: Final = re.compile(r"[\W\d_]+")
_ASCII_BUT_LETTERS: Final = bytes(each for each in range(128) if not chr(each).isalpha())
_DIGIT: Final = re.compile(r"\d")
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
_PLACEHOLDERS: Final = frozenset(
    {"test", "test test", "test user", "card holder", "cardholder", "cardholder name", "name", "name on card", "abc"}
    | {"john doe", "jane doe", "unknown", "none", "null", "na", "n a", "customer", "guest", "user", "first last"}
    | {
        "gift card recipient",
        "giftcard",
        "full name",
        "first name",
        "your name",
        "card member",
        "prepaid",
        "prepaid card",
    }
    | {
        "visa cardholder",
        "valued cardholder",
        "visa gift card",
        "mastercard gift card",
        "gift card holder",
        "gift recipient",
    }
    | {"visa card", "visa prepaid", "mastercard cardholder", "valued card member", "preferred customer", "our customer"}
    | {"max mustermann", "erika mustermann", "mustermann", "joe bloggs", "john q public"}
    | {"gift card", "valued customer", "instant issue", "asdf", "asdf asdf", "qwerty", "foo bar", "xxx", "anonymous"}
)
"""What is typed where a form insists on a name, and what gift and instantly issued cards have printed on them."""


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    billing, shipping = payment.billing, payment.shipping
    return _of_names(
        payment.card.cardholder_name,
        _full_name(billing),
        _full_name(shipping),
        payment.email.address,
        reference.letter_pairs,
    )


def _full_name(contact: Contact) -> str | None:
    first, last = contact.first_name, contact.last_name
    return f"{first} {last}" if first and last else first or last


def _of_names(
    holder: str | None, billing: str | None, shipping: str | None, email: str | None, letters: LetterPairs | None
) -> Computed:
    """All of the topic; a table that is read anew is another key."""
    of_holder, of_billing = _words(holder), _words(billing)
    # Goods go to who is billed more often than not.
    of_shipping = of_billing if shipping == billing else _words(shipping)
    # Most are: then their scripts are one, and are not looked at.
    are_ascii = f"{holder}{billing}{shipping}{email}".isascii()
    local = None if email is None else _letters(mailbox_of(email).local)
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
    plain = plain_letters(name)
    # Most have letters and blanks alone: those are words as they stand.
    is_plain = plain.isascii() and plain.replace(" ", "").isalpha()
    found = tuple((plain if is_plain else in_katakana(_NOT_LETTERS.sub(" ", plain))).split())
    return found if _TITLES.isdisjoint(found) else tuple([word for word in found if word not in _TITLES]) or found


def _letters(text: str) -> str:
    """The letters alone, as they are compared."""
    plain = plain_letters(text)
    if plain.isascii():
        return plain.encode().translate(None, _ASCII_BUT_LETTERS).decode()
    return _NOT_LETTERS.sub("", plain)


def _likeness(one: tuple[str, ...] | None, other: tuple[str, ...] | None, *, are_ascii: bool) -> int | Unknown | None:
    """How alike two names are, in %; those of two scripts cannot be compared."""
    if one is None or other is None:
        return None
    if not one or not other:
        return _TOO_SHORT
    if are_ascii:
        return likeness_percent(one, other)
    left, right = "".join(one), "".join(other)
    if are_of_two_scripts(left, right):
        return _OTHER_SCRIPT
    percent = likeness_percent(one, other)
    return _OTHER_SCRIPT if percent < ALIKE_PERCENT and may_be_written_otherwise(left, right) else percent


def _likeness_to_email(letters: str | None, words: tuple[str, ...] | None, *, are_ascii: bool) -> int | Unknown | None:
    """How alike the letters of an address's local part are to a name, in %: to first and last name, or initials.

    In either order.
    """
    if letters is None or words is None:
        return None
    if len(letters) < _LETTERS_MIN or not words:
        return _TOO_SHORT
    if not are_ascii and are_of_two_scripts(letters, "".join(words)):
        return _OTHER_SCRIPT
    return round(extractOne(letters, _ways_to_write(words), scorer=ratio)[1])


def _ways_to_write(words: tuple[str, ...]) -> tuple[str, ...]:
    first, last = words[0], words[-1]
    if len(words) == 1:
        return (first,)
    ways = (first + last, last + first, first[0] + last, last + first[0], first + last[0], first, last)
    return ways if len(words) == 2 else (*ways, "".join(words))  # noqa: PLR2004 - first and last


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
