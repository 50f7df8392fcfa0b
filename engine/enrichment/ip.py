"""Where the IP address is. A database that is missing or too old gives unknown, never a match."""

from collections.abc import Mapping
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference
from engine.reference.causes import NO_GEO, STALE_GEO
from engine.reference.ip import IpPlace

_PARTS: Final = len(IpPlace._fields)
_NOT_SENT: Final[Computed] = (None,) * _PARTS
_NO_DATABASE: Final = IpPlace.unknown(NO_GEO)
_STALE: Final = IpPlace.unknown(STALE_GEO)


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    address = payment.device.ip_address
    if address is None:
        return _NOT_SENT
    if reference.ip is None:
        return _NO_DATABASE
    if reference.is_ip_stale(payment.day):
        return _STALE
    place = reference.ip.place(address)
    if place.time_zone.__class__ is Unknown and place.country.__class__ is str:
        return _with_only_zone(place, reference)
    return place


def _with_only_zone(place: IpPlace, reference: Reference) -> Computed:
    """The place with its country's time zone, where the country has one alone. That stands last of the parts."""
    assert isinstance(place.country, str), "without a country there is no zone"
    zone = reference.time_zones.only_zone(place.country)
    return place if zone is None else (*place[:-1], zone)


_SOURCE: Final = "enrichment ip"
_REASON: Final = "ip_location"

IP = Enrichment(
    topic="ip",
    features=(
        Feature(
            name="ip_country",
            type=FeatureType.COUNTRY,
            doc="The country of the shopper's IP address.",
            source=_SOURCE,
        ),
        Feature(
            name="ip_registered_country",
            type=FeatureType.COUNTRY,
            doc="The country where the owner of the IP address's network is registered: not always where it is used.",
            source=_SOURCE,
            reason=_REASON,
            says="The IP address's network is registered in {value}",
        ),
        Feature(
            name="ip_state",
            type=FeatureType.STRING,
            doc="The state or region of the IP address: ISO 3166-2 without the country (CA, ENG). Of a City database.",
            source=_SOURCE,
            aliases=("ip_region",),
            reason=_REASON,
            says="The IP address is in {value}, {ip_country}",
        ),
        Feature(
            name="ip_city",
            type=FeatureType.STRING,
            doc="The city of the IP address, by its English name. Of a City database.",
            source=_SOURCE,
            reason=_REASON,
            says="The IP address is in {value}",
        ),
        Feature(
            name="ip_postal",
            type=FeatureType.STRING,
            doc="The postal code of the IP address, often its first part alone. Of a City database.",
            source=_SOURCE,
            reason=_REASON,
            says="The IP address is at the postal code {value}",
        ),
        Feature(
            name="ip_latitude",
            type=FeatureType.NUMBER,
            unit="degrees",
            doc="The latitude of the middle of the circle in which the IP address is. Of a City database.",
            source=_SOURCE,
            reason=_REASON,
            says="The IP address is at {value} degrees of latitude",
        ),
        Feature(
            name="ip_longitude",
            type=FeatureType.NUMBER,
            unit="degrees",
            doc="The longitude of the middle of the circle in which the IP address is. Of a City database.",
            source=_SOURCE,
            reason=_REASON,
            says="The IP address is at {value} degrees of longitude",
        ),
        Feature(
            name="ip_accuracy_radius_km",
            type=FeatureType.INTEGER,
            unit="km",
            doc="The radius of the circle in which the IP address is likely to be. Of a City database.",
            source=_SOURCE,
            reason=_REASON,
            says="The IP address is known to be in a circle of {value} km",
        ),
        Feature(
            name="ip_time_zone",
            type=FeatureType.STRING,
            doc="The time zone of the IP address, by IANA's name (America/New_York); its country's where that has one.",
            source=_SOURCE,
            reason=_REASON,
            says="The IP address is in the time zone {value}",
        ),
    ),
    compute=_compute,
    fields=("device.ip_address", "day"),
)
"""In the order of IpPlace's parts."""
