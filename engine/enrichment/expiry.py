"""When the card expires, seen from the payment. A card is good until the last day of its month, wherever that ends."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

_SOON_MONTHS: Final = 1
_LAST_ZONE: Final = timedelta(hours=12)
"""A day ends last twelve hours west of Greenwich."""
_MONTHS: Final = 12
_INCOMPLETE: Final = Unknown("expiry_incomplete")


def _compute(payment: Payment, _reference: Reference, _known: Mapping[str, Value]) -> Computed:
    month, year = payment.card.exp_month, payment.card.exp_year
    if month is None or year is None:
        return (None,) * 3 if month is year else (_INCOMPLETE,) * 3
    today = payment.at - _LAST_ZONE
    months = (year - today.year) * _MONTHS + month - today.month
    return (months, months < 0, 0 <= months <= _SOON_MONTHS)


EXPIRY = Enrichment(
    topic="expiry",
    features=(
        Feature(
            name="card_expires_in_months",
            type=FeatureType.INTEGER,
            unit="months",
            doc="Months until the month in which the card expires: 0 is this month, -1 the last one. The "
            "month is that of UTC-12, where a month ends last: a card is good until its month is over everywhere.",
            source="enrichment expiry",
            reason="card_expiry",
            says="The card expires in {value} months",
        ),
        Feature(
            name="is_card_expired",
            type=FeatureType.BOOLEAN,
            doc="The card's month is over in every time zone.",
            source="enrichment expiry",
            direction=1,
            reason="card_expiry",
            says="The card has expired",
            denies="The card has not expired",
        ),
        Feature(
            name="card_expires_soon",
            type=FeatureType.BOOLEAN,
            doc="The card expires this month or the next: who bought a list of cards hurries to use those.",
            source="enrichment expiry",
            reason="card_expiry",
            says="The card expires within two months",
            denies="The card does not expire within two months",
        ),
    ),
    compute=_compute,
)
