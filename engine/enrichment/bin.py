"""What the BIN tells of the card: brand, funding, category, issuer, country; and how far the table is to be trusted.

What the request says of the card comes first: the processor asked the network, the table is a copy of a copy. Since
2022 issuers get eight digits, so a row of six may mix two of them: such a row is never of high confidence. Where the
processor says that it does not know either, nothing was said.
"""

from collections.abc import Mapping
from operator import eq
from typing import Final

from engine.enrichment.enrichment import Computed, Enrichment
from engine.features import Feature, FeatureType, Unknown, Value
from engine.payment import Card, Payment
from engine.reference import BinRecord, BinTable, Reference
from engine.reference.bins import DOMESTIC_BRANDS
from engine.reference.territories import is_same_country

FUNDINGS: Final = ("credit", "debit", "prepaid", "charge")
CONFIDENCES: Final = ("high", "medium", "low")

_NOT_FOUND, _NO_TABLE = Unknown("not_found"), Unknown("bin")
_NO_CODES, _NO_LAST_DIGITS = Unknown("card_codes"), Unknown("last_digits_unknown")
_AMEX: Final = ("34", "37")
_MASTERCARD, _MASTERCARD_SINCE_2017 = (510_000, 559_999), (222_100, 272_099)
_OF_RANGES: Final = frozenset({"visa", "mastercard", "amex"})
_BOTH_CREDIT: Final = frozenset({"credit", "charge"})
_UNKNOWN: Final = "unknown"
"""What processors write for a brand or a funding that they do not know."""
_SOURCE: Final = "enrichment bin"

_ARE_SAME: Final = (eq, eq, is_same_country)
"""Whether two say one brand, one funding, one country: a card of Puerto Rico is one of the United States."""
_Stated = tuple[str | None, str | None, str | None]
"""Brand, funding and country, as the processor said them."""


def _compute(payment: Payment, reference: Reference, _known: Mapping[str, Value]) -> Computed:
    card = payment.card
    stated = (
        None if card.brand == _UNKNOWN else card.brand,
        None if card.funding == _UNKNOWN else card.funding,
        card.country,
    )
    if card.bin is None:
        facts = _without_record(stated, None)
    elif reference.bins is None:
        facts = _without_record(stated, _NO_TABLE)
    else:
        answers, key = reference.bins.answers, (card.bin, *stated)
        facts = answers.get(key) or answers.hold(key, _facts(reference.bins, card.bin, stated))
    return (*facts, _is_test(card, reference))


def _without_record(stated: _Stated, cause: Unknown | None) -> Computed:
    brand, funding, country = (cause if value is None else value for value in stated)
    return (brand, funding, country, cause, cause, _is_prepaid(stated[1], None, cause), cause, cause, cause, cause)


def _facts(bins: BinTable, digits: str, stated: _Stated) -> Computed:
    record = bins.lookup(digits)
    if record is None:
        return _without_record(stated, _NOT_FOUND)
    found: list[Value | Unknown] = []
    is_other: bool | None = None
    in_table = (record.brand, record.funding, record.country)
    for said, known, is_same in zip(stated, in_table, _ARE_SAME, strict=True):
        found.append(known if said is None else said)
        if said is not None and known is not None and _are_comparable(said, known):
            is_other = not is_same(said, known) or is_other is True
    confidence = "low" if is_other or _is_out_of_range(record) else "high" if record.is_own else "medium"
    prepaid = _is_prepaid(stated[1], record.prepaid, _NOT_FOUND)
    found += (record.issuer, record.category, prepaid, record.commercial, len(record.prefix), confidence)
    return (*[_NOT_FOUND if value is None else value for value in found], is_other)


def _are_comparable(said: str, known: str) -> bool:
    """Whether two words for one thing exclude each other, or are the same: no brand excludes a domestic scheme's.

    A charge card is a kind of credit card, and most processors have no other word for it.
    """
    return said == known or (DOMESTIC_BRANDS.isdisjoint((said, known)) and {said, known} != _BOTH_CREDIT)


def _is_prepaid(funding: str | None, in_table: bool | None, cause: Unknown | None) -> Value | Unknown:  # noqa: FBT001
    """A processor that names a funding tells prepaid cards from others; the table calls some of them debit."""
    if funding is not None:
        return funding == "prepaid"
    return cause if in_table is None else in_table


def _is_out_of_range(record: BinRecord) -> bool:
    """Whether a row calls Visa, Mastercard or Amex what begins as another of them: ISO 7812 says whose a range is."""
    brand, prefix = record.brand, record.prefix
    if brand not in _OF_RANGES:
        return False
    first = int(prefix[:6])
    if _MASTERCARD[0] <= first <= _MASTERCARD[1] or _MASTERCARD_SINCE_2017[0] <= first <= _MASTERCARD_SINCE_2017[1]:
        return brand != "mastercard"
    return brand != ("visa" if prefix.startswith("4") else "amex" if prefix.startswith(_AMEX) else brand)


def _is_test(card: Card, reference: Reference) -> Value | Unknown:
    if card.bin is None:
        return None
    if reference.card_codes is None:
        return _NO_CODES
    found = reference.card_codes.is_test_card(card.bin, card.last_digits)
    return _NO_LAST_DIGITS if found is None else found


BIN = Enrichment(
    topic="bin",
    features=(
        Feature(
            name="card_brand",
            type=FeatureType.STRING,
            doc="The card's brand: visa, mastercard, amex and so on.",
            source=_SOURCE,
        ),
        Feature(
            name="card_funding",
            type=FeatureType.STRING,
            doc="How the card is funded; where the processor says `unknown`, as the BIN table says.",
            source=_SOURCE,
            values=FUNDINGS,
        ),
        Feature(
            name="card_country",
            type=FeatureType.COUNTRY,
            doc="The country of the card's issuer.",
            source=_SOURCE,
        ),
        Feature(name="card_issuer", type=FeatureType.STRING, doc="The card's issuer.", source=_SOURCE),
        Feature(
            name="card_category",
            type=FeatureType.STRING,
            doc="The card's product, in the BIN table's words: CLASSIC, PLATINUM, BUSINESS and so on.",
            source=_SOURCE,
            reason="card_funding",
            says="The card's product is {value}",
        ),
        Feature(
            name="card_is_prepaid",
            type=FeatureType.BOOLEAN,
            doc="The card is a prepaid card, a gift card among them; unknown where the table's row covers both kinds.",
            source=_SOURCE,
            reason="card_funding",
            says="The card is a prepaid card",
            denies="The card is no prepaid card",
        ),
        Feature(
            name="card_is_commercial",
            type=FeatureType.BOOLEAN,
            doc="The card is a company's: business, corporate, purchasing, fleet or government.",
            source=_SOURCE,
            reason="card_funding",
            says="The card is a company's",
            denies="The card is a consumer's",
        ),
        Feature(
            name="bin_matched_digits",
            type=FeatureType.INTEGER,
            unit="digits",
            doc="How many of the card's first digits the BIN table's row stands for, 6 to 8: the more, the surer.",
            source=_SOURCE,
            reason="card_range",
            says="The BIN table knows {value} of the card's digits",
        ),
        Feature(
            name="bin_confidence",
            type=FeatureType.STRING,
            doc="How far the BIN table's row is to be trusted: high for the operator's own, medium for the embedded "
            "table, low where it contradicts the processor or the range that the network was given.",
            source=_SOURCE,
            values=CONFIDENCES,
            reason="card_range",
            says="What the BIN table says of the card is of {value} confidence",
        ),
        Feature(
            name="card_contradicts_bin",
            type=FeatureType.BOOLEAN,
            doc="Brand, funding or country of the card as the processor sent them are others than the BIN table's. A "
            "domestic scheme's card bears another brand as well, so these two contradict nothing.",
            source=_SOURCE,
            reason="card_range",
            says="What was sent of the card contradicts its BIN",
            denies="What was sent of the card agrees with its BIN",
        ),
        Feature(
            name="card_is_test_number",
            type=FeatureType.BOOLEAN,
            doc="First and last digits are those of a card number that networks and processors publish for tests: no "
            "issuer stands behind it.",
            source=_SOURCE,
            direction=1,
            reason="test_card",
            says="The card number is one published for tests",
            denies="The card number is none of those published for tests",
        ),
    ),
    compute=_compute,
    fields=("card.bin", "card.last_digits", "card.brand", "card.funding", "card.country"),
)
