"""Postal addresses as one value each, so that they can be counted by and compared however they are written."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final

from engine.enrichment.address_facts import AddressFacts, address_facts
from engine.enrichment.address_pairs import compared, same_city, same_postal
from engine.enrichment.enrichment import Computed, Enrichment, of_contacts
from engine.enrichment.streets import country_that_counts, folded_postal, folded_street
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Contact, Payment
from engine.reference import Forwarders, Reference

_LINES_OF: Final = attrgetter("address", "address_2", "city", "country", "postal")
_SOURCE: Final = "enrichment address"
_NO_TABLE, _NO_COUNTRY = Unknown("forwarders"), Unknown("country_unknown")


@lru_cache(maxsize=4)
def _forwarders(table: Forwarders) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The streets of a table by country and postal code; cached by the table itself, for a reloaded one is another."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for country, postal, street in table.addresses:
        house = (country_that_counts(country) or country, folded_postal(postal, country))
        found[house] = (*found.get(house, ()), f" {folded_street(street)} ")
    return found


def _is_forwarder(sent: AddressFacts, contact: Contact, reference: Reference) -> Value | Unknown:
    """Whether a listed house stands anywhere in the lines: who rents there writes suites and names around it."""
    if not sent.code:
        return None
    if reference.forwarders is None:
        return _NO_TABLE
    listed, country = _forwarders(reference.forwarders), country_that_counts(contact.country)
    if country is None:
        return _NO_COUNTRY if _may_be_forwarder(sent, contact.postal or "", listed) else False
    streets = listed.get((country, sent.code))
    return streets is not None and _names_any(sent, streets)


def _may_be_forwarder(sent: AddressFacts, postal: str, listed: Mapping[tuple[str, str], tuple[str, ...]]) -> bool:
    codes = {country: folded_postal(postal, country) for country, _ in listed}
    return any(_names_any(sent, listed.get(house, ())) for house in codes.items())


def _names_any(sent: AddressFacts, streets: Sequence[str]) -> bool:
    lines = f" {sent.lines} "
    return any(street in lines for street in streets)


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    billing, shipping = payment.billing, payment.shipping
    paid = address_facts(billing)
    sent = paid if _says_the_same(billing, shipping, paid) else address_facts(shipping)
    is_postal_same = same_postal(billing, shipping, paid, sent)
    same, likeness = compared(billing, shipping, paid, sent, is_postal_same)
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
        _is_forwarder(sent, shipping, reference),
        paid.is_military,
        sent.is_military,
        same,
        likeness,
        same_city(billing, shipping, reference, is_postal_same),
        is_postal_same,
    )


def _says_the_same(billing: Contact, shipping: Contact, paid: AddressFacts) -> bool:
    """Whether the facts of the billing address are those of the shipping one: goods go there more often than not.

    A region tells of an address whether it is a military one, and many parcels' labels leave it out.
    """
    return _LINES_OF(billing) == _LINES_OF(shipping) and (
        billing.region == shipping.region or (shipping.region is None and not paid.is_military)
    )


def _key_feature(group: str) -> Feature:
    return Feature(
        name=f"{group}_address",
        type=FeatureType.STRING,
        doc=f"The {group} address as one value in its everyday spellings: a hash of country, postal code and first "
        "line, or of the second where the street is in that and a flat or company in the first; of both where either "
        "may tell the house (Avenida 9 de Julho and 1200). A territory's country is the one that it is of (US for PR). "
        "Of a flat or suite the number counts, not the word. Unknown without postal code or first line. Rare "
        "spellings of one address may still give two values.",
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
        doc="The house that the goods go to: as shipping_address, but without the flat, suite or private mailbox. All "
        "who live there, or rent a mailbox there, share it. A number behind # is a flat's; in Latin America, the West "
        "Indies, India and the Philippines, and where # begins a line without another number, it is the house's own.",
        source=_SOURCE,
    ),
    *_of_both(
        "is_po_box",
        "The {} address is a post office box, a bag kept at the post office or a private mailbox (PMB). Unknown "
        "(`not_told`) where none is named in a country whose words for it are not known.",
        "The {} address is a PO box",
        "The {} address is no PO box",
    ),
    *_of_both(
        "has_unit",
        "The {} address names a flat, suite, room or floor, or a part of a house (Bldg 4). Unknown (`not_told`) where "
        "none is named in a country whose ways to write them are not known.",
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
        "The goods go to a house on the list of freight forwarders, which rent addresses to people abroad. Suites and "
        "names around the street are left aside. The list that comes with Assay is short, and False says no more than "
        "that the house is not on it: keep a list `freight_forwarders` of your own, and ask `shipping_building in "
        "@freight_forwarders`.",
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
        "The goods go to the billing address: both have one country, postal code and line with the street, however "
        "written, or a flat stands in the other line of one. Unknown where one names no country and all else is the "
        "same.",
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
        "The shipping city is the billing city, in one country. Case, accents and usual abbreviations make no "
        "difference, nor do a district's number or letter (Paris 1er, Aarhus C) and other names of the city (Köln, "
        "Cologne). Two cities of one name in two regions, by their names or postal codes, are two. Unknown as "
        "`other_script` where they are written in different letters and one is not in the table of places, as "
        "`not_told` where one adds something (Berlin-Mitte) and the postal codes differ.",
        "The goods go to the billing city",
        "The goods go to another city than the billing city",
        -1,
    ),
    _flag(
        "shipping_postal_matches_billing",
        "The shipping postal code is the billing one, in one country, with the country's letters before it or without; "
        "of ZIP codes of the US and its territories the first five digits.",
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
