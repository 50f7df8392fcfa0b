"""The amount in US dollars, so that one rule and one velocity serve every currency; and whether it is a round one."""

from collections.abc import Mapping
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.iso import CURRENCY_EXPONENTS
from engine.payment import Payment
from engine.reference import Reference

_NO_RATE, _NO_AMOUNT = Unknown("no_rate"), Unknown("no_amount")
_ROUND: Final = {currency: 10 ** max(exponent + 1, 3) for currency, exponent in CURRENCY_EXPONENTS.items()}
"""Minor units of what counts as round: ten of the main unit; a thousand where there are no minor ones."""


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    amount_minor, currency = payment.order.amount_minor, payment.order.currency
    cents = reference.rates.usd_minor(amount_minor, currency, payment.at)
    is_round = _NO_AMOUNT if amount_minor == 0 else amount_minor % _ROUND.get(currency, 1000) == 0
    return (_NO_RATE if cents is None else cents, is_round)


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
        Feature(
            name="is_round_amount",
            type=FeatureType.BOOLEAN,
            doc="The amount is a multiple of ten in its currency, of a thousand where that has no cents: typed in, or "
            "a gift card, rather than the sum of a cart. Unknown of amount zero.",
            source="enrichment amount",
            reason="amount",
            says="The amount is a round one",
            denies="The amount is not a round one",
        ),
    ),
    compute=_compute,
)
