"""Whether the shipping address is the billing one: its lines, its city, its postal code.

Two countries that differ say no, whatever else is the same: 75001 is Addison in Texas and Paris in France. Where one of
both is left out, what is the same may yet be elsewhere, and only what differs is certain.
"""

from typing import Final

from rapidfuzz.fuzz import token_sort_ratio

from engine.enrichment.address_facts import AddressFacts, house_alike, street_alike, written_as
from engine.enrichment.address_parts import is_unit_number
from engine.enrichment.house_line import names_house
from engine.enrichment.scripts import script_of
from engine.enrichment.streets import (
    before_addition,
    folded_city,
    folded_postal,
    folded_street,
    without_district,
)
from engine.features import Unknown
from engine.payment import Contact
from engine.reference import Places, PostalRules, Reference
from engine.reference.letters import without_digraphs
from engine.reference.places import folded_place
from engine.reference.territories import common_country, is_same_country

Same = bool | Unknown | None

_NO_COUNTRY, _OTHER_SCRIPT, _NO_PLACES = Unknown("country_unknown"), Unknown("other_script"), Unknown("places")
_NOT_TOLD: Final = Unknown("not_told")
_IN_TWO_LANGUAGES: Final = frozenset({"BE", "CH", "FI", "IE", "LU"})
"""Countries where a town has a name in each of the country's languages, and the table of places has not all: Mons is
Bergen."""
_ZIP_DIGITS, _ZIP_4_DIGITS = 5, 9


def compared(
    billing: Contact, shipping: Contact, paid: AddressFacts, sent: AddressFacts, postal: Same
) -> tuple[Same, int | None]:
    """Whether both are one address, and how alike they are in percent; unknown where one of them is.

    `postal` is what `same_postal` says of them.
    """
    if not paid.text or not sent.text:
        return None, None
    # Words in any order: what two spellings of one address have in common.
    alike = 100 if paid.text == sent.text else round(token_sort_ratio(paid.text, sent.text))
    if paid.key is None or sent.key is None:
        return None, alike
    is_same = postal is not False and (
        paid.street == sent.street
        or (_lacks_country(billing, shipping) and _is_same_there(billing, shipping, paid.code))
        or _is_same_with_second(billing, shipping, paid.code)
    )
    return postal if is_same else False, alike


def _is_same_there(billing: Contact, shipping: Contact, code: str) -> bool:
    """Whether both are one street and house by the ways of the one country that is named."""
    country = written_as(billing.country or shipping.country, code)
    return house_alike(billing, country) == house_alike(shipping, country)


def _is_same_with_second(billing: Contact, shipping: Contact, code: str) -> bool:
    """Whether both lines together are the same: a flat may stand in the first of one and in the second of the other."""
    if billing.address_2 is None and shipping.address_2 is None:
        return False
    country = written_as(common_country(billing.country, shipping.country), code)
    return _both_lines(billing, country) == _both_lines(shipping, country)


def _both_lines(contact: Contact, country: str | None) -> str:
    first, second = contact.address or "", contact.address_2 or ""
    # A bare number behind a street without a house is the house's.
    is_unit = is_unit_number(folded_street(second)) and names_house(folded_street(first).split())
    return street_alike(f"{first} unit {second}" if is_unit else f"{first} {second}", country)


def same_postal(billing: Contact, shipping: Contact, paid: AddressFacts, sent: AddressFacts) -> Same:
    """Whether the goods go to the billing postal code, however both are written."""
    left, right = billing.postal, shipping.postal
    if left is None or right is None:
        return None
    if billing.country == shipping.country:
        if left == right:
            return True
        # Without a first line nothing was made of an address, not even this.
        one = paid.code or folded_postal(left, billing.country)
        other = sent.code or folded_postal(right, shipping.country)
        # Without a country nobody knows whether five digits more are ZIP+4.
        is_open = billing.country is None and one != other and _may_be_zip(one, other)
        return _NO_COUNTRY if is_open else one == other
    if not _may_be_one_country(billing, shipping):
        return False
    # Each in its own country: AX-22100 in Åland is 22100 in Finland.
    paid_in, sent_to = billing.country or shipping.country, shipping.country or billing.country
    is_same = folded_postal(left, paid_in) == folded_postal(right, sent_to)
    return _NO_COUNTRY if is_same and _lacks_country(billing, shipping) else is_same


def _may_be_zip(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) == _ZIP_DIGITS and len(long) == _ZIP_4_DIGITS and long.isdecimal() and long.startswith(short)


def same_city(billing: Contact, shipping: Contact, reference: Reference, postal: Same) -> Same:
    """Whether the goods go to the billing city, by any of the names that the table of places has for it.

    `postal` is what `same_postal` says of them: with one postal code they are in one region, and rarely two cities.
    """
    left, right = billing.city, shipping.city
    if left is None or right is None:
        return None
    one, other = billing.region, shipping.region
    # Many labels leave the region out: then two postal codes may tell it.
    is_one_region = postal is True or (postal is not False if one is None or other is None else one == other)
    if left == right and is_one_region and billing.country == shipping.country:
        return True
    if not _may_be_one_country(billing, shipping):
        return False
    country = common_country(billing.country, shipping.country)
    is_same = _is_one_city(country, left, right, reference.places)
    if is_same is not True:
        is_same = _is_one_district(country, left, right, reference.places, postal) or is_same
    if is_same is True and not is_one_region and _are_regions_apart(country, billing, shipping, reference.postal):
        return False
    return _NO_COUNTRY if is_same is True and _lacks_country(billing, shipping) else is_same


def _is_one_district(country: str | None, left: str, right: str, places: Places | None, postal: Same) -> Same:
    """Whether one names a district of the other; false where nothing speaks for it."""
    if left.isalpha() and right.isalpha():
        # Names of one word each, which nothing is added to.
        return _NOT_TOLD if postal is True and country in _IN_TWO_LANGUAGES else False
    one, other = without_district(left), without_district(right)
    if (one != left or other != right) and _is_one_city(country, one, other, places) is True:
        return True
    # Frankfurt (Oder) and Frankfurt am Main have one name in brief, and are two.
    one_cut, other_cut = before_addition(left), before_addition(right)
    if (one_cut != left and _is_one_city(country, one_cut, other, places) is True) or (
        other_cut != right and _is_one_city(country, one, other_cut, places) is True
    ):
        return postal is True or _NOT_TOLD
    if postal is not True:
        return False
    short, long = sorted((folded_city(left), folded_city(right)), key=len)
    if short and long.startswith(f"{short} "):
        return True
    return _NOT_TOLD if country in _IN_TWO_LANGUAGES else False


def _are_regions_apart(country: str | None, billing: Contact, shipping: Contact, rules: PostalRules | None) -> bool:
    """Whether the regions are two of one country, by their codes: Springfield in Illinois and in Missouri."""
    if rules is None or country is None:
        return False
    one, other = _region(country, billing, rules), _region(country, shipping, rules)
    return one is not None and other is not None and one != other


def _region(country: str, contact: Contact, rules: PostalRules) -> str | None:
    """The region that is named, else that of the postal code, where its country is named."""
    if contact.region is None:
        return None if contact.country is None else rules.facts(country, None, contact.postal).of_code
    return rules.facts(country, contact.region, None).region


def _is_written_alike(left: str, right: str) -> bool:
    one, other = folded_city(left), folded_city(right)
    # Muenchen is how who has no umlauts writes München, and Aarhus is Århus; Ft Worth is Fort Worth.
    return one == other or without_digraphs(one) == without_digraphs(other) or folded_place(left) == folded_place(right)


def _is_one_city(country: str | None, left: str, right: str, places: Places | None) -> bool | Unknown:
    """Whether two names are of one city, however written: Köln is Cologne, Москва is Moscow."""
    if _is_written_alike(left, right):
        return True
    if places is None:
        return _NO_PLACES
    found = None if country is None else places.is_one_city(country, left, right)
    if found is not None:
        return found
    # What is written in other letters may be the same word; what is written in the same ones would be alike.
    return False if script_of(left) == script_of(right) else _OTHER_SCRIPT


def _may_be_one_country(billing: Contact, shipping: Contact) -> bool:
    left, right = billing.country, shipping.country
    return left is None or right is None or is_same_country(left, right)


def _lacks_country(billing: Contact, shipping: Contact) -> bool:
    """Whether one of both names a country and the other none."""
    return (billing.country is None) != (shipping.country is None)
