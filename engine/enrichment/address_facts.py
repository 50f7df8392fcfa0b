"""What the lines of one address say by themselves, and the address as one value."""

import re
from hashlib import sha256
from typing import Final, NamedTuple

from engine.enrichment.address_parts import (
    has_unit,
    is_military,
    is_pickup_point,
    is_unit_alone,
    without_unit,
)
from engine.enrichment.po_box import is_po_box
from engine.enrichment.streets import folded_city, folded_postal, folded_street
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
    return _hash(folded_street(contact.address), folded_postal(contact.postal, contact.country), contact.country)


def _hash(street: str, postal: str, country: str | None) -> str | None:
    if not street or not postal:
        return None
    return sha256(f"{street}|{postal}|{country or ''}".encode()).hexdigest()[:_HASH_LENGTH]


class AddressFacts(NamedTuple):
    """What the lines of one address say by themselves; None is unknown."""

    key: str | None
    building: str | None
    first: str
    """The first line, folded as all text here."""
    lines: str
    """Both."""
    code: str
    """The postal code."""
    text: str
    """All with the city: what is compared."""
    is_po_box: bool | Unknown | None
    has_unit: bool | None
    has_number: bool | None
    is_pickup_point: bool | None
    is_military: bool | None


_NOTHING: Final = AddressFacts(None, None, "", "", "", "", None, None, None, None, None)


def address_facts(contact: Contact) -> AddressFacts:
    """What one address says. Without a first line all is unknown."""
    if contact.address is None:
        return _NOTHING
    return _facts(contact.address, contact.address_2, contact.city, contact.region, contact.country, contact.postal)


def _facts(
    street: str, second: str | None, city: str | None, region: str | None, country: str | None, postal: str | None
) -> AddressFacts:
    first, rest = folded_street(street), "" if second is None else folded_street(second)
    lines = f"{first} {rest}" if rest else first
    if not lines:
        return _NOTHING
    house = first if "#" not in street else folded_street(street.replace("#", " unit "))
    house = without_unit(rest if rest and is_unit_alone(house) else house)
    code = "" if postal is None else folded_postal(postal, country)
    town = "" if city is None else folded_city(city)
    key = _hash(first, code, country)
    words = lines.split()
    return AddressFacts(
        key,
        key if house == first else _hash(house, code, country),
        first,
        lines,
        code,
        f"{lines} {town} {code}",
        is_po_box(lines, words, country),
        has_unit(words, rest, street, country),
        # A number that stands alone is no ordinal.
        any(map(str.isdecimal, words)) or _DIGIT.search(_ORDINAL.sub("", lines)) is not None,
        is_pickup_point(lines, words),
        is_military(lines, city, region, country),
    )
