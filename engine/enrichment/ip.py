"""Where the IP address is. A database that is missing or too old gives unknown, never a match."""

from collections.abc import Mapping

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

_NOT_FOUND, _NO_DATABASE, _STALE = Unknown("not_found"), Unknown("geo"), Unknown("geo_stale")


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    address = payment.device.ip_address
    if address is None:
        return (None,)
    if reference.ip is None:
        return (_NO_DATABASE,)
    if reference.is_ip_stale(payment.at):
        return (_STALE,)
    country = reference.ip.country(address)
    return (_NOT_FOUND if country is None else country,)


IP = Enrichment(
    topic="ip",
    features=(
        Feature(
            name="ip_country",
            type=FeatureType.COUNTRY,
            doc="The country of the shopper's IP address.",
            source="enrichment ip",
        ),
    ),
    compute=_compute,
)
