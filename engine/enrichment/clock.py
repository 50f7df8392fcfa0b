"""The shopper's local clock: from the device's offset, else from a place that has one at that instant."""

from collections.abc import Mapping
from datetime import timedelta

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

_AMBIGUOUS = Unknown("ambiguous")


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    device_offset = payment.device.timezone_offset
    ip_offset = _offset(known["ip_time_zone"], payment, reference)
    if ip_offset is None:
        ip_offset = _offset(known["ip_country"], payment, reference)
    agrees: Value | Unknown = None
    if device_offset is not None and known["ip_country"] is not None:
        agrees = _AMBIGUOUS if ip_offset is None else device_offset == ip_offset
    offset = device_offset
    if offset is None:
        offset = ip_offset if ip_offset is not None else _offset(known["billing_country"], payment, reference)
    if offset is None:
        is_placed = known["ip_country"] is not None or known["billing_country"] is not None
        return (_AMBIGUOUS if is_placed else None, agrees)
    return ((payment.at + timedelta(minutes=offset)).hour, agrees)


def _offset(place: Value, payment: Payment, reference: Reference) -> int | None:
    return reference.time_zones.offset_minutes(place, payment.at) if isinstance(place, str) else None


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
            doc="The device's clock shows the time of the IP address's time zone, or country.",
            source="enrichment clock",
        ),
    ),
    compute=_compute,
    reads=("ip_time_zone", "ip_country", "billing_country"),
)
