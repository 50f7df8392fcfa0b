"""What an enrichment is: a pure function of one payment and the reference tables, with the features it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.features import Feature, Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

Computed = tuple[Value | Unknown, ...]
"""The values of an enrichment's features, in their order; a plain None is an unknown that the request left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """One topic's features and how to compute them.

    `compute` also reads what earlier enrichments found (`known`, by feature name), as the country relations do: the
    features that `reads` names, and no other. `fields` are all of the payment that it reads (`card.bin`), so that what
    it gave may be held for the next payment with the same; None: whatever it likes.
    """

    topic: str
    features: tuple[Feature, ...]
    compute: Callable[[Payment, Reference, Mapping[str, Value]], Computed]
    reads: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None


def of_contacts(*names: str) -> tuple[str, ...]:
    """The fields of these names of the billing and of the shipping contact."""
    return tuple(f"{group}.{name}" for group in ("billing", "shipping") for name in names)
