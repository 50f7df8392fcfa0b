"""Whether the payment's currency is legal tender where card, billing address and IP address are.

Many shops bill in one currency, so a mismatch says little alone; a match with the card's country and none with the IP
address's says more.
"""

from collections.abc import Mapping
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

_COUNTRIES: Final = (
    ("card", "card_country", "the card issuer's country"),
    ("billing", "billing_country", "the billing country"),
    ("ip", "ip_country", "the IP address's country"),
)
_COUNTRY_UNKNOWN, _NO_TABLE, _NOT_FOUND = Unknown("country_unknown"), Unknown("currencies"), Unknown("not_found")


def _compute(payment: Payment, reference: Reference, known: Mapping[str, Value]) -> Computed:
    table = reference.currencies
    if table is None:
        return (_NO_TABLE,) * len(_COUNTRIES)
    tender, currency = table.by_country, payment.order.currency
    found: list[Value | Unknown] = []
    for _, name, _ in _COUNTRIES:
        country = known[name]
        if country is None:
            found.append(_COUNTRY_UNKNOWN)
        else:
            currencies = tender.get(str(country))
            found.append(_NOT_FOUND if currencies is None else currency in currencies)
    return tuple(found)


CURRENCY = Enrichment(
    topic="currency",
    features=tuple(
        Feature(
            name=f"currency_matches_{side}_country",
            type=FeatureType.BOOLEAN,
            doc=f"The payment's currency is legal tender in {words}.",
            source="enrichment currency",
            reason="currency",
            says=f"The payment is in a currency of {words}",
            denies=f"The payment is in {{currency}}, which is no currency of {words}",
        )
        for side, _, words in _COUNTRIES
    ),
    compute=_compute,
    fields=("order.currency",),
    reads=tuple(name for _, name, _ in _COUNTRIES),
)
