"""The shopper's local clock: from the device's offset, else from a place that has one at that instant; and the visit.

A device says of its clock what it likes; here it stands beside the places where the shopper is said to be.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference
from engine.reference.clock import minute_of
from engine.reference.territories import territory_of

AGE_BANDS: Final = ("under_10s", "under_1m", "under_5m", "under_30m", "under_3h", "longer")
"""How long the visit was: each name but the last says below how long."""
_AGE_SECONDS: Final = (10, 60, 300, 1800, 10_800)

_AMBIGUOUS, _NO_COUNTRY = Unknown("ambiguous"), Unknown("country_unknown")
_NOWHERE: Final[frozenset[int]] = frozenset()
_HOUR, _HOURS = 60, 24


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    zones, minute, device = reference.time_zones, minute_of(payment.at), payment.device
    told, age = device.timezone_offset, device.session_age
    ip_zone, ip_country, billing_country = known["ip_time_zone"], known["ip_country"], known["billing_country"]
    at_ip = zones.offsets_minutes(ip_zone, minute) if isinstance(ip_zone, str) else _NOWHERE
    if not at_ip and isinstance(ip_country, str):
        at_ip = zones.offsets_minutes(ip_country, minute)
    at_billing = _NOWHERE
    if isinstance(billing_country, str):
        # Puerto Rico is written as of the States as often as not, and has a time of its own.
        at_billing = zones.offsets_minutes(territory_of(billing_country, payment.billing.postal), minute)
    is_one_at_ip = len(at_ip) == 1
    band = None if age is None else AGE_BANDS[bisect_right(_AGE_SECONDS, age)]
    if told is None:
        # A place has a time of its own where all its zones agree.
        own = at_ip if is_one_at_ip else at_billing
        if len(own) == 1:
            return (_hour(minute, *own), None, None, None, None, band)
        is_placed = ip_country is not None or billing_country is not None
        return (_AMBIGUOUS if is_placed else None, None, None, None, None, band)
    return (
        _hour(minute, told),
        _NO_COUNTRY
        if ip_country is None
        else _AMBIGUOUS
        if not is_one_at_ip and (told in at_ip or not at_ip)
        else told in at_ip,
        zones.is_anywhere(told, minute),
        0 if told in at_ip else min([abs(told - each) for each in at_ip]) if at_ip else _NO_COUNTRY,
        told in at_billing if at_billing else _NO_COUNTRY,
        band,
    )


def _hour(minute: int, offset: int) -> int:
    return (minute + offset) // _HOUR % _HOURS


CLOCK = Enrichment(
    topic="clock",
    features=(
        Feature(
            name="local_hour",
            type=FeatureType.INTEGER,
            unit="hour of day",
            doc="The hour on the shopper's clock (0-23); unknown where only a country of several time zones is known.",
            source="enrichment clock",
        ),
        Feature(
            name="device_clock_matches_ip",
            type=FeatureType.BOOLEAN,
            doc="The device's clock shows the time of the IP address's time zone, or country. Unknown (`ambiguous`) "
            "where the country has several and this is one of them.",
            source="enrichment clock",
        ),
        Feature(
            name="is_device_clock_possible",
            type=FeatureType.BOOLEAN,
            doc="Some place on earth has the device's offset from UTC at that hour.",
            source="enrichment clock",
            direction=-1,
            reason="device_clock",
            says="The device's time zone exists",
            denies="No place on earth has the device's time zone",
        ),
        Feature(
            name="device_clock_minutes_off_ip",
            type=FeatureType.INTEGER,
            unit="minutes",
            doc="How far the device's clock is from that of the IP address's place; of its country's nearest time zone "
            "where no more than the country is known.",
            source="enrichment clock",
            direction=1,
            reason="device_clock",
            says="The device's clock is {value} minutes off from that at its IP address",
        ),
        Feature(
            name="device_clock_matches_billing",
            type=FeatureType.BOOLEAN,
            doc="The device's clock shows the time of some place in the billing country, or in its territory where the "
            "postal code is of one (00901 in the US: Puerto Rico).",
            source="enrichment clock",
            direction=-1,
            reason="device_clock",
            says="The device's clock shows the billing country's time",
            denies="The device's clock shows another time than the billing country's",
        ),
        Feature(
            name="session_age_band",
            type=FeatureType.STRING,
            doc="How long the shopper was in the shop, in bands.",
            source="enrichment clock",
            values=AGE_BANDS,
            reason="session",
            says="The visit's length: {value}",
        ),
    ),
    compute=_compute,
    reads=("ip_time_zone", "ip_country", "billing_country"),
)
