"""What the lines of one address say by themselves, and the address as one value."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from engine.enrichment.address_parts import (
    BEFORE_HOUSE,
    has_unit,
    house_and_unit,
    is_pickup_point,
    names_no_unit,
    with_unit_word,
)
from engine.enrichment.house_line import HouseLine, house_line, is_house_line
from engine.enrichment.military import is_military_line, is_military_place
from engine.enrichment.po_box import is_po_box
from engine.enrichment.shown_text import as_shown
from engine.enrichment.street_words import in_a_countrys_words, is_spelt_one_way, with_flats_in_full
from engine.enrichment.streets import (
    country_that_counts,
    folded_city,
    folded_postal,
    folded_street,
    spelt_alike,
    without_number_words,
)
from engine.features import Unknown
from engine.payment import Contact

_HASH_LENGTH: Final = 16
_DIGIT: Final = re.compile(r"\d")
_CODES_OF_PUERTO_RICO: Final = frozenset({"006", "007", "009"})
_ORDINAL: Final = re.compile(r"\b\d+(?:st|nd|rd|th)\b")


def address_key(contact: Contact) -> str | None:
    """A hash of country, postal code and street; None where one of the latter two is missing, for many share the rest.

    The other line (flat, suite, company) is left out: who makes one address look like many varies that.
    """
    if contact.address is None or contact.postal is None:
        return None
    code = folded_postal(contact.postal, contact.country)
    return _hash(house_alike(contact, written_as(contact.country, code)), code, contact.country)


def house_alike(contact: Contact, country: str | None) -> str:
    """The line with the street and the house as keys have it in a country; empty where there is none."""
    if contact.address is None:
        return ""
    second = contact.address_2
    first, rest = folded_street(contact.address), "" if second is None else folded_street(second)
    return _parted(*_of_house(contact.address, second, first, rest), country)[0]


def written_as(country: str | None, code: str) -> str | None:
    """Whose ways to write an address hold, by a folded postal code: Puerto Rico's where it is written as of the US."""
    return "PR" if country == "US" and code[:3] in _CODES_OF_PUERTO_RICO else country


def street_alike(street: str, country: str | None) -> str:
    """A street, house number and unit as keys have them: equal for all spellings of one; empty where there is none."""
    first = folded_street(street)
    return _parted(street, first, first.split(), country)[0]


def _of_house(street: str, second: str | None, first: str, rest: str) -> tuple[str, str, list[str]]:
    """The line that tells one house from another: as it came, folded, its words.

    `first` and `rest` are both lines folded.
    """
    words = first.split()
    if not words or not rest or second is None or is_house_line(words, rest):
        return street, first, words
    others = rest.split()
    where = house_line(words, others)
    if where is HouseLine.FIRST:
        return street, first, words
    if where is HouseLine.SECOND:
        return second, rest, others
    return f"{street} {second}", f"{first} {rest}", words + others


def _parted(street: str, line: str, words: Sequence[str], country: str | None) -> tuple[str, str]:
    """A line as keys have it, and the house alone; `line` is the street folded, `words` are those of it."""
    is_marked = "#" in street or (country in BEFORE_HOUSE and BEFORE_HOUSE[country].match(street) is not None)
    names_none = not is_marked and names_no_unit(words)
    # Most streets are done with here, and most others are without a look for units.
    if not line or (names_none and is_spelt_one_way(line, words, country)):
        return line, line
    if names_none and "ap" not in words:
        alike = spelt_alike(in_a_countrys_words(without_number_words(line), country))
        return alike, alike
    marked = without_number_words(folded_street(with_unit_word(as_shown(street), country)) if is_marked else line)
    house, unit = house_and_unit(with_flats_in_full(marked, country))
    house = in_a_countrys_words(house, country)
    alike = spelt_alike(f"{house} {unit}" if unit else house)
    return (alike, spelt_alike(house)) if unit else (alike, alike)


def _hash(street: str, postal: str, country: str | None) -> str | None:
    if not street or not postal:
        return None
    return sha256(f"{street}|{postal}|{country_that_counts(country) or ''}".encode()).hexdigest()[:_HASH_LENGTH]


class AddressFacts(NamedTuple):
    """What the lines of one address say by themselves; None is unknown."""

    key: str | None
    building: str | None
    street: str
    """The line that holds the street and the house, as keys have it."""
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
    code = "" if postal is None else folded_postal(postal, country)
    there = written_as(country, code)
    if rest:
        alike, house = _parted(*_of_house(street, second, first, rest), there)
    else:
        alike, house = _parted(street, first, words, there)
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
        has_unit(lines, words, rest, street, there),
        # A number that stands alone is no ordinal.
        any(map(str.isdecimal, words)) or _DIGIT.search(_ORDINAL.sub("", lines)) is not None,
        is_pickup_point(lines, words),
        is_military_place(city, region, country, postal) or is_military_line(lines),
    )
