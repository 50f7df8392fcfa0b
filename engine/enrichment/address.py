"""Postal addresses as one value each, so that they can be counted by and compared however they are written."""

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter
from string import ascii_lowercase
from typing import Final, NamedTuple
from unicodedata import normalize

from rapidfuzz.fuzz import token_sort_ratio

from engine.enrichment.address_parts import has_unit, is_military, is_pickup_point, is_po_box, without_unit
from engine.enrichment.enrichment import Computed, Enrichment, of_contacts
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Contact, Payment
from engine.reference import Forwarders, Reference
from engine.reference.letters import without_digraphs, without_marks

_JOINING: Final = ("'", "\u2019", ".")
_WORD: Final = re.compile(r"[^\W_]+")
_ZIP_DIGITS: Final = 5
_HASH_LENGTH: Final = 16
_CACHED: Final = 8192
_LINES_OF: Final = attrgetter("address", "address_2", "city", "country", "postal")
_SOURCE: Final = "enrichment address"
_NO_TABLE: Final = Unknown("forwarders")
_SPELLINGS: Final = """
    str street strasse straat st · ave avenue avenida av · rd road · dr drive · ln lane · blvd boulevard bd bld bvd
    ct court · pl place plaza platz · sq square · ter terrace terr · hwy highway · pkwy parkway pky · cir circle circ
    cres crescent · cl close · no number nummer nr numero · n north · s south · e east · w west
    1st first · 2nd second · 3rd third · 4th fourth · 5th fifth · 6th sixth · 7th seventh · 8th eighth · 9th ninth
    10th tenth · 11th eleventh · 12th twelfth
"""
"""Common words of streets: what they are cut to, then how else they are written. St is a street and a saint alike."""
_SHORT: Final = {
    other: short
    for short, *others in (line.split() for line in _SPELLINGS.replace("\n", " · ").split("·") if line.split())
    for other in others
}
_DIGIT: Final = re.compile(r"\d")
_ORDINAL: Final = re.compile(r"\b\d+(?:st|nd|rd|th)\b")
_LETTERS: Final = "AT BE CH CZ DE DK EE ES FI FR HR IT LT LU LV NO PL SE SI SK"
_LETTERED: Final = frozenset(_LETTERS.split())
"""Countries of postal codes of digits alone, which are written with the country's letters before them, too: D-80331."""
_GERMAN_STREET: Final = re.compile(r"(?<=\w)strasse\b")


def folded_street(street: str) -> str:
    """A street and house number in one spelling: without case, accents, punctuation and long forms of common words.

    Apostrophes and dots within a word join it: `St. James's` and `st jamess` are the same. Empty where no letter or
    digit is in it.
    """
    plain = without_marks(street)
    # Most have letters, digits and blanks alone: those are words as they stand.
    if not plain.replace(" ", "").isalnum():
        for mark in _JOINING:
            plain = plain.replace(mark, "")
        words = _WORD.findall(plain)
    else:
        words = plain.split()
    folded = " ".join([_SHORT.get(word, word) for word in words])
    return _GERMAN_STREET.sub("str", folded) if "strasse" in folded else folded


def folded_postal(postal: str, country: str | None) -> str:
    """A postal code's letters and digits, in lower case; of the United States the first five, without ZIP+4."""
    lower = postal.lower() if postal.isascii() else normalize("NFKC", postal).casefold()
    plain = lower if lower.isalnum() else "".join(_WORD.findall(lower))
    if country in _LETTERED and not plain.isdecimal():
        digits = plain.lstrip(ascii_lowercase)
        return digits if digits.isdecimal() else plain
    return plain[:_ZIP_DIGITS] if country == "US" else plain


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
    text: str
    is_po_box: bool | None
    has_unit: bool | None
    has_number: bool | None
    is_pickup_point: bool | None
    is_military: bool | None


_NOTHING: Final = AddressFacts(None, None, "", None, None, None, None, None)


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
    house = without_unit(first if "#" not in street else folded_street(street.replace("#", " unit ")))
    code = "" if postal is None else folded_postal(postal, country)
    town = "" if city is None else _folded_city(city)
    key = _hash(first, code, country)
    return AddressFacts(
        key=key,
        building=key if house == first else _hash(house, code, country),
        text=f"{lines} {town} {code}",
        is_po_box=is_po_box(lines, country),
        has_unit=has_unit(first, rest, street, country),
        # A number that stands alone is no ordinal.
        has_number=any(map(str.isdecimal, lines.split())) or _DIGIT.search(_ORDINAL.sub("", lines)) is not None,
        is_pickup_point=is_pickup_point(lines),
        is_military=is_military(lines, city, region, country),
    )


@lru_cache(maxsize=4)
def _forwarders(table: Forwarders) -> frozenset[str | None]:
    """The houses of a table as `building` has them; cached by the table itself, for a reloaded one is another."""
    return frozenset(_hash(folded_street(street), folded_postal(postal, country), country)
                     for country, postal, street in table.addresses)  # fmt: skip


def _is_forwarder(building: str | None, reference: Reference) -> Value | Unknown:
    if building is None:
        return None
    return _NO_TABLE if reference.forwarders is None else building in _forwarders(reference.forwarders)


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    billing, shipping = payment.billing, payment.shipping
    paid = address_facts(billing)
    sent = paid if _says_the_same(billing, shipping, paid) else address_facts(shipping)
    same, likeness = _compared(paid, sent)
    # A flat may stand in the first line of one and in the second of the other.
    if same is False and paid.text == sent.text and billing.country == shipping.country:
        same = True
    return (
        paid.key,
        sent.key,
        sent.building,
        paid.is_po_box,
        sent.is_po_box,
        paid.has_unit,
        sent.has_unit,
        paid.has_number,
        sent.has_number,
        sent.is_pickup_point,
        _is_forwarder(sent.building, reference),
        paid.is_military,
        sent.is_military,
        same,
        likeness,
        _same_text(billing.city, shipping.city),
        _same_postal(billing, shipping),
    )


def _says_the_same(billing: Contact, shipping: Contact, paid: AddressFacts) -> bool:
    """Whether the facts of the billing address are those of the shipping one: goods go there more often than not.

    A region tells of an address whether it is a military one, and many parcels' labels leave it out.
    """
    return _LINES_OF(billing) == _LINES_OF(shipping) and (
        billing.region == shipping.region or (shipping.region is None and not paid.is_military)
    )


def _compared(paid: AddressFacts, sent: AddressFacts) -> tuple[bool | None, int | None]:
    """Whether both are one address, and how alike they are in percent; unknown where one of them is."""
    if not paid.text or not sent.text:
        return None, None
    same = None if paid.key is None or sent.key is None else paid.key == sent.key
    return same, 100 if paid.text == sent.text else _likeness(paid.text, sent.text)


def _likeness(left: str, right: str) -> int:
    """Words in any order: what two spellings of one address have in common, in percent."""
    return round(token_sort_ratio(left, right))


def _same_text(left: str | None, right: str | None) -> bool | None:
    if left is None or right is None:
        return None
    if left == right:
        return True
    one, other = _folded_city(left), _folded_city(right)
    # Muenchen is how who has no umlauts writes München, and Aarhus is Århus.
    return one == other or without_digraphs(one) == without_digraphs(other)


@lru_cache(maxsize=_CACHED)
def _folded_city(city: str) -> str:
    return folded_street(city)


def _same_postal(billing: Contact, shipping: Contact) -> bool | None:
    left, right = billing.postal, shipping.postal
    if left is None or right is None:
        return None
    if left == right and billing.country == shipping.country:
        return True
    return folded_postal(left, billing.country) == folded_postal(right, shipping.country)


def _key_feature(group: str) -> Feature:
    return Feature(
        name=f"{group}_address",
        type=FeatureType.STRING,
        doc=f"The {group} address as one value, however it is written: a hash of country, postal code and first line. "
        "Unknown without postal code or first line. Equal to the other where the addresses are.",
        source=_SOURCE,
    )


def _flag(name: str, doc: str, says: str, denies: str, direction: int = 0) -> Feature:
    is_shipping = name.startswith("shipping")
    return Feature(
        name=name,
        type=FeatureType.BOOLEAN,
        doc=doc,
        source=_SOURCE,
        direction=direction,
        reason="shipping_location" if is_shipping else "billing_location",
        says=says,
        denies=denies,
    )


def _of_both(suffix: str, doc: str, says: str, denies: str) -> tuple[Feature, Feature]:
    """The same flag of both addresses; `{}` is where the words name which."""
    billing, shipping = (
        _flag(f"{group}_{suffix}", doc.format(group), says.format(group), denies.format(group))
        for group in ("billing", "shipping")
    )
    return billing, shipping


FEATURES: Final = (
    _key_feature("billing"),
    _key_feature("shipping"),
    Feature(
        name="shipping_building",
        type=FeatureType.STRING,
        doc="The house that the goods go to: as shipping_address, but without a flat, suite, # or private mailbox in "
        "the first line. Who lives there, or rents a mailbox there, shares it.",
        source=_SOURCE,
    ),
    *_of_both(
        "is_po_box",
        "The {} address is a post office box, a bag kept at the post office or a private mailbox (PMB), in the words "
        "of some thirty countries.",
        "The {} address is a PO box",
        "The {} address is no PO box",
    ),
    *_of_both(
        "has_unit",
        "The {} address names a flat, suite, room or floor.",
        "The {} address names a flat or suite",
        "The {} address names no flat or suite",
    ),
    *_of_both(
        "has_street_number",
        "The {} address has a number in it: few that goods reach have none.",
        "The {} address has a house number",
        "The {} address has no house number",
    ),
    _flag(
        "shipping_is_pickup_point",
        "The goods go to a parcel locker, a parcel shop or a post office's counter, by the words of the address.",
        "The goods go to a parcel locker or shop",
        "The goods go to no parcel locker or shop",
    ),
    _flag(
        "shipping_is_known_forwarder",
        "The goods go to a house on the list of freight forwarders, which rent addresses to people abroad. The list "
        "that comes with Assay is short: False says that the house is not on it. Keep a list `freight_forwarders` of "
        "addresses of your own, and ask `shipping_building in @freight_forwarders`.",
        "The goods go to a freight forwarder",
        "The goods go to no freight forwarder that is listed",
    ),
    *_of_both(
        "is_military",
        "The {} address is reached by the forces' post: APO, FPO or DPO, BFPO.",
        "The {} address is a military post office",
        "The {} address is no military post office",
    ),
    _flag(
        "shipping_address_matches_billing",
        "The goods go to the billing address: both have one country, postal code and first line, however written.",
        "The goods go to the billing address",
        "The goods go to another address than the billing address",
        -1,
    ),
    Feature(
        name="shipping_similarity_to_billing_percent",
        type=FeatureType.INTEGER,
        unit="%",
        doc="How alike the shipping and billing addresses are written, 0 to 100: both lines, city and postal code, "
        "words in any order. 100 is the same but for case, accents and usual abbreviations.",
        source=_SOURCE,
        direction=-1,
        reason="shipping_location",
        says="The shipping address is {value} % like the billing address",
    ),
    _flag(
        "shipping_city_matches_billing",
        "The shipping city is written like the billing city, but for case, accents and usual abbreviations.",
        "The goods go to the billing city",
        "The goods go to another city than the billing city",
        -1,
    ),
    _flag(
        "shipping_postal_matches_billing",
        "The shipping postal code is the billing one; of US ZIP codes the first five digits.",
        "The goods go to the billing postal code",
        "The goods go to another postal code than the billing one",
        -1,
    ),
)

ADDRESS = Enrichment(
    topic="address",
    features=FEATURES,
    compute=_compute,
    fields=of_contacts("address", "address_2", "city", "region", "country", "postal"),
)
