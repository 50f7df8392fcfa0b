"""Enrichments that are computed of the same few fields of a payment, as one: what they gave is held beside the tables.

Most shoppers come back with the e-mail address, addresses, phone and card they had: then all that these tell is one
look-up.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple

from engine.enrichment.enrichment import Enrichment
from engine.features import Unknown, Value
from engine.payment import Payment
from engine.reference import Reference

_CAUSES_MAX: Final = 1_000
_Key = Callable[[Payment, Mapping[str, Value]], tuple[Any, ...]]


class Settled(NamedTuple):
    """What a part gave: never changed, for it is held."""

    values: tuple[Value, ...]
    """By the part's features."""
    known: Mapping[str, Value]
    """Of these what other parts read."""
    causes: Mapping[str, str]
    """Why values are unknown, where more is to be said than that the request left them out."""


class Part:
    """Some enrichments, one after the other."""

    __slots__ = ("_causes", "_key", "_names", "_read", "_steps", "enrichments", "name")

    def __init__(self, name: str, enrichments: Sequence[Enrichment], read: frozenset[str]) -> None:
        """`read` names the features that any enrichment reads. It is held where each enrichment names its fields."""
        self.name = name
        self.enrichments = tuple(enrichments)
        features = [feature.name for each in enrichments for feature in each.features]
        self._names: Final = tuple(features)
        self._read = tuple((at, feature) for at, feature in enumerate(features) if feature in read)
        self._steps = tuple(
            (
                each.compute,
                tuple((at, feature.name) for at, feature in enumerate(each.features) if feature.name in read),
            )
            for each in enrichments
        )
        self._causes: dict[tuple[str, ...], Mapping[str, str]] = {}
        self._key: _Key | None = _key_of(enrichments, frozenset(features))

    @property
    def is_held(self) -> bool:
        """Whether what it gives is held."""
        return self._key is not None

    def settled(self, payment: Payment, reference: Reference, known: dict[str, Value]) -> Settled:
        """What it gives for a payment: what it gave for another with the same fields, where that is held.

        `known` has what other parts told, by feature, and is told what others read of this one.
        """
        if self._key is None:
            return self._computed(payment, reference, known)
        answers, key = reference.answers[self.name], self._key(payment, known)
        found: Settled | None = answers.get(key)
        if found is None:
            return answers.hold(key, self._computed(payment, reference, known))
        try:  # noqa: SIM105 - `suppress` costs as much as the look-up
            answers.move_to_end(key)
        except KeyError:
            # Another thread let it go meanwhile: what it said is as true.
            pass
        known.update(found.known)
        return found

    def _computed(self, payment: Payment, reference: Reference, known: dict[str, Value]) -> Settled:
        """What it gives for a payment, computed anew."""
        found: list[Any] = []
        for compute, read in self._steps:
            values = compute(payment, reference, known)
            found += values
            for at, name in read:
                value: Any = values[at]
                known[name] = None if value.__class__ is Unknown else value
        kinds, causes, at = [*map(type, found)], dict[str, str](), -1
        for _ in range(kinds.count(Unknown)):
            at = kinds.index(Unknown, at + 1)
            causes[self._names[at]] = found[at].cause
            found[at] = None
        return Settled(tuple(found), {name: found[at] for at, name in self._read}, self._shared(causes))

    def _shared(self, causes: dict[str, str]) -> Mapping[str, str]:
        """An equal mapping that was given before: shoppers are many, and few are unknown in a way of their own."""
        held, key = self._causes, (*causes, *causes.values())
        return held.setdefault(key, causes) if len(held) < _CAUSES_MAX else held.get(key, causes)


def _key_of(enrichments: Sequence[Enrichment], own: frozenset[str]) -> _Key | None:
    """What takes all that the enrichments read out of a payment and of what is known before them."""
    if any(each.fields is None for each in enrichments):
        return None
    of_payment = attrgetter(*dict.fromkeys(field for each in enrichments for field in each.fields or ()))
    names = tuple(dict.fromkeys(name for each in enrichments for name in each.reads if name not in own))
    if not names:
        return lambda payment, _known: of_payment(payment)
    of_known = itemgetter(*names)
    return lambda payment, known: (of_payment(payment), of_known(known))
