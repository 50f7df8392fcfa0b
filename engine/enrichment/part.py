"""Enrichments that are computed of the same few fields of a payment, as one: what they gave is held beside the tables.

A payment is evaluated again at its later stages, and most shoppers come back with the e-mail address, addresses, phone,
card and device they had: then all that these tell is one look-up.
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
    """Of these what others read."""
    causes: Mapping[str, str]
    """Why values are unknown, where more is to be said than that the request left them out."""


class Steps:
    """Enrichments that are computed for each payment, one after the other."""

    __slots__ = ("_names", "_steps", "enrichments")

    def __init__(self, enrichments: Sequence[Enrichment], read: frozenset[str]) -> None:
        """`read` names the features that any enrichment reads."""
        self.enrichments = tuple(enrichments)
        self._names: Final = tuple(feature.name for each in enrichments for feature in each.features)
        self._steps = tuple(
            (
                each.compute,
                tuple((at, feature.name) for at, feature in enumerate(each.features) if feature.name in read),
            )
            for each in enrichments
        )

    def take(
        self,
        payment: Payment,
        reference: Reference,
        known: dict[str, Value],
        found: list[Value],
        causes: dict[str, str],
    ) -> None:
        """Put the values behind those `found`, and the causes of unknowns among `causes`.

        `known` has what earlier ones told, by feature, and is told what others read of these.
        """
        values: list[Any] = []
        for compute, read in self._steps:
            given = compute(payment, reference, known)
            values += given
            for at, name in read:
                value: Any = given[at]
                known[name] = None if value.__class__ is Unknown else value
        kinds, at = [*map(type, values)], -1
        for _ in range(kinds.count(Unknown)):
            at = kinds.index(Unknown, at + 1)
            causes[self._names[at]] = values[at].cause
            values[at] = None
        found += values


class Part:
    """Steps and smaller parts that are held together, under all the fields that their enrichments read.

    Where one field is another than before, the smaller parts that do not read it still have their answers.
    """

    __slots__ = ("_causes", "_key", "_members", "_read", "enrichments", "name")

    def __init__(self, name: str, members: Sequence["Steps | Part"], read: frozenset[str]) -> None:
        """`read` names the features that any enrichment outside reads."""
        self.name = name
        self.enrichments: tuple[Enrichment, ...] = tuple(each for member in members for each in member.enrichments)
        features = frozenset(feature.name for each in self.enrichments for feature in each.features)
        self._members = tuple(members)
        self._read = tuple(sorted(features & read))
        self._causes: dict[tuple[str, ...], Mapping[str, str]] = {}
        self._key = _key_of(self.enrichments, features)

    def take(
        self,
        payment: Payment,
        reference: Reference,
        known: dict[str, Value],
        found: list[Value],
        causes: dict[str, str],
    ) -> None:
        """As Steps do, with what it gave for another payment with the same fields, where that is held."""
        answers, key = reference.answers[self.name], self._key(payment, known)
        settled: Settled | None = answers.get(key)
        if settled is None:
            settled = answers.hold(key, self._settled(payment, reference, known))
        else:
            try:  # noqa: SIM105 - `suppress` costs as much as the look-up
                answers.move_to_end(key)
            except KeyError:
                # Another thread let it go meanwhile: what it said is as true.
                pass
            known.update(settled.known)
        found += settled.values
        causes.update(settled.causes)

    def _settled(self, payment: Payment, reference: Reference, known: dict[str, Value]) -> Settled:
        """What its members give, computed anew or held by them."""
        found: list[Value] = []
        causes: dict[str, str] = {}
        for member in self._members:
            member.take(payment, reference, known, found, causes)
        return Settled(tuple(found), {name: known[name] for name in self._read}, self._shared(causes))

    def _shared(self, causes: dict[str, str]) -> Mapping[str, str]:
        """An equal mapping that was given before: shoppers are many, and few are unknown in a way of their own."""
        held, key = self._causes, (*causes, *causes.values())
        return held.setdefault(key, causes) if len(held) < _CAUSES_MAX else held.get(key, causes)


def _key_of(enrichments: Sequence[Enrichment], own: frozenset[str]) -> _Key:
    """What takes all that the enrichments read out of a payment and of what is known before them."""
    unnamed = [each.topic for each in enrichments if each.fields is None]
    assert not unnamed, f"what is held names its fields: {unnamed}"
    of_payment = attrgetter(*dict.fromkeys(field for each in enrichments for field in each.fields or ()))
    names = tuple(dict.fromkeys(name for each in enrichments for name in each.reads if name not in own))
    if not names:
        return lambda payment, _known: of_payment(payment)
    of_known = itemgetter(*names)
    return lambda payment, known: (of_payment(payment), of_known(known))
