"""The shopper's local clock: from the device's offset, else from a country that has one offset at that instant."""

from collections.abc import Mapping
from datetime import timedelta

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

_AMBIGUOUS = Unknown("ambiguous")


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    device_offset = payment.device.timezone_offset
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


def _offset(country: Value, payment: Payment, reference: Reference) -> int | None:
    return reference.time_zones.offset_minutes(country, payment.at) if isinstance(country, str) else None


CLOCK = Enrichment(
    topic="clock",
    features=(
        Feature(
            name="local_hour",
            type=FeatureType.INTEGER,
            unit="hour of day",
            doc="The hour on the shopper's clock (0-23); unknown where the country has several time zones.",
            source="enrichment clock",
        ),
        Feature(
            name="device_clock_matches_ip",
            type=FeatureType.BOOLEAN,
            doc="The device's clock shows the time of the IP address's country.",
            source="enrichment clock",
        ),
    ),
    compute=_compute,
    reads=("ip_country", "billing_country"),
)
