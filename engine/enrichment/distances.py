"""Where addresses and the IP address are, and how far apart: with how well that is known, or not at all.

A place is a point and the radius within which it is meant: a ZIP code's, a city's, a country's. A distance between two
is known where the sum of both radii is at most half of it, or at most 200 km: Britain and Australia are far apart by
any two of their places, what is somewhere in France is near to nothing.
"""

from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment, of_contacts
from engine.enrichment.streets import folded_postal, without_district
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Contact, Payment
from engine.reference import Place, Places, PostalRules, Reference
from engine.reference.places import distance_km
from engine.reference.territories import territory_of

CLOSE_KM: Final = 200
"""A distance whose error is below this is told however short it is: what it says is that both are near each other."""
_CACHED: Final = 8192
_IP_DEFAULT_RADIUS_KM: Final = 100
"""Where a database gives coordinates and no radius: what GeoIP2 gives of most cities is less."""
_MISSING, _NOT_PLACED = Unknown("places"), Unknown("not_found")
_PLACE_UNKNOWN, _IMPRECISE = Unknown("place_unknown"), Unknown("imprecise")
_NO_COUNTRY, _NOT_TOLD = Unknown("country_unknown"), Unknown("not_told")
_by_radius = attrgetter("radius_km", "latitude", "longitude")

Located = Place | Unknown | None
Measured = tuple[int | Unknown | None, int | Unknown | None]


def _place(contact: Contact, places: Places, rules: PostalRules | None, *, is_military: object) -> Located:
    country = contact.country
    if country is None:
        given = contact.city is not None or contact.postal is not None
        return _NO_COUNTRY if given else None
    if is_military is True:
        # Who serves abroad is written to at home: where the mail goes from there is nobody's to know.
        return _NOT_PLACED
    region = contact.region
    if region is not None and rules is not None:
        # By its code where its name was sent: the table of postal codes has both.
        region = rules.facts(country, region, contact.postal).region or region
    # Elsewhere a postal code says nothing of the place, and one more place to remember is one too many.
    postal = folded_postal(contact.postal, country) if country == "US" and contact.postal is not None else None
    where = territory_of(country, contact.postal)
    place = places.locate(where, region, contact.city, postal)
    if place is not None and place.precision == "country" and contact.city is not None and country != "US":
        place = _of_city_alone(where, region, contact.city, places) or place
    return place or _NOT_PLACED


def _of_city_alone(country: str, region: str | None, city: str, places: Places) -> Place | None:
    """Where a city is that is written with a district or a sorting office: Praha 1, Lyon Cedex 03.

    In the States such a word is of the name: Dale City is not Dale.
    """
    bare = without_district(city)
    return None if bare == city else places.locate(country, region, bare, None)


def _as_one(billing: Located, shipping: Located) -> tuple[Located, Located]:
    """The places of two addresses of one postal code: as well as one of both is known, so are both."""
    if isinstance(billing, Place) and isinstance(shipping, Place):
        # Of two that reach as far, one and the same whichever of both is the billing place.
        nearest = min(billing, shipping, key=_by_radius)
        return nearest, nearest
    return billing, shipping


def _ip_place(known: Mapping[str, Value], places: Places) -> Located:
    """Where the IP address is: the database's coordinates, else the middle of its country."""
    latitude, longitude = known.get("ip_latitude"), known.get("ip_longitude")
    if latitude is not None and longitude is not None:
        radius = known.get("ip_accuracy_radius_km")
        reach = _IP_DEFAULT_RADIUS_KM if radius is None else int(radius)
        return Place(float(latitude), float(longitude), reach, "city")
    country = known["ip_country"]
    return places.country(country) or _NOT_PLACED if isinstance(country, str) else None


def _between(left: Located, right: Located) -> Measured:
    if isinstance(left, Place) and isinstance(right, Place):
        return _measured(left, right)
    if left is None and right is None:
        return None, None
    return _PLACE_UNKNOWN, _PLACE_UNKNOWN


@lru_cache(maxsize=_CACHED)
def _measured(left: Place, right: Place) -> Measured:
    """The distance and how far off it may be, in whole km; unknown where that is too much to be of use."""
    distance, error = round(distance_km(left, right)), left.radius_km + right.radius_km
    if error > CLOSE_KM and error * 2 > distance:
        return _IMPRECISE, _IMPRECISE
    return distance, error


def _in_city(contact: Contact, places: Places) -> Value | Unknown:
    """Whether the ZIP code's addresses are written with the city, in the US."""
    if contact.postal is None or contact.city is None:
        return None
    if contact.country is None:
        return _NO_COUNTRY
    if contact.country != "US":
        return _NOT_TOLD
    found = places.is_postal_in_city(folded_postal(contact.postal, contact.country), contact.city)
    return _NOT_PLACED if found is None else found


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    places, rules = reference.places, reference.postal
    if places is None:
        return _NOTHING
    billing = _place(payment.billing, places, rules, is_military=known["billing_is_military"])
    shipping = _place(payment.shipping, places, rules, is_military=known["shipping_is_military"])
    if known["shipping_postal_matches_billing"] is True:
        billing, shipping = _as_one(billing, shipping)
    ip = _ip_place(known, places)
    return (
        _in_city(payment.billing, places),
        _in_city(payment.shipping, places),
        *_between(billing, shipping),
        *_between(ip, billing),
        *_between(ip, shipping),
    )


def _city_flag(group: str) -> Feature:
    return Feature(
        name=f"{group}_postal_in_city",
        type=FeatureType.BOOLEAN,
        doc=f"The {group} city is one that addresses of the {group} ZIP code are written with, in the US; elsewhere "
        "unknown (`not_told`).",
        source="enrichment distances",
        direction=-1,
        reason=f"{group}_location",
        says=f"The {group} postal code is of {{{group}_city}}",
        denies=f"The {group} postal code is not of {{{group}_city}}",
    )


def _distance(name: str, left: str, right: str) -> tuple[Feature, Feature]:
    return (
        Feature(
            name=f"distance_between_{name}_address",
            type=FeatureType.INTEGER,
            unit="km",
            doc=f"How far {left} and {right} are apart, in a straight line. Unknown (`imprecise`) where it may be "
            f"wrong by more than {CLOSE_KM} km and more than half of it; `place_unknown` where one is not placed, as "
            "military post offices are not. Of a town of fewer than 15,000 people a larger one of its name is told.",
            source="enrichment distances",
            direction=1,
            reason="distance",
            says=f"{left[:1].upper()}{left[1:]} and {right} are {{value}} km apart",
        ),
        Feature(
            name=f"distance_between_{name}_error_km",
            type=FeatureType.INTEGER,
            unit="km",
            doc=f"By how much the distance between {left} and {right} may be wrong, either way.",
            source="enrichment distances",
            reason="distance",
        ),
    )


FEATURES: Final = (
    _city_flag("billing"),
    _city_flag("shipping"),
    *_distance("billing_and_shipping", "the billing address", "the shipping address"),
    *_distance("ip_and_billing", "the IP address", "the billing address"),
    *_distance("ip_and_shipping", "the IP address", "the shipping address"),
)
_NOTHING: Final = (_MISSING,) * len(FEATURES)

DISTANCES = Enrichment(
    topic="distances",
    features=FEATURES,
    compute=_compute,
    fields=of_contacts("country", "region", "city", "postal"),
    reads=(
        "ip_country",
        "ip_latitude",
        "ip_longitude",
        "ip_accuracy_radius_km",
        "billing_is_military",
        "shipping_is_military",
        "shipping_postal_matches_billing",
    ),
)
