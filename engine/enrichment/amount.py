"""The amount in US dollars, so that one rule and one velocity serve every currency."""

from collections.abc import Mapping

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

_NO_RATE = Unknown("no_rate")


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    cents = reference.rates.usd_minor(payment.order.amount_minor, payment.order.currency, payment.at.date())
    return (_NO_RATE if cents is None else cents,)


AMOUNT = Enrichment(
    topic="amount",
    features=(
        Feature(
            name="amount_in_usd",
            type=FeatureType.MONEY,
            unit="USD",
            doc="The amount converted to US dollars at the reference rate of the day.",
            source="enrichment amount",
        ),
    ),
    compute=_compute,
)
