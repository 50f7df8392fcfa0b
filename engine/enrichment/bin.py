"""What the BIN tells of the card: brand, funding, issuing country.

What the request says of the card comes first: the processor asked the network, the table is a copy of a copy.
"""

from collections.abc import Mapping

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

FUNDINGS = ("credit", "debit", "prepaid", "charge")

_NOT_FOUND, _NO_TABLE = Unknown("not_found"), Unknown("bin")


def _feature(name: str, type_: FeatureType, doc: str, values: tuple[str, ...] = ()) -> Feature:
    return Feature(name=name, type=type_, doc=doc, source="enrichment bin", values=values)


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    card = payment.card
    stated = (card.brand, card.funding, card.country)
    if card.bin is None:
        return (*stated, None)
    if reference.bins is None:
        return (*(_NO_TABLE if value is None else value for value in stated), _NO_TABLE)
    record = reference.bins.lookup(card.bin)
    if record is None:
        return (*(_NOT_FOUND if value is None else value for value in stated), _NOT_FOUND)
    chosen = (
        record.brand if card.brand is None else card.brand,
        record.funding if card.funding is None else card.funding,
        record.country if card.country is None else card.country,
        record.issuer,
    )
    return tuple([_NOT_FOUND if value is None else value for value in chosen]) if None in chosen else chosen


BIN = Enrichment(
    topic="bin",
    features=(
        _feature("card_brand", FeatureType.STRING, "The card's brand: visa, mastercard, amex and so on."),
        _feature("card_funding", FeatureType.STRING, "How the card is funded.", values=FUNDINGS),
        _feature("card_country", FeatureType.COUNTRY, "The country of the card's issuer."),
        _feature("card_issuer", FeatureType.STRING, "The card's issuer."),
    ),
    compute=_compute,
)
