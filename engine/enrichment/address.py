"""Postal addresses as one value each, so that they can be counted by and compared however they are written."""

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final
from unicodedata import combining, normalize

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Value
from engine.payment import Contact, Payment
from engine.reference import Reference

_JOINING: Final = ("'", "\u2019", ".")
_WORD: Final = re.compile(r"[^\W_]+")
_ZIP_DIGITS: Final = 5
_HASH_LENGTH: Final = 16
_SPELLINGS: Final = """
    str street strasse straat st · ave avenue avenida av · rd road · dr drive · ln lane · blvd boulevard bd bld bvd
    ct court · pl place plaza platz · sq square · ter terrace terr · hwy highway · pkwy parkway pky · cir circle circ
    cres crescent · cl close · no number nummer nr numero · n north · s south · e east · w west
"""
"""Common words of streets: what they are cut to, then how else they are written. St is a street and a saint alike."""
_SHORT: Final = {
    other: short
    for short, *others in (line.split() for line in _SPELLINGS.replace("\n", " · ").split("·") if line.split())
    for other in others
}
_GERMAN_STREET: Final = re.compile(r"(?<=\w)strasse\b")


def folded_street(street: str) -> str:
    """A street and house number in one spelling: without case, accents, punctuation and long forms of common words.

    Apostrophes and dots within a word join it: `St. James's` and `st jamess` are the same. Empty where no letter or
    digit is in it.
    """
    plain = street.lower() if street.isascii() else _unaccented(street)
    for mark in _JOINING:
        plain = plain.replace(mark, "")
    if "strasse" in plain:
        plain = _GERMAN_STREET.sub("str", plain)
    return " ".join([_SHORT.get(word, word) for word in _WORD.findall(plain)])


def _unaccented(text: str) -> str:
    return "".join([each for each in normalize("NFKD", text).casefold() if not combining(each)])


def folded_postal(postal: str, country: str | None) -> str:
    """A postal code's letters and digits, in lower case; of the United States the first five, without ZIP+4."""
    lower = postal.lower() if postal.isascii() else normalize("NFKC", postal).casefold()
    plain = lower if lower.isalnum() else "".join(_WORD.findall(lower))
    return plain[:_ZIP_DIGITS] if country == "US" else plain


def address_key(contact: Contact) -> str | None:
    """A hash of country, postal code and street; None where one of the latter two is missing, for many share the rest.

    The second line (flat, suite) is left out: who makes one address look like many varies that.
    """
    if contact.address is None or contact.postal is None:
        return None
    return _key(contact.address, contact.postal, contact.country)


@lru_cache(maxsize=1024)
def _key(street: str, postal: str, country: str | None) -> str | None:
    """Cached: goods go to the billing address more often than not."""
    folded = folded_street(street), folded_postal(postal, country)
    if not all(folded):
        return None
    return sha256("|".join((*folded, country or "")).encode()).hexdigest()[:_HASH_LENGTH]


def _compute(payment: Payment, _reference: Reference, _known: Mapping[str, Value]) -> Computed:
    return (address_key(payment.billing), address_key(payment.shipping))


def _feature(group: str) -> Feature:
    return Feature(
        name=f"{group}_address",
        type=FeatureType.STRING,
        doc=f"The {group} address as one value, however it is written: a hash of country, postal code and first line. "
        "Unknown without postal code or first line. Equal to the other where the addresses are.",
        source="enrichment address",
    )


ADDRESS = Enrichment(topic="address", features=(_feature("billing"), _feature("shipping")), compute=_compute)
