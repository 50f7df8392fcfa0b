"""Enrichments: what the request itself and the reference tables tell about a payment, one file a topic."""

from operator import itemgetter
from typing import Any, Final

from engine.enrichment.address import ADDRESS
from engine.enrichment.amount import AMOUNT
from engine.enrichment.bin import BIN
from engine.enrichment.checks import CHECKS
from engine.enrichment.clock import CLOCK
from engine.enrichment.countries import COUNTRY_RELATIONS
from engine.enrichment.currency import CURRENCY
from engine.enrichment.device import DEVICE
from engine.enrichment.email import EMAIL
from engine.enrichment.enrichment import Enrichment
from engine.enrichment.expiry import EXPIRY
from engine.enrichment.ip import IP
from engine.enrichment.mail_exchange import MAIL_EXCHANGE
from engine.enrichment.names import NAMES
from engine.enrichment.network import NETWORK
from engine.enrichment.order import ORDER
from engine.enrichment.phone import PHONE
from engine.enrichment.request import REQUEST
from engine.features import FeatureType, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

__all__ = ["ENRICHED", "ENRICHMENTS", "Enrichment", "enrich"]

ENRICHMENTS: tuple[Enrichment, ...] = (
    REQUEST,
    EMAIL,
    MAIL_EXCHANGE,
    PHONE,
    ADDRESS,
    AMOUNT,
    BIN,
    CHECKS,
    EXPIRY,
    ORDER,
    IP,
    NETWORK,
    COUNTRY_RELATIONS,
    CURRENCY,
    CLOCK,
    NAMES,
    DEVICE,
)
"""In the order of evaluation: a later one may read what an earlier one found."""

_FOUND: Final = tuple(feature for enrichment in ENRICHMENTS for feature in enrichment.features)
ENRICHED: Final = tuple(sorted(_FOUND, key=lambda feature: feature.type is FeatureType.BOOLEAN))
"""All features of enrichments, as they stand in the catalogue: flags last, where a record packs them as one text."""
_ARRANGED: Final = itemgetter(*(_FOUND.index(feature) for feature in ENRICHED))
_NAMES: Final = tuple(feature.name for feature in ENRICHED)
_READ: Final = frozenset(name for enrichment in ENRICHMENTS for name in enrichment.reads)
_STEPS: Final = tuple(
    (
        enrichment.compute,
        tuple((feature.name, at) for at, feature in enumerate(enrichment.features) if feature.name in _READ),
    )
    for enrichment in ENRICHMENTS
)
"""How each enrichment is computed, and which of its values a later one reads."""


def enrich(payment: Payment, reference: Reference) -> tuple[dict[str, Value], dict[str, str]]:
    """Every enrichment's values by feature name, in catalogue order, and the causes of unknowns that have one."""
    known: dict[str, Value] = {}
    found: list[Any] = []
    for compute, read in _STEPS:
        values = compute(payment, reference, known)
        for name, at in read:
            value = values[at]
            known[name] = None if isinstance(value, Unknown) else value
        found += values
    arranged = list(_ARRANGED(found))
    causes: dict[str, str] = {}
    for at in [at for at, kind in enumerate(map(type, arranged)) if kind is Unknown]:
        causes[_NAMES[at]] = arranged[at].cause
        arranged[at] = None
    return dict(zip(_NAMES, arranged, strict=True)), causes
