"""Whether card, IP address, billing and shipping countries agree. Unknown on a side is unknown, not a mismatch.

A territory with its country's banks and post (Puerto Rico, Jersey) is that country here.
"""

from collections.abc import Mapping

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference
from engine.reference.territories import is_same_country

_PAIRS = (
    ("ip_country_matches_card", "ip_country", "card_country", "The IP address is in the card issuer's country."),
    ("ip_country_matches_billing", "ip_country", "billing_country", "The IP address is in the billing country."),
    ("ip_country_matches_shipping", "ip_country", "shipping_country", "The IP address is in the shipping country."),
    (
        "billing_country_matches_card",
        "billing_country",
        "card_country",
        "The billing country is the card issuer's country.",
    ),
    (
        "shipping_country_matches_billing",
        "shipping_country",
        "billing_country",
        "The goods go to the billing country.",
    ),
    (
        "shipping_country_matches_card",
        "shipping_country",
        "card_country",
        "The goods go to the card issuer's country.",
    ),
)
_ONE_SIDE_UNKNOWN = Unknown("country_unknown")


def _compute(_payment: Payment, _reference: Reference, known: Mapping[str, Value]) -> Computed:
    return tuple(
        [
            _ONE_SIDE_UNKNOWN
            if known[left] is None or known[right] is None
            else is_same_country(known[left], known[right])
            for _name, left, right, _doc in _PAIRS
        ]
    )


COUNTRY_RELATIONS = Enrichment(
    topic="countries",
    features=tuple(
        Feature(name=name, type=FeatureType.BOOLEAN, doc=doc, source="enrichment countries")
        for name, _left, _right, doc in _PAIRS
    ),
    compute=_compute,
    fields=(),
    reads=tuple(dict.fromkeys(side for _name, left, right, _doc in _PAIRS for side in (left, right))),
)
