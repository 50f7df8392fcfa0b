"""What the lines of one address say by themselves, and the address as one value."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from engine.enrichment.address_parts import (
    has_unit,
    house_and_unit,
    is_military,
    is_pickup_point,
    is_unit_alone,
    names_no_unit,
    with_unit_word,
)
from engine.enrichment.military import is_military_place
from engine.enrichment.po_box import is_po_box
from engine.enrichment.streets import (
    folded_city,
    folded_postal,
    folded_street,
    is_spelt_one_way,
    spelt_alike,
    without_number_words,
)
from engine.features import Unknown
from engine.payment import Contact

_HASH_LENGTH: Final = 16
_DIGIT: Final = re.compile(r"\d")
_ORDINAL: Final = re.compile(r"\b\d+(?:st|nd|rd|th)\b")


def address_key(contact: Contact) -> str | None:
    """A hash of country, postal code and street; None where one of the latter two is missing, for many share the rest.

    The second line (flat, suite) is left out: who makes one address look like many varies that.
    """
    if contact.address is None or contact.postal is None:
        return None
    country = contact.country
    return _hash(street_alike(contact.address, country), folded_postal(contact.postal, country), country)


def street_alike(street: str, country: str | None) -> str:
    """A street, house number and unit as keys have them: equal for all spellings of one; empty where there is none."""
    first = folded_street(street)
    return _parted(street, first, "", first.split(), country)[0]


def _parted(street: str, first: str, rest: str, words: Sequence[str], country: str | None) -> tuple[str, str]:
    """The first line as keys have it, and the house alone, which the second line tells where the first is but a unit.

    `first` and `rest` are the lines folded, `words` those of the first.
    """
    # Most streets are done with here.
    if not first or ("#" not in street and names_no_unit(words) and is_spelt_one_way(first, words)):
        return first, first
    marked = without_number_words(first if "#" not in street else folded_street(with_unit_word(street, country)))
    house, unit = house_and_unit(marked)
    alike = spelt_alike(f"{house} {unit}" if unit else house)
    if rest and is_unit_alone(marked):
        house = house_and_unit(without_number_words(rest))[0]
    elif not unit:
        return alike, alike
    return alike, spelt_alike(house)


def _hash(street: str, postal: str, country: str | None) -> str | None:
    if not street or not postal:
        return None
    return sha256(f"{street}|{postal}|{country or ''}".encode()).hexdigest()[:_HASH_LENGTH]


class AddressFacts(NamedTuple):
    """What the lines of one address say by themselves; None is unknown."""

    key: str | None
    building: str | None
    street: str
    """The first line, as keys have it."""
    lines: str
    """Both lines, folded as all text here."""
    code: str
    """The postal code."""
    text: str
    """All with the city: what is compared."""
    is_po_box: bool | Unknown | None
    has_unit: bool | Unknown | None
    has_number: bool | None
    is_pickup_point: bool | None
    is_military: bool | None


_NOTHING: Final = AddressFacts(None, None, "", "", "", "", None, None, None, None, None)
_MILITARY: Final = _NOTHING._replace(is_military=True)


def address_facts(contact: Contact) -> AddressFacts:
    """What one address says. Without a first line all is unknown, but for a military post office, which has none."""
    if contact.address is None:
        is_theirs = is_military_place(contact.city, contact.region, contact.country, contact.postal)
        return _MILITARY if is_theirs else _NOTHING
    return _facts(contact.address, contact.address_2, contact.city, contact.region, contact.country, contact.postal)


def _facts(
    street: str, second: str | None, city: str | None, region: str | None, country: str | None, postal: str | None
) -> AddressFacts:
    first, rest = folded_street(street), "" if second is None else folded_street(second)
    lines = f"{first} {rest}" if rest else first
    if not lines:
        return _MILITARY if is_military_place(city, region, country, postal) else _NOTHING
    words = lines.split()
    alike, house = _parted(street, first, rest, first.split() if rest else words, country)
    code = "" if postal is None else folded_postal(postal, country)
    town = "" if city is None else folded_city(city)
    key = _hash(alike, code, country)
    return AddressFacts(
        key,
        key if house == alike else _hash(house, code, country),
        alike,
        lines,
        code,
        f"{lines} {town} {code}",
        is_po_box(lines, words, country),
        has_unit(lines, words, rest, street, country),
        # A number that stands alone is no ordinal.
        any(map(str.isdecimal, words)) or _DIGIT.search(_ORDINAL.sub("", lines)) is not None,
        is_pickup_point(lines, words),
        is_military_place(city, region, country, postal) or is_military(lines, city, region, country),
    )
