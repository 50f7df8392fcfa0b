"""What an enrichment is: a pure function of one payment and the reference tables, with the features it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.features import Feature, FeatureType, Unknown, Value
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


def of_request(
    name: str,
    type_: FeatureType,
    pointer: str,
    doc: str,
    *,
    unit: str = "",
    aliases: tuple[str, ...] = (),
    case_sensitive: bool = False,
    values: tuple[str, ...] = (),
) -> Feature:
    """A feature that is a field of the request, or follows from it alone; `pointer` says where it stands."""
    return Feature(
        name=name,
        type=type_,
        doc=doc,
        source=f"request {pointer}",
        unit=unit,
        aliases=aliases,
        case_sensitive=case_sensitive,
        values=values,
    )
