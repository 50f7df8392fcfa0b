"""What came and could not be used: the features that it would have told are unknown for that, not for want of it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from engine.enrichment.enrichment import Enrichment
from engine.payment import Payment


class Untold:
    """The features by the field of the request that tells them."""

    __slots__ = ("_by_pointer",)

    def __init__(self, enrichments: Iterable[Enrichment], told: Mapping[str, tuple[Enrichment, ...]]) -> None:
        """A feature of the request names its field; `told` has the enrichments that one field alone makes known."""
        self._by_pointer: dict[str, list[str]] = {}
        for feature in chain.from_iterable(each.features for each in enrichments):
            kind, _, pointer = feature.source.partition(" ")
            if kind == "request":
                self._by_pointer.setdefault(pointer, []).append(feature.name)
        for pointer, of_field in told.items():
            names = [feature.name for each in of_field for feature in each.features]
            self._by_pointer[pointer] = self._by_pointer.get(pointer, []) + names

    def causes(self, payment: Payment) -> Iterator[tuple[str, str]]:
        """The features that the payment's unusable fields would have told, each with the cause."""
        for pointer, cause in payment.unusable:
            for name in self._by_pointer.get(pointer, ()):
                yield name, cause
