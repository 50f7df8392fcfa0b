"""Enriching as the pipeline does it: what the DNS told, where it was asked, lies over what the tables tell."""

from engine.enrichment import enrich, enriched_row
from engine.enrichment.mail_exchange import MX_OFF, Told, lay_over
from engine.features import Value
from engine.payment import Payment
from engine.reference import Reference


def enriched(payment: Payment, reference: Reference, exchange: Told) -> tuple[tuple[Value, ...], dict[str, str]]:
    """The values by the position of ENRICHED, and the causes of unknowns that have one."""
    if exchange is MX_OFF:
        return enriched_row(payment, reference)
    values, causes = enrich(payment, reference)
    lay_over(exchange, reference, values, causes)
    return (*values.values(),), causes
