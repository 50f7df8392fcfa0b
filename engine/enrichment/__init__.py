"""Enrichments: what the request itself and the reference tables tell about a payment, one file a topic."""

from typing import Any

from engine.enrichment.address import ADDRESS
from engine.enrichment.amount import AMOUNT
from engine.enrichment.bin import BIN
from engine.enrichment.checks import CHECKS
from engine.enrichment.clock import CLOCK
from engine.enrichment.countries import COUNTRY_RELATIONS
from engine.enrichment.email import EMAIL
from engine.enrichment.enrichment import Enrichment
from engine.enrichment.ip import IP
from engine.enrichment.network import NETWORK
from engine.enrichment.phone import PHONE
from engine.enrichment.request import REQUEST
from engine.features import Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

__all__ = ["ENRICHMENTS", "Enrichment", "enrich"]

ENRICHMENTS: tuple[Enrichment, ...] = (
    REQUEST,
    EMAIL,
    PHONE,
    ADDRESS,
    AMOUNT,
    BIN,
    CHECKS,
    IP,
    NETWORK,
    COUNTRY_RELATIONS,
    CLOCK,
)
"""In the order of evaluation: a later one may read what an earlier one found."""

_NAMED = tuple((enrichment, tuple(feature.name for feature in enrichment.features)) for enrichment in ENRICHMENTS)


def enrich(payment: Payment, reference: Reference) -> tuple[dict[str, Value], dict[str, str]]:
    """Every enrichment's values by feature name, in catalogue order, and the causes of unknowns that have one."""
    known: dict[str, Any] = {}
    causes: dict[str, str] = {}
    for enrichment, names in _NAMED:
        values = enrichment.compute(payment, reference, known)
        known.update(zip(names, values, strict=True))
        if Unknown in map(type, values):
            for name, value in zip(names, values, strict=True):
                if isinstance(value, Unknown):
                    causes[name] = value.cause
                    known[name] = None
    return known, causes
